/** The longest command that coturn sends has some hundred bytes. */
const maxPending = 64 * 1024;

/**
 * Takes the commands of a Redis client out of what it sends (RESP arrays of bulk strings): `push` answers those that are
 * whole by now. Throws on anything else.
 */
export class RedisCommands {
  #pending = '';

  push(text: string): string[][] {
    this.#pending += text;
    if (this.#pending.length > maxPending) throw new Error('a command without an end');
    const commands: string[][] = [];
    for (;;) {
      const taken = takeCommand(this.#pending);
      if (!taken) return commands;
      commands.push(taken.words);
      this.#pending = this.#pending.slice(taken.length);
    }
  }
}

/** Undefined: it is not whole yet. Text is latin1, so that a length in bytes is one in characters. */
function takeCommand(text: string): { words: string[]; length: number } | undefined {
  const head = takeCount(text, 0, '*');
  if (!head) return undefined;
  const words: string[] = [];
  let at = head.end;
  for (let i = 0; i < head.count; i++) {
    const size = takeCount(text, at, '$');
    if (!size || text.length < size.end + size.count + 2) return undefined;
    words.push(text.slice(size.end, size.end + size.count));
    at = size.end + size.count + 2;
  }
  return { words, length: at };
}

function takeCount(text: string, at: number, sign: string): { count: number; end: number } | undefined {
  const end = text.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = text.slice(at, end);
  if (line[0] !== sign || !/^\d{1,6}$/.test(line.slice(1))) throw new Error('no command of a Redis client');
  return { count: Number(line.slice(1)), end: end + 2 };
}
