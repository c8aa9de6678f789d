import type { RemotePublication } from './publication.ts';

/** What your line carries: all that you asked for, less than that, or of all videos none. */
export type Downlink = 'good' | 'limited' | 'audio-only';

/** Judges by the videos that should be seen now. */
export function downlinkOf(
  publications: Iterable<Pick<RemotePublication, 'kind' | 'muted' | 'layer' | 'limitedBy' | 'starved'>>,
): Downlink {
  const limited = [];
  let shown = 0;
  for (const { kind, muted, layer, limitedBy, starved } of publications) {
    if (kind !== 'video' || muted) continue;
    if (limitedBy === 'bandwidth') limited.push(starved ? undefined : layer);
    else if (limitedBy === undefined || (layer && limitedBy !== 'not-shown')) shown += 1;
  }
  if (limited.length === 0) return 'good';
  return shown === 0 && limited.every((layer) => layer === undefined) ? 'audio-only' : 'limited';
}
