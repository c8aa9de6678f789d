/** What is known of the path that a transport's media takes. `connected`: what the browser, or what arrives, last said. */
export type PathState =
  /** It carries, or has never been asked to. */
  | { status: 'holding' }
  /** The first path is looked for, until `deadlineAt` (ms since the epoch). */
  | { status: 'opening'; deadlineAt: number }
  /** New ICE credentials are being got; the path there is carries on. `relaysOnly`: all paths together were none. */
  | { status: 'asking'; connected: boolean; relaysOnly?: true }
  /** ICE looks for a path. `orRelays`: when it finds none it may yet through relays alone. */
  | {
      status: 'checking';
      with: Credentials;
      connected: boolean;
      againAt: number;
      deadlineAt: number;
      orRelays?: true;
    }
  /** None was found: the transport must be made anew. */
  | { status: 'lost' };

/** Kept in reserve, or just given by the server; `relays`: these, through relays and nothing else. */
export type Credentials = 'reserve' | 'fresh' | 'relays';

export type PathEvent = { now: number } & (
  | { type: 'connecting' | 'connected' | 'disconnected' | 'failed' }
  /** What used to arrive does not any more; told again while that lasts. */
  | { type: 'silent' }
  /** It arrives again. */
  | { type: 'alive' }
  /** The machine's network is another one, or was asleep. */
  | { type: 'networkChanged' }
  /** `orRelays`: relays are there. */
  | { type: 'answered'; with: Credentials; orRelays?: true }
  /** The server has no such transport any more. */
  | { type: 'refused' }
  | { type: 'deadline' }
);

export type PathTimes = {
  /** A first path is found within so long, or another port is tried: an address may still count as somebody else's. */
  openMs: number;
  /** Reserve credentials get so long before the server is asked for others, … */
  reserveMs: number;
  /** … or so long when it is known that they found nothing, … */
  againMs: number;
  /** … fresh ones so long before the transport is given up, … */
  freshMs: number;
  /** … or so long before it is tried through relays alone. */
  orRelaysMs: number;
};

export const defaultPathTimes: PathTimes = {
  openMs: 3_000,
  reserveMs: 2_000,
  againMs: 900,
  freshMs: 6_000,
  orRelaysMs: 3_000,
};

/** Pure, so that each transition is one row of a table test; `PathKeeper` does the effects. */
export function nextPath(state: PathState, event: PathEvent, times: PathTimes = defaultPathTimes): PathState {
  switch (state.status) {
    case 'holding':
      return whileHolding(state, event, times);
    case 'opening':
      return whileOpening(state, event);
    case 'asking':
      return whileAsking(state, event, times);
    case 'checking':
      return whileChecking(state, event);
    case 'lost':
      return state;
  }
}

const holding: PathState = { status: 'holding' };
const lost: PathState = { status: 'lost' };
const ask = (connected: boolean): PathState => ({ status: 'asking', connected });
const askForRelays: PathState = { status: 'asking', connected: false, relaysOnly: true };

function whileHolding(state: PathState, { type, now }: PathEvent, times: PathTimes): PathState {
  switch (type) {
    case 'connecting':
      return { status: 'opening', deadlineAt: now + times.openMs };
    case 'disconnected':
    case 'failed':
      return ask(false);
    case 'silent':
    case 'networkChanged':
      return ask(true);
    default:
      return state;
  }
}

function whileOpening(state: PathState & { status: 'opening' }, { type, now }: PathEvent): PathState {
  switch (type) {
    case 'connected':
      return holding;
    case 'disconnected':
    case 'failed':
    case 'networkChanged':
      return ask(false);
    case 'deadline':
      return now < state.deadlineAt ? state : ask(false);
    default:
      return state;
  }
}

function whileAsking(state: PathState & { status: 'asking' }, event: PathEvent, times: PathTimes): PathState {
  const { type, now } = event;
  switch (type) {
    case 'answered': {
      const orRelays = event.orRelays && event.with === 'fresh' ? { orRelays: true as const } : {};
      const lookMs =
        event.with === 'reserve'
          ? times.reserveMs
          : 'orRelays' in orRelays
            ? times.orRelaysMs
            : times.freshMs;
      const { connected } = state;
      const [againAt, deadlineAt] = [now + times.againMs, now + lookMs];
      return { status: 'checking', with: event.with, connected, againAt, deadlineAt, ...orRelays };
    }
    case 'refused':
      return lost;
    default:
      return withConnected(state, type);
  }
}

function whileChecking(state: PathState & { status: 'checking' }, { type, now }: PathEvent): PathState {
  const isReserve = state.with === 'reserve';
  switch (type) {
    case 'connected':
    case 'alive':
      return holding;
    case 'networkChanged':
      return now < state.againAt ? state : ask(state.connected);
    case 'disconnected':
    case 'failed':
    case 'silent':
      // What was connected all the while has broken anew.
      return now >= state.againAt && (isReserve || state.connected) ? ask(false) : withConnected(state, type);
    case 'deadline':
      if (now < state.deadlineAt) return state;
      if (state.connected) return holding; // It was never broken, or is mended: the browser would say otherwise.
      if (isReserve) return ask(false);
      return state.orRelays ? askForRelays : lost;
    default:
      return state;
  }
}

function withConnected<S extends PathState & { connected: boolean }>(state: S, type: PathEvent['type']): S {
  const isUp = type === 'connected' || type === 'alive';
  const isDown = type === 'disconnected' || type === 'failed' || type === 'silent';
  const connected = isUp || (state.connected && !isDown);
  return connected === state.connected ? state : { ...state, connected };
}
