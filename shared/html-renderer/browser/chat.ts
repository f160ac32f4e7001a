// The chat as a chapter's client sees it: it receives and sends; what a message looks like is decided here.

import type { Draft } from "../../message-store/message.ts";
import { createBackoff } from "./backoff.ts";
import { element } from "./element.ts";
import { type Entries, type OwnDraft, openEntries } from "./entries.ts";
import { rememberedName, rememberName } from "./memory.ts";
import { reasonOf } from "./reason.ts";
import { watchForNewerPage } from "./stale.ts";
import { openStatus } from "./status.ts";

/** The page's chat. */
export interface Chat extends Pick<Entries, "show" | "unseen"> {
  /** The newest id that is shown; undefined before the first message. */
  readonly cursor: number | undefined;
  /** The absolute URL of a path on this server, with `?after=CURSOR` if there is a cursor. */
  url(path: string): string;
  /** The number that the server gave the page as `data-NAME`. @throws Error there is none */
  setting(name: string): number;
  /** The server refused a draft; a key that is not known (any more) puts the reason into the status line. */
  refused(key: string | undefined, reason: string): void;
  /** The connection is there (again). It may be called as often as one likes. */
  connected(): void;
  /** A request was sent that the server may hold: if it has not failed after two seconds, that is a connection. */
  held(): void;
  /** The connection is lost: shows why, counts down, and resolves when it is time to try again. */
  offline(reason: string): Promise<void>;
  /** The connection is lost, and the browser itself tries again; the reason is whatever `reasonOf` takes. */
  waiting(reason: unknown): void;
}

/** In milliseconds: longer than a client pauses after an answer at once, so that a row of errors is no connection. */
const HELD_AFTER = 2_000;

/**
 * Connects the chat to the page that the server rendered.
 *
 * @param send sends a draft. A promise that resolves means "kept", one that rejects (or a throw) "failed";
 *   if it returns undefined, the draft is being sent until it is shown or refused
 */
export function openChat(send: (draft: Draft) => unknown): Chat {
  const form = element("composer", HTMLFormElement);
  const author = element("author", HTMLInputElement);
  const text = element("text", HTMLTextAreaElement);
  const status = openStatus();
  const entries = openEntries(dispatch, () => text.focus());
  const checkForNewerPage = watchForNewerPage();
  const backoff = createBackoff({ first: 1_000, max: 15_000, random: Math.random });

  let heldTimer: ReturnType<typeof setTimeout> | undefined;

  function connected(): void {
    clearTimeout(heldTimer);
    if (status.state === "connected") return;
    if (status.state !== "connecting") void checkForNewerPage();
    status.set("connected");
    backoff.reset();
  }

  async function dispatch(draft: OwnDraft): Promise<void> {
    entries.sending(draft);
    text.focus();
    try {
      const answer = send(draft);
      if (answer === undefined) return;
      await answer;
      entries.kept(draft.key);
    } catch (error) {
      entries.failed(draft.key, reasonOf(error));
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim() === "") return text.focus();
    const name = author.value.trim();
    rememberName(name);
    // A refusal that was noted is over; why the connection is lost is not.
    if (status.state === "connected") status.note("");
    const draft = { text: text.value, ...(name && { author: name }), key: newKey() };
    text.value = "";
    grow(text);
    void dispatch(draft);
  });
  text.addEventListener("keydown", (event) => {
    // An Enter that ends a Hangul syllable is the input method's; Safari tells by 229 (UI Events §5.6.4).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  text.addEventListener("input", () => grow(text));
  author.value ||= rememberedName();

  return {
    get cursor() {
      return entries.cursor;
    },
    url(path) {
      const url = new URL(path, location.origin);
      if (entries.cursor !== undefined) url.searchParams.set("after", String(entries.cursor));
      return url.href;
    },
    setting(name) {
      const value = document.documentElement.getAttribute(`data-${name}`);
      const number = Number(value ?? Number.NaN);
      if (Number.isNaN(number)) throw new Error(`The page has no number data-${name}.`);
      return number;
    },
    show: entries.show,
    unseen: entries.unseen,
    refused(key, reason) {
      if (key === undefined || !entries.failed(key, reason)) status.note(reason);
    },
    connected,
    held() {
      clearTimeout(heldTimer);
      heldTimer = setTimeout(connected, HELD_AFTER);
    },
    offline(reason) {
      clearTimeout(heldTimer);
      return status.countDown(backoff.next(), reason);
    },
    waiting(reason) {
      clearTimeout(heldTimer);
      status.set("reconnecting", reasonOf(reason));
    },
  };
}

// As high as what is written; the style sets the limit.
function grow(text: HTMLTextAreaElement): void {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

function newKey(): string {
  // Plain http on another host than localhost is no secure context, and has no randomUUID (Web Cryptography).
  if (isSecureContext) return crypto.randomUUID();
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}
