import { LoaderCircle, Mic, MicOff, TriangleAlert, UserRound, Video, VideoOff } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Avatar } from './avatar.tsx';
import type { DeviceChoice, DeviceKind } from './room-context.tsx';
import { useDeviceLists } from './use-devices.ts';
import { useLevel } from './use-level.ts';
import { type PreviewTrack, usePreviewTrack } from './use-preview-track.ts';
import { useTrackElement } from './use-track-element.ts';
import { deviceProblem, useWords } from './words-context.tsx';

/** What somebody decided before joining. */
export type JoinChoice = {
  displayName: string;
  camera: boolean;
  microphone: boolean;
  devices: DeviceChoice;
};

export type PreJoinProps = {
  initial: JoinChoice;
  /** Joining is under way. */
  joining: boolean;
  onJoin: (choice: JoinChoice) => void;
  /** Above the form: the room's name, or what went wrong. */
  children?: ReactNode;
};

/** A look at oneself before joining: picture, microphone level, devices and name. Joining works without any device. */
export function PreJoin({ initial, joining, onJoin, children }: PreJoinProps) {
  const words = useWords();
  const [choice, setChoice] = useState(initial);
  const change = (changes: Partial<JoinChoice>) => setChoice((before) => ({ ...before, ...changes }));
  const choose = (kind: DeviceKind, deviceId: string) =>
    change({ devices: { ...choice.devices, [kind]: deviceId } });
  const [attempt, setAttempt] = useState({ camera: 0, microphone: 0 });
  const camera = usePreviewTrack('camera', choice.camera, choice.devices.camera, attempt.camera);
  const microphone = usePreviewTrack(
    'microphone',
    choice.microphone,
    choice.devices.microphone,
    attempt.microphone,
  );
  const lists = useDeviceLists(`${camera.status} ${microphone.status}`);
  const name = choice.displayName.trim();
  /** A device that failed is tried again; one that works is turned off. */
  const flip = (kind: 'camera' | 'microphone', preview: PreviewTrack) => {
    if (preview.status === 'failed') setAttempt({ ...attempt, [kind]: attempt[kind] + 1 });
    else change({ [kind]: !choice[kind] });
  };
  return (
    <div className="weir-prejoin">
      <div className="weir-prejoin-look">
        <PreviewPicture preview={camera} name={name}>
          <PreviewSwitch
            on={works(microphone)}
            icons={[<Mic key="on" aria-hidden="true" />, <MicOff key="off" aria-hidden="true" />]}
            label={works(microphone) ? words.mute : words.unmute}
            testId="preview-mic-button"
            onClick={() => flip('microphone', microphone)}
          />
          <PreviewSwitch
            on={works(camera)}
            icons={[<Video key="on" aria-hidden="true" />, <VideoOff key="off" aria-hidden="true" />]}
            label={works(camera) ? words.cameraOff : words.cameraOn}
            testId="preview-camera-button"
            onClick={() => flip('camera', camera)}
          />
        </PreviewPicture>
        {microphone.status === 'on' && <LevelMeter track={microphone.track} />}
        <DeviceProblem preview={camera} what={words.camera} />
        <DeviceProblem preview={microphone} what={words.microphone} />
      </div>
      <form
        className="weir-prejoin-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name && !joining)
            onJoin({ ...choice, displayName: name, camera: works(camera), microphone: works(microphone) });
        }}
      >
        {children}
        <label className="weir-field">
          <span>{words.yourName}</span>
          <input
            value={choice.displayName}
            onChange={({ target }) => change({ displayName: target.value })}
            placeholder={words.namePlaceholder}
            maxLength={64}
            autoComplete="name"
            required
            data-testid="name-input"
          />
        </label>
        <DeviceSelect
          title={words.microphone}
          devices={lists.microphones}
          selected={choice.devices.microphone ?? currentDevice(microphone)}
          onSelect={(id) => choose('microphone', id)}
        />
        <DeviceSelect
          title={words.camera}
          devices={lists.cameras}
          selected={choice.devices.camera ?? currentDevice(camera)}
          onSelect={(id) => choose('camera', id)}
        />
        <DeviceSelect
          title={words.speaker}
          devices={lists.speakers}
          selected={choice.devices.speaker}
          onSelect={(id) => choose('speaker', id)}
        />
        <button
          type="submit"
          className="weir-button weir-primary"
          disabled={joining}
          data-testid="join-button"
        >
          {joining && <LoaderCircle className="weir-spin" aria-hidden="true" />}
          {joining ? words.joining : words.join}
        </button>
      </form>
    </div>
  );
}

function works({ status }: PreviewTrack): boolean {
  return status === 'on' || status === 'starting';
}

function currentDevice(preview: PreviewTrack): string | undefined {
  return preview.status === 'on' ? preview.track.getSettings().deviceId : undefined;
}

function PreviewPicture(props: { preview: PreviewTrack; name: string; children: ReactNode }) {
  const words = useWords();
  const { preview, name } = props;
  const { ref } = useTrackElement<HTMLVideoElement>(preview.status === 'on' ? preview.track : undefined);
  return (
    <div className="weir-preview">
      {preview.status === 'on' ? (
        <video
          ref={ref}
          className="weir-tile-video"
          data-mirrored="true"
          data-fit="cover"
          autoPlay
          playsInline
          muted
          aria-label={words.preview}
        />
      ) : (
        <>
          {name ? (
            <Avatar name={name} identity={name} />
          ) : (
            <UserRound className="weir-preview-nobody" aria-hidden="true" />
          )}
          <p className="weir-preview-note">
            {preview.status === 'starting'
              ? `${words.previewStarting} ${words.askingDevices}`
              : words.previewOff}
          </p>
        </>
      )}
      <div className="weir-preview-switches">{props.children}</div>
    </div>
  );
}

type PreviewSwitchProps = {
  on: boolean;
  /** On, off. */
  icons: [ReactNode, ReactNode];
  label: string;
  testId: string;
  onClick: () => void;
};

function PreviewSwitch({ on, icons, label, testId, onClick }: PreviewSwitchProps) {
  return (
    <button
      type="button"
      className="weir-bar-button"
      data-on={on}
      onClick={onClick}
      aria-label={label}
      title={label}
      data-testid={testId}
    >
      {icons[on ? 0 : 1]}
    </button>
  );
}

function LevelMeter({ track }: { track: MediaStreamTrack }) {
  const words = useWords();
  const level = useLevel(track);
  return (
    <div className="weir-level" title={words.levelHint}>
      <Mic aria-hidden="true" />
      <meter className="weir-unseen" min={0} max={1} value={level} aria-label={words.level} />
      <span className="weir-meter" aria-hidden="true">
        <span style={{ scale: `${level} 1` }} />
      </span>
    </div>
  );
}

function DeviceProblem({ preview, what }: { preview: PreviewTrack; what: string }) {
  const words = useWords();
  if (preview.status !== 'failed') return null;
  return (
    <p className="weir-problem" role="alert" data-testid="device-problem">
      <TriangleAlert className="weir-warn-ink" aria-hidden="true" />
      <span>
        {deviceProblem(words, preview.error.code, what)}{' '}
        <span className="weir-quiet">{words.joinWithout}</span>
      </span>
    </p>
  );
}

type DeviceSelectProps = {
  title: string;
  devices: readonly MediaDeviceInfo[];
  selected: string | undefined;
  onSelect: (deviceId: string) => void;
};

function DeviceSelect({ title, devices, selected, onSelect }: DeviceSelectProps) {
  const words = useWords();
  if (devices.length < 2) return null; // Nothing to choose.
  return (
    <label className="weir-field">
      <span>{title}</span>
      <select value={selected ?? devices[0]!.deviceId} onChange={({ target }) => onSelect(target.value)}>
        {devices.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label || words.unnamedDevice(title, index + 1)}
          </option>
        ))}
      </select>
    </label>
  );
}
