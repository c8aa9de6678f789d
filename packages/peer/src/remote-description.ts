import { PlatformError } from '@weir/core';
import type { IceCandidate, TransportParameters } from '@weir/protocol';

/** The media line that carries every track of a transport. */
export const mediaMid = 'media';

/**
 * The server's side of a transport as an SDP answer. One media line stands for all tracks: the server knows streams by the
 * SSRCs announced to it, so nothing is negotiated when they change. `dataMid` adds the line for data channels.
 */
export function remoteDescription(parameters: TransportParameters, dataMid?: string): string {
  const { iceParameters, sctpParameters } = parameters;
  const candidates = parameters.iceCandidates.filter(({ protocol }) => protocol === 'udp');
  if (candidates.length === 0) throw new PlatformError('bad-request', 'the transport has no UDP candidate');
  const fingerprints = parameters.dtlsParameters.fingerprints;
  const fingerprint = fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ?? fingerprints[0]!;
  const transport = [
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    'a=setup:passive',
  ];
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mediaMid}${dataMid === undefined ? '' : ` ${dataMid}`}`,
    'a=ice-lite',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    ...transport,
    `a=mid:${mediaMid}`,
    'a=sendrecv',
    'a=rtcp-mux',
    'a=rtpmap:96 VP8/90000',
    ...candidates.map(candidateLine),
    'a=end-of-candidates',
  ];
  if (dataMid !== undefined) {
    lines.push(
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      ...transport,
      `a=mid:${dataMid}`,
      `a=sctp-port:${sctpParameters.port}`,
      `a=max-message-size:${sctpParameters.maxMessageSize}`,
    );
  }
  return lines.map((line) => `${line}\r\n`).join('');
}

function candidateLine({ foundation, priority, address, port, type }: IceCandidate): string {
  return `a=candidate:${foundation} 1 udp ${priority} ${address} ${port} typ ${type}`;
}
