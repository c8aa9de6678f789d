import { PlatformError } from '@weir/core';

/** What went wrong with a device, as an error that says what to do. */
function deviceError(error: unknown, what: string): PlatformError {
  const name = error instanceof Error ? error.name : '';
  const code =
    name === 'NotAllowedError' || name === 'SecurityError'
      ? 'device-permission-denied'
      : name === 'NotReadableError' || name === 'AbortError'
        ? 'device-in-use'
        : name === 'NotFoundError' || name === 'OverconstrainedError'
          ? 'device-not-found'
          : 'internal';
  return new PlatformError(
    code,
    `${what}: ${error instanceof Error ? error.message || name : String(error)}`,
    { cause: error },
  );
}

function mediaDevices(): MediaDevices {
  if (!globalThis.navigator?.mediaDevices)
    throw new PlatformError('insecure-context', 'cameras and microphones need https or localhost');
  return navigator.mediaDevices;
}

async function open(constraints: MediaStreamConstraints, what: string): Promise<MediaStream> {
  const api = mediaDevices();
  try {
    return await api.getUserMedia(constraints);
  } catch (error) {
    throw deviceError(error, what);
  }
}

/** The machine's cameras, microphones, speakers and screens. Every method throws a `PlatformError` that says what to do. */
export const devices = {
  /** Labels are empty until a permission was given once. */
  async list(): Promise<{
    cameras: MediaDeviceInfo[];
    microphones: MediaDeviceInfo[];
    speakers: MediaDeviceInfo[];
  }> {
    const all = await mediaDevices().enumerateDevices();
    const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind);
    return { cameras: of('videoinput'), microphones: of('audioinput'), speakers: of('audiooutput') };
  },

  /** 720p at 30 frames a second where the camera has it. */
  async camera(options: { deviceId?: string } = {}): Promise<MediaStreamTrack> {
    const stream = await open(
      {
        video: {
          width: { ideal: 1280 },
          height: { ideal: 720 },
          frameRate: { ideal: 30 },
          ...(options.deviceId ? { deviceId: { exact: options.deviceId } } : {}),
        },
      },
      'camera',
    );
    return stream.getVideoTracks()[0]!;
  },

  async microphone(options: { deviceId?: string } = {}): Promise<MediaStreamTrack> {
    const stream = await open(
      {
        audio: {
          echoCancellation: true,
          noiseSuppression: true,
          autoGainControl: true,
          ...(options.deviceId ? { deviceId: { exact: options.deviceId } } : {}),
        },
      },
      'microphone',
    );
    return stream.getAudioTracks()[0]!;
  },

  /** The user picks. */
  async screen(
    options: { audio?: boolean; contentHint?: string } = {},
  ): Promise<{ video: MediaStreamTrack; audio?: MediaStreamTrack }> {
    const api = mediaDevices();
    let stream: MediaStream;
    try {
      stream = await api.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: options.audio ?? false,
      });
    } catch (error) {
      throw deviceError(error, 'screen');
    }
    const video = stream.getVideoTracks()[0]!;
    if (options.contentHint) video.contentHint = options.contentHint;
    const audio = stream.getAudioTracks()[0];
    return { video, ...(audio ? { audio } : {}) };
  },

  /** Calls `listener` when something was plugged in or out, until the returned function is called. */
  onChange(listener: () => void): () => void {
    const api = mediaDevices();
    api.addEventListener('devicechange', listener);
    return () => api.removeEventListener('devicechange', listener);
  },
};
