/** A tab that nobody looks at asks this seldom, in milliseconds. */
const HIDDEN_INTERVAL = 10_000;

/** Resolves after `ms` (in a hidden tab after `HIDDEN_INTERVAL` at least), or as early as `wait` does. */
export function pause(ms: number): Promise<void> {
  return wait(document.hidden ? Math.max(ms, HIDDEN_INTERVAL) : ms);
}

/** Resolves after `ms`, or at once when the tab becomes visible or the network comes back. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const wake = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(wake, ms);
    addEventListener("online", wake, { signal: over.signal });
    const seen = () => document.hidden || wake();
    document.addEventListener("visibilitychange", seen, { signal: over.signal });
  });
}
