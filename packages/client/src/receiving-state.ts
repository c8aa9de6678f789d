/** How receiving stands, for debug panels and tests. */
export type ReceivingState = {
  /** Tracks that are to be received, and how many of them are. */
  wanted: number;
  received: number;
  /** In batches under way, and behind them in the queue. */
  negotiating: number;
  waiting: number;
  transports: { transportId: string; tracks: number; negotiating: boolean }[];
};
