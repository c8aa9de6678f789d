/** What happens between `connect` and the picture, in the usual order; each in ms since `connect`. */
export const steps = [
  'seated',
  'opening',
  'claiming',
  'joined',
  'described',
  'received',
  'ice',
  'dtls',
  'packet',
  'frame',
] as const;
export type Step = (typeof steps)[number];

export const stepMeaning: Record<Step, string> = {
  seated: 'the director answered',
  opening: 'going to open the socket',
  claiming: 'the socket is open',
  joined: 'in the room',
  described: 'the offer is handed to the browser',
  received: 'the negotiation is done',
  ice: 'ICE connected',
  dtls: 'DTLS connected',
  packet: 'first video packet',
  frame: 'first video frame decoded and shown',
};

/** A join that came to its end. A step that was not seen is absent. */
export type JoinTimes = Partial<Record<Step, number>> & { frame: number };
