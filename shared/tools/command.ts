// A small command: its flags, its one line of what goes on, and how it ends.
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Language } from "../html-renderer/words.ts";

/** The user's command is wrong: said in one line, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
  /** The same in Korean, where the command speaks it. */
  readonly ko: string;

  constructor(message: string, ko = message) {
    super(message);
    this.ko = ko;
  }
}

/**
 * The language that a command asks for, even where the rest of it is wrong; else that of the environment, as the C
 * library reads it (POSIX, "Internationalization Variables"); else that of the system.
 */
export function languageIn(args: readonly string[], environment = process.env): Language {
  const named = args
    .flatMap((arg, index) =>
      arg === "--lang" ? [args[index + 1]] : arg.startsWith("--lang=") ? [arg.slice(7)] : [],
    )
    .at(-1); // The last one counts, as with every flag.
  if (named === "ko" || named === "en") return named;
  const { LC_ALL, LC_MESSAGES, LANG } = environment;
  const locale = LC_ALL || LC_MESSAGES || LANG || new Intl.DateTimeFormat().resolvedOptions().locale;
  return /^ko\b|^ko_/i.test(locale) ? "ko" : "en";
}

/** A flag: what follows its name (nothing, where `value` is missing), and what `--help` says of it. */
export interface Flag {
  readonly value?: string;
  readonly help: string;
}

/** What the flags say. */
export interface Flags {
  /** What stands there besides flags. */
  readonly words: readonly string[];
  has(name: string): boolean;
  /** @returns what stands behind a flag; undefined where the flag was not given */
  text(name: string): string | undefined;
  /**
   * @returns the whole number behind a flag; undefined where the flag was not given
   * @throws UsageError where it is no whole number from `least` to `most`
   */
  number(name: string, least: number, most: number): number | undefined;
}

/**
 * Reads the flags of a command.
 *
 * @param args the words after the script's name
 * @param most how many words there may be besides flags; none, unless told
 * @throws UsageError a sentence
 */
export function readFlags(flags: Readonly<Record<string, Flag>>, args: readonly string[], most = 0): Flags {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { value }] of Object.entries(flags)) {
    options[name] = { type: value === undefined ? "boolean" : "string" };
  }
  const values = new Map<string, unknown>();
  let words: readonly string[] = [];
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: most > 0 });
    for (const [name, value] of Object.entries(parsed.values)) values.set(name, value);
    words = parsed.positionals;
  } catch (error) {
    const [sentence] = error instanceof Error ? error.message.split(/\. |\n/) : ["The command is wrong"];
    throw new UsageError(`${sentence?.replace(/\.$/, "")}. --help lists the flags.`);
  }
  const [tooMany] = words.slice(most);
  if (tooMany !== undefined) {
    throw new UsageError(`${JSON.stringify(tooMany)} is one word too many. --help lists the flags.`);
  }
  return {
    words,
    has: (name) => values.has(name),
    text: (name) => (values.has(name) ? String(values.get(name)) : undefined),
    number(name, least, most) {
      const text = values.get(name);
      if (text === undefined) return undefined;
      const number = /^[0-9]{1,10}$/.test(String(text)) ? Number(text) : Number.NaN;
      if (number >= least && number <= most) return number;
      const given = JSON.stringify(text);
      throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not ${given}.`);
    },
  };
}

/** The text of `--help`. */
export function helpOf(title: string, flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, { value = "", help }]) => {
    return `  ${`--${name} ${value}`.padEnd(24)}${help}`;
  });
  return [title, ...rows].join("\n");
}

/** Says what is wrong in one line and ends the process. */
export function fail(name: string, error: unknown, language: Language = "en"): never {
  const isKorean = language === "ko" && error instanceof UsageError;
  console.error(`${name}: ${isKorean ? error.ko : error instanceof Error ? error.message : error}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

/** What a command says of itself while it runs. */
export interface StatusLine {
  /** Shows where things stand: in place on a terminal, nowhere else. */
  show(text: string): void;
  /** Says something that stays, on a line of its own. */
  say(text: string): void;
  /** Takes the state away, for what is printed elsewhere. */
  clear(): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** What there is to know of standard output. */
type Terminal = Pick<NodeJS.WriteStream, "isTTY" | "columns"> & { write(text: string): boolean };

/** @param out standard output, or what stands in for it */
export function statusLine(out: Terminal): StatusLine {
  let shown = "";
  return {
    show(text) {
      if (!out.isTTY || text === shown) return;
      shown = text;
      // Back to the beginning, no longer than the terminal is wide (some say 0), and what stood behind it erased.
      out.write(`\r${text.slice(0, (out.columns || 80) - 1)}\x1b[K`);
    },
    say(text) {
      out.write(shown === "" ? `${text}\n` : `\r${text}\x1b[K\n`);
      shown = "";
    },
    clear() {
      if (shown !== "") out.write("\r\x1b[K");
      shown = "";
    },
    end() {
      if (shown !== "") out.write("\n");
    },
  };
}
