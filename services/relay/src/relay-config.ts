/** What a relay is told at its start. */
export type RelayConfig = {
  nodeId: string;
  /** Default: `local`. */
  region?: string;
  /** The name or address by which clients reach it. */
  host: string;
  /** The addresses to listen on; what is relayed leaves from the first. */
  listen: string[];
  /** The address that others see, when translation (NAT) stands between. */
  publicAddress?: string;
  /** For UDP and for TCP. */
  port: number;
  /** PEM texts and a port for TLS; absent: none. */
  tls?: { cert: string; key: string; port: number };
  /** Where clients find TLS, like `turn.example.org:443`, when a proxy in front passes it on to the TLS port. */
  tlsPublic?: string;
  /** The UDP ports that allocations get, the first and the last. */
  relayPorts: [number, number];
  /** Private and loopback addresses that it relays to all the same: the media nodes there. IPv4 or IPv6, or ranges `a-b`. */
  allowedPeers: string[];
  /** Credentials are made with it (`mintTurnCredentials`). */
  secret: string;
  /** Allocations at a time: of one participant, … */
  allocationsEach?: number;
  /** … and of all. */
  allocationsAtMost?: number;
  /** Of one allocation, each way. */
  bitrateBps?: number;
};

/** A participant has up to 13 transports, with three ways through a relay each; those of before a restart linger. */
const allocationsEach = 100;
const bitrateBps = 50_000_000;

/** With what is left open filled in. */
export function complete(config: RelayConfig) {
  const [first, last] = config.relayPorts;
  const ports = last - first + 1;
  const atMost = Math.min(config.allocationsAtMost ?? ports, ports);
  return { region: 'local', allocationsEach, bitrateBps, ...config, allocationsAtMost: atMost };
}

export type CompleteRelayConfig = ReturnType<typeof complete>;

/** Where clients reach it, the best way first (RFC 7065). */
export function relayUrls({ host, port, tls, tlsPublic }: RelayConfig): string[] {
  const name = host.includes(':') ? `[${host}]` : host;
  const secure = tls && (tlsPublic ?? `${name}:${tls.port}`);
  return [
    `turn:${name}:${port}?transport=udp`,
    `turn:${name}:${port}?transport=tcp`,
    ...(secure ? [`turns:${secure}?transport=tcp`] : []),
  ];
}
