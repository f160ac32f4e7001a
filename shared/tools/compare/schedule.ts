// Who says what, and when: made from a seed, so that all four chapters, and every run, are given the same.
import { type Random, seeded } from "../random.ts";

/** One message to be sent. */
export interface Planned {
  /** Milliseconds after the beginning. */
  readonly at: number;
  readonly text: string;
}

/** The schedules that every chapter is driven with, in the order of the tables. */
export const SCHEDULES = ["silence", "occasional", "steady", "burst"] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

/** Messages a second: one every few seconds, and a busy chat. */
export const RATES = { occasional: 0.4, steady: 10 } as const;
/** Messages of a burst, all in one moment. */
export const BURST = 50;

/** @param seconds how long it lasts @returns the messages, in the order in which they are sent */
export function scheduleOf(name: ScheduleName, seconds: number, seed: number): Planned[] {
  if (name === "silence") return [];
  if (name === "burst") return burstOf(BURST, (seconds * 1_000) / 4, seed);
  return streamOf(RATES[name], seconds, seed);
}

/** A stream of messages at a rate, each somewhere within its own share of the time: never none, never two at once. */
export function streamOf(rate: number, seconds: number, seed: number): Planned[] {
  const random = seeded(seed);
  const step = 1_000 / rate;
  const count = Math.max(1, Math.floor(rate * seconds));
  return Array.from({ length: count }, (_, index) => ({
    at: Math.round(Math.min(step, seconds * 1_000) * (index + 0.8 * random())),
    text: textFrom(random),
  }));
}

function burstOf(count: number, at: number, seed: number): Planned[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => ({ at, text: textFrom(random) }));
}

const WORDS =
  "안녕하세요 네 오늘 어디 가요 hello yes where are you 좋아요 내일 봐요 fine see you 그래요 👍".split(" ");

/** What people say in a chat: 2 to 14 words, Korean and English. */
function textFrom(random: Random): string {
  const count = 2 + Math.floor(random() ** 2 * 13);
  return Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");
}
