import { ArrowRight, Clock, Dices, X } from 'lucide-react';
import { useState } from 'react';
import { useBrand } from './brand-context.tsx';
import { memory } from './memory.ts';
import { Page } from './page.tsx';
import { randomRoomName, roomNameFrom } from './room-name.ts';
import { meetPath, navigate } from './router.ts';
import { words } from './words.ts';

/** Names a room, or takes one of the last. */
export function StartPage() {
  const { tagline } = useBrand();
  const [text, setText] = useState('');
  const [recent, setRecent] = useState(memory.recentRooms);
  const room = roomNameFrom(text);
  const bad = text.trim() !== '' && room === '';
  const forget = (roomId: string) => {
    memory.forgetRoom(roomId);
    setRecent(memory.recentRooms);
  };
  return (
    <Page testId="start-page">
      <div className="meet-start">
        <h1>{tagline}</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (room) navigate(meetPath(room));
          }}
        >
          <label className="weir-field">
            <span>{words.roomName}</span>
            <input
              value={text}
              onChange={({ target }) => setText(target.value)}
              placeholder={words.roomNamePlaceholder}
              maxLength={64}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              aria-invalid={bad}
              aria-describedby="room-hint"
              data-testid="room-input"
            />
          </label>
          <button
            type="submit"
            className="weir-button weir-primary"
            disabled={!room}
            data-testid="open-button"
          >
            {words.openRoom}
            <ArrowRight aria-hidden="true" />
          </button>
          <p id="room-hint" className="meet-hint">
            {bad ? words.roomNameBad : words.openHint}
          </p>
        </form>
        <button
          type="button"
          className="weir-button meet-start-random"
          onClick={() => navigate(meetPath(randomRoomName()))}
        >
          <Dices aria-hidden="true" />
          {words.newRoom}
        </button>
        {recent.length > 0 && (
          <section aria-labelledby="recent">
            <h2 id="recent">{words.recent}</h2>
            <ul className="meet-recent">
              {recent.map((roomId) => (
                <li key={roomId}>
                  <a
                    href={meetPath(roomId)}
                    onClick={(event) => {
                      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                      event.preventDefault();
                      navigate(meetPath(roomId));
                    }}
                  >
                    <Clock aria-hidden="true" />
                    <span className="weir-ellipsis">{roomId}</span>
                  </a>
                  <button
                    type="button"
                    className="weir-icon-button"
                    onClick={() => forget(roomId)}
                    aria-label={words.forget(roomId)}
                    title={words.forget(roomId)}
                  >
                    <X aria-hidden="true" />
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </Page>
  );
}
