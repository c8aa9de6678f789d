import type { BrowserKit } from './kit.ts';

export type FakeDevicesOptions = {
  /** Device ids, also their labels; `['camera']` when left out. The n-th camera draws source `source + n`. */
  cameras?: string[];
  /** `['microphone']` when left out. */
  microphones?: string[];
  /** 0 when left out. A shared screen draws source `source + 100`. */
  source?: number;
  /** When the page does not ask for a rate; 30 when left out. */
  fps?: number;
  toneHz?: number;
};

export type DevicesKit = {
  /** Makes `navigator.mediaDevices` offer frame-code cameras, tone microphones and a frame-code screen, and no others. */
  installFakeDevices(options?: FakeDevicesOptions): void;
  /** From now on each request fails with a DOMException of this name (`NotAllowedError`); `undefined` ends it. */
  refuseDevices(name: string | undefined): void;
  /** Ends the device's tracks and takes it off the list, as when its cable is pulled. */
  unplugDevice(deviceId: string): void;
  /** Puts an unplugged device back on the list. */
  plugDevice(deviceId: string): void;
  /** The system gives the device to somebody else, as for a phone call, or gives it back: its tracks are muted. */
  pauseDevice(deviceId: string, paused: boolean): void;
};

/** Runs in the page, by its text: it must not refer to anything outside of itself. */
export function installDevices(kit: BrowserKit): void {
  let refusal: string | undefined;
  let devices: {
    deviceId: string;
    kind: MediaDeviceKind;
    open(wish: MediaTrackConstraints): MediaStreamTrack;
  }[] = [];
  let unplugged: typeof devices = [];
  const opened = new Map<MediaStreamTrack, string>();
  const paused = new Set<string>();

  kit.refuseDevices = (name) => {
    refusal = name;
  };

  kit.unplugDevice = (deviceId) => {
    unplugged = [...unplugged, ...devices.filter((device) => device.deviceId === deviceId)];
    devices = devices.filter((device) => device.deviceId !== deviceId);
    for (const [track, id] of opened) {
      if (id !== deviceId || track.readyState === 'ended') continue;
      track.stop();
      track.dispatchEvent(new Event('ended')); // stop() alone tells nobody.
    }
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  };

  kit.plugDevice = (deviceId) => {
    devices = [...devices, ...unplugged.filter((device) => device.deviceId === deviceId)];
    unplugged = unplugged.filter((device) => device.deviceId !== deviceId);
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  };

  kit.pauseDevice = (deviceId, isPaused) => {
    if (isPaused) paused.add(deviceId);
    else paused.delete(deviceId);
    for (const [track, id] of opened)
      if (id === deviceId && track.readyState === 'live')
        track.dispatchEvent(new Event(isPaused ? 'mute' : 'unmute'));
  };

  const amount = (wish: ConstrainULong | ConstrainDouble | undefined, otherwise: number) =>
    typeof wish === 'object' ? (wish.exact ?? wish.ideal ?? wish.max ?? otherwise) : (wish ?? otherwise);

  /** The device ids that are asked for, and whether no other will do. */
  const asked = ({ deviceId }: MediaTrackConstraints) => {
    const wish: ConstrainDOMStringParameters =
      typeof deviceId === 'string' || Array.isArray(deviceId) ? { ideal: deviceId } : (deviceId ?? {});
    return { ids: [wish.exact ?? wish.ideal ?? []].flat(), exact: wish.exact !== undefined };
  };

  const open = (kind: MediaDeviceKind, wish: boolean | MediaTrackConstraints) => {
    const constraints = typeof wish === 'object' ? wish : {};
    const { ids, exact } = asked(constraints);
    const fitting = devices.filter((device) => device.kind === kind);
    const device = fitting.find(({ deviceId }) => ids.includes(deviceId)) ?? (exact ? undefined : fitting[0]);
    if (!device && fitting.length > 0) throw new OverconstrainedError('deviceId', 'no such device');
    if (!device) throw new DOMException('there is no such device', 'NotFoundError');
    const track = device.open(constraints);
    const { deviceId } = device;
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), deviceId, groupId: 'fake' });
    Object.defineProperty(track, 'label', { value: deviceId });
    Object.defineProperty(track, 'muted', { get: () => paused.has(deviceId) });
    opened.set(track, deviceId);
    return track;
  };

  const refuse = () => {
    if (refusal) throw new DOMException(`refused by the test: ${refusal}`, refusal);
  };

  kit.installFakeDevices = ({ cameras = ['camera'], microphones = ['microphone'], ...options } = {}) => {
    const { source = 0, fps = 30, toneHz = 440 } = options;
    devices = [
      ...microphones.map((deviceId) => ({
        deviceId,
        kind: 'audioinput' as const,
        open: () => kit.toneSource({ toneHz }).track,
      })),
      ...cameras.map((deviceId, index) => ({
        deviceId,
        kind: 'videoinput' as const,
        open: ({ width, height, frameRate }: MediaTrackConstraints) =>
          kit.frameCodeSource({
            width: amount(width, 640),
            height: amount(height, 360),
            fps: amount(frameRate, fps),
            source: source + index,
          }).track,
      })),
    ];
    if (!navigator.mediaDevices) return; // Not a secure page: it has no devices, real ones neither.
    Object.assign(navigator.mediaDevices, {
      getUserMedia: async ({ audio, video }: MediaStreamConstraints = {}) => {
        if (!audio && !video) throw new TypeError('neither audio nor video asked for');
        refuse();
        const tracks: MediaStreamTrack[] = [];
        if (audio) tracks.push(open('audioinput', audio));
        if (video) tracks.push(open('videoinput', video));
        return new MediaStream(tracks);
      },
      getDisplayMedia: async () => {
        refuse();
        const { track } = kit.frameCodeSource({ width: 1280, height: 720, fps: 15, source: source + 100 });
        return new MediaStream([track]);
      },
      enumerateDevices: async () =>
        devices.map(({ deviceId, kind }) => {
          const info = { deviceId, kind, label: deviceId, groupId: 'fake' };
          return { ...info, toJSON: () => info };
        }),
    });
  };
}
