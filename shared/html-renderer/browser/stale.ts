import { element } from "./element.ts";

/**
 * Watches for a page that is newer than this one, and says so: on each call, and when somebody comes back to the tab.
 *
 * @returns checks once; it never rejects, for a check that fails says nothing about the page
 */
export function watchForNewerPage(): () => Promise<void> {
  const bar = element("stale", HTMLElement);
  element("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
  let first: string | null = null;

  async function check(): Promise<void> {
    try {
      const address = location.pathname + location.search;
      const response = await fetch(address, {
        method: "HEAD",
        cache: "no-store",
        signal: AbortSignal.timeout(10_000),
      });
      const etag = response.ok ? response.headers.get("ETag") : null;
      first ??= etag;
      bar.hidden = etag === null || etag === first;
    } catch {
      // The connection's own state tells of it.
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void check();
  });
  // Somebody may come back from an editor in another window: this one was visible all the time.
  addEventListener("focus", () => void check());
  void check();
  return check;
}
