// What happens in a storm, all of it drawn from one seed before it begins.
import { drawFault, type Fault } from "../../tools/flaky/faults.ts";
import { between, seeded } from "../../tools/random.ts";

/** So much for each round: a few seconds of it. */
export const CLIENTS = 30;
export const SENDERS = 5;
export const FAULTS = 40;
export const MESSAGES = 60;

/** In milliseconds; more would only make a round longer. */
const MAX_LATENCY = 60;
const MAX_PAUSE = 50;
/** A fault that lasts is undone at most so many steps later; until then others come on top of it. */
const MAX_LASTS = 4;

/** A fault, and who begins to send a message at the same moment. */
export interface Step {
  readonly fault: Fault;
  /** The number of the step before which it is undone. */
  readonly until: number;
  /** The numbers of senders, from 0; some may be there twice. */
  readonly senders: readonly number[];
  /** How long it is until the next step, in milliseconds. */
  readonly pause: number;
}

/** @returns the same steps for the same seed */
export function planOf(seed: number): Step[] {
  const random = seeded(seed);
  const senders = Array.from({ length: FAULTS }, (): number[] => []);
  for (let message = 0; message < MESSAGES; message += 1) {
    senders[between(random, 0, FAULTS - 1)]?.push(between(random, 0, SENDERS - 1));
  }
  return senders.map((senders, index) => ({
    fault: drawFault(random, MAX_LATENCY),
    until: index + between(random, 1, MAX_LASTS),
    senders,
    pause: between(random, 0, MAX_PAUSE),
  }));
}
