// What is said of a server, in both languages.
import type { Language } from "../../html-renderer/words.ts";

/** A sentence, or a part of one, Korean beside English. */
export type Said = Readonly<Record<Language, string>>;

/** What the notes tell of under one heading. */
export type Topic =
  | "open"
  | "read"
  | "cache"
  | "return"
  | "send"
  | "text"
  | "pieces"
  | "large"
  | "kept"
  | "turns"
  | "logs"
  | "door"
  | "paths"
  | "broken"
  | "leave"
  | "slow"
  | "hold"
  | "stop"
  | "beat"
  | "format"
  | "frames"
  | "codes"
  | "handshake"
  | "promises";

/** A promise that is broken: `message` is what was seen, in English. */
export class Broken extends Error {
  override name = "Broken";
  readonly seen: Said;
  /** The lines that show it; undefined where the last ones of the wire do. */
  readonly why: readonly string[] | undefined;
  /** What it is about; undefined where that is its promise's own topic. */
  readonly topic: Topic | undefined;

  constructor(seen: Said, why?: readonly string[], topic?: Topic) {
    super(seen.en);
    this.seen = seen;
    this.why = why;
    this.topic = topic;
  }
}

/** A promise that cannot be tried here. */
export class Untried extends Error {
  override name = "Untried";
  readonly reason: Said;

  constructor(reason: Said) {
    super(reason.en);
    this.reason = reason;
  }
}

/** @throws Broken */
export function broken(en: string, ko: string, why?: readonly string[], topic?: Topic): never {
  throw new Broken({ en, ko }, why, topic);
}

/** Puts a text into quotes, shortened, with what cannot be seen made visible. */
export function quoted(text: string, length = 60): string {
  const visible = JSON.stringify(text).slice(1, -1);
  return `“${visible.length > length ? `${visible.slice(0, length - 1)}…` : visible}”`;
}

/** A line for `--why`. */
export function shortened(text: string, length = 150): string {
  const line = text.replace(/[\r\n]+/g, "⏎");
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/** How the digits end when they are read aloud in Korean: 0 as in 200 (이백), 1 (일), …: has it a final consonant? */
const FINAL = [true, true, false, true, false, false, true, true, true, false];

/** @returns undefined where the last letter is neither Korean nor a digit */
function finalOf(text: string): "none" | "ㄹ" | "other" | undefined {
  const last = text.at(-1) ?? "";
  if (/[0-9]/.test(last)) return FINAL[Number(last)] ? (/[178]/.test(last) ? "ㄹ" : "other") : "none";
  const letter = last.charCodeAt(0) - 0xac00;
  if (!(letter >= 0 && letter < 11_172)) return undefined;
  return letter % 28 === 0 ? "none" : letter % 28 === 8 ? "ㄹ" : "other";
}

/** A Korean word with 로 or 으로 behind it. */
export function withRo(text: string): string {
  return `${text}${finalOf(text) === "other" ? "으로" : "로"}`;
}

/** A Korean word with 이 or 가 behind it. */
export function withIga(text: string): string {
  return `${text}${["ㄹ", "other"].includes(finalOf(text) ?? "none") ? "이" : "가"}`;
}

/** Bytes for a reader. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Milliseconds for a reader. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
