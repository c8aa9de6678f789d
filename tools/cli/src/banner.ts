import type { Platform, PlatformConfig } from './platform.ts';
import { isOwnCertificate } from './tls.ts';

/** What a human sees when Weir is up: where to go, the key on its first day, and what else to know. */
export function banner(
  platform: Pick<Platform, 'urls' | 'apiKey'>,
  config: Pick<PlatformConfig, 'dataDir' | 'tls'>,
  colour: boolean,
): string {
  const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[0m` : text);
  const quiet = (text: string) => (colour ? `\x1b[2m${text}\x1b[0m` : text);
  const row = (label: string, text: string) => `  ${label.padEnd(18)}${text}`;
  const { urls, apiKey } = platform;
  const lan = urls.lan ?? [];

  const lines = ['', `  ${bold('Weir is up.')} Open a room, and send its link to others:`, ''];
  lines.push(row('On this machine', bold(meetLink(urls.local))));
  for (const [i, url] of lan.entries())
    lines.push(row(i === 0 ? 'On your network' : '', bold(meetLink(url))));
  lines.push('');
  if (apiKey.isNew) {
    lines.push(row('API key', apiKey.id), row('API secret', apiKey.secret));
    lines.push(row('', quiet('Shown this once; kept in the data directory.')));
  } else {
    lines.push(row('API key', `${apiKey.id}  ${quiet('(its secret is in the data directory)')}`));
  }
  lines.push(row('Data directory', config.dataDir), '');
  if (lan.length > 0 && !config.tls)
    lines.push(
      `  ${quiet('Browsers give cameras only to https and localhost: for other machines start with --tls.')}`,
    );
  if (config.tls && isOwnCertificate(config.tls.cert))
    lines.push(`  ${quiet('With a certificate of its own a browser warns once: go on to the page.')}`);
  lines.push(`  ${quiet('Ctrl-C stops it.')}`, '');
  return `${lines.join('\n')}\n`;
}

function meetLink(url: string): string {
  return new URL('/meet/my-room', url).href;
}
