import type { Draft, Message } from "../../message-store/message.ts";
import { WORDS } from "../words.ts";
import { element, make } from "./element.ts";
import { rememberedKeys, rememberKeys } from "./memory.ts";
import { pageLanguage } from "./reason.ts";
import { openScroll } from "./scroll.ts";

/** A draft of this page: it always has a key, so that a second try doubles nothing. */
export type OwnDraft = Draft & { readonly key: string };

/** The conversation as it is shown: the log's messages, and below them own drafts that are not among them. */
export interface Entries {
  /** The newest id that is shown; undefined before the first message. */
  readonly cursor: number | undefined;
  /**
   * Appends messages, oldest first. One that was shown before is passed over; where one is not newer than the cursor
   * and was never shown, the log was reset, and the list starts again.
   */
  show(messages: readonly Message[]): void;
  /** Shows a draft as being sent, at the end. */
  sending(draft: OwnDraft): void;
  /** Marks a draft as kept by the server; nothing happens if its message is shown already. */
  kept(key: string): void;
  /** Marks a draft as failed. @returns false if there is no such draft (any more) */
  failed(key: string, reason: string): boolean;
  /** The drafts that were sent, have not failed and are not among the messages yet, oldest first. */
  unseen(): Draft[];
}

interface Pending {
  readonly draft: OwnDraft;
  readonly item: HTMLLIElement;
  state: "sending" | "kept" | "failed";
}

/** The oldest entries leave the page (not the log), so that a page left open for a week stays quick. */
const MAX_ENTRIES = 2_000;

/**
 * Connects to the conversation in the page.
 *
 * @param retry called when the reader wants a failed draft to be sent again
 * @param discarded called when the reader has thrown a failed draft away
 */
export function openEntries(retry: (draft: OwnDraft) => void, discarded: () => void): Entries {
  const list = element("messages", HTMLOListElement);
  const pendingList = element("pending", HTMLOListElement);
  const scroll = openScroll();
  const language = pageLanguage();
  const time = timeFormat(language);
  const ownKeys = rememberedKeys();
  const pending = new Map<string, Pending>();
  const shownKeys = new Map<number, string>(); // By id, as many as there are entries.
  let cursor: number | undefined;

  function startAgain(): void {
    list.replaceChildren();
    shownKeys.clear();
    for (const { draft, state } of pending.values()) if (state === "kept") forget(draft.key);
  }

  function forget(key: string): void {
    pending.get(key)?.item.remove();
    pending.delete(key);
  }

  // The answer to a draft that was sent twice is its first message, which may have been shown long ago.
  function isRepeated({ id, key }: Message): boolean {
    if (cursor === undefined || id > cursor) return false;
    const repeated = pending.has(key) || shownKeys.get(id) === key;
    if (repeated) forget(key);
    return repeated;
  }

  function entryOf(message: Message, previous: Element | null): HTMLLIElement {
    // The draft's own element becomes the message's: what the reader sees only moves into its place.
    const item = pending.get(message.key)?.item ?? document.createElement("li");
    forget(message.key);
    item.className = ownKeys.has(message.key) ? "own" : "other";
    item.dataset.author = message.author;
    const follows = previous instanceof HTMLElement && previous.dataset.author === message.author;
    if (follows && previous.classList.contains(item.className)) item.classList.add("follows");
    fill(item, message.author, message.text, time(message.timestamp));
    return item;
  }

  function mark({ draft, item }: Pending, state: Pending["state"], ...rest: HTMLElement[]): void {
    item.className = `own ${state}`;
    fill(item, draft.author ?? WORDS.anonymous[language], draft.text, ...rest);
  }

  return {
    get cursor() {
      return cursor;
    },
    show(received) {
      const messages = received.filter((message) => !isRepeated(message));
      const first = messages[0];
      if (first === undefined) return;
      if (cursor !== undefined && first.id <= cursor) startAgain();
      const batch = document.createDocumentFragment();
      for (const message of messages) {
        batch.append(entryOf(message, batch.lastElementChild ?? list.lastElementChild));
        cursor = message.id;
        shownKeys.set(message.id, message.key);
        shownKeys.delete(message.id - MAX_ENTRIES);
      }
      list.append(batch);
      while (list.childElementCount > MAX_ENTRIES) list.firstElementChild?.remove();
      scroll.added(messages.length);
    },
    sending(draft) {
      forget(draft.key);
      ownKeys.add(draft.key);
      rememberKeys(ownKeys);
      const entry: Pending = { draft, item: document.createElement("li"), state: "sending" };
      mark(entry, "sending", make("span", "state", WORDS.sending[language]));
      pending.set(draft.key, entry);
      pendingList.append(entry.item);
      scroll.toEnd();
    },
    kept(key) {
      const entry = pending.get(key);
      if (entry === undefined) return;
      entry.state = "kept";
      mark(entry, "kept", make("span", "state", WORDS.kept[language]));
    },
    failed(key, reason) {
      const entry = pending.get(key);
      if (entry === undefined) return false;
      entry.state = "failed";
      const failure = make("p", "failure", `${WORDS.notSent[language]} ${reason}`);
      failure.role = "alert";
      const again = button(WORDS.retry[language], () => retry(entry.draft));
      const away = button(WORDS.discard[language], () => {
        forget(key);
        discarded();
      });
      const actions = make("p", "actions");
      actions.append(again, away);
      mark(entry, "failed", failure, actions);
      return true;
    },
    unseen: () => [...pending.values()].filter(({ state }) => state !== "failed").map(({ draft }) => draft),
  };
}

function fill(item: HTMLLIElement, author: string, text: string, ...rest: HTMLElement[]): void {
  const lines = [make("span", "author", author), make("p", "bubble", text)];
  // The writer's own direction, whatever the page's is (HTML, the dir attribute).
  for (const line of lines) line.dir = "auto";
  item.replaceChildren(...lines, ...rest);
}

function button(label: string, act: () => void): HTMLButtonElement {
  const made = make("button", "", label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function timeFormat(language: string): (timestamp: number) => HTMLTimeElement {
  const today = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const earlier = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
  return (timestamp) => {
    const date = new Date(timestamp);
    // A log may be written by hand; one odd line must not take the page down.
    if (Number.isNaN(date.getTime())) return make("time", "");
    const isToday = date.toDateString() === new Date().toDateString();
    const made = make("time", "", (isToday ? today : earlier).format(date));
    made.dateTime = date.toISOString();
    return made;
  };
}
