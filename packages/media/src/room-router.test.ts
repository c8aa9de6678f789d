import { silentLogger } from '@weir/core';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './free-port.ts';
import { MediaWorker } from './media-worker.ts';
import { Publication } from './publication.ts';
import { RoomRouter } from './room-router.ts';

async function openRouter(): Promise<RoomRouter> {
  const listen = [{ ip: '127.0.0.1' }];
  const port = await freePort('127.0.0.1');
  const worker = await MediaWorker.start({ listen, port, logger: silentLogger });
  onTestFinished(async () => {
    worker.close();
    await worker.ended;
  });
  return RoomRouter.open(worker, () => {}, silentLogger);
}

async function publishData(origin: RoomRouter) {
  const transport = await origin.router.createDirectTransport();
  const producer = await transport.produceData();
  const common = { participantId: 'alice', epoch: 1, muted: false };
  return {
    producer,
    publication: new Publication({ ...common, trackId: 'data', origin, produced: producer }),
  };
}

test('data that is brought to another worker arrives there', async () => {
  const [origin, far] = await Promise.all([openRouter(), openRouter()]);
  const { producer, publication } = await publishData(origin);
  const { produced } = far.bring(publication);
  const receiving = await far.router.createDirectTransport();
  const consumer = await receiving.consumeData({ dataProducerId: (await produced).id });
  const received = new Set<string>();
  consumer.on('message', (message) => received.add(message.toString()));
  // Until the association between the workers is up, messages are dropped.
  await eventually(() => {
    producer.send('hello');
    return received.has('hello') || 'nothing came';
  });
});

test('all who ask share one pipe, and the last one closes it', async () => {
  const [origin, far] = await Promise.all([openRouter(), openRouter()]);
  const { publication } = await publishData(origin);
  const first = far.bring(publication);
  const second = far.bring(publication);
  expect(await first.produced).toBe(await second.produced);
  expect(far.worker.tally.pipes).toBe(1);
  first.release();
  first.release(); // Once is enough.
  expect((await second.produced).closed).toBe(false);
  second.release();
  expect((await second.produced).closed).toBe(true);
  expect(far.worker.tally.pipes).toBe(0);
  expect(await far.bring(publication).produced).not.toBe(await first.produced);
});

test('on its own router a publication needs no pipe', async () => {
  const origin = await openRouter();
  const { publication, producer } = await publishData(origin);
  const { produced, release } = origin.bring(publication);
  expect(await produced).toBe(producer);
  release();
  expect(producer.closed).toBe(false);
});

test('a pipe ends with its publication, and with either router', async () => {
  const [origin, far] = await Promise.all([openRouter(), openRouter()]);
  const { publication } = await publishData(origin);
  const brought = await far.bring(publication).produced;
  publication.close();
  expect(brought.closed).toBe(true);
  const { publication: next } = await publishData(origin);
  const again = await far.bring(next).produced;
  origin.close();
  await eventually(() => again.closed || 'still open');
  expect(far.worker.tally.pipes).toBe(0);
  await expect(far.bring(next).produced).rejects.toThrow();
  expect(far.worker.tally.pipes).toBe(0);
});
