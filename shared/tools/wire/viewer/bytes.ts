// Bytes in hexadecimal and as text, side by side, and what each of them means.
import type { Label, OpenedEvent } from "../events.ts";
import { LABELS, type LabelKey, type Language, MEANINGS } from "../words.ts";
import { button, make } from "./dom.ts";
import { linkOf } from "./specifications.ts";
import { SAYS } from "./words.ts";

/** So many bytes are shown at first, and more by as many. */
const PART = 1_024;
/** So many colours there are in the style sheet; neighbours have different ones. */
const COLOURS = 6;

/** What is no text, though some of its bytes may look like it. */
const BINARY: ReadonlySet<LabelKey> = new Set<LabelKey>([
  ...(["fin", "rsv", "opcode", "masked", "length7", "length16", "length64", "maskKey"] as const),
  ...(["maskedPayload", "closeCode", "ciphertext", "raw"] as const),
]);

/** Bytes that have the same innermost meaning, or none. */
interface Run {
  readonly from: number;
  readonly to: number;
  /** The places of its labels in the list; the innermost last. */
  readonly labels: readonly number[];
}

/**
 * Shows an event's bytes with their labels. To hover or focus one shows the other.
 *
 * @param width so many bytes a line
 * @returns the elements: the bytes, and the list of labels
 */
export function showBytes(opened: OpenedEvent, language: Language, width: 8 | 16): HTMLElement[] {
  const bytes = Uint8Array.from(atob(opened.bytes), (letter) => letter.charCodeAt(0));
  const { labels } = opened;
  const runs = runsOf(labels, opened.from, opened.from + bytes.length);
  const colours = coloursOf(runs, labels);
  const letters = runs.flatMap(({ from, to, labels: inside }) => {
    const most = labels[inside.at(-1) ?? -1];
    return lettersOf(bytes.subarray(from - opened.from, to - opened.from), !BINARY.has(most?.key ?? "raw"));
  });

  const dump = make("div", "dump");
  dump.style.setProperty("--bytes", String(width));
  dump.tabIndex = 0;
  dump.role = "group";
  dump.ariaLabel = SAYS.hexadecimal[language];
  const list = make("ol", "meanings");
  list.ariaLabel = SAYS.meanings[language];
  const cells: HTMLElement[][] = labels.map(() => []);
  const entries = labels.map((label, index) => entryOf(label, index));
  let lit: readonly number[] = [];

  /** Highlights labels and their bytes; the last is the one that says most. */
  function light(next: readonly number[]): void {
    for (const index of lit) {
      entries[index]?.classList.remove("lit", "most");
      for (const cell of cells[index] ?? []) cell.classList.remove("lit", "most");
    }
    lit = next;
    for (const index of lit) {
      const isMost = index === lit.at(-1);
      entries[index]?.classList.add("lit");
      entries[index]?.classList.toggle("most", isMost);
      if (!isMost) continue;
      for (const cell of cells[index] ?? []) cell.classList.add("lit");
    }
  }

  function entryOf(label: Label, index: number): HTMLElement {
    const { key, value, meaning, spec, bits, from, to } = label;
    const entry = make("li", "meaning");
    entry.dataset.label = String(index);
    entry.tabIndex = 0;
    const depth = labels.filter((other) => other !== label && holds(other, label)).length;
    entry.dataset.depth = String(Math.min(3, depth));
    const colour = colours.get(index);
    if (colour !== undefined) entry.dataset.colour = String(colour);
    const name = make("b", "", LABELS[key][language]);
    entry.append(name);
    if (value !== "") entry.append(" ", make("code", "", value));
    if (meaning) entry.append(" ", make("span", "means", MEANINGS[meaning][language]));
    const source = make("span", "source", placeOf(from - opened.from, to - opened.from));
    if (bits) source.append(`, ${SAYS.bits[language](...bits)}`);
    source.append(" · ", linkTo(spec));
    entry.append(" ", source);
    entry.addEventListener("pointerenter", () => light([index]));
    entry.addEventListener("focusin", () => {
      light([index]);
      cells[index]?.[0]?.scrollIntoView({ block: "nearest" });
    });
    return entry;
  }

  /** Adds bytes to what is shown. */
  function add(from: number): void {
    const to = Math.min(bytes.length, from + PART);
    for (let at = from; at < to; at += width) {
      const row = make("div", "row");
      const hex = make("div", "hex");
      const text = make("div", "text");
      for (let index = at; index < Math.min(to, at + width); index += 1) {
        const byte = bytes[index] ?? 0;
        const place = opened.from + index;
        const run = runs.find((each) => place < each.to);
        const isRun = run !== undefined && place >= run.from;
        for (const [parent, shown] of [
          [hex, byte.toString(16).padStart(2, "0")],
          [text, letters[index] ?? ""],
        ] as const) {
          const cell = parent.appendChild(make("span", "byte", shown));
          if (place < opened.event.from || place >= opened.event.to) cell.classList.add("around");
          if (!isRun) continue;
          const most = run.labels.at(-1);
          if (most === undefined) continue;
          cell.dataset.colour = String(colours.get(most) ?? 0);
          cell.dataset.run = String(runs.indexOf(run));
          for (const label of run.labels) cells[label]?.push(cell);
        }
      }
      row.append(make("span", "offset", at.toString(16).padStart(4, "0")), hex, text);
      dump.append(row);
    }
    if (to === bytes.length) return;
    const count = Math.min(PART, bytes.length - to);
    const more = button("more", SAYS.moreBytes[language](count), () => {
      more.remove();
      add(to);
    });
    dump.append(more);
  }

  function runAt(target: EventTarget | null): Run | undefined {
    return target instanceof HTMLElement ? runs[Number(target.dataset.run ?? Number.NaN)] : undefined;
  }

  let current = -1;
  function show(run: Run | undefined, isScrolled: boolean): void {
    if (!run) return;
    current = runs.indexOf(run);
    light(run.labels);
    const most = run.labels.at(-1);
    if (isScrolled && most !== undefined) entries[most]?.scrollIntoView({ block: "nearest" });
  }
  dump.addEventListener("pointerover", ({ target }) => show(runAt(target), false));
  dump.addEventListener("click", ({ target }) => show(runAt(target), true));
  dump.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (way === undefined || event.target !== dump) return;
    event.preventDefault();
    show(runs[Math.max(0, Math.min(runs.length - 1, current + way))], true);
  });
  list.append(...entries);
  add(0);
  return [dump, list];
}

function linkTo(spec: string): HTMLElement {
  const address = linkOf(spec);
  if (address === undefined) return make("span", "", spec);
  const link = make("a", "", spec);
  link.href = address;
  link.target = "_blank";
  link.rel = "noreferrer";
  return link;
}

function holds(outer: Label, inner: Label): boolean {
  const isLarger = outer.to - outer.from > inner.to - inner.from;
  return isLarger && outer.from <= inner.from && inner.to <= outer.to;
}

/** Cuts bytes where the innermost label changes. */
function runsOf(labels: readonly Label[], from: number, to: number): Run[] {
  const edges = [...new Set([from, to, ...labels.flatMap((label) => [label.from, label.to])])]
    .filter((edge) => edge >= from && edge <= to)
    .sort((one, other) => one - other);
  const runs: Run[] = [];
  for (const [index, start] of edges.entries()) {
    const end = edges[index + 1];
    if (end === undefined) break;
    const inside = labels
      .map((label, place) => ({ label, place }))
      .filter(({ label }) => label.from <= start && label.to >= end)
      .sort((one, other) => other.label.to - other.label.from - (one.label.to - one.label.from));
    runs.push({ from: start, to: end, labels: inside.map(({ place }) => place) });
  }
  return runs;
}

/** A colour for each label that says most of some bytes, different from its neighbours'. */
function coloursOf(runs: readonly Run[], labels: readonly Label[]): Map<number, number> {
  const colours = new Map<number, number>();
  let next = 0;
  for (const run of runs) {
    const most = run.labels.at(-1);
    if (most === undefined || colours.has(most)) continue;
    // Bits of one byte share a colour.
    for (const index of run.labels) {
      const isSame = labels[index]?.from === run.from && labels[index]?.to === run.to;
      if (isSame) colours.set(index, next % COLOURS);
    }
    colours.set(most, next % COLOURS);
    next += 1;
  }
  return colours;
}

/** A letter for each byte: that of a character of UTF-8 stands at its first one. */
function lettersOf(bytes: Uint8Array, isText: boolean): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const letters: string[] = [];
  for (let index = 0; index < bytes.length; ) {
    const byte = bytes[index] ?? 0;
    const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    let letter = "·";
    let taken = 1;
    if (byte === 0x0a) letter = "↵";
    else if (byte === 0x20) letter = "␣";
    else if (byte > 0x20 && byte !== 0x7f && (byte < 0x80 || isText)) {
      try {
        letter = decoder.decode(bytes.subarray(index, index + length));
        taken = length;
      } catch {
        // Not UTF-8, or a part of a character.
      }
    }
    letters.push(letter, ...Array.from({ length: taken - 1 }, () => ""));
    index += taken;
  }
  return letters;
}

/** `0006–000b`, from the first byte that is shown. */
function placeOf(from: number, to: number): string {
  const hex = (place: number) => Math.max(0, place).toString(16).padStart(4, "0");
  return to - from <= 1 ? hex(from) : `${hex(from)}–${hex(to - 1)}`;
}
