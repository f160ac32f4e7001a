// What was seen at the proxies, before anything is made of it: the live traffic and a saved recording are the same.
import type { Direction, FaultName, Source, Time } from "./events.ts";

/** Begins a recording. */
export interface Beginning {
  readonly version: 1;
  readonly sources: readonly Source[];
  /** In milliseconds since the epoch. */
  readonly began: number;
}

/** Something that was seen at a proxy. Connections are numbered 1, 2, 3 … over all sources. */
export type TrafficRecord =
  | { readonly type: "open"; readonly at: Time; readonly connection: number; readonly source: number }
  | { readonly type: "refused"; readonly at: Time; readonly connection: number; readonly source: number }
  | {
      readonly type: "bytes";
      readonly at: Time;
      readonly connection: number;
      readonly direction: Direction;
      readonly bytes: Buffer;
      /** They were not passed on at once: a `passed` says when. */
      readonly late: boolean;
      /** How many bytes before them are not kept; 0 except in a recording that does not begin with its connection. */
      readonly skipped: number;
    }
  /** All bytes of this direction before `to` were passed on. */
  | {
      readonly type: "passed";
      readonly at: Time;
      readonly connection: number;
      readonly direction: Direction;
      readonly to: number;
    }
  | { readonly type: "end"; readonly at: Time; readonly connection: number; readonly direction: Direction }
  | {
      readonly type: "close";
      readonly at: Time;
      readonly connection: number;
      readonly how: "closed" | "reset" | "cut" | "unreachable";
    }
  | {
      readonly type: "fault";
      readonly at: Time;
      readonly source: number;
      readonly fault: FaultName;
      readonly on: boolean;
      readonly direction?: Direction;
      readonly ms?: number;
    };
