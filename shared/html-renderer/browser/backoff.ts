/** How long to wait before the next try. */
export interface Backoff {
  /** The next delay, in milliseconds. */
  next(): number;
  /** Starts over; call it when a try succeeded. */
  reset(): void;
}

/**
 * Exponential backoff with full jitter: each delay is random between 0 and a bound that doubles. The first is
 * random too, so that the clients of a server that went away do not return all at once (RFC 6455 §7.2.3).
 *
 * @param options `first`: the first bound, in milliseconds; `max`: what no bound exceeds; `random`: 0 ≤ n < 1
 */
export function createBackoff(options: { first: number; max: number; random: () => number }): Backoff {
  let bound = options.first;
  return {
    next() {
      const delay = options.random() * bound;
      bound = Math.min(bound * 2, options.max);
      return delay;
    },
    reset() {
      bound = options.first;
    },
  };
}
