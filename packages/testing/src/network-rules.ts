/** What the router does to one host's packets. `up`: from the host. */
export type HostRules = {
  /** The host's interface in the router. */
  link: string;
  address: string;
  lossRate: { up: number; down: number };
  cut: boolean;
  udpBlocked: boolean;
  /** Ports beyond the host's link that nothing comes from or goes to, whatever the protocol. */
  closedPorts?: readonly number[];
  /** The only port that it reaches, over TCP. */
  onlyTcpPort?: number | undefined;
  nat?: 'port-preserving' | 'symmetric';
};

/** The nftables ruleset that loses, cuts and blocks; replaces the one before in one step. */
export function filterRuleset(hosts: readonly HostRules[]): string {
  const rules = hosts.flatMap(({ link, lossRate, cut, udpBlocked, closedPorts = [], onlyTcpPort, nat }) => [
    ...(cut ? [`iifname "${link}" drop`, `oifname "${link}" drop`] : []),
    ...(udpBlocked
      ? [`iifname "${link}" meta l4proto udp drop`, `oifname "${link}" meta l4proto udp drop`]
      : []),
    ...closedPorts.flatMap((port) => [
      `iifname "${link}" th dport ${port} drop`,
      `oifname "${link}" th sport ${port} drop`,
    ]),
    ...(onlyTcpPort
      ? [
          ...[`iifname "${link}"`, `oifname "${link}"`].map((way) => `${way} meta l4proto != tcp drop`),
          `iifname "${link}" tcp dport != ${onlyTcpPort} drop`,
          `oifname "${link}" tcp sport != ${onlyTcpPort} drop`,
        ]
      : []),
    ...loss(`iifname "${link}"`, lossRate.up),
    ...loss(`oifname "${link}"`, lossRate.down),
    ...(nat ? [`oifname "${link}" ct state new drop`] : []),
  ]);
  return table('ip weir-filter', 'type filter hook forward priority filter; policy accept;', rules);
}

/** The ruleset that puts the hosts that ask for it behind address translation. */
export function natRuleset(hosts: readonly HostRules[]): string {
  const rules = hosts.flatMap(({ address, nat }) =>
    nat ? [`ip saddr ${address} masquerade${nat === 'symmetric' ? ' fully-random' : ''}`] : [],
  );
  return table('ip weir-nat', 'type nat hook postrouting priority srcnat; policy accept;', rules);
}

const millionths = 1_000_000;

function loss(match: string, rate: number): string[] {
  if (rate <= 0) return [];
  return [`${match} numgen random mod ${millionths} < ${Math.round(rate * millionths)} drop`];
}

function table(name: string, hook: string, rules: string[]): string {
  // Declared before it is deleted, so that the first time is no error.
  return `table ${name} {}
delete table ${name}
table ${name} {
  chain rules {
    ${[hook, ...rules].join('\n    ')}
  }
}
`;
}
