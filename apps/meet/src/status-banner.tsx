import { useRoomStatus } from '@weir/react';
import { LoaderCircle, WifiOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { words } from './words.ts';

function subscribe(changed: () => void): () => void {
  addEventListener('online', changed);
  addEventListener('offline', changed);
  return () => {
    removeEventListener('online', changed);
    removeEventListener('offline', changed);
  };
}

/** While the connection is away: what that means, in plain words. */
export function StatusBanner() {
  const status = useRoomStatus();
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  if (status !== 'reconnecting') return null;
  return (
    <div className="meet-banner" role="status" data-testid="status-banner" data-status={status}>
      {online ? <LoaderCircle className="weir-spin" aria-hidden="true" /> : <WifiOff aria-hidden="true" />}
      <span>
        {online ? words.reconnecting : words.offline}{' '}
        <span className="weir-quiet">{words.reconnectingHint}</span>
      </span>
    </div>
  );
}
