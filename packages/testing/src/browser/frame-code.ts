import type { BrowserKit } from './kit.ts';

/** What a picture says about itself. */
export type FrameCode = {
  /** Which source drew it, 0 to 255. */
  source: number;
  /** Counts the source's pictures, modulo 2^24. */
  frame: number;
  /** When it was drawn, in ms since the Unix epoch by the drawing machine's clock. */
  capturedAt: number;
};

/** A picture that carries a code of 16 × 5 big black and white cells in its upper five ninths. */
export type FrameCodeKit = {
  /** The 80 cells row by row; true is white. */
  encodeFrameCode(code: FrameCode): boolean[];
  /** `undefined` when the checksum does not fit. */
  decodeFrameCode(cells: readonly boolean[]): FrameCode | undefined;
  drawFrameCode(canvas: HTMLCanvasElement, code: FrameCode): void;
  /** The code of what a video, frame or canvas shows now; `undefined` when there is none or it is damaged. */
  readFrameCode(
    image: HTMLVideoElement | VideoFrame | HTMLCanvasElement | ImageBitmap,
  ): FrameCode | undefined;
};

/** Runs in the page, by its text: it must not refer to anything outside of itself. */
export function installFrameCode(kit: BrowserKit): void {
  const [columns, rows, rowsOfPicture] = [16, 5, 9];
  const cellPixels = 10; // Read at 160 × 90, whatever the size of the picture.
  const leastContrast = 64;

  /** CRC-16/CCITT. */
  const checksum = (bytes: readonly number[]) => {
    let crc = 0xffff;
    for (const byte of bytes) {
      crc ^= byte << 8;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
  };

  kit.encodeFrameCode = ({ source, frame, capturedAt }) => {
    const time = (capturedAt % 2 ** 32) >>> 0;
    const bytes = [source, frame >>> 16, frame >>> 8, frame, time >>> 24, time >>> 16, time >>> 8, time].map(
      (byte) => byte & 255,
    );
    const sum = checksum(bytes);
    return [...bytes, sum >>> 8, sum & 255].flatMap((byte) =>
      [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((byte >>> bit) & 1) === 1),
    );
  };

  kit.decodeFrameCode = (cells) => {
    const bytes: number[] = [];
    for (let at = 0; at < columns * rows; at += 8)
      bytes.push(cells.slice(at, at + 8).reduce((byte, cell) => byte * 2 + (cell ? 1 : 0), 0));
    const [source, f2, f1, f0, t3, t2, t1, t0, high, low] = bytes as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (checksum(bytes.slice(0, 8)) !== high * 256 + low) return undefined;
    const time = ((t3 << 24) | (t2 << 16) | (t1 << 8) | t0) >>> 0;
    const now = Date.now();
    const ageMs = ((now % 2 ** 32) - time) | 0; // Signed: another clock may be a little ahead.
    return { source, frame: (f2 << 16) | (f1 << 8) | f0, capturedAt: now - ageMs };
  };

  kit.drawFrameCode = (canvas, code) => {
    const context = canvas.getContext('2d')!;
    const { width, height } = canvas;
    const [cellWidth, cellHeight] = [width / columns, height / rowsOfPicture];
    const top = rows * cellHeight;
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, top);
    context.fillStyle = '#fff';
    kit.encodeFrameCode(code).forEach((white, i) => {
      if (!white) return;
      context.fillRect(
        (i % columns) * cellWidth,
        Math.floor(i / columns) * cellHeight,
        cellWidth,
        cellHeight,
      );
    });
    context.fillStyle = `hsl(${(code.source * 67 + code.frame) % 360} 70% 40%)`;
    context.fillRect(0, top, width, height - top);
    context.fillStyle = '#fff';
    context.beginPath();
    const swing = (1 + Math.sin(code.frame / 10)) / 2;
    context.arc(cellWidth + swing * (width - 2 * cellWidth), height - cellHeight, cellHeight * 0.8, 0, 7);
    context.fill();
    context.font = `${Math.round(cellHeight * 1.2)}px monospace`;
    const clock = new Date(code.capturedAt).toISOString().slice(11, 23);
    context.fillText(`${code.source} · ${code.frame} · ${clock}`, cellWidth / 2, top + cellHeight * 1.5);
  };

  let reader: CanvasRenderingContext2D | undefined;

  kit.readFrameCode = (image) => {
    if (!reader) {
      const canvas = document.createElement('canvas');
      canvas.width = columns * cellPixels;
      canvas.height = rowsOfPicture * cellPixels;
      reader = canvas.getContext('2d', { willReadFrequently: true })!;
    }
    const [width, height] = [columns * cellPixels, rows * cellPixels];
    reader.drawImage(image, 0, 0, width, rowsOfPicture * cellPixels);
    const { data } = reader.getImageData(0, 0, width, height);
    const levels: number[] = [];
    for (let i = 0; i < columns * rows; i++) {
      const left = (i % columns) * cellPixels;
      const top = Math.floor(i / columns) * cellPixels;
      let level = 0;
      // The middle 4 × 4 pixels: the edges bleed when the picture is scaled and compressed.
      for (let y = top + 3; y < top + 7; y++)
        for (let x = left + 3; x < left + 7; x++) level += data[4 * (y * width + x) + 1]!; // Green: most of the luma.
      levels.push(level / 16);
    }
    const [darkest, brightest] = [Math.min(...levels), Math.max(...levels)];
    if (brightest - darkest < leastContrast) return undefined;
    return kit.decodeFrameCode(levels.map((level) => level > (darkest + brightest) / 2));
  };
}
