import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import { pageLanguage } from "./reason.ts";

/** A reader within this many pixels of the end is reading along. */
const NEAR = 40;

/** Where the reader is in the conversation. */
export interface Scroll {
  /** Call it when messages were added: a reader at the end stays there, any other sees how many are new. */
  added(count: number): void;
  /** Goes to the end and stays there. */
  toEnd(): void;
}

/** Takes care of the conversation's scrolling. */
export function openScroll(): Scroll {
  const scroller = element("scroller", HTMLElement);
  const button = element("new-messages", HTMLButtonElement);
  const language = pageLanguage();
  let follows = true;
  let unread = 0;
  let last = 0;

  function follow(next: boolean): void {
    follows = next;
    // While the end is followed the browser must not hold on to an older entry as well.
    scroller.classList.toggle("at-end", follows);
    if (!follows) return;
    unread = 0;
    button.hidden = true;
  }

  function toEnd(): void {
    follow(true);
    scroller.scrollTop = scroller.scrollHeight;
  }

  scroller.addEventListener("scroll", () => {
    const left = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    // Only who moved up stopped reading along: the list may have grown since this event was caused.
    if (left < NEAR) follow(true);
    else if (scroller.scrollTop < last) follow(false);
    last = scroller.scrollTop;
  });
  button.addEventListener("click", () => {
    toEnd();
    scroller.focus();
  });

  // Once a frame, after layout: however many messages came, and whatever changed its size.
  const observer = new ResizeObserver(() => {
    if (follows) scroller.scrollTop = scroller.scrollHeight;
  });
  observer.observe(scroller);
  observer.observe(element("entries", HTMLElement));
  follow(true);

  return {
    added(count) {
      if (follows) return;
      unread += count;
      button.textContent = WORDS.newMessages[language](unread);
      button.hidden = false;
    },
    toEnd,
  };
}
