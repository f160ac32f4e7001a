// The technique in numbers, since the page was opened.
import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import { pageLanguage } from "./reason.ts";
import { pageText } from "./settings.ts";
import type { Wire, WireRecord } from "./wire.ts";

/** How often the numbers change, at most, in milliseconds. */
const REWRITE = 250;
/** The median is that of so many delays. */
const DELAYS = 100;
/** How long a server holds a request, in seconds (ch10). */
const HOLD = 25;

/** What was counted, and the times of the last events. */
export interface Numbers {
  requests: number;
  empty: number;
  messages: number;
  cursor: number | undefined;
  /** The newest delays, in milliseconds, the newest last. */
  readonly delays: number[];
  /** The request that was sent last: its path with its cursor. */
  request: string;
  /** Since when a request waits for its answer. */
  waitingSince: number | undefined;
  heardAt: number | undefined;
  lostAt: number | undefined;
}

/** @returns numbers of nothing */
export function createNumbers(): Numbers {
  return {
    requests: 0,
    empty: 0,
    messages: 0,
    cursor: undefined,
    delays: [],
    request: "",
    waitingSince: undefined,
    heardAt: undefined,
    lostAt: undefined,
  };
}

/** Counts one event. */
export function count(numbers: Numbers, record: WireRecord): void {
  const { at } = record;
  switch (record.type) {
    case "request":
      numbers.requests += 1;
      numbers.request = record.url.replace(/^\w+:\/\/[^/]*/, "");
      numbers.waitingSince = at;
      return;
    case "answer":
      if (record.messages === 0) numbers.empty += 1;
      numbers.messages += record.messages;
      break;
    case "message":
      numbers.messages += record.messages;
      break;
    case "open":
    case "heartbeat":
      break;
    case "break":
      numbers.waitingSince = undefined;
      numbers.lostAt ??= at;
      return;
    case "shown":
      // Two clocks are compared: a message can seem to come before it was sent.
      numbers.delays.push(Math.max(0, record.delay));
      if (numbers.delays.length > DELAYS) numbers.delays.shift();
      return;
    case "cursor":
      numbers.cursor = record.cursor;
      return;
    case "sent":
      return;
  }
  numbers.waitingSince = undefined;
  numbers.lostAt = undefined;
  numbers.heardAt = at;
}

/** @returns the middle one of some numbers; the mean of the two in the middle; undefined if there are none */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Shows the numbers of what is recorded from now on. */
export function openNumbers(wire: Wire): void {
  const language = pageLanguage();
  const numbers = createNumbers();
  const chapter = pageText("chapter");
  const request = requestText();

  function duration(ms: number): string {
    if (ms < 1_000) return WORDS.milliseconds[language](Math.round(ms));
    return WORDS.seconds[language]((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0));
  }

  function delay(): string {
    const [last, middle] = [numbers.delays.at(-1), median(numbers.delays)];
    if (last === undefined || middle === undefined) return "–";
    return `${duration(last)} (${duration(middle)})`;
  }

  /** The last sign of life, in words of the technique. */
  function sign(): string {
    const now = performance.now();
    const since = (time: number) => Math.floor(Math.max(0, now - time) / 1_000);
    const { waitingSince, heardAt, lostAt } = numbers;
    const waited = waitingSince === undefined ? 0 : since(waitingSince);
    // Here no answer is a good sign, also after the connection was lost: a request that fails does so at once.
    if (waited > 0 && chapter === "ch10-long-polling") return WORDS.heldFor[language](waited, HOLD);
    if (lostAt !== undefined) return WORDS.lostAgo[language](since(lostAt));
    if (waited > 0) return WORDS.waitedFor[language](waited);
    if (heardAt === undefined) return "–";
    return WORDS[chapter < "ch11" ? "answeredAgo" : "heardAgo"][language](since(heardAt));
  }

  const lines = [
    [element("requests", HTMLElement), () => String(numbers.requests)],
    [element("empty-answers", HTMLElement), () => String(numbers.empty)],
    [element("received", HTMLElement), () => String(numbers.messages)],
    [element("cursor", HTMLElement), () => String(numbers.cursor ?? "–")],
    [element("delay", HTMLElement), delay],
    [element("sign", HTMLElement), sign],
    [request, () => /after=(\d+)/.exec(numbers.request)?.[1] ?? "ID"],
  ] as const;
  wire.subscribe((record) => count(numbers, record));
  setInterval(() => {
    if (document.hidden) return;
    for (const [node, value] of lines) {
      const text = value();
      if (node.textContent !== text) node.textContent = text;
    }
  }, REWRITE);
}

/** Where the request that the page shows says `ID`. */
function requestText(): Text {
  const text = document.querySelector(".request code")?.firstChild;
  if (!(text instanceof Text)) throw new Error("The page shows no request.");
  const id = text.splitText(text.data.indexOf("ID"));
  id.splitText("ID".length);
  return id;
}
