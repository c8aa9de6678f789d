/** The versions of the control protocol that a side speaks, without a gap. */
export type ControlVersions = { oldest: number; newest: number };

export const controlVersions: ControlVersions = { oldest: 1, newest: 1 };

/** In the request what the asking side speaks, in the answer what both use. */
export const versionHeader = 'weir-protocol';

/** `1` or `1-2`, as it stands in the header. */
export function writeVersions({ oldest, newest }: ControlVersions): string {
  return oldest === newest ? `${newest}` : `${oldest}-${newest}`;
}

/** The highest that both sides speak; undefined: none. Who says nothing speaks the first. */
export function commonVersion(
  said: string | undefined,
  own: ControlVersions = controlVersions,
): number | undefined {
  const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(said ?? '1') ?? [];
  if (first === undefined) return undefined;
  const highest = Math.min(Number(last), own.newest);
  return highest >= Math.max(Number(first), own.oldest) ? highest : undefined;
}
