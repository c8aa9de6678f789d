import { networkInterfaces } from 'node:os';

/** An IPv4 address of this machine under which others could reach it; undefined when it has none. */
export function lanAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
}
