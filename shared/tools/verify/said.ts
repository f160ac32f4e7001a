// What is said of a server, in both languages.
import type { Language } from "../../html-renderer/words.ts";

/** A sentence, or a part of one, Korean beside English. */
export type Said = Readonly<Record<Language, string>>;

/** A promise that is broken: `message` is what was seen, in English. */
export class Broken extends Error {
  override name = "Broken";
  readonly seen: Said;
  /** The lines that show it; undefined where the last ones of the wire do. */
  readonly why: readonly string[] | undefined;

  constructor(seen: Said, why?: readonly string[]) {
    super(seen.en);
    this.seen = seen;
    this.why = why;
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
export function broken(en: string, ko: string, why?: readonly string[]): never {
  throw new Broken({ en, ko }, why);
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

/** Bytes for a reader. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Milliseconds for a reader. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
