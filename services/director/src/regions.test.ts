import { RegionHints } from '@weir/cluster';
import type { Database } from '@weir/database';
import { openTestDatabase } from '@weir/database/testing';
import { type TempDir, tempDir } from '@weir/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Director, director } from './director.fixture.ts';

let directory: TempDir;
let database: Database;
beforeAll(async () => {
  directory = await tempDir();
  database = await openTestDatabase(directory.path);
}, 90_000);
afterAll(async () => {
  await database.close();
  await directory[Symbol.asyncDispose]();
});

const mediaNodes = { 'eu-1': '{"region":"eu"}', 'us-1': '{"region":"us"}', 'us-2': '{"region":"us"}' };
const join = async (
  weir: Director,
  room: string,
  body: object = {},
  headers: Record<string, string> = {},
) => {
  const token = await weir.joinToken(room, 'alice');
  const { status, body: answer } = await weir.post('/v1/join', { token, ...body }, { as: '', headers });
  return status === 200 ? weir.rooms.read(room) : (answer as { code: string }).code;
};
const lastNode = async (weir: Director) => {
  const { body } = await weir.get('/v1/placements?limit=1');
  return (body as { placements: { nodeId: string }[] }).placements[0]!.nodeId;
};

test('[SG66] the regions, with where to measure; whoever has measured goes to the nearest that lives', async () => {
  await using weir = await director(database, { mediaNodes, region: 'eu' });
  const url = 'wss://us.example/v1/signaling';
  await weir.store.leases.acquire('signaling-node:s', 's', 60_000, JSON.stringify({ region: 'us', url }));
  expect((await weir.get('/v1/regions', { as: '' })).body).toEqual({
    regions: [
      { region: 'eu', signaling: [] },
      { region: 'us', signaling: [url] },
    ],
  });
  await join(weir, 'a');
  expect(await lastNode(weir)).toBe('eu-1');
  const regions = [
    { region: 'eu', rttMs: 90 },
    { region: 'us', rttMs: 20 },
    { region: 'moon', rttMs: 1 },
  ];
  await join(weir, 'b', { regions });
  expect(await lastNode(weir)).toMatch(/^us/);
  expect(await join(weir, 'c', { regions: [{ region: 'us', rttMs: -1 }] })).toBe('bad-request');
});

test('[SG66] hints of the operator: a header of the proxy, and networks', async () => {
  const regionHints = new RegionHints(['NZ=us', '127.0.0.0/8=us']);
  await using weir = await director(database, {
    mediaNodes,
    region: 'eu',
    regionHints,
    regionHeader: 'X-Country',
  });
  await join(weir, 'd', {}, { 'x-country': 'eu' });
  expect(await lastNode(weir)).toBe('eu-1');
  await join(weir, 'e', {}, { 'x-country': 'NZ' });
  expect(await lastNode(weir)).toMatch(/^us/);
  await join(weir, 'f');
  expect(await lastNode(weir)).toMatch(/^us/);
});

test('[SG67] a room stays in its region, whatever was measured; where no node lives nobody gets in', async () => {
  await using weir = await director(database, { mediaNodes, region: 'eu' });
  const near = { regions: [{ region: 'eu', rttMs: 1 }] };
  await weir.post('/v1/rooms', { roomId: 'ward', settings: { region: 'us' } });
  await join(weir, 'ward', near);
  expect(await lastNode(weir)).toMatch(/^us/);
  await weir.post('/v1/rooms', { roomId: 'far', settings: { region: 'moon' } });
  expect(await join(weir, 'far', near)).toBe('no-media-node');
});
