/** What has come of some videos, and over the path as a whole. */
export type Arrived = {
  tracks: string;
  /** Whole ones. */
  pictures: number;
  videoBytes: number;
  allBytes: number;
  /** The server said of one of them that it sends it. Its word comes late over a narrow line. */
  told: boolean;
};

/** So many looks, a second apart, at which other packets came and of the videos none. */
const looksInVain = 2;
/** Where it may yet be otherwise: much of a picture comes, or the server has not said that any is sent (if none is, it says so in three seconds). */
const looksUnsure = 5;
/** One picture now and then is none. */
const looksFed = 2;
/** Over a line that carries so many bytes of pictures in a second (60 kbit/s) a whole one may come before long. */
const muchBytes = 7_500;

/**
 * Tells from counts that of the videos that should come nothing does, or too little for pictures, although the path carries
 * other packets. A path that carries nothing is another matter.
 */
export class Starvation {
  #before: Arrived | undefined;
  #inVain = 0;
  #fed = 0;
  #starving = false;

  get isStarving(): boolean {
    return this.#starving;
  }

  /** And nothing came since the look before, either. */
  get lasts(): boolean {
    return this.#starving && this.#fed === 0;
  }

  /** `undefined`: no video should come. */
  look(arrived: Arrived | undefined): void {
    const before = this.#before;
    this.#before = arrived;
    if (!arrived || arrived.tracks !== before?.tracks) this.#forget();
    else if (arrived.pictures !== before.pictures) {
      this.#inVain = 0;
      this.#fed += 1;
      if (this.#fed >= looksFed) this.#starving = false;
    } else if (arrived.allBytes > before.allBytes) {
      this.#fed = 0;
      this.#inVain += 1;
      const isSent = arrived.told || arrived.videoBytes > 0;
      const isMuch = arrived.videoBytes - before.videoBytes >= muchBytes;
      if (this.#inVain >= (isSent && !isMuch ? looksInVain : looksUnsure)) this.#starving = true;
    }
  }

  #forget(): void {
    this.#inVain = this.#fed = 0;
    this.#starving = false;
  }
}
