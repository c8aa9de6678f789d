import { seededRandom } from '@weir/testing';
import { expect, test } from 'vitest';
import { describeReport } from './simulate/report.ts';
import { Simulation, type SimulationOptions } from './simulate/simulation.ts';

const simulate = (options: Partial<SimulationOptions> = {}, seed = 1) =>
  new Simulation({
    participants: 6_000,
    biggestRoom: 1_500,
    rampSeconds: 200,
    staySeconds: 200,
    failures: 3,
    catastropheShare: 0.25,
    bootSeconds: 30,
    nodesAtFirst: 8,
    random: seededRandom(seed),
    ...options,
  }).run();

test('[E5] a small fleet with failures: everybody is placed, nothing is overloaded for long, each track reaches all', () => {
  const report = simulate();
  expect(report.participants).toBe(6_000);
  expect(report.moves.refused).toBe(0);
  expect(report.moves.byDeath).toBeGreaterThan(50);
  expect(report.nodes.died).toBeGreaterThanOrEqual(3);
  expect(report.trees).toMatchObject({ unserved: 0 });
  expect(report.trees.nodesOfBiggest).toBeGreaterThan(2);
  expect(report.trees.deepest).toBeLessThanOrEqual(5);
  expect(report.load.above100 / report.load.nodeSeconds).toBeLessThan(0.01);
  expect(describeReport(report, { seed: 1, seconds: 2 })).toContain('6,000 in');
});

test('[E5] the same seed gives the same, another one does not', () => {
  const small = { participants: 1_000, biggestRoom: 200 };
  expect(simulate(small, 7)).toEqual(simulate(small, 7));
  expect(simulate(small, 7)).not.toEqual(simulate(small, 8));
});

test('[E5] when the load is gone for long the fleet shrinks, and whoever is left is moved', () => {
  const report = simulate({
    participants: 200,
    biggestRoom: 20,
    failures: 0,
    catastropheShare: 0,
    staySeconds: 900,
    nodesAtFirst: 20,
  });
  expect(report.moves.byDrain).toBeGreaterThan(0);
  expect(report.moves.refused).toBe(0);
});
