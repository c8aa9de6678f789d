import { type DeviceChoice, type JoinChoice, type StageChoice, stageLayouts } from '@weir/react';

const recentLimit = 6;

/** A JSON value in a browser storage that may be missing, full or forbidden. */
function read<T>(storage: () => Storage, key: string, fallback: T): T {
  try {
    const text = storage().getItem(key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {} // Then it is not remembered.
}

const local = () => localStorage;
const session = () => sessionStorage;

/** What this browser remembers of earlier calls. */
export const memory = {
  /** The last choice before joining; camera and microphone on for the first time. */
  get choice(): JoinChoice {
    const initial = { displayName: '', camera: true, microphone: true, devices: {} };
    return { ...initial, ...read<Partial<JoinChoice>>(local, 'weir.choice', {}) };
  },
  set choice(choice: JoinChoice) {
    write(local, 'weir.choice', choice);
  },
  set devices(devices: DeviceChoice) {
    write(local, 'weir.choice', { ...memory.choice, devices });
  },

  /** What the page was told to speak. */
  get language(): string | undefined {
    const kept = read<unknown>(local, 'weir.language', undefined);
    return typeof kept === 'string' ? kept : undefined;
  },
  set language(language: string | undefined) {
    write(local, 'weir.language', language);
  },

  /** How the stage was looked at. */
  get stage(): Partial<StageChoice> {
    const { layout, self } = read<Partial<StageChoice>>(local, 'weir.stage', {});
    return {
      ...(layout && stageLayouts.includes(layout) ? { layout } : {}),
      ...(self === 'corner' ? { self } : {}),
    };
  },
  set stage(stage: StageChoice) {
    write(local, 'weir.stage', stage);
  },

  /** Newest first. */
  get recentRooms(): readonly string[] {
    const kept = read<unknown>(local, 'weir.recent', []);
    return Array.isArray(kept) ? kept.filter((room) => typeof room === 'string').slice(0, recentLimit) : [];
  },
  addRecentRoom(roomId: string): void {
    const others = memory.recentRooms.filter((room) => room !== roomId);
    write(local, 'weir.recent', [roomId, ...others].slice(0, recentLimit));
  },
  forgetRoom(roomId: string): void {
    write(
      local,
      'weir.recent',
      memory.recentRooms.filter((room) => room !== roomId),
    );
  },

  /** What was on in this tab's call, for a page reload. */
  running(roomId: string): JoinChoice | undefined {
    return read<JoinChoice | undefined>(session, `weir.running.${roomId}`, undefined);
  },
  setRunning(roomId: string, choice: JoinChoice): void {
    write(session, `weir.running.${roomId}`, choice);
  },

  /** The token of an invitation, for a page reload after it went from the address bar. */
  token(roomId: string): string | undefined {
    return read<string | undefined>(session, `weir.token.${roomId}`, undefined);
  },
  setToken(roomId: string, token: string): void {
    write(session, `weir.token.${roomId}`, token);
  },
};
