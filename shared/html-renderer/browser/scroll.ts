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
  /** Changes something above what the reader sees, which stays in its place. */
  keep(change: () => void): void;
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
  // The number of messages that came while nobody looked, in the tab's title.
  const title = document.title;
  let unseen = 0;
  function showUnseen(count: number): void {
    unseen = count;
    document.title = count > 0 ? `(${count}) ${title}` : title;
  }
  document.addEventListener("visibilitychange", () => showUnseen(0));

  // The button lies over the list, and would keep the wheel from it.
  button.addEventListener("wheel", ({ deltaY }) => scroller.scrollBy({ top: deltaY }), { passive: true });
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
      if (document.hidden) showUnseen(unseen + count);
      if (follows || count === 0) return;
      unread += count;
      button.textContent = WORDS.newMessages[language](unread);
      button.hidden = false;
    },
    toEnd,
    keep(change) {
      const { scrollHeight, scrollTop } = scroller;
      change();
      scroller.scrollTop = scrollTop + scroller.scrollHeight - scrollHeight;
    },
  };
}
