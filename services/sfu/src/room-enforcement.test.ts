import type { ClusterStore, RoomLog } from '@weir/cluster';
import { NoticeLog, TestParticipant } from '@weir/media/testing';
import { prepareMedia, type RtpReceiver } from '@weir/peer';
import type { Track } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTestSfu, storeWith } from './sfu.fixture.ts';

const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });

const track = (changes: Partial<Track> = {}): Track => ({
  trackId: 'microphone',
  participantId: 'alice',
  kind: 'audio',
  source: 'microphone',
  name: '',
  muted: false,
  epoch: 1,
  codec: 'audio/opus',
  spatialLayers: 1,
  ...changes,
});

/** Alice speaks, bob hears her. */
async function startCall(store: ClusterStore = storeWith('room', ['alice', 'bob'])) {
  const sfu = await startTestSfu({ store });
  const { listener, notices } = new NoticeLog();
  const { calls } = sfu.open(listener);
  const open = async (participantId: string) => {
    const participant = await TestParticipant.open(calls, { participantId });
    onTestFinished(() => participant.close());
    return participant;
  };
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('microphone', [await opus()]);
  await store.rooms.commit('room', { set: { 'track:microphone': track() } });
  const heard = await bob.subscribe('microphone');
  await flows(heard);
  return { sfu, store, alice, bob, heard, notices, open };
}

async function flows(receiver: RtpReceiver) {
  const before = receiver.statistics.packets;
  await eventually(() => receiver.statistics.packets > before + 5 || 'nothing comes');
}

async function stops(receiver: RtpReceiver) {
  let before = -1;
  await eventually(
    () => {
      const { packets } = receiver.statistics;
      const stopped = packets === before;
      before = packets;
      return stopped || 'packets still come';
    },
    { intervalMs: 200 },
  );
}

test('a mute in the log stops the packets, an unmute lets them flow', async () => {
  const { store, heard } = await startCall();
  await store.rooms.commit('room', { set: { 'track:microphone': track({ muted: true }) } });
  await stops(heard);
  await store.rooms.commit('room', { set: { 'track:microphone': track() } });
  await flows(heard);
});

test('a muted track stays muted when it is produced anew, until the log says otherwise', async () => {
  const { store, alice, bob } = await startCall();
  await store.rooms.commit('room', { set: { 'track:microphone': track({ muted: true }) } });
  await alice.publish('microphone', [await opus()], { epoch: 2, muted: false });
  const again = await bob.subscribe('microphone');
  await stops(again);
  expect(again.statistics.packets).toBe(0);
  await store.rooms.commit('room', { set: { 'track:microphone': track({ epoch: 2 }) } });
  await flows(again);
});

test('an unmute of an earlier production does not open a later one', async () => {
  const { store, alice, bob } = await startCall();
  await alice.publish('microphone', [await opus()], { epoch: 2, muted: true });
  await store.rooms.commit('room', { set: { 'track:microphone': track({ epoch: 1 }) } });
  const again = await bob.subscribe('microphone');
  await stops(again);
  expect(again.statistics.packets).toBe(0);
  await store.rooms.commit('room', { set: { 'track:microphone': track({ epoch: 2 }) } });
  await flows(again);
});

test('a track that is deleted is no longer produced', async () => {
  const { sfu, store, notices } = await startCall();
  await store.rooms.commit('room', { delete: ['track:microphone'] });
  await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
  expect(sfu.node.epoch('room', 'microphone')).toBeUndefined();
});

test('who leaves the log loses the media session', async () => {
  const { sfu, store, notices } = await startCall();
  await store.rooms.commit('room', { delete: ['session:alice'] });
  await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
  expect(sfu.node.participants('room')).toEqual(['bob']);
});

test('a room that ends is closed, and followed no more', async () => {
  const { sfu, store } = await startCall();
  await store.rooms.commit('room', { end: true });
  await eventually(() => sfu.node.participants('room').length === 0 || 'somebody is left');
  expect(sfu.node.load.streams).toBe(0);
});

test('a session of somebody whom the log does not know is closed', async () => {
  const { sfu, store, open } = await startCall();
  await open('mallory');
  await eventually(() => !sfu.node.participants('room').includes('mallory') || 'still there');
  await store.rooms.commit('room', { set: { 'session:carol': {} } });
  await open('carol');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sfu.node.participants('room')).toContain('carol');
});

test('who was taken to another node loses the session here, and gets one again on coming back', async () => {
  const { sfu, store, open } = await startCall();
  await store.rooms.commit('room', { set: { 'session:alice': { mediaNodeId: 'node-1' } } });
  await store.rooms.commit('room', { set: { 'session:bob': { mediaNodeId: 'node-2' } } });
  await eventually(() => !sfu.node.hasParticipant('room', 'bob') || 'still there');
  expect(sfu.node.participants('room')).toEqual(['alice']);
  await store.rooms.commit('room', { set: { 'session:bob': { mediaNodeId: 'node-1' } } });
  await open('bob');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sfu.node.participants('room')).toEqual(['alice', 'bob']);
});

test('a session in a room that does not exist is closed', async () => {
  const sfu = await startTestSfu({ store: storeWith('another-room', []) });
  const { calls } = sfu.open(new NoticeLog().listener);
  await expect(TestParticipant.open(calls, { participantId: 'alice' })).rejects.toMatchObject({
    code: 'media-lost',
  });
  expect(sfu.node.participants('room')).toEqual([]);
});

test('while the log is out of reach sessions live; then it is caught up with', async () => {
  const store = storeWith('room', ['alice', 'bob']);
  await store.rooms.commit('room', { set: { 'track:microphone': track({ muted: true }) } });
  let reachable = false;
  const { rooms } = store;
  const outOfReach = () => Promise.reject(new Error('out of reach'));
  const flaky: RoomLog = {
    commit: (...args) => rooms.commit(...args),
    read: (...args) => (reachable ? rooms.read(...args) : outOfReach()),
    since: (...args) => rooms.since(...args),
    follow: (...args) => (reachable ? rooms.follow(...args) : outOfReach()),
    list: () => rooms.list(),
  };
  const sfu = await startTestSfu({ store: { ...store, rooms: flaky } });
  const { calls } = sfu.open(new NoticeLog().listener);
  const [alice, bob, mallory] = await Promise.all(
    ['alice', 'bob', 'mallory'].map((participantId) => TestParticipant.open(calls, { participantId })),
  );
  onTestFinished(() => {
    for (const participant of [alice!, bob!, mallory!]) participant.close();
  });
  await alice!.publish('microphone', [await opus()]);
  const heard = await bob!.subscribe('microphone');
  await flows(heard);
  expect(sfu.node.participants('room')).toHaveLength(3);
  reachable = true;
  await stops(heard);
  await eventually(() => !sfu.node.participants('room').includes('mallory') || 'still there');
  expect(sfu.node.participants('room')).toHaveLength(2);
});

test('[MC25] who is on another node stays connected here, too, while the log names this node as the second', async () => {
  const { sfu, store, alice } = await startCall();
  const state = await store.rooms.read('room');
  const session = state!.entries.get('session:alice')!.value as object;
  const here = { mediaNodeId: sfu.node.nodeId };
  await store.rooms.commit('room', {
    set: { 'session:alice': { ...session, mediaNodeId: 'elsewhere', standbyNodeId: here.mediaNodeId } },
  });
  await store.rooms.commit('room', {
    set: { 'session:bob': { ...session, participantId: 'bob', mediaNodeId: 'elsewhere' } },
  });
  await eventually(() => !sfu.node.hasParticipant('room', 'bob') || 'bob is still here');
  expect(sfu.node.hasParticipant('room', 'alice')).toBe(true);
  await store.rooms.commit('room', { set: { 'session:alice': { ...session, mediaNodeId: 'elsewhere' } } });
  await eventually(() => !sfu.node.hasParticipant('room', 'alice') || 'alice is still here');
  alice.close();
});
