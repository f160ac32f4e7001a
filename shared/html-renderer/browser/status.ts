import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import { wait } from "./pause.ts";
import { pageLanguage } from "./reason.ts";

/** The state of the connection; `stopped` is what an error that nobody caught leaves behind. */
export type State = "connecting" | "connected" | "reconnecting" | "stopped";

/** The line that tells of the connection. */
export interface Status {
  readonly state: State;
  set(state: State, reason?: string): void;
  /** Shows a reason and leaves the state as it is. */
  note(reason: string): void;
  /** Counts down, and resolves when it is time: after `delay` ms, or earlier if a try has better chances. */
  countDown(delay: number, reason: string): Promise<void>;
}

/** Connects to the status line in the page. */
export function openStatus(): Status {
  const bar = element("status", HTMLElement);
  const label = element("state", HTMLElement);
  const reasonLine = element("reason", HTMLElement);
  // Hidden from screen readers, which would read out each second (WAI-ARIA 1.2, aria-live).
  const countdown = element("countdown", HTMLElement);
  const language = pageLanguage();
  let state: State = "connecting";

  function set(next: State, reason = ""): void {
    state = next;
    bar.dataset.state = next;
    write(label, WORDS[next][language]);
    write(reasonLine, reason);
  }

  addEventListener("error", ({ error }) => {
    if (error instanceof Error) set("stopped", error.message);
  });
  addEventListener("unhandledrejection", ({ reason }) => set("stopped", String(reason)));

  return {
    get state() {
      return state;
    },
    set,
    note: (reason) => write(reasonLine, reason),
    async countDown(delay, reason) {
      set("reconnecting", reason);
      const end = performance.now() + delay;
      const tick = () => {
        const seconds = Math.max(1, Math.ceil((end - performance.now()) / 1_000));
        write(countdown, WORDS.reconnectingIn[language](seconds));
      };
      tick();
      const timer = setInterval(tick, 200);
      await wait(delay);
      clearInterval(timer);
      write(countdown, "");
    },
  };
}

// The same words written again would be read out again.
function write(line: HTMLElement, text: string): void {
  if (line.textContent !== text) line.textContent = text;
}
