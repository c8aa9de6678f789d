import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that say how long or how much: nothing else may run beside them. */
const measuring = [
  'packages/peer/src/peer-transport.test.ts',
  'packages/testing/src/{network,tcp-proxy,udp-proxy}.test.ts',
  'tools/bench/src/{audio,forward,moving}.test.ts',
  'e2e/src/{adapt,data,drain,network}.test.ts',
];
const cores = availableParallelism();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,apps,tools}/*/src/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...measuring],
          testTimeout: 20_000,
          maxWorkers: cores + 1, // They mostly wait.
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...measuring],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: Math.max(2, Math.floor(cores / 2)), // A browser each, or several.
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
