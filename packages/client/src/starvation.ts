/** How many bytes have come: of some videos, and of all together. */
export type Arrived = { tracks: string; videoBytes: number; allBytes: number };

/** So many looks, a second apart, at which other packets came and of the videos none. */
const looksInVain = 2;

/**
 * Tells from counts of bytes that of the videos that should come nothing does, although the path carries other packets. A path
 * that carries nothing is another matter.
 */
export class Starvation {
  #before: Arrived | undefined;
  #inVain = 0;

  get isStarving(): boolean {
    return this.#inVain >= looksInVain;
  }

  /** `tracks` names the videos that should come, none: undefined. */
  look(arrived: Arrived | undefined): void {
    const before = this.#before;
    this.#before = arrived;
    if (!arrived || !before || arrived.tracks !== before.tracks || arrived.videoBytes !== before.videoBytes)
      this.#inVain = 0;
    else if (arrived.allBytes > before.allBytes) this.#inVain += 1;
  }
}
