import { expect, test } from 'vitest';
import { mintTurnCredentials } from './turn-credentials.ts';

// printf '1700003600:alice' | openssl dgst -sha1 -hmac 'north' -binary | base64
test('is the HMAC-SHA1 of expiry and user', () => {
  const clock = { now: () => 1_700_000_000_999, after: () => () => {} };
  expect(mintTurnCredentials('north', 'alice', { ttlSeconds: 3600, clock })).toEqual({
    username: '1700003600:alice',
    credential: 'wjwSXO2ch1B6VaLTLMy2Avn5O9o=',
    expiresAt: 1_700_003_600_000,
  });
});
