import { expect, test } from 'vitest';
import { tokenClaims } from './invitation.ts';

const token = (claims: unknown) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.signature`;
};

test.each([
  ['a full token', token({ room: 'ward-3', name: 'Jörg Ωmega' }), { room: 'ward-3', name: 'Jörg Ωmega' }],
  ['no name', token({ room: 'ward-3' }), { room: 'ward-3' }],
  ['an empty name', token({ room: 'ward-3', name: '' }), { room: 'ward-3' }],
  ['claims of other types', token({ room: 7, name: {} }), {}],
  ['no JSON', 'a.b.c', undefined],
  ['no token', 'garbage', undefined],
  ['nothing', '', undefined],
  ['JSON null', token(null), undefined],
])('%s', (_, text, claims) => {
  expect(tokenClaims(text)).toEqual(claims);
});
