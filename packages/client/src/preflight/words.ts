/** What a call will be like. `unknown`: media gets through, but how much of it could not be measured. */
export type VerdictLevel = 'hd' | 'video' | 'audio' | 'unknown' | 'nothing';

/** `text`: what it means, or what to do; may be empty. */
export type CheckWords = { title: string; text: string };

const checks = {
  // Under way, or not to be tested
  'running-browser': { title: 'Your browser', text: '' },
  'running-service': { title: 'Reaching the service', text: '' },
  'running-signaling': { title: 'The control connection', text: '' },
  'running-udp': { title: 'The direct path for video', text: '' },
  'running-tcp': { title: 'The fallback path', text: '' },
  'running-relay': { title: 'The detour through a relay', text: '' },
  'running-upload': { title: 'Your upload', text: '' },
  'running-download': { title: 'Your download', text: '' },
  'running-quality': { title: 'How steady your line is', text: '' },
  'running-camera': { title: 'Your camera', text: 'If your browser asks, please allow it.' },
  'running-microphone': {
    title: 'Your microphone',
    text: 'If your browser asks, please allow it. Say a few words.',
  },
  'running-speakers': { title: 'Your speakers', text: '' },
  'running-codecs': { title: 'Picture and sound formats', text: '' },
  'running-cpu': { title: 'Your computer', text: '' },
  skipped: { title: 'Could not be tested', text: 'Something that it needs did not work.' },
  'not-asked': { title: 'Not tested', text: 'This test was left out.' },

  // Browser
  'browser-none': { title: 'No browser', text: 'Only the service was tested.' },
  'browser-ok': { title: 'Your browser is suitable', text: '' },
  'browser-unknown': {
    title: 'Your browser is not known to work',
    text: 'If the call makes trouble, use a current Chrome, Edge, Firefox or Safari.',
  },
  'browser-old': { title: 'Your browser is old', text: 'Please update it.' },
  'browser-no-webrtc': {
    title: 'Your browser cannot make calls',
    text: 'Use a current Chrome, Edge, Firefox or Safari. It may also be that your administrator has turned calls (WebRTC) off.',
  },
  'browser-insecure': {
    title: 'This page is not secure',
    text: 'Browsers give camera and microphone only to pages whose address begins with https.',
  },

  // Service
  'service-ok': { title: 'The service can be reached', text: '' },
  'service-slow': { title: 'The service answers slowly', text: 'Joining a call may take some seconds.' },
  'service-unreachable': {
    title: 'The service cannot be reached',
    text: 'No call will work. Check the network; if other pages open, a firewall blocks this service or it is down.',
  },
  'service-closed': {
    title: 'This test needs an invitation',
    text: 'Open the link of your call, and start the test from there.',
  },
  'service-busy': { title: 'Too many tests at the moment', text: 'Wait a minute, then try again.' },
  'service-no-media': {
    title: 'The service has no room for a call now',
    text: 'It can be reached, but its media servers are full or down. Try again in a moment.',
  },
  'signaling-ok': { title: 'The control connection works', text: '' },
  'signaling-slow': {
    title: 'The control connection is slow',
    text: 'Joining a call may take some seconds.',
  },
  'signaling-blocked': {
    title: 'The control connection is blocked',
    text: 'No call will work. Often a proxy or a security product that does not let WebSockets through.',
  },

  // Paths
  'udp-ok': { title: 'Video can reach the server directly', text: 'The best path (UDP) is open.' },
  'udp-blocked': {
    title: 'The best path for video is blocked',
    text: 'Your network blocks UDP. Calls take another path, which works, but stutters sooner on a weak line.',
  },
  'udp-blocked-alone': { title: 'The best path for video is blocked', text: 'Your network blocks UDP.' },
  'tcp-ok': { title: 'The fallback path works', text: 'Should the best path fail, calls go on over TCP.' },
  'tcp-blocked': {
    title: 'The fallback path is blocked',
    text: 'Calls work as long as the best path does. Your network blocks TCP to the media server.',
  },
  'tcp-blocked-alone': {
    title: 'The fallback path is blocked',
    text: 'Your network blocks TCP to the media server.',
  },
  'relay-none': {
    title: 'There is no relay',
    text: 'This service has none. It is only needed in networks that block every direct path.',
  },
  'relay-udp-ok': { title: 'The relay works (UDP)', text: '' },
  'relay-tcp-ok': { title: 'The relay works (TCP)', text: '' },
  'relay-tls-ok': { title: 'The relay works (TLS)', text: 'It gets through nearly every firewall.' },
  'relay-udp-blocked': {
    title: 'The relay cannot be reached (UDP)',
    text: 'Only matters when the other paths fail.',
  },
  'relay-tcp-blocked': {
    title: 'The relay cannot be reached (TCP)',
    text: 'Only matters when the other paths fail.',
  },
  'relay-tls-blocked': {
    title: 'The relay cannot be reached (TLS)',
    text: 'Only matters when the other paths fail.',
  },

  // Line
  'upload-ok': { title: 'Your upload carries HD video', text: '' },
  'upload-video': { title: 'Your upload is weak', text: 'Others see you at low quality.' },
  'upload-audio': {
    title: 'Your upload is too weak for video',
    text: 'Others hear you, but hardly see you.',
  },
  'upload-nothing': { title: 'Your upload is too weak for calls', text: 'Others would not even hear you.' },
  'upload-slow-computer': {
    title: 'Your upload could not be measured',
    text: 'Your computer was too busy to send more. Close other programs, then test again.',
  },
  'upload-unknown': { title: 'Your upload could not be measured', text: 'No media came through.' },
  'download-ok': { title: 'Your download carries HD video', text: '' },
  'download-at-least': {
    title: 'Your download is no narrower than your upload',
    text: 'All that you could send came back to you; more could not be tried.',
  },
  'download-video': { title: 'Your download is weak', text: 'You see others at low quality.' },
  'download-audio': {
    title: 'Your download is too weak for video',
    text: 'You hear others, but hardly see them.',
  },
  'download-nothing': {
    title: 'Your download is too weak for calls',
    text: 'You would not even hear others.',
  },
  'download-unknown': { title: 'Your download could not be measured', text: 'No media came through.' },
  'quality-ok': { title: 'Your line is steady', text: '' },
  'quality-weak': {
    title: 'Your line is not quite steady',
    text: 'Picture and sound may stutter. A cable, or a place nearer to the Wi-Fi, helps.',
  },
  'quality-bad': {
    title: 'Your line is unsteady',
    text: 'Calls will be hard to follow. Use a cable, or another network.',
  },
  'quality-unknown': {
    title: 'How steady your line is could not be measured',
    text: 'No media came through.',
  },

  // Devices
  'camera-ok': { title: 'Your camera works', text: '' },
  'camera-no-pictures': {
    title: 'Your camera shows nothing',
    text: 'It is allowed, but sends no pictures. Plug it in again, or close other programs that use it.',
  },
  'camera-denied': {
    title: 'Your camera is not allowed',
    text: 'Click the icon left of the page’s address, allow the camera, and test again. Also check the privacy settings of your system.',
  },
  'camera-missing': {
    title: 'No camera was found',
    text: 'Others will hear you but not see you. Connect a camera.',
  },
  'camera-in-use': { title: 'Your camera is in use', text: 'Close the other program that uses it.' },
  'camera-unanswered': {
    title: 'Your camera was not allowed in time',
    text: 'When the browser asks, choose “Allow”. Then test again.',
  },
  'camera-broken': { title: 'Your camera does not work', text: 'Plug it in again, or choose another one.' },
  'microphone-ok': { title: 'Your microphone works', text: '' },
  'microphone-silent': {
    title: 'Your microphone hears nothing',
    text: 'Speak while the test runs. Check that it is not muted on the device or in the system.',
  },
  'microphone-unheard': {
    title: 'Your microphone is allowed',
    text: 'Click into the page and test again to hear it.',
  },
  'microphone-denied': {
    title: 'Your microphone is not allowed',
    text: 'Click the icon left of the page’s address, allow the microphone, and test again. Also check the privacy settings of your system.',
  },
  'microphone-missing': {
    title: 'No microphone was found',
    text: 'Others cannot hear you. Connect a microphone.',
  },
  'microphone-in-use': { title: 'Your microphone is in use', text: 'Close the other program that uses it.' },
  'microphone-unanswered': {
    title: 'Your microphone was not allowed in time',
    text: 'When the browser asks, choose “Allow”. Then test again.',
  },
  'microphone-broken': {
    title: 'Your microphone does not work',
    text: 'Plug it in again, or choose another one.',
  },
  'speakers-ok': { title: 'Your speakers are there', text: '' },
  'speakers-none': {
    title: 'No speakers were found',
    text: 'You may not hear others. Connect speakers or headphones.',
  },

  // Computer
  'codecs-ok': { title: 'Picture and sound formats fit', text: '' },
  'codecs-missing': {
    title: 'Your browser lacks a format',
    text: 'It cannot send or show what calls use. Use a current Chrome, Edge, Firefox or Safari.',
  },
  'cpu-ok': { title: 'Your computer is fast enough', text: '' },
  'cpu-busy': {
    title: 'Your computer is just fast enough',
    text: 'Close other programs during the call, above all other video.',
  },
  'cpu-slow': {
    title: 'Your computer is slow for HD video',
    text: 'Others may see you at low quality. Close other programs, or plug the power cable in.',
  },
  'cpu-unknown': {
    title: 'The computer’s speed could not be measured',
    text: 'This browser does not offer it.',
  },
} satisfies Record<string, CheckWords>;

export type CheckCode = keyof typeof checks;

const verdicts: Record<VerdictLevel, CheckWords> = {
  hd: { title: 'HD video will work', text: 'You can see and hear others well, and they you.' },
  video: {
    title: 'Video will work, not at its best',
    text: 'The call adapts by itself. What would make it better is marked below.',
  },
  audio: {
    title: 'Only sound will work well',
    text: 'Turn your camera off in the call. What would make it better is marked below.',
  },
  unknown: {
    title: 'Calls should work',
    text: 'How well could not be measured.',
  },
  nothing: {
    title: 'Calls will not work here',
    text: 'What stands in the way is marked below. Show it to whoever looks after your network.',
  },
};

/** The engineer's view of a check. */
const details = {
  yes: 'yes',
  no: 'no',
  code: 'Code',
  reason: 'Reason',

  browser: 'Browser',
  securePage: 'Secure page',
  webrtc: 'WebRTC',
  userAgent: 'User agent',

  address: 'Address',
  firstAnswer: 'First answer',
  socket: 'WebSocket',
  openedIn: 'Opened in',
  roundTrip: 'Round trip',

  from: 'From',
  to: 'To',
  protocol: 'Protocol',
  relayOver: (protocol: string, relayProtocol: string) => `${protocol}, relay over ${relayProtocol}`,
  connectedIn: 'Connected in',

  arrived: 'Arrived at the media node',
  received: 'Received from the media node',
  ofWhatWasSent: 'Of what was sent',
  atLeast: (rate: string) => `at least ${rate}`,
  triedUpTo: (rate: string, tried: string) => `${rate}; tried up to ${tried}`,
  needed: 'Needed',
  neededFor: (hd: string, small: string) => `${hd} for HD, ${small} for a small picture`,
  lossUp: 'Loss on the way up, under load',
  lossDown: 'Loss on the way down, under load',
  longestRoundTrip: 'Longest round trip under load',
  estimated: 'Estimated by the browser',
  limitedBy: 'Limited by',
  limits: { none: 'none', cpu: 'cpu', bandwidth: 'bandwidth', other: 'other' },
  over: 'Over',
  relay: (relayProtocol: string) => `relay (${relayProtocol})`,
  lost: 'Packets lost, there and back',
  jitter: 'Jitter',
  nodeRoundTrip: 'Round trip to the media node',

  camera: 'Camera',
  microphone: 'Microphone',
  speakers: 'Speakers',
  inAll: (label: string, count: number) => `${label} (${count} in all)`,
  picture: 'Picture',
  loudest: 'Loudest',
  bySystem: 'chosen by the system',
  choosable: 'Can be chosen in the page',

  sends: 'Sends',
  receives: 'Receives',
  encoding: 'Encoding a 720p frame',
  decoding: 'Decoding one',
  outOf: (took: string, whole: string) => `${took} of ${whole}`,
  cores: 'Processor cores',
};

/** Around the findings, in the report as text. */
const mail = {
  heading: (url: string, startedAt: string) => `Connection test of ${url}, ${startedAt}`,
  firewall: 'To be opened in the firewall, outgoing:',
  purposes: { service: 'service', media: 'media', relay: 'relay' },
  reached: { open: 'open', blocked: 'blocked', 'not-tried': 'not-tried' },
};

/** Every word of a report in one language. A check's and a verdict's are found by their code, which never changes. */
export type PreflightWords = {
  /** For numbers (BCP 47). */
  language: string;
  checks: Record<CheckCode, CheckWords>;
  verdicts: Record<VerdictLevel, CheckWords>;
  details: typeof details;
  mail: typeof mail;
};

/** The words of a report in English. */
export const words: PreflightWords = { language: 'en', checks, verdicts, details, mail };
