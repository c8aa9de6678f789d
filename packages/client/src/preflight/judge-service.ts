import type { Measurements } from './measurements.ts';
import type { Details, Finding } from './report.ts';

const slowMs = 1_500;

/** The browser, and the service's own addresses. */
export function judgeService({ browser, director, signaling, url }: Measurements): Finding[] {
  return [judgeBrowser(browser), judgeDirector(director, url), judgeSignaling(signaling)];
}

function judgeBrowser(browser: Measurements['browser']): Finding {
  const id = 'browser';
  if (!browser) return { id, status: 'running', code: 'running-browser' };
  if (!browser.userAgent || (browser.name === '' && !browser.webrtc && !browser.secure))
    return { id, status: 'skipped', code: 'browser-none' };
  const details: Details = (say) => [
    [say.browser, `${browser.name} ${browser.version}`.trim()],
    [say.securePage, browser.secure ? say.yes : say.no],
    [say.webrtc, browser.webrtc ? say.yes : say.no],
    [say.userAgent, browser.userAgent],
  ];
  if (!browser.webrtc) return { id, status: 'fail', code: 'browser-no-webrtc', details };
  if (!browser.secure) return { id, status: 'fail', code: 'browser-insecure', details };
  if (browser.support === 'unknown') return { id, status: 'warn', code: 'browser-unknown', details };
  if (browser.support === 'old') return { id, status: 'warn', code: 'browser-old', details };
  return { id, status: 'ok', code: 'browser-ok', details };
}

function judgeDirector(director: Measurements['director'], url: string): Finding {
  const id = 'service';
  if (!director) return { id, status: 'running', code: 'running-service' };
  if (director.state === 'done')
    return {
      id,
      status: director.value.ms > slowMs ? 'warn' : 'ok',
      code: director.value.ms > slowMs ? 'service-slow' : 'service-ok',
      details: (say) => [
        [say.address, url],
        [say.firstAnswer, say.ms(director.value.ms)],
      ],
    };
  if (director.state === 'skipped') return { id, status: 'skipped', code: 'skipped' };
  const code = (
    {
      forbidden: 'service-closed',
      unauthenticated: 'service-closed',
      'token-expired': 'service-closed',
      'rate-limited': 'service-busy',
      'no-media-node': 'service-no-media',
      'room-full': 'service-busy',
    } as const
  )[director.code];
  return {
    id,
    status: 'fail',
    code: code ?? 'service-unreachable',
    details: (say) => [[say.address, url], ...failed(director)(say)],
  };
}

function judgeSignaling(signaling: Measurements['signaling']): Finding {
  const id = 'signaling';
  if (!signaling) return { id, status: 'running', code: 'running-signaling' };
  if (signaling.state === 'skipped') return { id, status: 'skipped', code: 'skipped' };
  if (signaling.state === 'failed')
    return { id, status: 'fail', code: 'signaling-blocked', details: failed(signaling) };
  const { url, openMs, rttMs } = signaling.value;
  const slow = rttMs > slowMs;
  return {
    id,
    status: slow ? 'warn' : 'ok',
    code: slow ? 'signaling-slow' : 'signaling-ok',
    details: (say) => [
      [say.socket, url],
      [say.openedIn, say.ms(openMs)],
      [say.roundTrip, say.ms(rttMs)],
    ],
  };
}

/** The engineer's view of a failure. */
export function failed({ code, message }: { code: string; message: string }): Details {
  return (say) => [
    [say.code, code],
    [say.reason, message],
  ];
}
