import type { Logger } from '@weir/core';
import type { ClusterStore } from './cluster-store.ts';

/** An empty store for one test, and the way to let its time pass. */
export type StoreUnderTest = { store: ClusterStore; advance: (ms: number) => Promise<void> };

/** How a driver's tests make one. `logger` must hear of listeners that throw. */
export type MakeStore = (options: { keepEvents: number; logger: Logger }) => Promise<StoreUnderTest>;
