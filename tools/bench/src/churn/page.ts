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

let bareCamera: MediaStreamTrack | undefined;

/** What the browser itself keeps of the same: a camera is seen over two connections of the page's own, without Weir. */
async function visitBare(): Promise<void> {
  bareCamera ??= drawnCamera();
  const [sender, receiver] = [new RTCPeerConnection(), new RTCPeerConnection()];
  sender.onicecandidate = ({ candidate }) => void receiver.addIceCandidate(candidate ?? undefined);
  receiver.onicecandidate = ({ candidate }) => void sender.addIceCandidate(candidate ?? undefined);
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  receiver.ontrack = ({ track }) => {
    video.srcObject = new MediaStream([track]);
  };
  const shown = new Promise<void>((resolve) => void video.requestVideoFrameCallback(() => resolve()));
  const track = bareCamera.clone();
  sender.addTrack(track);
  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription!);
  await receiver.setLocalDescription();
  await sender.setRemoteDescription(receiver.localDescription!);
  await shown;
  track.stop();
  sender.close();
  receiver.close();
  video.srcObject = null;
  video.remove();
}

function drawnCamera(): MediaStreamTrack {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const context = canvas.getContext('2d')!;
  let hue = 0;
  setInterval(() => {
    hue = (hue + 7) % 360;
    context.fillStyle = `hsl(${hue} 80% 50%)`;
    context.fillRect(0, 0, 640, 360);
  }, 66);
  return canvas.captureStream(15).getVideoTracks()[0]!;
}

declare global {
  var visitRoom: typeof visit;
  var visitWithoutWeir: typeof visitBare;
}
globalThis.visitRoom = visit;
globalThis.visitWithoutWeir = visitBare;
