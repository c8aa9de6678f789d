declare global {
  /** In a page with a detour: the UDP port on loopback where media goes; what is set last holds from the next ICE restart. */
  var mediaVia: number;
}

export type MediaDetour = {
  /** The media node's port. */
  port: number;
  /** Where a proxy listens for it on 127.0.0.1, UDP. */
  via: number;
  /** A connection keeps the port that held when it was made: the server has moved, and restarts of ICE do not find it. */
  sticky?: boolean;
  /** Whether the page may go to the media node directly over TCP when UDP fails. Default false. */
  tcp?: boolean;
};

/** A page script that leads media through a proxy: the port in the server's ICE candidates is replaced by the proxy's. */
export function mediaDetour(detour: MediaDetour): string {
  return `(${install})(${JSON.stringify(detour)})`;
}

/** Runs in the page, by its text: it must not refer to anything outside of itself. */
function install({ port, via, tcp, sticky }: MediaDetour): void {
  globalThis.mediaVia = via;
  const firstVia = new WeakMap<RTCPeerConnection, number>();
  const original = RTCPeerConnection.prototype.setRemoteDescription as SetDescription;
  const lead = (line: string, led: number) => {
    if (!line.startsWith('a=candidate:')) return [line];
    if (line.includes(' tcp ')) return tcp ? [line] : [];
    return [line.replace(` ${port} typ host`, ` ${led} typ host`)];
  };
  const detoured: SetDescription = function (this: RTCPeerConnection, { type, sdp = '' }) {
    const first = firstVia.get(this) ?? globalThis.mediaVia;
    firstVia.set(this, first);
    const led = sticky ? first : globalThis.mediaVia;
    const lines = sdp.split('\r\n').flatMap((line) => lead(line, led));
    return original.call(this, { type, sdp: lines.join('\r\n') });
  };
  Object.assign(RTCPeerConnection.prototype, { setRemoteDescription: detoured });
}

type SetDescription = (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>;
