import { failed } from './judge-service.ts';
import type { Measurements } from './measurements.ts';
import type { Finding } from './report.ts';

/** Of a 720p frame, there are 33 ms at 30 frames a second: half of it leaves room for all else. */
const encodeMs = { easy: 16, possible: 33 };
/** Several are received at a time. */
const decodeMs = { easy: 6, possible: 16 };

/** Codecs and processor. */
export function judgeComputer({ codecs, cpu }: Measurements): Finding[] {
  return [judgeCodecs(codecs), judgeCpu(cpu)];
}

function judgeCodecs(codecs: Measurements['codecs']): Finding {
  const id = 'codecs';
  if (!codecs) return { id, status: 'running', code: 'running-codecs' };
  if (codecs.state === 'skipped') return { id, status: 'skipped', code: 'skipped' };
  if (codecs.state === 'failed')
    return { id, status: 'fail', code: 'codecs-missing', details: failed(codecs) };
  const { sends, receives, needed } = codecs.value;
  const has = (name: string) => [sends, receives].every((list) => list.some((one) => same(one, name)));
  const all = needed.every(has);
  return {
    id,
    status: all ? 'ok' : 'fail',
    code: all ? 'codecs-ok' : 'codecs-missing',
    details: (say) => [
      [say.sends, sends.join(', ')],
      [say.receives, receives.join(', ')],
      [say.needed, needed.join(', ')],
    ],
  };
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** Too slow for HD: then it, not the line, may be what limits a measurement. */
export function isSlow(cpu: Measurements['cpu']): boolean {
  return judgeCpu(cpu).code === 'cpu-slow';
}

function judgeCpu(cpu: Measurements['cpu']): Finding {
  const id = 'cpu';
  if (!cpu) return { id, status: 'running', code: 'running-cpu' };
  if (cpu.state === 'skipped') return { id, status: 'skipped', code: 'cpu-unknown' };
  if (cpu.state === 'failed') return { id, status: 'fail', code: 'cpu-slow', details: failed(cpu) };
  const { value } = cpu;
  const within = (limit: 'easy' | 'possible') =>
    value.encodeMs <= encodeMs[limit] && value.decodeMs <= decodeMs[limit];
  const code = within('easy') ? 'cpu-ok' : within('possible') ? 'cpu-busy' : 'cpu-slow';
  return {
    id,
    status: code === 'cpu-ok' ? 'ok' : code === 'cpu-busy' ? 'warn' : 'fail',
    code,
    details: (say) => [
      [say.encoding, say.outOf(say.ms(value.encodeMs), say.ms(encodeMs.possible))],
      [say.decoding, say.ms(value.decodeMs)],
      [say.cores, String(value.cores)],
    ],
  };
}
