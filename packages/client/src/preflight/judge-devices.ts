import { failed } from './judge-service.ts';
import type { Measurements, Outcome } from './measurements.ts';
import type { Finding } from './report.ts';

/** Quieter than the noise of any room: it is muted, or there is none behind the name. */
const silentDb = -75;

/** Camera, microphone and speakers. */
export function judgeDevices({ camera, microphone, speakers }: Measurements): Finding[] {
  return [
    device('camera', camera, ({ label, count, width, height, pictures }) => ({
      id: 'camera',
      status: pictures ? 'ok' : 'warn',
      code: pictures ? 'camera-ok' : 'camera-no-pictures',
      details: (say) => [
        [say.camera, say.inAll(label, count)],
        [say.picture, `${width} × ${height}`],
      ],
    })),
    device('microphone', microphone, ({ label, count, peakDb, listened }) => ({
      id: 'microphone',
      status: listened && peakDb > silentDb ? 'ok' : 'warn',
      code: !listened ? 'microphone-unheard' : peakDb > silentDb ? 'microphone-ok' : 'microphone-silent',
      details: (say) => [
        [say.microphone, say.inAll(label, count)],
        [say.loudest, `${Math.round(peakDb)} dBFS`],
      ],
    })),
    device('speakers', speakers, ({ labels, choosable }) => ({
      id: 'speakers',
      status: labels.length > 0 || !choosable ? 'ok' : 'warn',
      code: labels.length > 0 || !choosable ? 'speakers-ok' : 'speakers-none',
      details: (say) => [
        [say.speakers, labels.join(', ') || say.bySystem],
        [say.choosable, choosable ? say.yes : say.no],
      ],
    })),
  ];
}

function device<T>(
  id: 'camera' | 'microphone' | 'speakers',
  outcome: Outcome<T> | undefined,
  found: (facts: T) => Finding,
): Finding {
  if (!outcome) return { id, status: 'running', code: `running-${id}` };
  if (outcome.state === 'done') return found(outcome.value);
  if (outcome.state === 'skipped')
    return { id, status: 'skipped', code: outcome.why === 'not-asked' ? 'not-asked' : 'skipped' };
  return { id, status: 'fail', code: failureOf(id, outcome.code), details: failed(outcome) };
}

function failureOf(id: 'camera' | 'microphone' | 'speakers', code: string) {
  if (id === 'speakers') return 'speakers-none';
  switch (code) {
    case 'device-permission-denied':
      return `${id}-denied` as const;
    case 'device-not-found':
      return `${id}-missing` as const;
    case 'device-in-use':
      return `${id}-in-use` as const;
    case 'insecure-context':
      return 'browser-insecure';
    case 'timeout':
      return `${id}-unanswered` as const;
    default:
      return `${id}-broken` as const;
  }
}
