import type { Publication } from '@weir/client';
import { useEffect, useSyncExternalStore } from 'react';
import { type Quality, worst } from './connection-quality.ts';
import { QualityMonitor } from './quality-monitor.ts';
import { useRoom } from './room-context.tsx';
import type { StreamReading } from './stream-reading.ts';
import { usePublication } from './use-publications.ts';

/** How these streams fare together; looked at while the component is there. */
export function useQuality(...publications: (Publication | undefined)[]): Quality {
  const monitor = QualityMonitor.of(useRoom());
  const [first, second] = publications;
  useEffect(() => first && monitor.watch(first), [monitor, first]);
  useEffect(() => second && monitor.watch(second), [monitor, second]);
  const text = useSyncExternalStore(monitor.subscribe, () =>
    JSON.stringify(worst(...publications.map((publication) => monitor.quality(publication)))),
  );
  return JSON.parse(text);
}

/** How what you send fares. */
export function useUploadQuality(): Quality {
  const { local } = useRoom();
  return useQuality(usePublication(local, 'camera'), usePublication(local, 'microphone'));
}

/** The newest numbers of a stream that something watches. */
export function useStreamReading(publication: Publication | undefined): StreamReading | undefined {
  const monitor = QualityMonitor.of(useRoom());
  return useSyncExternalStore(monitor.subscribe, () => monitor.reading(publication));
}
