import { memory } from './memory.ts';

/** What an address says about a call beyond the room's name. */
export type Invitation = {
  roomId: string;
  /** A join token; without one the visitor comes as a guest. */
  token: string | undefined;
  /** From the token or `?name=`. */
  displayName: string | undefined;
  /** Join at once: `?skip-preview` or `#join`. */
  skipPreview: boolean;
};

/** Reads the invitation out of the address, and takes a token out of the address bar: it is a secret. */
export function readInvitation(pathRoom: string): Invitation {
  const url = new URL(location.href);
  const fromUrl = url.searchParams.get('token') ?? undefined;
  const claims = fromUrl ? tokenClaims(fromUrl) : undefined;
  const roomId = claims?.room ?? pathRoom;
  if (fromUrl) {
    memory.setToken(roomId, fromUrl);
    url.searchParams.delete('token');
    url.pathname = `/meet/${encodeURIComponent(roomId)}`;
    history.replaceState(history.state, '', url);
  }
  const token = fromUrl ?? memory.token(roomId);
  return {
    roomId,
    token,
    displayName: url.searchParams.get('name') ?? (token ? tokenClaims(token)?.name : undefined) ?? undefined,
    skipPreview: url.searchParams.has('skip-preview') || url.hash === '#join',
  };
}

/** The claims of a token that matter here, unverified: only the server's word counts. */
export function tokenClaims(token: string): { room?: string; name?: string } | undefined {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const { room, name } = JSON.parse(new TextDecoder().decode(bytes));
    return {
      ...(typeof room === 'string' && room ? { room } : {}),
      ...(typeof name === 'string' && name ? { name } : {}),
    };
  } catch {
    return undefined;
  }
}
