import { devices, PlatformError } from '@weir/client';
import { useEffect, useState } from 'react';

export type PreviewTrack =
  | { status: 'off' }
  | { status: 'starting' }
  | { status: 'on'; track: MediaStreamTrack }
  | { status: 'failed'; error: PlatformError };

/**
 * A camera or microphone for a look before joining; closed with the component, or when `wanted` ends. Opened again when
 * `attempt` changes.
 */
export function usePreviewTrack(
  kind: 'camera' | 'microphone',
  wanted: boolean,
  deviceId: string | undefined,
  attempt = 0,
): PreviewTrack {
  const [state, setState] = useState<PreviewTrack>({ status: 'off' });
  useEffect(() => {
    void attempt;
    if (!wanted) return setState({ status: 'off' });
    setState({ status: 'starting' });
    let left = false;
    let track: MediaStreamTrack | undefined;
    const open = async () => {
      try {
        track = await openAny(kind, deviceId);
        if (left) return track.stop();
        track.addEventListener('ended', () => {
          const error = new PlatformError('device-not-found', `the ${kind} was unplugged`);
          if (!left) setState({ status: 'failed', error });
        });
        setState({ status: 'on', track });
      } catch (error) {
        if (!left) setState({ status: 'failed', error: PlatformError.from(error) });
      }
    };
    void open();
    return () => {
      left = true;
      track?.stop();
    };
  }, [kind, wanted, deviceId, attempt]);
  return state;
}

/** The device of that id, or any other when it is not there today. */
async function openAny(
  kind: 'camera' | 'microphone',
  deviceId: string | undefined,
): Promise<MediaStreamTrack> {
  if (!deviceId) return devices[kind]();
  try {
    return await devices[kind]({ deviceId });
  } catch (error) {
    if (PlatformError.from(error).code !== 'device-not-found') throw error;
    return devices[kind]();
  }
}
