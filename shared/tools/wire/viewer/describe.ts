// Marks and events in words.
import { timeText } from "../drawing.ts";
import type { Direction, Mark, Time, TrafficEvent } from "../events.ts";
import type { Language } from "../words.ts";
import type { Wire } from "./state.ts";
import { KINDS, SAYS } from "./words.ts";

/** A moment: `0:12.05`. */
export function momentOf(time: Time): string {
  return timeText(time / 1_000, 0.01);
}

/** `412 B`, `3.4 kB`, `1.2 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** What an event is, without what it says. */
export function titleOf({ kind, direction }: TrafficEvent, language: Language): string {
  const way = direction === undefined ? "" : ` · ${SAYS[direction][language]}`;
  return `${KINDS[kind][language]}${way}`;
}

/** An event in one line. */
export function lineOf(event: TrafficEvent, language: Language): string {
  return `${momentOf(event.at)} · ${titleOf(event, language)} · ${event.summary}`;
}

/** The events that a mark stands for, in the order in which they were read. */
export function eventsOf(mark: Mark | undefined, { events }: Wire): TrafficEvent[] {
  if (mark === undefined || mark.mark === "fault") return [];
  const isOf = (event: TrafficEvent): boolean => {
    if (event.connection !== mark.connection) return false;
    if (mark.mark === "tick") return event.number === mark.event;
    if (mark.mark === "connection") return event.at >= mark.at && event.at <= (mark.until ?? event.at);
    if (event.number < mark.request) return false;
    // A stream's events and a socket's frames are marks of their own.
    if (event.kind === "sse" || event.kind === "frame") return false;
    if (event.kind === "chunk" && mark.shape === "stream") return false;
    if (event.kind === "open" || event.kind === "close") return false;
    return event.at <= (mark.until ?? Number.POSITIVE_INFINITY);
  };
  if (mark.mark === "tick") {
    const event = events.get(mark.event);
    return event ? [event] : [];
  }
  return [...events.values()].filter(isOf);
}

/** Of events that belong together, the one to look at first: what was carried that way, or else its head. */
export function firstOf(
  events: readonly TrafficEvent[],
  direction: Direction | undefined,
  isCarried: boolean,
): TrafficEvent | undefined {
  const own = events.filter((event) => direction === undefined || event.direction === direction);
  const bodies = own.filter(({ kind }) => kind === "body" || kind === "chunk");
  return (isCarried ? bodies.at(-1) : undefined) ?? own[0] ?? events[0];
}
