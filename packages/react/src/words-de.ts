import { counting } from './counting.ts';
import type { Words } from './words.ts';

const count = counting('de');

/** The words of the components in German. */
export const wordsDe: Words = {
  language: 'de',
  you: 'Sie',
  youSuffix: '(Sie)',
  service: 'Nachricht des Dienstes',

  // Tiles
  muted: 'Stumm',
  handRaised: 'Hand gehoben',
  reconnecting: 'Verbindet sich neu …',
  frozen: 'Das Bild steht still',
  interrupted: 'Die Kamera wurde unterbrochen',
  pausedForSound: 'Bild angehalten, damit der Ton gut bleibt',
  serverBusy: 'Der Server ist ausgelastet: Bild angehalten, damit der Ton gut bleibt',
  notSent: 'Die Verbindung dort trägt gerade kein Bild',
  screenOf: (name) => `${name} teilt den Bildschirm`,
  pin: (name) => `${name} für Sie anheften`,
  pinned: 'Für Sie angeheftet',
  unpin: (name) => `${name} lösen`,
  stage: 'Bilder der Teilnehmenden',

  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
  fullscreen: 'Ganzer Bildschirm',
  leaveFullscreen: 'Ganzen Bildschirm verlassen',
  pictureInPicture: 'Kleines Fenster im Vordergrund',

  // Reactions
  react: 'Reagieren',
  reactions: {
    agree: 'Zustimmung',
    disagree: 'Einwand',
    thanks: 'Danke',
    laugh: 'Lachen',
    celebrate: 'Hurra',
  },

  // Connection
  quality: { good: 'Gute Verbindung', fair: 'Schwache Verbindung', poor: 'Schlechte Verbindung' },
  qualityOf: (name, quality) => `${name}: ${quality}`,
  qualityReasons: {
    'your-line':
      'Ihr Internet trägt nicht mehr. Das Bild wird kleiner oder hält an, damit der Ton gut bleibt.',
    'your-loss': 'Auf Ihrer Seite gehen Teile verloren. Näher am WLAN oder mit Kabel wird es besser.',
    'their-upload': 'Internet oder Gerät dort senden nicht mehr. Von hier aus lässt sich das nicht ändern.',
    loss: 'Unterwegs gehen Teile verloren. Es kann am WLAN auf beiden Seiten liegen.',
    delay: 'Antworten brauchen lange. Machen Sie nach dem Sprechen eine kurze Pause.',
    upload: 'Ihr Upload ist schwach: Andere sehen Sie in geringer Qualität.',
    'upload-loss': 'Teile dessen, was Sie senden, gehen verloren: Andere hören Sie vielleicht schlecht.',
    server:
      'Der Server ist ausgelastet. Das bessert sich von selbst; angeheftete Bilder bleiben am längsten.',
    computer:
      'Ihr Computer ist ausgelastet: Andere sehen Sie in geringer Qualität. Schließen Sie andere Programme.',
  },
  qualityFine: 'Bild und Ton kommen an, wie sie sollen.',
  details: 'Einzelheiten',
  numbers: {
    bitrate: 'Bitrate',
    loss: 'Verlust',
    jitter: 'Jitter',
    roundTrip: 'Hin und zurück',
    picture: 'Bild',
    layer: 'Stufe',
    codec: 'Codec',
    path: 'Weg',
    concealed: 'Ergänzter Ton',
    encoder: 'Grenze des Encoders',
  },
  noNumbers: 'Noch keine Zahlen.',

  // Layout
  layout: 'Ansicht',
  layouts: { auto: 'Automatisch', grid: 'Raster', speaker: 'Wer spricht', sidebar: 'Seitenleiste' },
  selfInCorner: 'Mich selbst in einer Ecke zeigen',
  pages: 'Seiten der Teilnehmenden',
  pageBefore: 'Vorige Seite',
  pageAfter: 'Nächste Seite',
  pageOf: (page, pages) => `Seite ${page} von ${pages}`,

  // Sound
  hear: 'Klicken, um die anderen zu hören',
  hearWhy: 'Ihr Browser hält den Ton zurück, bis Sie klicken.',

  // Controls
  controls: 'Bedienung des Anrufs',
  mute: 'Mikrofon ausschalten',
  unmute: 'Mikrofon einschalten',
  cameraOn: 'Kamera einschalten',
  cameraOff: 'Kamera ausschalten',
  share: 'Bildschirm teilen',
  stopSharing: 'Nicht mehr teilen',
  sharing: 'Sie teilen Ihren Bildschirm',
  raiseHand: 'Hand heben',
  lowerHand: 'Hand senken',
  chat: 'Chat',
  unread: (messages) => count(messages, { one: 'ungelesene Nachricht', other: 'ungelesene Nachrichten' }),
  participants: 'Teilnehmende',
  waiting: (people) => count(people, { one: 'Person wartet', other: 'Personen warten' }),
  options: 'Geräte und mehr',
  leave: 'Verlassen',
  endForAll: 'Für alle beenden',
  lobby: 'Neue warten im Vorraum',
  lockedByModerator: 'Die Moderation hat Sie stumm geschaltet. Heben Sie die Hand, um zu sprechen.',
  lockedByGrants: 'Das ist Ihnen in diesem Raum nicht erlaubt.',
  camera: 'Kamera',
  microphone: 'Mikrofon',
  speaker: 'Lautsprecher',
  unnamedDevice: (kind, number) => `${kind} ${number}`,

  // Chat
  close: 'Schließen',
  chatEmpty: 'Noch keine Nachrichten',
  chatEmptyHint: 'Was Sie hier schreiben, sehen alle im Anruf.',
  chatPlaceholder: 'Nachricht an alle',
  send: 'Senden',
  sendingFailed: 'Nicht gesendet.',
  tryAgain: 'Noch einmal',
  newMessages: 'Neue Nachrichten',
  chatForbidden: 'In diesem Raum dürfen Sie lesen, aber nicht schreiben.',

  // Participants and moderation
  moderator: 'Moderation',
  raisedHands: 'Gehobene Hände',
  inTheCall: 'Im Anruf',
  handPlace: (place) => `Hand gehoben, Nummer ${place} in der Reihe`,
  findPeople: 'Jemanden finden',
  nobodyFound: 'Niemand mit diesem Namen ist hier.',
  cameraIsOff: 'Kamera aus',
  manage: (name) => `${name} verwalten`,
  muteMicrophone: 'Mikrofon stumm schalten',
  allowMicrophone: 'Mikrofon wieder erlauben',
  stopCamera: 'Kamera ausschalten',
  allowCamera: 'Kamera wieder erlauben',
  stopTheirScreen: 'Teilen des Bildschirms beenden',
  allowScreen: 'Teilen wieder erlauben',
  makeModerator: 'Moderation übertragen',
  takeModerator: 'Moderation entziehen',
  remove: 'Aus dem Anruf entfernen',

  // Lobby
  lobbyTitle: 'Warten auf Einlass',
  admit: 'Einlassen',
  admitName: (name) => `${name} einlassen`,
  admitAll: 'Alle einlassen',
  refuse: 'Abweisen',
  refuseName: (name) => `${name} abweisen`,

  // Before joining
  yourName: 'Ihr Name',
  namePlaceholder: 'Wie andere Sie sehen',
  join: 'Teilnehmen',
  joining: 'Verbindet …',
  joinWithout: 'Sie können ohne teilnehmen und später einschalten.',
  preview: 'Ihr Kamerabild',
  previewOff: 'Ihre Kamera ist aus',
  previewStarting: 'Ihre Kamera startet …',
  level: 'Pegel des Mikrofons',
  levelHint: 'Sagen Sie etwas: Der Balken bewegt sich, wenn andere Sie hören können.',
  askingDevices: 'Ihr Browser fragt vielleicht um Erlaubnis: Wählen Sie „Zulassen“.',

  deviceProblems: {
    'device-permission-denied': (what) =>
      `${what} ist gesperrt. Klicken Sie auf das Kamera- oder Schlosssymbol in der Adresszeile, erlauben Sie den Zugriff und versuchen Sie es noch einmal.`,
    'device-not-found': (what) =>
      `${what} nicht gefunden. Schließen Sie das Gerät an und versuchen Sie es noch einmal.`,
    'device-in-use': (what) =>
      `${what} wird von einer anderen App benutzt. Schließen Sie diese (vielleicht ein zweiter Anruf) und versuchen Sie es noch einmal.`,
    'insecure-context': (what) =>
      `${what} geht nur auf einer sicheren Seite. Öffnen Sie diese Adresse mit https:// oder auf localhost.`,
    'muted-by-moderator': () =>
      'Die Moderation hat Sie stumm geschaltet. Heben Sie die Hand, um zu sprechen.',
    forbidden: (what) => `${what} ist Ihnen in diesem Raum nicht erlaubt.`,
    other: (what) =>
      `${what} ließ sich nicht starten. Versuchen Sie es noch einmal oder wählen Sie ein anderes Gerät.`,
  },
};
