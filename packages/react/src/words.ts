import { counting } from './counting.ts';

const count = counting('en');

/** Every word that the components say, in English. Put others in their place through `<WordsProvider>`. */
export const words = {
  /** For dates, numbers and plurals. */
  language: 'en',
  you: 'You',
  youSuffix: '(you)',
  service: 'Message from the service',

  // Tiles
  muted: 'Muted',
  handRaised: 'Hand raised',
  reconnecting: 'Reconnecting…',
  frozen: 'Picture is frozen',
  interrupted: 'The camera was interrupted',
  pausedForSound: 'Picture paused so that the sound stays good',
  notSent: 'Their connection carries no picture now',
  serverBusy: 'The server is busy: picture paused so that the sound stays good',
  screenOf: (name: string) => `${name} is sharing`,
  pin: (name: string) => `Pin ${name} for yourself`,
  pinned: 'Pinned for you',
  unpin: (name: string) => `Unpin ${name}`,
  stage: 'Participants’ pictures',

  zoomIn: 'Enlarge',
  zoomOut: 'Reduce',
  fullscreen: 'Whole screen',
  leaveFullscreen: 'Leave the whole screen',
  pictureInPicture: 'Small window on top',

  // Reactions
  react: 'React',
  reactions: {
    agree: 'Agree',
    disagree: 'Disagree',
    thanks: 'Thank you',
    laugh: 'Laughing',
    celebrate: 'Hooray',
  },

  // Connection
  quality: { good: 'Good connection', fair: 'Weak connection', poor: 'Poor connection' },
  qualityOf: (name: string, quality: string) => `${name}: ${quality}`,
  qualityReasons: {
    'your-line':
      'Your internet does not carry more. The picture is smaller or paused so that the sound stays good.',
    'your-loss': 'Parts get lost on your side. Moving closer to the Wi-Fi or plugging in a cable helps.',
    'their-upload': 'Their internet or device sends no more. You cannot mend it from here.',
    loss: 'Parts get lost on the way between you. It may be either side’s Wi-Fi.',
    delay: 'Answers take long to come back. Leave a short pause after you speak.',
    upload: 'Your upload is weak: others see you at low quality.',
    'upload-loss': 'Parts of what you send get lost: others may not hear you well.',
    server: 'The server is busy. It gets better by itself; pinned pictures stay the longest.',
    computer: 'Your computer is busy: others see you at low quality. Closing other programs helps.',
  },
  qualityFine: 'Picture and sound arrive as they should.',
  details: 'Details',
  numbers: {
    bitrate: 'Bit rate',
    loss: 'Loss',
    jitter: 'Jitter',
    roundTrip: 'Round trip',
    picture: 'Picture',
    layer: 'Layer',
    codec: 'Codec',
    path: 'Path',
    concealed: 'Made-up sound',
    encoder: 'Encoder limit',
  },
  noNumbers: 'No numbers yet.',

  // Layout
  layout: 'Layout',
  layouts: { auto: 'Automatic', grid: 'Grid', speaker: 'Speaker', sidebar: 'Sidebar' },
  selfInCorner: 'See myself in a corner',
  pages: 'Pages of participants',
  pageBefore: 'Previous page',
  pageAfter: 'Next page',
  pageOf: (page: number, pages: number) => `Page ${page} of ${pages}`,

  // Sound
  hear: 'Click to hear the others',
  hearWhy: 'Your browser holds the sound back until you click.',

  // Controls
  controls: 'Call controls',
  mute: 'Mute',
  unmute: 'Unmute',
  cameraOn: 'Turn camera on',
  cameraOff: 'Turn camera off',
  share: 'Share screen',
  stopSharing: 'Stop sharing',
  sharing: 'You are sharing your screen',
  raiseHand: 'Raise hand',
  lowerHand: 'Lower hand',
  chat: 'Chat',
  unread: (messages: number) => count(messages, { one: 'unread message', other: 'unread messages' }),
  participants: 'Participants',
  waiting: (people: number) => count(people, { one: 'person waits', other: 'people wait' }),
  options: 'Devices and more',
  leave: 'Leave',
  endForAll: 'End for everybody',
  lobby: 'New people wait in the lobby',
  lockedByModerator: 'A moderator muted you. Raise your hand to speak.',
  lockedByGrants: 'You may not do this in this room.',
  camera: 'Camera',
  microphone: 'Microphone',
  speaker: 'Speaker',
  unnamedDevice: (kind: string, number: number) => `${kind} ${number}`,

  // Chat
  close: 'Close',
  chatEmpty: 'No messages yet',
  chatEmptyHint: 'Everybody in the call sees what you write here.',
  chatPlaceholder: 'Message to everybody',
  send: 'Send',
  sendingFailed: 'Not sent.',
  tryAgain: 'Try again',
  newMessages: 'New messages',
  chatForbidden: 'You may read but not write in this room.',

  // Participants and moderation
  moderator: 'Moderator',
  raisedHands: 'Raised hands',
  inTheCall: 'In the call',
  handPlace: (place: number) => `Hand raised, number ${place} in line`,
  findPeople: 'Find somebody',
  nobodyFound: 'Nobody of that name is here.',
  cameraIsOff: 'Camera off',
  manage: (name: string) => `Manage ${name}`,
  muteMicrophone: 'Mute microphone',
  allowMicrophone: 'Let them unmute',
  stopCamera: 'Stop camera',
  allowCamera: 'Let them turn the camera on',
  stopTheirScreen: 'Stop their screen share',
  allowScreen: 'Let them share again',
  makeModerator: 'Make moderator',
  takeModerator: 'No longer moderator',
  remove: 'Remove from the call',

  // Lobby
  lobbyTitle: 'Waiting to join',
  admit: 'Admit',
  admitName: (name: string) => `Admit ${name}`,
  admitAll: 'Admit all',
  refuse: 'Refuse',
  refuseName: (name: string) => `Refuse ${name}`,

  // Before joining
  yourName: 'Your name',
  namePlaceholder: 'How others see you',
  join: 'Join',
  joining: 'Joining…',
  joinWithout: 'You can join without it and turn it on later.',
  preview: 'Your camera picture',
  previewOff: 'Your camera is off',
  previewStarting: 'Starting your camera…',
  level: 'Microphone level',
  levelHint: 'Say something: the bar moves when others can hear you.',
  askingDevices: 'Your browser may ask for permission: choose “Allow”.',

  /** A device's error, by code of the error table: what is wrong, and what to do. */
  deviceProblems: {
    'device-permission-denied': (what: string) =>
      `${what} is blocked. Click the camera or lock icon in the address bar, allow it, and try again.`,
    'device-not-found': (what: string) => `No ${what.toLowerCase()} found. Plug one in and try again.`,
    'device-in-use': (what: string) =>
      `${what} is used by another app. Close that app (a second call, perhaps) and try again.`,
    'insecure-context': (what: string) =>
      `${what} works only on a secure page. Open this address with https:// or on localhost.`,
    'muted-by-moderator': () => 'A moderator muted you. Raise your hand to speak.',
    forbidden: (what: string) => `You may not use your ${what.toLowerCase()} in this room.`,
    other: (what: string) => `${what} could not be started. Try again, or choose another one.`,
  } as Readonly<Record<string, (what: string) => string>> & { other: (what: string) => string },
};

export type Words = typeof words;
