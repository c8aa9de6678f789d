import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import { PublicationDemand } from './publication-demand.ts';

/** A publication of three layers, and the viewers that it has. */
function startDemand() {
  const clock = new FakeClock();
  const viewers = new Map<string, number | null>();
  const told: (number | null)[] = [];
  const demand = new PublicationDemand({
    clock,
    top: 2,
    wanted: () => viewers.values(),
    tell: (layer) => told.push(layer),
  });
  const want = (viewer: string, layer: number | null) => {
    viewers.set(viewer, layer);
    demand.update();
  };
  return { clock, viewers, told, demand, want };
}

test('[SG43] nobody has come after some seconds: nothing is wanted; when somebody does, at once', async () => {
  const { clock, told, want } = startDemand();
  await clock.advance(4_900);
  expect(told).toEqual([]);
  await clock.advance(200);
  expect(told).toEqual([null]);
  want('bob', 1);
  expect(told).toEqual([null, 1]);
});

test('the highest that anybody wants counts', async () => {
  const { clock, told, want } = startDemand();
  want('bob', 0);
  want('carol', 1);
  want('dave', null);
  await clock.advance(6_000);
  expect(told).toEqual([1]);
  want('dave', 2);
  expect(told).toEqual([1, 2]);
});

test('more is told at once, less only when it has stayed so', async () => {
  const { clock, told, want } = startDemand();
  want('bob', 2);
  await clock.advance(10_000);
  want('bob', 0);
  await clock.advance(4_000);
  want('bob', 2); // He only looked away.
  await clock.advance(10_000);
  expect(told).toEqual([]);
});

test('however fast somebody changes his mind, the sender stops and starts once in five seconds', async () => {
  const { clock, told, want } = startDemand();
  for (let i = 0; i < 10_000; i++) {
    want('mallory', i % 3);
    await clock.advance(3);
  }
  expect(told.length).toBeLessThanOrEqual((30 / 5) * 3);
});

test('it is said again to whoever may not have heard, and no more once it has closed', async () => {
  const { clock, told, demand, want } = startDemand();
  want('bob', 0);
  await clock.advance(6_000);
  demand.repeat();
  expect(told).toEqual([0, 0]);
  want('bob', null);
  demand.close();
  await clock.advance(10_000);
  expect(told).toEqual([0, 0]);
  expect(clock.pending).toBe(0);
});
