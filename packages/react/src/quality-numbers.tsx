import type { Publication, RemotePublication } from '@weir/client';
import type { StreamReading } from './stream-reading.ts';
import { useStreamReading } from './use-quality.ts';
import type { Words } from './words.ts';
import { useWords } from './words-context.tsx';

/** What an engineer asks first about a stream: how much, how lossy, how late, by which way. */
export function QualityNumbers({ publication }: { publication: Publication }) {
  const words = useWords();
  const reading = useStreamReading(publication);
  const title = publication.kind === 'audio' ? words.microphone : words.numbers.picture;
  return (
    <>
      <h4>{title}</h4>
      {reading ? (
        <dl className="weir-numbers">
          {numbersOf(words, reading, publication).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="weir-quiet">{words.noNumbers}</p>
      )}
    </>
  );
}

function numbersOf(words: Words, reading: StreamReading, publication: Publication): [string, string][] {
  const { numbers } = words;
  const { width, height, framesPerSecond, concealedRatio, codec, path, encoderLimit } = reading;
  const rows: [string, string | undefined][] = [
    [numbers.bitrate, `${Math.round(reading.bitrateBps / 1_000)} kbit/s`],
    [numbers.loss, percent(reading.lossRatio)],
    [numbers.jitter, milliseconds(reading.jitterMs)],
    [numbers.roundTrip, milliseconds(reading.roundTripMs)],
    [numbers.picture, height ? `${width} × ${height}, ${Math.round(framesPerSecond ?? 0)} / s` : undefined],
    [numbers.layer, layerOf(publication)],
    [numbers.concealed, concealedRatio === undefined ? undefined : percent(concealedRatio)],
    [numbers.codec, codec],
    [numbers.path, path],
    [numbers.encoder, encoderLimit],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function layerOf(publication: Publication): string | undefined {
  const { layer, limitedBy } = publication as Partial<RemotePublication>;
  if (publication.kind !== 'video' || publication.participant.isLocal) return undefined;
  const which = layer ? `${layer.spatial + 1} / ${publication.info.spatialLayers}` : '–';
  return limitedBy ? `${which} (${limitedBy})` : which;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function milliseconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${Math.round(value)} ms`;
}
