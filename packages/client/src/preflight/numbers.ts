/** Says measured values as people read them. */
export type Numbers = {
  /** A time in ms. */
  ms: (value: number) => string;
  /** The same, for a longer one. */
  seconds: (ms: number) => string;
  /** A bitrate in bit/s. */
  bitrate: (bps: number) => string;
  /** A rate from 0 to 1. */
  percent: (rate: number) => string;
};

/** Numbers as a language writes them (BCP 47). */
export function numbersIn(language: string): Numbers {
  const number = (value: number, digits: number) =>
    value.toLocaleString(language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: false,
    });
  return {
    ms: (value) => `${number(value, value < 10 ? 1 : 0)} ms`,
    seconds: (ms) => `${number(ms / 1_000, 1)} s`,
    bitrate: (bps) =>
      bps >= 1_000_000 ? `${number(bps / 1_000_000, 1)} Mbit/s` : `${number(bps / 1_000, 0)} kbit/s`,
    percent: (rate) => `${number(rate * 100, rate < 0.1 ? 1 : 0)} %`,
  };
}
