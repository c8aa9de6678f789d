/** Every size and time that both sides must agree on. Times in ms, sizes in bytes. */
export const limits = {
  /** Largest signaling message from a client. RTP capabilities of a browser take about 12 kB. */
  clientMessageBytes: 64 * 1024,
  /** Largest signaling message to a client: a snapshot of a room. */
  serverMessageBytes: 8 * 1024 * 1024,
  /** Bytes that may wait in a socket before its client counts as too slow and is cut off (it resumes). */
  socketBacklogBytes: 4 * 1024 * 1024,
  /** Requests of one peer that may be unanswered. */
  pendingRequests: 256,
  /** The same between two nodes: one link carries the requests of all their sessions. */
  pendingNodeRequests: 16_384,
  /** Messages from one client connection. */
  clientMessageRate: { perSecond: 60, burst: 240 },
  /** Reliable data messages of one participant. */
  dataMessageRate: { perSecond: 20, burst: 60 },
  /** Tracks whose preferences one client connection changes. */
  preferenceRate: { perSecond: 200, burst: 1_000 },
  /** How long a session may be away and keep its seat. */
  resumeWindowMs: 60_000,
  /** How long a placement by the director waits for its client. */
  placementMs: 30_000,
  /** How long a connection test may take: then its room ends, whatever its client does. */
  preflightMs: 30_000,
  /** Seats of a connection test at most: two for a call with oneself, two to try relays. */
  preflightSeats: 4,
  /** A socket's loss is told to the others after this: a signaling restart is over before. */
  reconnectingGraceMs: 1_500,
  /** The loss of a signaling node is told of each of its clients after this: by then they are on another one, however many. */
  orphanGraceMs: 10_000,
  requestTimeoutMs: 10_000,
  /** A socket that has not joined or resumed by then is closed. */
  unauthenticatedSocketMs: 10_000,
  /** A client that hears nothing for so long sends a ping, … */
  pingAfterMs: 1_500,
  /** … and gives the socket up when that is not answered by then. */
  pingTimeoutMs: 1_500,
  /** While it waits for its seat it pings later: thousands who wait must not keep the node from letting them in. */
  pendingPingAfterMs: 5_000,
  /** Over a line that is known to be narrow it does only when it has heard nothing for so long. */
  narrowSilenceMs: 10_000,
  dataPayloadBytes: 16 * 1024,
  lossyPayloadBytes: 8 * 1024,
  metadataBytes: 8 * 1024,
  tracksPerParticipant: 16,
  subscriptionsPerRequest: 500,
  /** A room with more microphones than this is heard through audio slots, … */
  microphonesWithoutSlots: 12,
  /** … of which there are so many. */
  audioSlots: 6,
  /** Of one media session, the first included. */
  receiveTransports: 12,
  /** One in use, and one that takes its place. */
  sendTransports: 2,
  /** An earlier production of a track goes on for so long at most, for those who have not changed over yet. */
  productionOverlapMs: 5_000,
  /** A client that moves to another media node is given up when it has not got there by then. */
  moveMs: 10_000,
  participantsPerRoom: 1_000,
  /** Events kept of a room: a client further behind gets a snapshot. */
  roomLogEvents: 2_048,
} as const;

/** The WebSocket subprotocol; the number is the protocol's major version. */
export const subprotocol = 'weir.v1';
export const protocolVersion = 1;
