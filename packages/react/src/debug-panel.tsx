import type { RoomDebug, SelectedPath } from '@weir/client';
import { useEffect, useState } from 'react';
import { useRoom } from './room-context.tsx';

const refreshMs = 1_000;

/** For engineers: how receiving stands, over which connections, and how many of those the page may still make. */
export function DebugPanel() {
  const room = useRoom();
  const [debug, setDebug] = useState<RoomDebug>(() => room.debug);
  const [paths, setPaths] = useState<SelectedPath[]>([]);
  useEffect(() => {
    const look = () => {
      setDebug(room.debug);
      room.paths().then(setPaths, () => {}); // A connection closed while it was asked.
    };
    const timer = setInterval(look, refreshMs);
    const off = room.events.on('receivingChanged', look);
    return () => {
      clearInterval(timer);
      off();
    };
  }, [room]);
  const { receiving, receivers, send, peerConnections, timings } = debug;
  return (
    <aside className="weir-debug" aria-label="Debug" data-testid="debug-panel">
      <dl>
        <dt>tracks received</dt>
        <dd data-testid="debug-received">
          {receiving.received} of {receiving.wanted}
        </dd>
        <dt>being negotiated, waiting</dt>
        <dd>
          {receiving.negotiating}, {receiving.waiting}
        </dd>
        <dt>peer connections of this page</dt>
        <dd>
          {peerConnections.used} of {peerConnections.atMost}, until collected
        </dd>
        <dt>sending</dt>
        <dd>{send?.connectionState ?? 'nothing'}</dd>
        {receiving.transports.map(({ transportId, tracks, negotiating }, i) => (
          <div key={transportId}>
            <dt>receive transport {i + 1}</dt>
            <dd>
              {tracks} tracks, {receivers[i]?.connectionState ?? 'new'}
              {negotiating && ', negotiating'}
            </dd>
          </div>
        ))}
        <dt>paths of media</dt>
        <dd data-testid="debug-paths">{[...new Set(paths.map(pathWords))].join('; ') || 'none'}</dd>
        <dt>joined, first tracks received</dt>
        <dd>
          {sinceConnect(timings, 'joined')}, {sinceConnect(timings, 'received')}
        </dd>
      </dl>
    </aside>
  );
}

function pathWords({ via, protocol, relayProtocol, rttMs }: SelectedPath): string {
  const way = relayProtocol ? `${via} over ${relayProtocol}` : `${via} ${protocol}`;
  return rttMs === undefined ? way : `${way}, ${Math.round(rttMs)} ms`;
}

function sinceConnect({ connect, ...timings }: Record<string, number>, step: string): string {
  const at = timings[step];
  return at === undefined || connect === undefined ? '–' : `${Math.round(at - connect)} ms`;
}
