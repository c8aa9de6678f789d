export { leasesContract } from './leases.contract.ts';
export { roomLogContract } from './room-log.contract.ts';
export type { MakeStore, StoreUnderTest } from './store-under-test.ts';
