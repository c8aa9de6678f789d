import type { FirewallRule } from '@weir/client/preflight';
import { Fragment } from 'react';
import { usePageWords } from './preflight-language.ts';

/** What has to be let out, for whoever looks after the firewall. */
export function FirewallTable({ rules }: { rules: FirewallRule[] }) {
  const words = usePageWords();
  return (
    <section className="meet-preflight-group" aria-labelledby="firewall">
      <h2 id="firewall">{words.firewall}</h2>
      <p className="weir-quiet meet-hint">{words.firewallText}</p>
      <div className="meet-preflight-table">
        <table data-testid="preflight-firewall">
          <thead>
            <tr>
              {words.firewallColumns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rules.map(({ host, port, protocol, purpose, status }) => (
              <tr key={`${protocol} ${host} ${port} ${purpose}`} data-status={status}>
                <td>{breakable(host)}</td>
                <td>
                  {port} {protocol}
                </td>
                <td>{words.purpose[purpose]}</td>
                <td>{words.reached[status]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** A name that is too long for its column breaks after a dot, and is copied as it is. */
function breakable(host: string) {
  return host.split(/(?<=\.)/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts may be alike, and never change places.
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}
