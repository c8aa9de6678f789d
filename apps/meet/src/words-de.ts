import { counting } from '@weir/react';
import type { AppWords } from './words.ts';

const count = counting('de');

/** The words of the app in German. */
export const german: AppWords = {
  product: 'Weir',
  tagline: 'Videogespräche auf dem eigenen Server.',

  // Start
  roomName: 'Name des Raums',
  roomNamePlaceholder: 'morgenvisite',
  openRoom: 'Raum öffnen',
  newRoom: 'Neuer Raum mit zufälligem Namen',
  openHint: 'Wer denselben Namen öffnet, trifft Sie dort.',
  roomNameBad: 'Nehmen Sie Buchstaben und Ziffern; aus Leerzeichen werden Striche.',
  recent: 'Letzte Räume',
  forget: (room) => `${room} vergessen`,
  notFound: 'Diese Seite gibt es nicht.',
  toStart: 'Zur Startseite',
  testConnection: 'Verbindung testen',
  faultTitle: 'Diese Seite hat einen Fehler',
  faultText: 'Laden Sie sie neu: Sie sind dann gleich wieder im Anruf.',
  reload: 'Neu laden',

  language: 'Sprache',
  shortcuts: 'Tastenkürzel',
  keys: {
    M: 'Mikrofon ein oder aus',
    V: 'Kamera ein oder aus',
    S: 'Bildschirm teilen oder beenden',
    H: 'Hand heben oder senken',
    C: 'Chat',
    P: 'Teilnehmende',
    'PageUp / PageDown': 'Andere Teilnehmende',
    Esc: 'Leiste schließen',
    '?': 'Diese Liste',
  },
  close: 'Schließen',

  // Preview
  previewTitle: (room) => `An ${room} teilnehmen`,
  previewHint: 'Prüfen Sie Bild und Ton, dann nehmen Sie teil.',
  guest: 'Gast',
  entering: 'Der Anruf wird betreten …',
  cancel: 'Abbrechen',

  // Lobby
  lobbyTitle: 'Sie sind im Vorraum',
  lobbyText: 'Die Moderation lässt Sie gleich ein. Lassen Sie diese Seite offen; es geht von selbst weiter.',

  // Call
  copyLink: 'Link kopieren',
  copied: 'Link kopiert',
  aloneTitle: 'Sie sind als Erste hier.',
  aloneText: 'Schicken Sie den Link an alle, die Sie treffen wollen.',
  people: (people) => (people === 1 ? 'Nur Sie' : count(people, { one: 'Person', other: 'Personen' })),

  // Banner
  offline: 'Ihr Gerät ist offline. Sie kommen von selbst zurück, sobald das Netz da ist.',
  reconnecting: 'Verbindung verloren. Sie werden zurückgeholt …',
  reconnectingHint: 'Ihr Platz im Anruf bleibt frei.',
  audioOnly: 'Ihr Internet trägt gerade nur den Ton. Die Bilder kommen von selbst zurück.',

  // News
  joined: (name) => `${name} ist da`,
  left: (name) => `${name} ist gegangen`,
  lost: (name) => `${name} hat die Verbindung verloren`,
  removed: (name) => `${name} wurde entfernt`,
  handRaised: (name) => `${name} hebt die Hand`,
  sharing: (name) => `${name} teilt den Bildschirm`,
  waits: (name) => `${name} wartet im Vorraum`,
  show: 'Zeigen',
  dismiss: 'Schließen',
  back: 'Sie sind wieder im Anruf.',
  mediaReset: 'Bild und Ton werden neu aufgebaut.',
  mutedByModerator: 'Die Moderation hat Ihr Mikrofon stumm geschaltet.',
  cameraStopped: 'Die Moderation hat Ihre Kamera ausgeschaltet.',
  screenStopped: 'Die Moderation hat Ihr Teilen beendet.',
  unlocked: 'Sie dürfen wieder einschalten.',
  nowModerator: 'Sie moderieren jetzt.',
  notModerator: 'Sie moderieren nicht mehr.',
  failed: (what, hint) => `${what}: Das hat nicht geklappt. ${hint}`,

  // End for everybody
  endTitle: 'Den Anruf für alle beenden?',
  endText: 'Alle verlassen ihn sofort. Der Raum kann später wieder geöffnet werden.',
  endConfirm: 'Für alle beenden',

  // Ended
  rejoin: 'Wieder teilnehmen',
  details: 'Einzelheiten',
  leftTitle: 'Sie haben den Anruf verlassen',
  leftText: 'Sie können jederzeit zurückkommen.',

  ends: {
    'room-ended': {
      title: 'Der Anruf wurde beendet',
      text: 'Die Moderation hat ihn für alle beendet.',
      again: 'Wieder öffnen',
    },
    removed: {
      title: 'Sie wurden aus dem Anruf entfernt',
      text: 'Die Moderation hat Sie entfernt. Fragen Sie nach, wenn es ein Versehen war.',
    },
    'lobby-refused': {
      title: 'Sie wurden nicht eingelassen',
      text: 'Die Moderation hat Sie nicht in diesen Anruf gelassen.',
      again: 'Noch einmal fragen',
    },
    'session-replaced': {
      title: 'Der Anruf geht anderswo weiter',
      text: 'Sie sind in einem anderen Tab oder auf einem anderen Gerät dabei, darum wurde dieser geschlossen.',
      again: 'Hierher zurückholen',
    },
    forbidden: {
      title: 'Sie haben keinen Zugang zu diesem Raum',
      text: 'Räume öffnen sich hier nur mit Einladung. Bitten Sie um einen neuen Link.',
    },
    unauthenticated: {
      title: 'Dieser Link geht nicht',
      text: 'Vielleicht ist er unvollständig. Öffnen Sie die Einladung noch einmal oder bitten Sie um einen neuen Link.',
    },
    'token-expired': { title: 'Dieser Link ist abgelaufen', text: 'Bitten Sie um einen neuen Link.' },
    'room-not-found': {
      title: 'Diesen Raum gibt es nicht',
      text: 'Prüfen Sie den Namen des Raums oder bitten Sie um einen neuen Link.',
    },
    'bad-request': {
      title: 'Diese Adresse geht nicht',
      text: 'Prüfen Sie den Namen des Raums: Buchstaben, Ziffern und Striche.',
    },
    'room-full': {
      title: 'Der Raum ist voll',
      text: 'Es sind so viele da, wie er fasst. Versuchen Sie es wieder, wenn jemand gegangen ist.',
      again: 'Noch einmal',
    },
    'rate-limited': {
      title: 'Zu viele Versuche',
      text: 'Warten Sie eine Minute und versuchen Sie es dann noch einmal.',
      again: 'Noch einmal',
    },
    'no-media-node': {
      title: 'Der Dienst ist ausgelastet',
      text: 'Kein Server hat gerade Platz für einen weiteren Anruf. Versuchen Sie es gleich noch einmal.',
      again: 'Noch einmal',
    },
    'unsupported-version': {
      title: 'Diese Seite ist veraltet',
      text: 'Der Dienst wurde aktualisiert. Laden Sie die Seite neu und nehmen Sie wieder teil.',
      again: 'Neu laden',
    },
    'codec-unsupported': {
      title: 'Dieser Browser kann nicht teilnehmen',
      text: 'Ihm fehlen die Videoformate dieses Anrufs. Nehmen Sie ein aktuelles Chrome, Edge, Firefox oder Safari.',
    },
    network: {
      title: 'Der Dienst ist nicht erreichbar',
      text: 'Prüfen Sie Ihr Netz. Kommen auch andere nicht hinein, steht vielleicht der Dienst selbst.',
      again: 'Noch einmal',
    },
    other: {
      title: 'Der Anruf konnte nicht weitergehen',
      text: 'Auf unserer Seite ging etwas schief. Versuchen Sie es noch einmal.',
      again: 'Noch einmal',
    },
  },
};
