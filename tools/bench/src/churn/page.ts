// Runs in the browser: comes to a room, sees somebody's camera, leaves again.
import { Room, type RoomOptions } from '@weir/client';

async function visit(options: RoomOptions): Promise<void> {
  const room = new Room(options);
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  const shown = new Promise<void>((resolve) => {
    room.events.on('trackSubscribed', ({ kind }, track) => {
      if (kind === 'video') video.srcObject = new MediaStream([track]);
    });
    video.requestVideoFrameCallback(() => resolve());
  });
  await room.connect();
  await shown;
  await room.leave();
  video.srcObject = null;
  video.remove();
}

declare global {
  var visitRoom: typeof visit;
}
globalThis.visitRoom = visit;
