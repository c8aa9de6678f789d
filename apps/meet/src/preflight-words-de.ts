import type { PageWords } from './preflight-words.ts';

/** The words of the page of the connection test in German. */
export const german: PageWords = {
  title: 'Verbindungstest',
  intro:
    'Prüft in etwa zehn Sekunden, ob Videoanrufe mit diesem Computer und in diesem Netz funktionieren. Nichts wird aufgezeichnet, und niemand sieht oder hört Sie.',
  withDevices: 'Auch Kamera und Mikrofon testen',
  start: 'Test starten',
  running: 'Der Test läuft …',
  runningText: 'Etwa zehn Sekunden. Sprechen Sie ein paar Worte, damit Ihr Mikrofon etwas zu hören hat.',
  progress: 'Fortschritt des Tests',
  again: 'Noch einmal testen',
  copy: 'Als Text kopieren',
  copied: 'Kopiert: Fügen Sie es in eine E-Mail an Ihre IT-Abteilung ein.',
  notCopied: 'Der Browser hat das Kopieren nicht erlaubt: Speichern Sie das Ergebnis stattdessen.',
  save: 'Als Datei speichern',
  backToCall: (room) => `Zurück zu ${room}`,

  service: 'Dienst',
  network: 'Netz',
  devices: 'Geräte',
  computer: 'Computer',
  status: {
    running: 'Wird geprüft',
    ok: 'Gut',
    warn: 'Achtung',
    fail: 'Fehlgeschlagen',
    skipped: 'Nicht geprüft',
  },

  firewall: 'Für die Firewall',
  firewallText:
    'Ausgehende Verbindungen, die Anrufe nutzen. Antworten kommen auf derselben Verbindung zurück.',
  firewallColumns: ['Host', 'Port', 'Wofür', 'Jetzt'],
  purpose: {
    service: 'Seite und Steuerung',
    media: 'Bild und Ton',
    relay: 'Relay',
  },
  reached: {
    open: '✓ offen',
    blocked: '✗ gesperrt',
    'not-tried': '– nicht versucht',
  },
};
