// A mark, opened: the events that it stands for, and the bytes of one of them.
import type { DrawnShape } from "../drawing.ts";
import type { Direction, OpenedEvent, TrafficEvent } from "../events.ts";
import { PROBLEMS } from "../words.ts";
import { showBytes } from "./bytes.ts";
import { eventsOf, firstOf, momentOf, sizeOf, titleOf } from "./describe.ts";
import type { Shown } from "./diagram.ts";
import { button, element, make, say } from "./dom.ts";
import type { Wire } from "./state.ts";
import { SAYS } from "./words.ts";

/** Where the panel is narrower, in pixels, half as many bytes are in a line. */
const NARROW = 430;
/** No more events of one mark are listed. */
const LISTED = 100;

export interface Details {
  readonly isOpen: boolean;
  /** Opens what a row of the diagram stands for. */
  openMarks(marks: readonly number[], shape: DrawnShape): void;
  /** Opens one event. */
  openEvent(number: number): void;
  /** Says all again, in the page's language. */
  reword(): void;
  close(): void;
}

/**
 * @param events `only` asks for one connection alone; `closed`: the focus is free
 */
export function openDetails(
  wire: Wire,
  shown: Shown,
  events: { only(connection: number): void; closed(): void },
): Details {
  const panel = element("details", HTMLElement);
  const heading = element("details-title", HTMLElement);
  const summary = element("details-summary", HTMLElement);
  const facts = element("details-facts", HTMLElement);
  const list = element("details-events", HTMLElement);
  const place = element("details-bytes", HTMLElement);
  let listed: readonly TrafficEvent[] = [];
  let current: number | undefined;
  let opened: OpenedEvent | undefined;

  function openMarks(marks: readonly number[], shape: DrawnShape): void {
    const all = marks.flatMap((number) => eventsOf(wire.marks.get(number), wire));
    listed = all.slice(0, LISTED);
    const first = firstOf(listed, shape.way, shape.isCarrying ?? false);
    if (first) void show(first.number);
    else {
      current = undefined;
      opened = undefined;
      reword();
    }
    reveal();
  }

  function reveal(): void {
    if (!panel.hidden) return;
    panel.hidden = false;
    document.body.dataset.details = "";
  }

  async function show(number: number): Promise<void> {
    current = number;
    opened = undefined;
    reword();
    const event = wire.events.get(number);
    if (event && event.to === event.from) return;
    try {
      const response = await fetch(`/event/${number}`, { cache: "no-store" });
      if (current !== number) return;
      if (response.ok) opened = await response.json();
      else say(place, SAYS.gone[shown.language]);
    } catch {
      if (current === number) say(place, SAYS.noAnswer[shown.language]);
      return;
    }
    if (current === number) reword();
  }

  /** The event before or after on the same connection. */
  function neighbour(event: TrafficEvent, way: -1 | 1): TrafficEvent | undefined {
    const own = [...wire.events.values()].filter(({ connection }) => connection === event.connection);
    own.sort((one, other) => one.number - other.number);
    return own[own.findIndex(({ number }) => number === event.number) + way];
  }

  function step(event: TrafficEvent, way: -1 | 1): HTMLButtonElement {
    const to = neighbour(event, way);
    const made = button("step", way === -1 ? "‹" : "›", () => {
      if (!to) return;
      if (!listed.some(({ number }) => number === to.number)) listed = [to];
      void show(to.number).then(() =>
        facts.querySelector<HTMLElement>(`.step:nth-of-type(${way === -1 ? 1 : 2})`)?.focus(),
      );
    });
    made.ariaLabel = SAYS[way === -1 ? "previous" : "next"][shown.language];
    made.title = made.ariaLabel;
    made.disabled = to === undefined;
    return made;
  }

  function reword(): void {
    const { language } = shown;
    const event = current === undefined ? undefined : (opened?.event ?? wire.events.get(current));
    say(heading, event ? titleOf(event, language) : "–");
    say(summary, event?.summary ?? "");
    list.replaceChildren(...(listed.length > 1 ? listed.map(chip) : []));
    if (!event) {
      facts.replaceChildren();
      say(place, SAYS.gone[language]);
      return;
    }
    const source = wire.sources.find((each) => each.source === event.source);
    const size = event.to - event.from;
    const said = [
      momentOf(event.at),
      wire.sources.length > 1 ? (source?.name ?? "") : "",
      event.connection > 0 ? SAYS.of[language](event.connection) : "",
      size > 0 ? sizeOf(size) : "",
      event.problem ? PROBLEMS[event.problem][language] : "",
    ];
    facts.replaceChildren(
      step(event, -1),
      step(event, 1),
      make("span", "", said.filter((text) => text !== "").join(" · ")),
    );
    if (event.connection > 0) {
      facts.append(button("only", SAYS.only[language], () => events.only(event.connection)));
    }
    if (opened)
      place.replaceChildren(
        ...showBytes(opened, language, panel.clientWidth < NARROW ? 8 : 16),
        ...missing(opened),
      );
    else say(place, size > 0 ? "…" : SAYS.noBytes[language]);
  }

  function missing({ missing: count }: OpenedEvent): HTMLElement[] {
    return count > 0 ? [make("p", "missing", SAYS.missing[shown.language](count))] : [];
  }

  function chip(event: TrafficEvent): HTMLElement {
    const made = button("chip", `${arrowOf(event.direction)} ${event.summary || event.kind}`, () => {
      void show(event.number).then(() => list.querySelector<HTMLElement>("[aria-current]")?.focus());
    });
    if (event.number === current) made.setAttribute("aria-current", "true");
    return made;
  }

  function close(): void {
    if (panel.hidden) return;
    panel.hidden = true;
    delete document.body.dataset.details;
    current = undefined;
    opened = undefined;
    events.closed();
  }

  element("details-close", HTMLButtonElement).addEventListener("click", close);
  addEventListener("keydown", ({ key }) => key === "Escape" && close());
  return {
    get isOpen() {
      return !panel.hidden;
    },
    openMarks,
    openEvent(number) {
      const event = wire.events.get(number);
      listed = event ? [event] : [];
      void show(number);
      reveal();
    },
    reword,
    close,
  };
}

function arrowOf(direction: Direction | undefined): string {
  if (direction === undefined) return "·";
  return direction === "upstream" ? "→" : "←";
}
