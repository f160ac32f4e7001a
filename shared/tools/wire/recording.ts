// A recording as a file: a line of JSON for each record, to be read with `less` and opened again.
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";
import type { Direction, FaultName, Source, Time } from "./events.ts";
import { isObject, parsed } from "./messages.ts";
import type { TrafficRecord } from "./records.ts";
import type { ProblemKey } from "./words.ts";

/** What a recording begins with. */
export interface Beginning {
  readonly sources: readonly Source[];
  /** When it began, in milliseconds since the epoch. */
  readonly began: number;
}

/** What keeps a recording from being whole. */
export interface RecordingProblem {
  readonly key: ProblemKey;
  /** From 1 on. */
  readonly line: number;
}

/** The first line of each recording says so. */
const FORMAT = "wire";
const VERSION = 1;

/**
 * @param now when it is saved
 * @returns its lines, each with its line end
 */
export function* linesOf(
  beginning: Beginning,
  records: Iterable<TrafficRecord>,
  now: number,
): Generator<string> {
  const sources = beginning.sources.map(({ source, name, to }) => ({ source, name, to }));
  yield line({ recording: FORMAT, version: VERSION, began: beginning.began, sources });
  for (const record of records) yield line(written(record));
  yield line({ at: now, type: "saved" });
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Bytes that are text are written as text, so that a recording can be read. */
function written(record: TrafficRecord): unknown {
  if (record.type !== "bytes") return record;
  const { bytes, late, skipped, ...rest } = record;
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  return {
    ...rest,
    ...(late && { late }),
    ...(skipped > 0 && { skipped }),
    ...(isText ? { text } : { base64: bytes.toString("base64") }),
  };
}

/**
 * Reads a recording as far as it goes.
 *
 * @param onBeginning called first
 * @param onRecord takes each record; returns false where it does not fit those before it
 * @returns how far it goes, and what is wrong; where that is empty the recording is whole
 * @throws Error a sentence, where it is no recording at all
 */
export function readRecording(
  text: string,
  onBeginning: (beginning: Beginning) => void,
  onRecord: (record: TrafficRecord) => boolean,
): { readonly now: Time; readonly problems: RecordingProblem[] } {
  const lines = text.split("\n");
  const beginning = beginningOf(parsed(lines[0] ?? ""));
  onBeginning(beginning);
  let now = 0;
  const stopAt = (key: ProblemKey, number: number) => ({ now, problems: [{ key, line: number }] });
  for (const [index, each] of lines.entries()) {
    if (index === 0) continue;
    const value = parsed(each);
    const at = isObject(value) ? value["at"] : undefined;
    if (!isObject(value) || typeof at !== "number" || !(at >= now) || !Number.isFinite(at)) {
      return stopAt(each === "" && index === lines.length - 1 ? "noEnd" : "badLine", index + 1);
    }
    if (value["type"] === "saved") return { now: at, problems: [] };
    const record = recordOf(value, at);
    if (record === undefined) return stopAt("badLine", index + 1);
    if (!onRecord(record)) return stopAt("misplacedLine", index + 1);
    now = at;
  }
  return stopAt("noEnd", lines.length);
}

function beginningOf(value: unknown): Beginning {
  if (!isObject(value) || value["recording"] !== FORMAT) {
    throw new Error("This is no recording: give a file that the viewer has saved.");
  }
  if (value["version"] !== VERSION) {
    throw new Error("The recording was saved by another version: open it with that one.");
  }
  const { began, sources } = value;
  const read = Array.isArray(sources) ? sources.slice(0, MAX_SOURCES).flatMap(sourceOf) : [];
  if (read.length === 0) throw new Error("The recording's first line names no source: it was edited.");
  return { began: typeof began === "number" && Number.isFinite(began) ? began : 0, sources: read };
}

const MAX_SOURCES = 16;

function sourceOf(value: unknown, index: number): Source[] {
  if (!isObject(value)) return [];
  const { name, to } = value;
  const known = CHAPTER_NAMES.find((chapter) => chapter === name);
  const port = isCount(to) ? to : 0;
  return [{ source: index + 1, name: known ?? `port ${port}`, to: port, port: 0, url: "", framed: false }];
}

function recordOf(value: Readonly<Record<string, unknown>>, at: number): TrafficRecord | undefined {
  const { type, connection, source, direction, fault } = value;
  if (type === "clear") return { type, at };
  if (type === "fault") {
    const name = FAULTS.find((each) => each === fault);
    if (!isCount(source) || !name || typeof value["on"] !== "boolean") return undefined;
    const way = directionOf(direction);
    const ms = isCount(value["ms"]) ? value["ms"] : undefined;
    const record = { type, at, source, fault: name, on: value["on"] } as const;
    return { ...record, ...(way && { direction: way }), ...(ms !== undefined && { ms }) };
  }
  if (!isCount(connection)) return undefined;
  if (type === "open" || type === "refused") {
    return isCount(source) ? { type, at, connection, source } : undefined;
  }
  if (type === "close") {
    const how = ENDS.find((each) => each === value["how"]);
    return how && { type, at, connection, how };
  }
  const way = directionOf(direction);
  if (!way) return undefined;
  if (type === "end") return { type, at, connection, direction: way };
  if (type === "passed") {
    return isCount(value["to"]) ? { type, at, connection, direction: way, to: value["to"] } : undefined;
  }
  const bytes = bytesOf(value);
  if (type !== "bytes" || !bytes) return undefined;
  const skipped = isCount(value["skipped"]) ? value["skipped"] : 0;
  return { type, at, connection, direction: way, bytes, late: value["late"] === true, skipped };
}

const FAULTS: readonly FaultName[] = ["cut", "refuse", "delay", "stall", "split"];
const ENDS = ["closed", "reset", "cut", "unreachable"] as const;

function directionOf(value: unknown): Direction | undefined {
  return value === "upstream" || value === "downstream" ? value : undefined;
}

function bytesOf({ text, base64 }: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (typeof text === "string") return Buffer.from(text);
  if (typeof base64 !== "string") return undefined;
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 ? bytes : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
