import type { IceServer } from '@weir/protocol';
import type { FirewallRule, RelayTransport } from './measurements.ts';

export type Relay = { transport: RelayTransport; host: string; port: number; server: IceServer };

/** The relays that the director names, one entry an address (RFC 7065). What is no relay (STUN) is left out. */
export function relaysOf(iceServers: readonly IceServer[]): Relay[] {
  return iceServers.flatMap(({ urls, ...credentials }) =>
    urls.flatMap((url) => {
      const [, scheme, host, port, query = ''] =
        /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?(.*))?$/.exec(url) ?? [];
      if (!scheme || !host) return [];
      const secure = scheme === 'turns';
      const overTcp = new URLSearchParams(query).get('transport') === 'tcp';
      const transport: RelayTransport = secure ? 'tls' : overTcp ? 'tcp' : 'udp';
      return [
        {
          transport,
          host,
          port: Number(port ?? (secure ? 5349 : 3478)),
          server: { urls: [url], ...credentials },
        },
      ];
    }),
  );
}

export function relayRule({ transport, host, port }: Relay): Omit<FirewallRule, 'status'> {
  return { host, port, protocol: transport === 'udp' ? 'UDP' : 'TCP', purpose: 'relay' };
}
