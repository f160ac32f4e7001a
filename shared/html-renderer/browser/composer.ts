import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import type { OwnDraft } from "./entries.ts";
import { remember, remembered } from "./memory.ts";
import { pageLanguage } from "./reason.ts";

/** Where the reader writes. */
export interface Composer {
  focus(): void;
}

/**
 * Connects to the form.
 *
 * @param send called with each draft that the reader submits
 */
export function openComposer(send: (draft: OwnDraft) => void): Composer {
  const form = element("composer", HTMLFormElement);
  const author = element("author", HTMLInputElement);
  const text = element("text", HTMLTextAreaElement);
  const scroller = element("scroller", HTMLElement);

  // As high as what is written; the style sets the limit. Measuring it changes the layout, and with it the scroll
  // position of the conversation, which is put back.
  function grow(): void {
    const { scrollTop } = scroller;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
    scroller.scrollTop = scrollTop;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim() === "") return text.focus();
    remember("name", author.value.trim());
    send({ text: text.value, author: author.value.trim() || author.placeholder, key: newKey() });
    text.value = "";
    remember("text", "");
    grow();
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    // An Enter that ends a Hangul syllable is the input method's; Safari tells by 229 (UI Events §9.3.1).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  text.addEventListener("input", () => {
    remember("text", text.value);
    grow();
  });
  author.value ||= remembered("name");
  // Without a name of their own, two readers could not be told apart.
  author.placeholder = remembered("guest") || WORDS.guest[pageLanguage()](Math.floor(Math.random() * 1_000));
  remember("guest", author.placeholder);
  text.value ||= remembered("text");
  // Browsers put back what was written before a reload, some of them after this script.
  addEventListener("pageshow", grow);
  grow();
  return { focus: () => text.focus() };
}

function newKey(): string {
  // Plain http on another host than localhost is no secure context, and has no randomUUID (Web Cryptography).
  if (isSecureContext) return crypto.randomUUID();
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}
