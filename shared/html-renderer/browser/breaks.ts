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
    const mine = new Promise<void>((resolve) => setTimeout(resolve, OFFLINE));
    offline = mine;
    actions.drop();
    const said = WORDS.offlineFor[language](OFFLINE / 1_000);
    void mine.then(() => {
      // Unless the reader has pressed a button since.
      if (offline === mine && output.textContent === said) output.textContent = "";
    });
    return said;
  });
  on("break-repeat", () => WORDS[actions.repeat() ? "repeated" : "nothingToRepeat"][language]);
  return { online: () => offline };
}
