import { silentLogger } from '@weir/core';
import { numberedSound, type RtpReceiver } from '@weir/peer';
import type { AudioSlot } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { callsTo } from './bound-handlers.ts';
import { MediaNode } from './media-node.ts';
import { NoticeLog, TestParticipant, type TestParticipantOptions } from './testing.ts';

const sizes = { alice: 100, bob: 300, carol: 500, eve: 700, fay: 900 }; // The first of 200.
type Speaker = keyof typeof sizes;

/** A room that has two slots, or so many, from its third microphone on. `spread`: its participants are on two workers. */
async function startRoom(options: { spread?: boolean; audioSlots?: number } = {}) {
  const node = await MediaNode.start({
    nodeId: 'node-1',
    workers: options.spread ? 2 : 1,
    listen: [{ ip: '127.0.0.1' }],
    firstPort: 0,
    spreadAbove: options.spread ? 0 : 200,
    sound: { microphonesWithoutSlots: 2, audioSlots: options.audioSlots ?? 2 },
    logger: silentLogger,
  });
  onTestFinished(async () => node[Symbol.asyncDispose]());
  const log = new NoticeLog();
  const calls = callsTo(node, log.listener);
  const open = async (participantId: string, more: Partial<TestParticipantOptions> = {}) => {
    const participant = await TestParticipant.open(calls, { participantId, ...more });
    onTestFinished(() => participant.close());
    return participant;
  };
  const speak = async (participantId: Speaker, { muted = false } = {}) => {
    const participant = await open(participantId);
    const microphone = await participant.publish(
      `mic-${participantId}`,
      [numberedSound(sizes[participantId])],
      {
        source: 'microphone',
        audioLevelDbov: -100,
        muted,
      },
    );
    return { participant, microphone };
  };
  const slots = () => log.notices['room.audioSlots'].at(-1)?.slots ?? [];
  return { node, open, speak, slots, notices: log.notices };
}

const carried = (slots: AudioSlot[]) => slots.map(({ carries }) => carries?.trackId ?? '').join(' ');

const slotIds = (slots: AudioSlot[]) => slots.map(({ slotId }) => slotId);

/** Receives all slots; answers the sizes of the packets that came, of all together. */
async function hear(listener: TestParticipant, slots: AudioSlot[]) {
  const heard: number[] = [];
  const receivers: RtpReceiver[] = [];
  for (const { slotId } of slots) {
    const ready = listener.subscriptions.find(({ trackId }) => trackId === slotId);
    const receiver = ready ? await listener.receive(ready) : await listener.subscribe(slotId);
    receiver.onFrame = ({ bytes }) => heard.push(bytes);
    receivers.push(receiver);
  }
  return heard;
}

/** What is needed for slots: three microphones, all silent. */
async function bigRoom(options: { spread?: boolean } = {}) {
  const room = await startRoom(options);
  const [alice, bob, carol] = [await room.speak('alice'), await room.speak('bob'), await room.speak('carol')];
  await eventually(() => room.slots().length === 2 || 'no slots');
  return { ...room, alice, bob, carol };
}

test('[MC12] a room has slots from a number of microphones on, in place of them for those who play them', async () => {
  const room = await startRoom();
  await room.speak('alice');
  await room.speak('bob');
  const microphones = ['mic-alice', 'mic-bob', 'mic-carol'];
  const early = await room.open('early', { trackIds: microphones, audioSlots: true });
  expect(early.audioSlots).toEqual([]);
  expect(early.subscriptions.map(({ trackId }) => trackId)).toEqual(['mic-alice', 'mic-bob']);
  await room.speak('carol');
  await eventually(() => room.slots().length === 2 || 'no slots');
  const late = await room.open('late', { trackIds: microphones, audioSlots: true });
  expect(late.audioSlots).toHaveLength(2);
  expect(late.subscriptions.map(({ trackId }) => trackId)).toEqual(
    late.audioSlots.map(({ slotId }) => slotId),
  );
  const old = await room.open('old', { trackIds: microphones });
  expect(old.subscriptions.map(({ trackId }) => trackId)).toEqual(microphones);
});

test('[MC12] of the slots two more are offered than microphones are open, and who unmutes is heard', async () => {
  const room = await startRoom({ audioSlots: 5 });
  const alice = await room.speak('alice', { muted: true });
  for (const one of ['bob', 'carol', 'eve'] as const) await room.speak(one, { muted: one !== 'bob' });
  await eventually(() => room.slots().length === 3 || `${room.slots().length} slots`);
  const first = room.slots();
  const heard = await hear(await room.open('dora'), first);
  alice.microphone.setAudioLevel(-20);
  room.node.setMuted('room', 'mic-alice', false);
  await eventually(() => room.slots().length === 4 || `${room.slots().length} slots`);
  expect(room.slots().map(({ slotId }) => slotId)).toEqual(expect.arrayContaining(slotIds(first)));
  await eventually(() => heard.length > 20 || `${heard.length} packets`);
  room.node.setMuted('room', 'mic-alice', true);
  await eventually(() => carried(room.slots()).trim() === '' || 'still carried');
  expect(room.slots()).toHaveLength(4);
});

test.each([
  ['one worker', false],
  ['two workers', true],
])('the first word arrives whole, with each packet once, on %s', async (_, spread) => {
  const room = await bigRoom({ spread });
  const control = await room.open('control');
  const direct: number[] = [];
  const receiver = await control.subscribe('mic-alice');
  receiver.onFrame = ({ bytes }) => direct.push(bytes);
  const heard = await hear(await room.open('dora'), room.slots());
  await eventually(() => direct.length > 0 || 'not connected');
  const { microphone } = room.alice;
  microphone.setMuted(true); // Sends nothing, as a microphone with DTX in silence.
  let before = -1;
  await eventually(() => {
    const still = before === direct.length;
    before = direct.length;
    return still || 'still sending';
  });
  direct.length = 0;
  expect(heard).toEqual([]); // Silence is not carried.
  microphone.setAudioLevel(-20);
  microphone.setMuted(false);
  await eventually(() => heard.length > 50 || `${heard.length} packets`);
  const start = heard.indexOf(direct[0]!);
  expect(start).toBeGreaterThanOrEqual(0);
  expect(heard.slice(start, start + 40)).toEqual(direct.slice(0, 40));
  expect(carried(room.slots())).toContain('mic-alice');
  expect(room.notices['room.speakers'].at(-1)?.speakers[0]).toMatchObject({
    trackId: 'mic-alice',
    level: -20,
  });
});

test.each([
  ['one worker', false],
  ['two workers', true],
])('[SG49] nobody hears itself, the others do, on %s', async (_, spread) => {
  const room = await bigRoom({ spread });
  const people = [room.alice, room.bob, room.carol];
  const heard = await Promise.all(people.map(({ participant }) => hear(participant, room.slots())));
  for (const [i, { microphone }] of people.entries()) {
    const first = [sizes.alice, sizes.bob, sizes.carol][i]!;
    const ofIt = (j: number) => heard[j]!.filter((size) => size >= first && size < first + 200).length;
    microphone.setAudioLevel(-20);
    for (const j of [0, 1, 2]) if (j !== i) await eventually(() => ofIt(j) > 20 || `${j} does not hear ${i}`);
    expect(ofIt(i), `${i} hears itself`).toBe(0);
    microphone.setAudioLevel(-100);
  }
});

test('[SG49] who gets a microphone by itself, or paused it, does not get it through a slot', async () => {
  const room = await bigRoom();
  const dora = await room.open('dora');
  const heard = await hear(dora, room.slots());
  room.alice.microphone.setAudioLevel(-20);
  await eventually(() => heard.length > 10 || 'not heard');
  const nothingMore = async () => {
    await anotherTwenty(); // After what was under way.
    const count = heard.length;
    await anotherTwenty();
    expect(heard.length - count).toBe(0);
  };
  const heardAgain = async () => {
    const count = heard.length;
    await eventually(() => heard.length > count + 10 || 'not heard again');
  };
  const anotherTwenty = async () => {
    const { packets } = control.statistics;
    await eventually(() => control.statistics.packets > packets + 20);
  };
  const control = await (await room.open('control')).subscribe('mic-alice');
  const { mediaSessionId, calls } = dora;
  await dora.subscribe('mic-alice');
  await nothingMore();
  await calls['track.unsubscribe']({ mediaSessionId, trackIds: ['mic-alice'] });
  await heardAgain();
  const pause = (paused: boolean) =>
    calls['track.setPreferences']({ mediaSessionId, preferences: [{ trackId: 'mic-alice', paused }] });
  await pause(true);
  await nothingMore();
  await pause(false);
  await heardAgain();
});

test('a mute ends what a slot carries, and nothing of before comes after it', async () => {
  const room = await bigRoom();
  const heard = await hear(await room.open('dora'), room.slots());
  room.alice.microphone.setAudioLevel(-20);
  await eventually(() => heard.length > 10 || 'not heard');
  room.node.setMuted('room', 'mic-alice', true);
  await eventually(() => carried(room.slots()).trim() === '' || 'still carried');
  const last = heard.at(-1)!;
  const [sender] = room.alice.microphone.senders;
  const { packets } = sender!.statistics;
  await eventually(() => sender!.statistics.packets > packets + 30); // Into the mute.
  room.node.setMuted('room', 'mic-alice', false);
  const count = heard.length;
  await eventually(() => heard.length > count + 10 || 'not heard again');
  expect((heard[count]! - last + 200) % 200).toBeGreaterThan(25);
});

test('when the router that the slots are made on has left the room, others are made', async () => {
  const room = await bigRoom({ spread: true });
  const before = room.slots();
  await hear(await room.open('dora'), before);
  // Alice came first, so it is hers; carol is on the same worker.
  for (const { participant } of [room.alice, room.carol])
    await participant.calls['session.close']({ mediaSessionId: participant.mediaSessionId });
  await room.speak('eve');
  await room.speak('fay');
  await eventually(() => {
    const [first] = room.slots();
    return (first && first.slotId !== before[0]!.slotId) || 'no other slots';
  });
  expect(room.notices['subscription.closed'].map(({ trackId }) => trackId).sort()).toEqual(
    before.map(({ slotId }) => slotId).sort(),
  );
});
