import type { WebSocket } from 'ws';

const pingEveryMs = 300;
/** Beats, not time: after a standstill of our own process one beat is late, and what came meanwhile is read before the next. */
const silentBeats = 3;

/** Pings the other side and cuts the socket about a second after it was last heard of. */
export function keepAlive(socket: WebSocket): void {
  let silent = 0;
  const heard = () => {
    silent = 0;
  };
  socket.on('pong', heard);
  socket.on('message', heard);
  const timer = setInterval(() => {
    if (silent >= silentBeats) return socket.terminate();
    silent++;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingEveryMs);
  socket.on('close', () => clearInterval(timer));
}
