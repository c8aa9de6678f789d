import type { Publication } from '@weir/client';
import { Signal, SignalLow, SignalMedium } from 'lucide-react';
import { Popover } from 'radix-ui';
import type { Quality } from './connection-quality.ts';
import { QualityNumbers } from './quality-numbers.tsx';
import { useQuality } from './use-quality.ts';
import type { Words } from './words.ts';
import { useWords } from './words-context.tsx';

const icons = { good: Signal, fair: SignalMedium, poor: SignalLow };

export type QualityMarkProps = {
  name: string;
  video: Publication | undefined;
  audio: Publication | undefined;
};

/** How a participant's connection fares, in words; the numbers behind it one click deeper. */
export function QualityMark({ name, video, audio }: QualityMarkProps) {
  const words = useWords();
  const quality = useQuality(video, audio);
  const Icon = icons[quality.level];
  const label = words.qualityOf(name, words.quality[quality.level]);
  if (!video && !audio) return null;
  return (
    <Popover.Root>
      <Popover.Trigger
        className="weir-quality"
        data-level={quality.level}
        data-reason={quality.level === 'good' ? undefined : quality.reason}
        aria-label={label}
        title={label}
        data-testid="quality"
      >
        <Icon aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="weir-popover"
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          aria-label={label}
          data-testid="quality-details"
        >
          <p className="weir-popover-title" data-level={quality.level}>
            <Icon aria-hidden="true" />
            {words.quality[quality.level]}
          </p>
          <p>{reasonWords(words, quality)}</p>
          <details>
            <summary>{words.details}</summary>
            {[video, audio].map(
              (publication) =>
                publication && <QualityNumbers key={publication.trackId} publication={publication} />,
            )}
          </details>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** Why it is so, and what helps. */
export function reasonWords(words: Words, quality: Quality): string {
  return quality.level === 'good' ? words.qualityFine : words.qualityReasons[quality.reason];
}
