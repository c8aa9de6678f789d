/** The room that a join token is for, read without checking it: only to find what this tab kept of that room. */
export function tokenRoom(token: string): string | undefined {
  try {
    const payload = token.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const { room } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof room === 'string' ? room : undefined;
  } catch {
    return undefined;
  }
}
