import { coturnProgram, type RelayOptions } from '@weir/cli';
import { freePort } from '@weir/testing';

/** Whether coturn is installed. */
export const canRelay = coturnProgram() !== undefined;

/** A relay on free ports of loopback, for UDP, TCP and TLS. */
export async function relayOnLoopback(tls: { cert: string; key: string }): Promise<RelayOptions> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  return {
    host: '127.0.0.1',
    listen: ['127.0.0.1'],
    port,
    tls: { ...tls, port: tlsPort },
    relayPorts: [47_000, 47_299],
    allowedPeers: ['127.0.0.1'],
  };
}
