import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import { pageLanguage } from "./reason.ts";

/** How long the page stays offline, in milliseconds. */
const OFFLINE = 5_000;

/** The buttons with which the reader breaks this page's connection. */
export interface Breaks {
  /** Resolves when the page is not offline (any more). */
  online(): Promise<void>;
}

/**
 * Connects to the buttons.
 *
 * @param actions `drop` ends the connection; `repeat` sends the last draft again and returns false if there is none
 */
export function openBreaks(actions: { drop(): void; repeat(): boolean }): Breaks {
  const language = pageLanguage();
  const output = element("broken", HTMLElement);
  let offline: Promise<void> = Promise.resolve();
  const on = (id: string, act: () => string) =>
    element(id, HTMLButtonElement).addEventListener("click", () => {
      output.textContent = act();
    });
  on("break-drop", () => {
    actions.drop();
    return WORDS.dropped[language];
  });
  on("break-offline", () => {
    offline = new Promise((resolve) => setTimeout(resolve, OFFLINE));
    actions.drop();
    return WORDS.offlineFor[language](OFFLINE / 1_000);
  });
  on("break-repeat", () => WORDS[actions.repeat() ? "repeated" : "nothingToRepeat"][language]);
  return { online: () => offline };
}
