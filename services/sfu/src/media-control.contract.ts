import type { MediaLink } from '@weir/media/control';
import { NoticeLog, TestParticipant } from '@weir/media/testing';
import { prepareMedia, rtpCapabilities } from '@weir/peer';
import type { MediaControl, NoticeHandlers } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SfuService } from './sfu-service.ts';

export type Reach = (sfu: SfuService, listener: NoticeHandlers<MediaControl>) => Promise<MediaLink>;

/** What a signaling node may rely on, however it reaches a media node. */
export function mediaControlContract(way: string, start: () => Promise<SfuService>, reach: Reach): void {
  async function startLinked() {
    const sfu = await start();
    const link = async () => {
      const { listener, notices } = new NoticeLog();
      const { calls, lifetime } = await reach(sfu, listener);
      return { calls, lifetime, notices };
    };
    return { sfu, link, ...(await link()) };
  }
  const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
  const alice = { roomId: 'room', participantId: 'alice', rtpCapabilities: rtpCapabilities() };
  const both = { send: true, receive: true };

  describe(way, () => {
    test('media flows from one participant to another', async () => {
      const { calls } = await startLinked();
      const speaker = await TestParticipant.open(calls, { participantId: 'alice' });
      const hearer = await TestParticipant.open(calls, { participantId: 'bob' });
      onTestFinished(() => {
        speaker.close();
        hearer.close();
      });
      await speaker.publish('microphone', [await opus()]);
      const heard = await hearer.subscribe('microphone');
      await eventually(() => heard.statistics.frames > 10 || `${heard.statistics.frames} frames`);
    });

    test('errors arrive with their code', async () => {
      const { calls } = await startLinked();
      const unknown = { mediaSessionId: 'ms_unknown', direction: 'send' as const };
      await expect(calls['transport.restartIce'](unknown)).rejects.toMatchObject({ code: 'media-lost' });
      await expect(calls['session.open']({ ...alice, ...both, roomId: 'a room' })).rejects.toMatchObject({
        code: 'bad-request',
      });
      await expect(
        calls['session.open']({ ...alice, participantId: 'x'.repeat(65), ...both }),
      ).rejects.toMatchObject({ code: 'bad-request' });
    });

    test('what may be left out has its default', async () => {
      const { calls } = await startLinked();
      const { media, subscriptions } = await calls['session.open']({ ...alice, send: true, receive: false });
      expect(media.receive).toBeNull();
      expect(subscriptions).toEqual([]);
    });

    test('many requests at once are all answered', async () => {
      const { calls } = await startLinked();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          calls['session.open']({ ...alice, participantId: `p-${i}`, ...both }),
        ),
      );
      expect(new Set(answers.map(({ media }) => media.mediaSessionId)).size).toBe(40);
      const { workers } = await calls['node.describe']({});
      expect(workers.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(40);
    });

    test('a session outlives the link that opened it and tells the one that adopts it', async () => {
      const { calls, lifetime, link, sfu, notices } = await startLinked();
      const { media } = await calls['session.open']({ ...alice, ...both });
      const { mediaSessionId } = media;
      lifetime.close();
      await expect(calls['node.describe']({})).rejects.toMatchObject({ code: 'connection-lost' });
      const next = await link();
      expect(await next.calls['session.adopt']({ mediaSessionId })).toMatchObject({ alive: true });
      await eventually(() => next.notices['session.connectivity'].length === 2 || 'not told');
      const { workers } = await next.calls['node.describe']({});
      for (const { pid } of workers) process.kill(pid, 'SIGKILL');
      await eventually(() => next.notices['session.lost'].length === 1 || 'not told');
      expect(next.notices['session.lost']).toMatchObject([{ mediaSessionId, participantId: 'alice' }]);
      expect(notices['session.lost']).toEqual([]);
      expect(sfu.node.participants('room')).toEqual([]);
    });

    test('the end of the node is the end of the link', async () => {
      const { sfu, lifetime, calls } = await startLinked();
      await sfu.stop();
      await eventually(() => lifetime.closed || 'the link is still open');
      await expect(calls['node.describe']({})).rejects.toMatchObject({ code: 'connection-lost' });
    });
  });
}
