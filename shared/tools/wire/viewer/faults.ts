// Faults on purpose: a button each, pressed for as long as it lasts.
import type { FaultCommand, FaultState } from "../events.ts";
import type { Language } from "../words.ts";
import type { Shown } from "./diagram.ts";
import { element, make, say } from "./dom.ts";
import type { Wire } from "./state.ts";
import { PAGE, SAYS } from "./words.ts";

/** In seconds, and in milliseconds. */
const REFUSED = 5;
const DELAY = 500;

interface Fault {
  readonly id: string;
  isOn(state: FaultState): boolean;
  /** @param isOn whether it lasts now: then it ends */
  command(isOn: boolean): FaultCommand;
  word(language: Language, secondsLeft: number): string;
}

const FAULTS: readonly Fault[] = [
  {
    id: "cut",
    isOn: () => false,
    command: () => ({ fault: "cut" }),
    word: (language) => SAYS.cut[language],
  },
  {
    id: "refuse",
    isOn: ({ refusedUntil }) => refusedUntil !== undefined,
    command: (isOn) => ({ fault: "refuse", seconds: isOn ? 0 : REFUSED }),
    word: (language, left) => (left > 0 ? SAYS.refusing[language](left) : SAYS.refuse[language]),
  },
  {
    id: "delay",
    isOn: ({ delay }) => delay > 0,
    command: (isOn) => ({ fault: "delay", ms: isOn ? 0 : DELAY }),
    word: (language) => SAYS.delay[language],
  },
  {
    id: "stall-up",
    isOn: ({ stalled }) => stalled.includes("upstream"),
    command: (isOn) => ({ fault: "stall", direction: "upstream", on: !isOn }),
    word: (language) => SAYS.stallUp[language],
  },
  {
    id: "stall-down",
    isOn: ({ stalled }) => stalled.includes("downstream"),
    command: (isOn) => ({ fault: "stall", direction: "downstream", on: !isOn }),
    word: (language) => SAYS.stallDown[language],
  },
  {
    id: "split",
    isOn: ({ split }) => split,
    command: (isOn) => ({ fault: "split", on: !isOn }),
    word: (language) => SAYS.split[language],
  },
];

/** @param failed a command could not be sent, or was refused: the reason */
export function openFaults(
  wire: Wire,
  shown: Shown,
  failed: (reason: string) => void,
): { changed(): void; restart(): void } {
  const place = element("faults", HTMLElement);
  const buttons = element("fault-buttons", HTMLElement);
  const where = element("fault-where", HTMLSelectElement);
  const made = FAULTS.map((fault) => {
    const node = make("button", "fault");
    node.type = "button";
    node.id = `fault-${fault.id}`;
    if (fault.id !== "cut") node.ariaPressed = "false";
    node.addEventListener("click", () => void send(fault));
    return { fault, node };
  });
  buttons.append(...made.map(({ node }) => node));

  /** The states of the columns that were chosen. */
  function chosen(): readonly FaultState[] {
    const only = Number(where.value);
    return wire.faults.filter(({ source }) => only === 0 || source === only);
  }

  async function send(fault: Fault): Promise<void> {
    const only = Number(where.value);
    const isOn = chosen().some((state) => fault.isOn(state));
    const command = { ...fault.command(isOn), ...(only > 0 && { source: only }) };
    try {
      const response = await fetch("/fault", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(command),
      });
      if (!response.ok) failed(String((await response.json()).error));
    } catch {
      failed(SAYS.noAnswer[shown.language]);
    }
  }

  function changed(): void {
    const states = chosen();
    for (const { fault, node } of made) {
      const isOn = states.some((state) => fault.isOn(state));
      const until = Math.max(0, ...states.map(({ refusedUntil = 0 }) => refusedUntil));
      const left = fault.id === "refuse" && isOn ? Math.ceil((until - wire.now()) / 1_000) : 0;
      say(node, fault.word(shown.language, left));
      if (fault.id !== "cut" && node.ariaPressed !== String(isOn)) node.ariaPressed = String(isOn);
    }
  }

  function restart(): void {
    place.hidden = wire.mode === "recording";
    where.hidden = wire.sources.length < 2;
    const before = where.value;
    const options = [
      { value: "0", text: SAYS.everywhere[shown.language] },
      ...wire.sources.map(({ source, name }) => ({ value: String(source), text: name })),
    ];
    where.replaceChildren(
      ...options.map(({ value, text }) => {
        const option = make("option", "", text);
        option.value = value;
        return option;
      }),
    );
    where.value = before === "" ? "0" : before;
    where.ariaLabel = `${PAGE.faults[shown.language]}: ${SAYS.where[shown.language]}`;
    changed();
  }

  where.addEventListener("change", changed);
  setInterval(() => wire.faults.some(({ refusedUntil }) => refusedUntil !== undefined) && changed(), 250);
  return { changed, restart };
}
