// What is asked of a group of clients, and what they saw.
import type { Planned } from "./schedule.ts";
import type { TechniqueName } from "./techniques.ts";

/** Whom to be. */
export interface GroupOptions {
  readonly technique: TechniqueName;
  readonly port: number;
  /** Servers besides it, of the same log: the clients are shared out among all of them. */
  readonly otherPorts?: readonly number[];
  readonly clients: number;
  /** Milliseconds between an answer and the next poll: one, or several that the clients share out; 0 is at once. */
  readonly intervals?: readonly number[];
  readonly seed?: number;
  /** How long a message may take until it counts as lost, in milliseconds. */
  readonly patience?: number;
}

/** Bytes at the TCP sockets: the messages' own JSON, and all the rest. */
export interface Traffic {
  readonly headers: number;
  readonly payload: number;
}

/** Times from send to arrival, in milliseconds. */
export interface Delay {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What was seen from the clients' side. */
export interface Observed {
  /** HTTP requests, of those who receive and those who send. */
  readonly requests: number;
  readonly connections: number;
  readonly up: Traffic;
  readonly down: Traffic;
  readonly sent: number;
  /** Messages that arrived, each counted for each client. */
  readonly delivered: number;
  readonly delay: Delay;
  /** For each poll interval, where there are several. */
  readonly delays: Readonly<Record<string, Delay>>;
  readonly lost: number;
  readonly doubled: number;
  readonly disordered: number;
  /** Messages that did not have the text that was sent with their key. */
  readonly altered: number;
  readonly seconds: number;
}

/** Clients that are connected. */
export interface Group {
  /** Sends by a plan, lasts so long at least, and then until all has arrived. */
  play(plan: readonly Planned[], milliseconds: number): Promise<Observed>;
  /** Sends so many messages, each when the one before has reached everybody. */
  waves(count: number): Promise<Observed>;
  /** Has so many clients send as fast as they can, each its next message when its last was accepted. */
  race(senders: number, milliseconds: number): Promise<Observed>;
  /** Since the connections were opened, or since the last observation. */
  observe(): Observed;
  close(): void;
}

/** @param times in milliseconds, in any order */
export function delayOf(times: number[]): Delay {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Something was lost, doubled, out of order or altered: then no number counts. */
export class Faulty extends Error {
  override name = "Faulty";
}

/** @returns what was observed @throws Faulty if it was not as it has to be */
export function soundOf(name: string, observed: Observed): Observed {
  const { lost, doubled, disordered, altered } = observed;
  if (lost + doubled + disordered + altered === 0) return observed;
  throw new Faulty(
    `${name}: ${lost} lost, ${doubled} doubled, ${disordered} out of order, ${altered} altered`,
  );
}
