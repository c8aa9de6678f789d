import type { CheckStatus, FirewallRule } from '@weir/client/preflight';

/** Every word of the page of the connection test, in English; what was found is put into words by the SDK. */
export const english = {
  title: 'Connection test',
  intro:
    'Tests in about ten seconds whether video calls will work on this computer and network. Nothing is recorded, and nobody sees or hears you.',
  withDevices: 'Test my camera and microphone too',
  start: 'Start the test',
  running: 'Testing…',
  runningText: 'About ten seconds. Say a few words, so that your microphone has something to hear.',
  progress: 'Progress of the test',
  again: 'Test again',
  copy: 'Copy as text',
  copied: 'Copied: paste it into a mail to your IT',
  notCopied: 'The browser did not allow to copy: save it instead.',
  save: 'Save as file',
  backToCall: (room: string) => `Back to ${room}`,

  service: 'Service',
  network: 'Network',
  devices: 'Devices',
  computer: 'Computer',
  status: {
    running: 'Being tested',
    ok: 'Good',
    warn: 'Attention',
    fail: 'Failed',
    skipped: 'Not tested',
  } satisfies Record<CheckStatus, string>,

  firewall: 'For the firewall',
  firewallText: 'Outgoing connections that calls use. Answers come back on the same connection.',
  firewallColumns: ['Host', 'Port', 'For', 'Now'],
  purpose: {
    service: 'Page and control',
    media: 'Video and sound',
    relay: 'Relay',
  } satisfies Record<FirewallRule['purpose'], string>,
  reached: {
    open: '✓ open',
    blocked: '✗ blocked',
    'not-tried': '– not tried',
  } satisfies Record<FirewallRule['status'], string>,
};

export type PageWords = typeof english;
