import { ANONYMOUS, type Draft, type Message } from "../../message-store/message.ts";
import { WORDS } from "../words.ts";
import { element, make } from "./element.ts";
import { remember, remembered } from "./memory.ts";
import { pageLanguage } from "./reason.ts";
import { openScroll } from "./scroll.ts";
import type { Wire } from "./wire.ts";

/** A draft of this page: it always has a key, so that a second try doubles nothing. */
export type OwnDraft = Draft & { readonly author: string; readonly key: string };

/** The conversation as it is shown: the log's messages, and below them own drafts that are not among them. */
export interface Entries {
  /** The newest id that came; the page asks for what follows it. */
  readonly cursor: number;
  /**
   * Appends messages, oldest first. One that came before is skipped.
   *
   * @returns false if one that is not newer than the cursor never came before: then the log is another one
   */
  show(messages: readonly Message[]): boolean;
  /** Empties the list: the log was reset. */
  reset(cursor: number): void;
  /** Shows a draft as being sent, at the end. */
  sending(draft: OwnDraft): void;
  /** Marks a draft as kept by the server; nothing happens if its message is shown already. */
  kept(message: Message): void;
  /** Marks a draft as failed. @returns false if there is no such draft (any more) */
  failed(key: string, reason: string): boolean;
  /** The drafts that were sent, have not failed and are not among the messages yet, oldest first. */
  unseen(): OwnDraft[];
  /** The drafts that were being sent when this tab left the page. */
  restored(): OwnDraft[];
}

interface Pending {
  readonly draft: OwnDraft;
  readonly item: HTMLLIElement;
  /** `performance.now()` when it was sent. */
  readonly at: number;
  state: "sending" | "kept" | "failed";
}

/** So many messages stay in the page; older ones are loaded when asked for. */
const MAX_ENTRIES = 400;
/** Under load the list is drawn every so many milliseconds. */
const DRAW_INTERVAL = 150;
/** Enough keys to tell own messages apart in all that the page shows after a reload. */
const MAX_KEYS = 1_000;

/** What the conversation needs of the chat. */
export interface EntriesOptions {
  /** Where to begin: the id before the first message to show. */
  readonly cursor: number;
  readonly wire: Wire;
  /** The reader wants a failed draft to be sent again. */
  retry(draft: OwnDraft): void;
  /** The reader has thrown a failed draft away. */
  discarded(): void;
  /** Reads the messages before an id, oldest first. */
  earlier(oldest: number): Promise<readonly Message[]>;
}

/** Connects to the conversation in the page. */
export function openEntries(options: EntriesOptions): Entries {
  const { wire } = options;
  const list = element("messages", HTMLOListElement);
  const region = element("log", HTMLElement);
  const pendingList = element("pending", HTMLOListElement);
  const shownLine = element("shown", HTMLElement);
  const earlierButton = element("earlier", HTMLButtonElement);
  const scroll = openScroll();
  const language = pageLanguage();
  const time = timeFormat(language);
  const ownKeys = new Set(remembered("keys").split(" "));
  const pending = new Map<string, Pending>();
  const opened = Date.now();
  let cursor = options.cursor;
  let oldest = cursor + 1;
  let most = MAX_ENTRIES;
  let undrawn: Message[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastDrawn = 0;
  /** The keys of what came, by id, as many as may be in the page. */
  const keys = new Map<number, string>();

  function forget(key: string): void {
    pending.get(key)?.item.remove();
    if (pending.delete(key)) rememberPending();
  }

  function rememberPending(): void {
    remember("drafts", JSON.stringify([...pending.values()].map(({ draft }) => draft)));
  }

  function itemOf(message: Message, previous: Element | null): HTMLLIElement {
    // The draft's own element becomes the message's: what the reader sees only moves into its place.
    const item = pending.get(message.key)?.item ?? document.createElement("li");
    forget(message.key);
    item.className = ownKeys.has(message.key) ? "own" : "other";
    item.dataset.author = message.author;
    const follows = previous instanceof HTMLElement && previous.dataset.author === message.author;
    if (follows && previous.classList.contains(item.className)) item.classList.add("follows");
    const id = make("a", "id", `#${message.id}`);
    id.href = `#${message.id}`;
    id.tabIndex = -1; // Or a keyboard would stop at each message on its way to the text field.
    item.id = String(message.id);
    fill(item, message.author, message.text, time(message.timestamp), id);
    return item;
  }

  function fill(item: HTMLLIElement, author: string, text: string, ...rest: HTMLElement[]): void {
    const name = make("span", "author", author === ANONYMOUS ? WORDS.anonymous[language] : author);
    const bubble = make("p", "bubble", text);
    // The writer's own direction, whatever the page's is (HTML, the dir attribute).
    for (const line of [name, bubble]) line.dir = "auto";
    const you = item.classList.contains("own") ? [make("span", "you", WORDS.you[language])] : [];
    item.replaceChildren(name, ...you, bubble, ...rest);
  }

  function mark({ draft, item }: Pending, state: Pending["state"], ...rest: HTMLElement[]): void {
    item.className = `own ${state}`;
    fill(item, draft.author, draft.text, ...rest);
  }

  function draw(): void {
    clearTimeout(timer);
    timer = undefined;
    lastDrawn = performance.now();
    const messages = undrawn;
    undrawn = [];
    // A long history is not read out; what is new is.
    region.ariaLive =
      messages.length > 20 || messages.every(({ timestamp }) => timestamp < opened) ? "off" : "polite";
    const batch = document.createDocumentFragment();
    for (const message of messages.slice(-most)) {
      batch.append(itemOf(message, batch.lastElementChild ?? list.lastElementChild));
    }
    list.append(batch);
    while (list.childElementCount > most) {
      list.firstElementChild?.remove();
    }
    drawShown();
    scroll.added(messages.filter(({ key }) => !ownKeys.has(key)).length);
  }

  function drawShown(): void {
    oldest = Number(list.firstElementChild?.id ?? cursor + 1);
    const isWhole = oldest <= 1;
    shownLine.hidden = isWhole;
    earlierButton.hidden = isWhole || list.childElementCount === 0;
    shownLine.textContent = WORDS.shown[language](cursor - oldest + 1, cursor);
  }

  earlierButton.addEventListener("click", async () => {
    earlierButton.disabled = true;
    const before = oldest;
    try {
      const messages = await options.earlier(before);
      if (before !== oldest) return;
      most += messages.length;
      region.ariaLive = "off";
      const batch = document.createDocumentFragment();
      for (const message of messages) batch.append(itemOf(message, batch.lastElementChild));
      scroll.keep(() => list.prepend(batch));
      drawShown();
    } catch {
      // The connection's own state says why; the button stays.
    } finally {
      earlierButton.disabled = false;
    }
  });

  function arrived(message: Message): void {
    cursor = message.id;
    keys.set(message.id, message.key);
    keys.delete(message.id - most);
    undrawn.push(message);
    const own = pending.get(message.key);
    if (own !== undefined) wire.record({ type: "shown", delay: performance.now() - own.at });
    else if (message.timestamp >= opened) {
      wire.record({ type: "shown", delay: Math.max(0, Date.now() - message.timestamp) });
    }
  }

  return {
    get cursor() {
      return cursor;
    },
    show(messages) {
      let isSameLog = true;
      for (const message of messages) {
        if (message.id > cursor) arrived(message);
        // The answer to a draft that was sent twice is its first message, which may have come long ago.
        else if (pending.has(message.key)) forget(message.key);
        else isSameLog &&= keys.get(message.id) === message.key || ownKeys.has(message.key);
      }
      const wait = lastDrawn + DRAW_INTERVAL - performance.now();
      if (undrawn.length > 0 && wait <= 0) draw();
      else if (undrawn.length > 0) timer ??= setTimeout(draw, wait);
      return isSameLog;
    },
    reset(next) {
      undrawn = [];
      keys.clear();
      list.replaceChildren();
      cursor = next;
      most = MAX_ENTRIES;
      for (const { draft, state } of [...pending.values()]) if (state === "kept") forget(draft.key);
      drawShown();
    },
    sending(draft) {
      forget(draft.key);
      ownKeys.add(draft.key);
      remember("keys", [...ownKeys].slice(-MAX_KEYS).join(" "));
      const item = document.createElement("li");
      const entry: Pending = { draft, item, at: performance.now(), state: "sending" };
      mark(entry, "sending", make("span", "state", WORDS.sending[language]));
      pending.set(draft.key, entry);
      rememberPending();
      pendingList.append(entry.item);
      scroll.toEnd();
    },
    kept({ id, key }) {
      const entry = pending.get(key);
      if (entry === undefined) return;
      if (id < oldest) return forget(key); // It is among the messages that are not shown.
      entry.state = "kept";
      mark(entry, "kept", make("span", "state", WORDS.kept[language]));
    },
    failed(key, reason) {
      const entry = pending.get(key);
      if (entry === undefined) return false;
      entry.state = "failed";
      const failure = make("p", "failure", `${WORDS.notSent[language]} ${reason}`);
      failure.role = "alert";
      const again = button(WORDS.retry[language], () => options.retry(entry.draft));
      const away = button(WORDS.discard[language], () => {
        forget(key);
        options.discarded();
      });
      const actions = make("p", "actions");
      actions.append(again, away);
      mark(entry, "failed", failure, actions);
      return true;
    },
    unseen: () => [...pending.values()].filter(({ state }) => state !== "failed").map(({ draft }) => draft),
    restored() {
      try {
        return JSON.parse(remembered("drafts") || "[]");
      } catch {
        return [];
      }
    },
  };
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
