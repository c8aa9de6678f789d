import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Emitter } from './emitter.ts';

type Events = { joined: [name: string]; left: [name: string, reason: string] };

describe('Emitter', () => {
  /** What was handed to the host to report: the emitter throws it in a microtask of its own. */
  let reported: (() => void)[];
  beforeEach(() => {
    reported = [];
    vi.stubGlobal('queueMicrotask', (task: () => void) => reported.push(task));
  });
  afterEach(() => vi.unstubAllGlobals());

  test('calls the listeners of the type, in order, with the arguments', () => {
    const emitter = new Emitter<Events>();
    const seen: unknown[] = [];
    emitter.on('left', (...args) => seen.push(['first', ...args]));
    emitter.on('left', (...args) => seen.push(['second', ...args]));
    emitter.on('joined', () => seen.push('never'));
    emitter.emit('left', 'alice', 'lost');
    expect(seen).toEqual([
      ['first', 'alice', 'lost'],
      ['second', 'alice', 'lost'],
    ]);
  });

  test('an event that nobody listens to is lost', () => {
    const emitter = new Emitter<Events>();
    emitter.emit('joined', 'alice');
    const seen = vi.fn();
    emitter.on('joined', seen);
    expect(seen).not.toHaveBeenCalled();
  });

  test('a listener that throws does not stop the others and is reported once', () => {
    const emitter = new Emitter<Events>();
    const fault = new Error('broken listener');
    const seen = vi.fn();
    emitter.on('joined', () => {
      throw fault;
    });
    emitter.on('joined', seen);
    emitter.emit('joined', 'alice');
    expect(seen.mock.calls).toEqual([['alice']]);
    expect(reported).toHaveLength(1);
    expect(reported[0]).toThrow(fault);
  });

  test('stops when told to, also twice', () => {
    const emitter = new Emitter<Events>();
    const seen = vi.fn();
    const off = emitter.on('joined', seen);
    emitter.emit('joined', 'alice');
    off();
    off();
    emitter.emit('joined', 'bob');
    expect(seen.mock.calls).toEqual([['alice']]);
    expect(emitter.listenerCount('joined')).toBe(0);
  });

  test('stops when the signal aborts, and never starts when it has', () => {
    const emitter = new Emitter<Events>();
    const abort = new AbortController();
    const seen = vi.fn();
    emitter.on('joined', seen, abort.signal);
    abort.abort();
    emitter.on('joined', seen, abort.signal);
    emitter.emit('joined', 'alice');
    expect(seen).not.toHaveBeenCalled();
  });

  test('leaves nothing on a signal that outlives it', () => {
    const emitter = new Emitter<Events>();
    const { signal } = new AbortController();
    for (let i = 0; i < 100; i++) emitter.on('joined', () => {}, signal)();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('one function that listens twice is two listeners', () => {
    const emitter = new Emitter<Events>();
    const seen = vi.fn();
    const off = emitter.on('joined', seen);
    emitter.on('joined', seen);
    off();
    emitter.emit('joined', 'alice');
    expect(seen).toHaveBeenCalledTimes(1);
  });

  test('once is once, even when the event comes again from within', () => {
    const emitter = new Emitter<Events>();
    const seen: string[] = [];
    emitter.once('joined', (name) => {
      seen.push(name);
      emitter.emit('joined', 'bob');
    });
    emitter.emit('joined', 'alice');
    expect(seen).toEqual(['alice']);
  });

  test('a listener that is turned off or added during an event is not called for it', () => {
    const emitter = new Emitter<Events>();
    const later = vi.fn();
    const added = vi.fn();
    emitter.on('joined', () => {
      off();
      emitter.on('joined', added);
    });
    const off = emitter.on('joined', later);
    emitter.emit('joined', 'alice');
    expect(later).not.toHaveBeenCalled();
    expect(added).not.toHaveBeenCalled();
  });
});
