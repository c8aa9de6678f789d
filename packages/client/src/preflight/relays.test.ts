import { expect, test } from 'vitest';
import { relayRule, relaysOf } from './relays.ts';

test.each([
  ['turn:relay.example', { transport: 'udp', host: 'relay.example', port: 3478 }, 'UDP'],
  ['turn:relay.example:3479?transport=udp', { transport: 'udp', host: 'relay.example', port: 3479 }, 'UDP'],
  ['turn:198.51.100.4:80?transport=tcp', { transport: 'tcp', host: '198.51.100.4', port: 80 }, 'TCP'],
  ['turns:relay.example:443?transport=tcp', { transport: 'tls', host: 'relay.example', port: 443 }, 'TCP'],
  ['turns:relay.example', { transport: 'tls', host: 'relay.example', port: 5349 }, 'TCP'],
  ['turn:[2001:db8::1]:3478', { transport: 'udp', host: '[2001:db8::1]', port: 3478 }, 'UDP'],
])('%s', (url, expected, protocol) => {
  const [relay, ...others] = relaysOf([{ urls: [url], username: 'u', credential: 'c' }]);
  expect(others).toEqual([]);
  expect(relay).toEqual({ ...expected, server: { urls: [url], username: 'u', credential: 'c' } });
  expect(relayRule(relay!).protocol).toBe(protocol);
});

test('what is no relay is left out', () => {
  expect(relaysOf([{ urls: ['stun:stun.example', 'nonsense'] }])).toEqual([]);
});
