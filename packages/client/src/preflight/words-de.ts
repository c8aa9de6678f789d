import type { PreflightWords } from './words.ts';

const otherBrowser = 'Nehmen Sie einen aktuellen Browser: Chrome, Edge, Firefox oder Safari.';
const noMedia = 'Es kamen weder Bild noch Ton an.';
const relayMatters = 'Das ist nur wichtig, wenn die anderen Wege ausfallen.';

/** The words of a report in German. */
export const wordsDe: PreflightWords = {
  language: 'de',

  checks: {
    // Under way, or not to be tested
    'running-browser': { title: 'Ihr Browser', text: '' },
    'running-service': { title: 'Erreichbarkeit des Dienstes', text: '' },
    'running-signaling': { title: 'Steuerverbindung', text: '' },
    'running-udp': { title: 'Direkter Weg für Bild und Ton', text: '' },
    'running-tcp': { title: 'Ausweichweg', text: '' },
    'running-relay': { title: 'Umweg über ein Relay', text: '' },
    'running-upload': { title: 'Ihr Upload', text: '' },
    'running-download': { title: 'Ihr Download', text: '' },
    'running-quality': { title: 'Stabilität Ihrer Leitung', text: '' },
    'running-camera': {
      title: 'Ihre Kamera',
      text: 'Wenn Ihr Browser fragt, erlauben Sie bitte den Zugriff.',
    },
    'running-microphone': {
      title: 'Ihr Mikrofon',
      text: 'Wenn Ihr Browser fragt, erlauben Sie bitte den Zugriff. Sprechen Sie ein paar Worte.',
    },
    'running-speakers': { title: 'Ihre Lautsprecher', text: '' },
    'running-codecs': { title: 'Bild- und Tonformate', text: '' },
    'running-cpu': { title: 'Ihr Computer', text: '' },
    skipped: { title: 'Nicht prüfbar', text: 'Etwas, das dafür nötig ist, hat nicht funktioniert.' },
    'not-asked': { title: 'Nicht geprüft', text: 'Diese Prüfung wurde ausgelassen.' },

    // Browser
    'browser-none': { title: 'Kein Browser', text: 'Nur der Dienst wurde geprüft.' },
    'browser-ok': { title: 'Ihr Browser ist geeignet', text: '' },
    'browser-unknown': {
      title: 'Ihr Browser ist nicht erprobt',
      text: `Falls der Anruf Probleme macht: ${otherBrowser}`,
    },
    'browser-old': { title: 'Ihr Browser ist veraltet', text: 'Bitte aktualisieren Sie ihn.' },
    'browser-no-webrtc': {
      title: 'Mit Ihrem Browser sind keine Anrufe möglich',
      text: `${otherBrowser} Vielleicht hat auch Ihre IT-Abteilung Anrufe (WebRTC) abgeschaltet.`,
    },
    'browser-insecure': {
      title: 'Diese Seite ist nicht sicher',
      text: 'Browser geben Kamera und Mikrofon nur für Seiten frei, deren Adresse mit https beginnt.',
    },

    // Service
    'service-ok': { title: 'Der Dienst ist erreichbar', text: '' },
    'service-slow': {
      title: 'Der Dienst antwortet langsam',
      text: 'Bis ein Anruf beginnt, kann es einige Sekunden dauern.',
    },
    'service-unreachable': {
      title: 'Der Dienst ist nicht erreichbar',
      text: 'Anrufe sind nicht möglich. Prüfen Sie das Netz. Gehen andere Seiten auf, sperrt eine Firewall diesen Dienst, oder er ist ausgefallen.',
    },
    'service-closed': {
      title: 'Für diesen Test brauchen Sie eine Einladung',
      text: 'Öffnen Sie den Link zu Ihrem Anruf und starten Sie den Test von dort.',
    },
    'service-busy': {
      title: 'Gerade laufen zu viele Tests',
      text: 'Warten Sie eine Minute und versuchen Sie es dann noch einmal.',
    },
    'service-no-media': {
      title: 'Der Dienst hat gerade keinen Platz für Anrufe',
      text: 'Er ist erreichbar, aber seine Medienserver sind ausgelastet oder ausgefallen. Versuchen Sie es gleich noch einmal.',
    },
    'signaling-ok': { title: 'Die Steuerverbindung funktioniert', text: '' },
    'signaling-slow': {
      title: 'Die Steuerverbindung ist langsam',
      text: 'Bis ein Anruf beginnt, kann es einige Sekunden dauern.',
    },
    'signaling-blocked': {
      title: 'Die Steuerverbindung ist gesperrt',
      text: 'Anrufe sind nicht möglich. Oft lässt ein Proxy oder ein Sicherheitsprogramm keine WebSockets durch.',
    },

    // Paths
    'udp-ok': {
      title: 'Bild und Ton erreichen den Server direkt',
      text: 'Der beste Weg (UDP) ist offen.',
    },
    'udp-blocked': {
      title: 'Der beste Weg für Bild und Ton ist gesperrt',
      text: 'Ihr Netz sperrt UDP. Anrufe nehmen einen anderen Weg. Er funktioniert, stockt aber auf einer schwachen Leitung eher.',
    },
    'udp-blocked-alone': {
      title: 'Der beste Weg für Bild und Ton ist gesperrt',
      text: 'Ihr Netz sperrt UDP.',
    },
    'tcp-ok': {
      title: 'Der Ausweichweg funktioniert',
      text: 'Fällt der beste Weg aus, gehen Anrufe über TCP weiter.',
    },
    'tcp-blocked': {
      title: 'Der Ausweichweg ist gesperrt',
      text: 'Anrufe funktionieren, solange der beste Weg offen ist. Ihr Netz sperrt TCP zum Medienserver.',
    },
    'tcp-blocked-alone': {
      title: 'Der Ausweichweg ist gesperrt',
      text: 'Ihr Netz sperrt TCP zum Medienserver.',
    },
    'relay-none': {
      title: 'Es gibt kein Relay',
      text: 'Dieser Dienst hat keines. Es ist nur in Netzen nötig, die jeden direkten Weg sperren.',
    },
    'relay-udp-ok': { title: 'Das Relay funktioniert (UDP)', text: '' },
    'relay-tcp-ok': { title: 'Das Relay funktioniert (TCP)', text: '' },
    'relay-tls-ok': {
      title: 'Das Relay funktioniert (TLS)',
      text: 'Dieser Weg kommt durch fast jede Firewall.',
    },
    'relay-udp-blocked': { title: 'Das Relay ist nicht erreichbar (UDP)', text: relayMatters },
    'relay-tcp-blocked': { title: 'Das Relay ist nicht erreichbar (TCP)', text: relayMatters },
    'relay-tls-blocked': { title: 'Das Relay ist nicht erreichbar (TLS)', text: relayMatters },

    // Line
    'upload-ok': { title: 'Ihr Upload reicht für HD-Video', text: '' },
    'upload-video': { title: 'Ihr Upload ist schwach', text: 'Andere sehen Sie in geringer Qualität.' },
    'upload-audio': {
      title: 'Ihr Upload ist zu schwach für Video',
      text: 'Andere hören Sie, sehen Sie aber kaum.',
    },
    'upload-nothing': {
      title: 'Ihr Upload ist zu schwach für Anrufe',
      text: 'Andere würden Sie nicht einmal hören.',
    },
    'upload-slow-computer': {
      title: 'Ihr Upload ließ sich nicht messen',
      text: 'Ihr Computer war zu ausgelastet, um mehr zu senden. Schließen Sie andere Programme und testen Sie noch einmal.',
    },
    'upload-unknown': { title: 'Ihr Upload ließ sich nicht messen', text: noMedia },
    'download-ok': { title: 'Ihr Download reicht für HD-Video', text: '' },
    'download-at-least': {
      title: 'Ihr Download ist mindestens so gut wie Ihr Upload',
      text: 'Alles, was Sie senden konnten, kam zurück. Mehr ließ sich nicht prüfen.',
    },
    'download-video': { title: 'Ihr Download ist schwach', text: 'Sie sehen andere in geringer Qualität.' },
    'download-audio': {
      title: 'Ihr Download ist zu schwach für Video',
      text: 'Sie hören andere, sehen sie aber kaum.',
    },
    'download-nothing': {
      title: 'Ihr Download ist zu schwach für Anrufe',
      text: 'Sie würden andere nicht einmal hören.',
    },
    'download-unknown': { title: 'Ihr Download ließ sich nicht messen', text: noMedia },
    'quality-ok': { title: 'Ihre Leitung ist stabil', text: '' },
    'quality-weak': {
      title: 'Ihre Leitung ist nicht ganz stabil',
      text: 'Bild und Ton können stocken. Ein Kabel oder ein Platz näher am WLAN hilft.',
    },
    'quality-bad': {
      title: 'Ihre Leitung ist instabil',
      text: 'Sie werden Anrufen schlecht folgen können. Nehmen Sie ein Kabel oder ein anderes Netz.',
    },
    'quality-unknown': { title: 'Die Stabilität Ihrer Leitung ließ sich nicht messen', text: noMedia },

    // Devices
    'camera-ok': { title: 'Ihre Kamera funktioniert', text: '' },
    'camera-no-pictures': {
      title: 'Ihre Kamera zeigt nichts',
      text: 'Sie ist erlaubt, liefert aber kein Bild. Schließen Sie sie neu an oder beenden Sie andere Programme, die sie benutzen.',
    },
    'camera-denied': {
      title: 'Ihre Kamera ist nicht erlaubt',
      text: 'Klicken Sie auf das Symbol links neben der Adresse der Seite, erlauben Sie die Kamera und testen Sie noch einmal. Prüfen Sie auch die Datenschutz-Einstellungen Ihres Systems.',
    },
    'camera-missing': {
      title: 'Keine Kamera gefunden',
      text: 'Andere werden Sie hören, aber nicht sehen. Schließen Sie eine Kamera an.',
    },
    'camera-in-use': {
      title: 'Ihre Kamera wird gerade benutzt',
      text: 'Schließen Sie das andere Programm, das sie benutzt.',
    },
    'camera-unanswered': {
      title: 'Ihre Kamera wurde nicht rechtzeitig erlaubt',
      text: 'Wählen Sie „Zulassen“, wenn der Browser fragt. Testen Sie dann noch einmal.',
    },
    'camera-broken': {
      title: 'Ihre Kamera funktioniert nicht',
      text: 'Schließen Sie sie neu an oder wählen Sie eine andere.',
    },
    'microphone-ok': { title: 'Ihr Mikrofon funktioniert', text: '' },
    'microphone-silent': {
      title: 'Ihr Mikrofon hört nichts',
      text: 'Sprechen Sie während des Tests. Prüfen Sie, ob es am Gerät oder im System stumm geschaltet ist.',
    },
    'microphone-unheard': {
      title: 'Ihr Mikrofon ist erlaubt',
      text: 'Klicken Sie in die Seite und testen Sie noch einmal, um es zu hören.',
    },
    'microphone-denied': {
      title: 'Ihr Mikrofon ist nicht erlaubt',
      text: 'Klicken Sie auf das Symbol links neben der Adresse der Seite, erlauben Sie das Mikrofon und testen Sie noch einmal. Prüfen Sie auch die Datenschutz-Einstellungen Ihres Systems.',
    },
    'microphone-missing': {
      title: 'Kein Mikrofon gefunden',
      text: 'Andere können Sie nicht hören. Schließen Sie ein Mikrofon an.',
    },
    'microphone-in-use': {
      title: 'Ihr Mikrofon wird gerade benutzt',
      text: 'Schließen Sie das andere Programm, das es benutzt.',
    },
    'microphone-unanswered': {
      title: 'Ihr Mikrofon wurde nicht rechtzeitig erlaubt',
      text: 'Wählen Sie „Zulassen“, wenn der Browser fragt. Testen Sie dann noch einmal.',
    },
    'microphone-broken': {
      title: 'Ihr Mikrofon funktioniert nicht',
      text: 'Schließen Sie es neu an oder wählen Sie ein anderes.',
    },
    'speakers-ok': { title: 'Ihre Lautsprecher sind da', text: '' },
    'speakers-none': {
      title: 'Keine Lautsprecher gefunden',
      text: 'Vielleicht hören Sie andere nicht. Schließen Sie Lautsprecher oder Kopfhörer an.',
    },

    // Computer
    'codecs-ok': { title: 'Bild- und Tonformate passen', text: '' },
    'codecs-missing': {
      title: 'Ihrem Browser fehlt ein Format',
      text: `Er kann nicht senden oder zeigen, was Anrufe brauchen. ${otherBrowser}`,
    },
    'cpu-ok': { title: 'Ihr Computer ist schnell genug', text: '' },
    'cpu-busy': {
      title: 'Ihr Computer ist gerade noch schnell genug',
      text: 'Schließen Sie während des Anrufs andere Programme, vor allem andere Videos.',
    },
    'cpu-slow': {
      title: 'Ihr Computer ist zu langsam für HD-Video',
      text: 'Andere sehen Sie vielleicht in geringer Qualität. Schließen Sie andere Programme oder stecken Sie das Ladekabel ein.',
    },
    'cpu-unknown': {
      title: 'Die Geschwindigkeit des Computers ließ sich nicht messen',
      text: 'Dieser Browser bietet das nicht an.',
    },
  },

  verdicts: {
    hd: { title: 'HD-Video wird funktionieren', text: 'Sie und die anderen sehen und hören sich gut.' },
    video: {
      title: 'Video wird funktionieren, aber nicht optimal',
      text: 'Der Anruf passt sich von selbst an. Was helfen würde, ist unten markiert.',
    },
    audio: {
      title: 'Nur der Ton wird gut funktionieren',
      text: 'Schalten Sie im Anruf Ihre Kamera aus. Was helfen würde, ist unten markiert.',
    },
    unknown: { title: 'Anrufe sollten funktionieren', text: 'Wie gut, ließ sich nicht messen.' },
    nothing: {
      title: 'Anrufe werden hier nicht funktionieren',
      text: 'Was im Weg steht, ist unten markiert. Zeigen Sie es Ihrer IT-Abteilung.',
    },
  },

  details: {
    yes: 'ja',
    no: 'nein',
    code: 'Fehlercode',
    reason: 'Grund',

    browser: 'Browser',
    securePage: 'Sichere Seite',
    webrtc: 'WebRTC',
    userAgent: 'Browserkennung',

    address: 'Adresse',
    firstAnswer: 'Erste Antwort',
    socket: 'WebSocket',
    openedIn: 'Geöffnet in',
    roundTrip: 'Hin und zurück',

    from: 'Von',
    to: 'Nach',
    protocol: 'Protokoll',
    relayOver: (protocol, relayProtocol) => `${protocol}, Relay über ${relayProtocol}`,
    connectedIn: 'Verbunden in',

    arrived: 'Am Medienserver angekommen',
    received: 'Vom Medienserver empfangen',
    ofWhatWasSent: 'Zuvor gesendet',
    atLeast: (rate) => `mindestens ${rate}`,
    triedUpTo: (rate, tried) => `${rate}; versucht bis ${tried}`,
    needed: 'Nötig',
    neededFor: (hd, small) => `${hd} für HD, ${small} für ein kleines Bild`,
    lossUp: 'Verlust beim Senden, unter Last',
    lossDown: 'Verlust beim Empfangen, unter Last',
    longestRoundTrip: 'Längstes Hin und Zurück unter Last',
    estimated: 'Vom Browser geschätzt',
    limitedBy: 'Begrenzt durch',
    limits: { none: 'nichts', cpu: 'Prozessor', bandwidth: 'Bandbreite', other: 'anderes' },
    over: 'Über',
    relay: (relayProtocol) => `Relay (${relayProtocol})`,
    lost: 'Verlorene Pakete, hin und zurück',
    jitter: 'Jitter',
    nodeRoundTrip: 'Hin und zurück zum Medienserver',

    camera: 'Kamera',
    microphone: 'Mikrofon',
    speakers: 'Lautsprecher',
    inAll: (label, count) => `${label} (insgesamt ${count})`,
    picture: 'Bild',
    loudest: 'Lautester Pegel',
    bySystem: 'vom System gewählt',
    choosable: 'Auf der Seite wählbar',

    sends: 'Sendet',
    receives: 'Empfängt',
    encoding: 'Ein 720p-Bild codieren',
    decoding: 'Eines decodieren',
    outOf: (took, whole) => `${took} von ${whole}`,
    cores: 'Prozessorkerne',
  },

  mail: {
    heading: (url, startedAt) => `Verbindungstest von ${url}, ${startedAt}`,
    firewall: 'In der Firewall zu öffnen, ausgehend:',
    purposes: { service: 'Dienst', media: 'Bild und Ton', relay: 'Relay' },
    reached: { open: 'offen', blocked: 'gesperrt', 'not-tried': 'nicht versucht' },
  },
};
