import type { Lifetime } from '@weir/core';

const tickMs = 100;
/** A timer that is so late had to wait for the page, … */
const lateMs = 150;
/** … or was asleep with its machine. */
const asleepMs = 5_000;
/** For so long after a late timer the page counts as busy. */
const busyMs = 2_000;

let watching = 0;
let timer: ReturnType<typeof setInterval> | undefined;
let tickedAt = 0;
let busyUntil = Number.NEGATIVE_INFINITY;

/**
 * Whether the page has so much to do that it hears of the network late: what seems to be missing may be waiting to be read. Known
 * while somebody watches.
 */
export function isPageBusy(): boolean {
  return performance.now() < busyUntil;
}

/** What begins now will keep the page busy for about so long, also threads of the browser whose delay no timer shows. */
export function expectPageBusy(ms: number): void {
  busyUntil = Math.max(busyUntil, performance.now() + ms);
}

/** Until `lifetime` closes. One timer serves the whole page. */
export function watchPageBusy(lifetime: Lifetime): void {
  watching += 1;
  tickedAt = performance.now();
  timer ??= setInterval(tick, tickMs);
  lifetime.onClose(() => {
    watching -= 1;
    if (watching > 0) return;
    clearInterval(timer);
    timer = undefined;
  });
}

function tick(): void {
  const now = performance.now();
  const late = now - tickedAt - tickMs;
  tickedAt = now;
  if (globalThis.document?.hidden) return; // The browser wakes it once a second at most.
  if (late > lateMs && late < asleepMs) expectPageBusy(busyMs);
}
