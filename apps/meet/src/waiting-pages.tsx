import type { Room } from '@weir/client';
import { Avatar, type JoinChoice } from '@weir/react';
import { DoorOpen, LoaderCircle } from 'lucide-react';
import { MessagePage } from './message-page.tsx';
import { words } from './words.ts';

/** While the call is joined without a preview. */
export function Entering({ room }: { room?: Room }) {
  return (
    <MessagePage
      icon={<LoaderCircle className="weir-spin" aria-hidden="true" />}
      title={words.entering}
      text=""
      testId="entering"
    >
      {room && (
        <button type="button" className="weir-button" onClick={() => void room.leave()}>
          {words.cancel}
        </button>
      )}
    </MessagePage>
  );
}

/** Until a moderator decides. */
export function LobbyWaiting({ room, choice }: { room: Room; choice: JoinChoice }) {
  return (
    <MessagePage
      icon={
        choice.displayName ? <Avatar name={choice.displayName} identity={choice.displayName} /> : <DoorOpen />
      }
      title={words.lobbyTitle}
      text={words.lobbyText}
      testId="lobby-waiting"
    >
      <LoaderCircle className="weir-spin" aria-hidden="true" />
      <button
        type="button"
        className="weir-button"
        onClick={() => void room.leave()}
        data-testid="leave-button"
      >
        {words.cancel}
      </button>
    </MessagePage>
  );
}
