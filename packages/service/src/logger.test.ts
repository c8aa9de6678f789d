import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function logTo(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ level, pretty: true, name: 'weir' }, destination) };
}

test('a line is JSON with a name, a level and the fields, also of the child', () => {
  const { lines, logger } = logTo();
  logger.child({ roomId: 'r' }).info({ participantId: 'p' }, 'joined');
  expect(lines).toEqual([
    expect.objectContaining({ name: 'weir', level: 30, roomId: 'r', participantId: 'p', msg: 'joined' }),
  ]);
});

test.each(['debug', 'info', 'warn', 'error'] as const)('level %s keeps what is below it out', (level) => {
  const { lines, logger } = logTo(level);
  const all = ['debug', 'info', 'warn', 'error'] as const;
  for (const each of all) logger[each]({}, each);
  expect(lines.map(({ msg }) => msg)).toEqual(all.slice(all.indexOf(level)));
});

test.each(['token', 'secret', 'secretHash', 'authorization', 'credential', 'password', 'cookie'])(
  '%s is cut out at every depth that we log',
  (name) => {
    const { lines, logger } = logTo();
    const hidden = { [name]: 'hunter2' };
    logger.info({ ...hidden, request: { ...hidden, headers: hidden }, keys: [hidden] }, 'request');
    logger.child(hidden).info({}, 'child');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines[0]![name]).toBe('[cut]');
  },
);
