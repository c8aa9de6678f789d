import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { withDeadline } from '@weir/core';

const bindingRequest = 0x0001;
const magicCookie = 0x2112a442;

/** Whether a STUN server answers there over UDP; a refusal is an answer too (RFC 8489). Never rejects. */
export async function stunAnswers(host: string, port: number, timeoutMs = 1_000): Promise<boolean> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  const request = Buffer.alloc(20);
  request.writeUInt16BE(bindingRequest, 0);
  request.writeUInt32BE(magicCookie, 4);
  randomBytes(12).copy(request, 8);
  try {
    const answered = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (message) => {
        if (message.subarray(4, 20).equals(request.subarray(4, 20))) resolve();
      });
      socket.send(request, port, host, (error) => error && reject(error));
    });
    await withDeadline(answered, timeoutMs, 'the STUN server');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
