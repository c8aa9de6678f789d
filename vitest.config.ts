import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that wait for networks and nodes that are gone, and mind a machine that is full: two at a time. */
const waiting = ['tools/bench/src/moving.test.ts', 'e2e/src/{data,drain,network}.test.ts'];
/** Tests that say how long or how much: nothing else may run beside them. */
const measuring = [
  'packages/peer/src/peer-transport.test.ts',
  'packages/testing/src/{network,tcp-proxy,udp-proxy}.test.ts',
  'e2e/src/adapt.test.ts',
];
const alone = [...configDefaults.exclude, ...waiting, ...measuring];
const cores = availableParallelism();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,apps,tools}/*/src/**/*.test.{ts,tsx}'],
          exclude: alone,
          testTimeout: 20_000,
          maxWorkers: cores + 1, // They mostly wait.
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.test.ts'],
          exclude: alone,
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: Math.max(2, Math.floor(cores / 2)), // A browser each, or several.
        },
      },
      {
        test: {
          name: 'waiting',
          include: waiting,
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'measuring',
          include: measuring,
          testTimeout: 90_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
