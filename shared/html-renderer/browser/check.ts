import { element } from "./element.ts";
import { pageNumber, pageText } from "./settings.ts";

/** What the server says of its page and its log. */
export interface ServerState {
  /** The key of the log's first message; empty while the log is empty. */
  readonly log: string;
  /** The newest id. */
  readonly newest: number;
}

/**
 * Asks the server which page and which log it has now. If it is another page than this one (another chapter, or a
 * newer build), the bar with Reload is shown.
 *
 * @returns undefined if there was no answer, or one of another server
 */
export async function checkServer(): Promise<ServerState | undefined> {
  try {
    const response = await fetch("/", {
      method: "HEAD",
      cache: "no-store",
      signal: AbortSignal.timeout(5_000),
    });
    const [version, log = "", newest] = (response.headers.get("Chat-State") ?? "").split(" ");
    element("stale", HTMLElement).hidden = !response.ok || version === pageText("version");
    return version === pageText("version") ? { log, newest: Number(newest) } : undefined;
  } catch {
    return undefined;
  }
}

/** Has the bar's button reload the page, and checks whenever somebody comes back to the tab or its window. */
export function watchForNewerPage(): void {
  element("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
  addEventListener("focus", () => void checkServer());
  document.addEventListener("visibilitychange", () => document.hidden || void checkServer());
}

/** The state that came with this page. */
export function initialState(): ServerState {
  return { log: pageText("log"), newest: pageNumber("newest") };
}
