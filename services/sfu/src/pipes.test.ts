import { connectPipes } from '@weir/media/control';
import { NoticeLog, TestParticipant } from '@weir/media/testing';
import { prepareMedia, type RtpReceiver } from '@weir/peer';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTestSfu, storeWith } from './sfu.fixture.ts';

const secret = 'the cluster secret';
const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
const pipes = { listen: { ip: '127.0.0.1' } };

async function connect(url: string, given = secret) {
  const link = await connectPipes({ url, secret: given }, { 'pipe.closed': () => {} });
  onTestFinished(() => link.lifetime.close());
  return link.calls;
}

async function flows(receiver: RtpReceiver) {
  const before = receiver.statistics.packets;
  await eventually(() => receiver.statistics.packets > before + 5 || 'nothing comes');
}

/** Alice speaks on node-1, bob is on node-2; both nodes follow one log. */
async function startTwo() {
  const store = storeWith('room', []);
  const seat = (participantId: string, mediaNodeId: string) => ({
    [`session:${participantId}`]: { participantId, mediaNodeId },
  });
  await store.rooms.commit('room', { set: { ...seat('alice', 'node-1'), ...seat('bob', 'node-2') } });
  const open = async (nodeId: string, participantId: string) => {
    const sfu = await startTestSfu({ store, config: { nodeId, pipes } });
    const { listener, notices } = new NoticeLog();
    const { calls } = sfu.open(listener);
    const participant = await TestParticipant.open(calls, { participantId });
    onTestFinished(() => participant.close());
    return { sfu, participant, notices };
  };
  const [one, two] = await Promise.all([open('node-1', 'alice'), open('node-2', 'bob')]);
  const publish = async (epoch: number) => {
    await one.participant.publish('microphone', [await opus()], { epoch, source: 'microphone' });
    await tell({ epoch });
  };
  const tell = (changes: { epoch: number; muted?: boolean }) =>
    store.rooms.commit('room', {
      set: {
        'track:microphone': {
          ...{ trackId: 'microphone', participantId: 'alice', kind: 'audio', source: 'microphone', name: '' },
          ...{ muted: false, codec: 'audio/opus', spatialLayers: 1 },
          ...changes,
        },
      },
    });
  return { one, two, publish, tell, seat, store };
}

test('[MC18] only who has the secret gets a track, and only who said who it is', async () => {
  const sfu = await startTestSfu({ config: { pipes } });
  await expect(connect(sfu.controlUrl!, 'another')).rejects.toMatchObject({ code: 'unauthenticated' });
  const calls = await connect(sfu.controlUrl!);
  const end = { address: '127.0.0.1', port: 9, srtp: { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: 'AA==' } };
  const wanted = { roomId: 'room', trackId: 'camera', end };
  await expect(calls['pipe.open'](wanted)).rejects.toMatchObject({ code: 'wrong-state' });
  const attach = { nodeId: 'other', region: 'eu', instance: 'run-1', pipeIds: ['pipe-of-before'] };
  expect(await calls['edge.attach'](attach)).toEqual({ alive: [] });
  await expect(calls['pipe.open'](wanted)).rejects.toMatchObject({ code: 'track-not-found' });
  await expect(calls['pipe.open']({ ...wanted, end: { ...end, port: 0 } })).rejects.toMatchObject({
    code: 'bad-request',
  });
});

test('a media node that is alone gives nothing to others', async () => {
  const sfu = await startTestSfu();
  const calls = await connect(sfu.controlUrl!);
  await expect(calls['pipe.list']({})).rejects.toMatchObject({ code: 'connection-lost' });
});

test('[MC13][MC16] what the log says is on another node is heard here, muted and unmuted by the log', async () => {
  const { two, publish, tell } = await startTwo();
  await publish(1);
  const heard = await two.participant.subscribe('microphone');
  await flows(heard);
  await tell({ epoch: 1, muted: true });
  let before = -1;
  await eventually(
    () => {
      const stopped = heard.statistics.packets === before;
      before = heard.statistics.packets;
      return stopped || 'still flowing';
    },
    { intervalMs: 300 },
  );
  await tell({ epoch: 1, muted: false });
  await flows(heard);
});

test('[MC16] a production that is older than the log says is over soon, also when its node cannot be asked', async () => {
  const { two, publish, tell } = await startTwo();
  await publish(1);
  await flows(await two.participant.subscribe('microphone'));
  await tell({ epoch: 2 });
  await eventually(() => two.notices['subscription.closed'].length === 1 || 'not told', {
    timeoutMs: 10_000,
  });
});

test('who went to another node is looked for there', async () => {
  const { one, two, publish, seat, store } = await startTwo();
  await publish(1);
  await flows(await two.participant.subscribe('microphone'));
  await store.rooms.commit('room', { set: seat('alice', 'node-3') });
  await one.sfu.stop();
  await eventually(() => two.notices['subscription.closed'].length === 1 || 'not told');
  await expect(two.participant.subscribe('microphone')).rejects.toThrow('media-lost'); // Nobody is node-3 yet.
});
