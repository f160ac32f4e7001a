// What was seen at the proxies, before anything is made of it: the live traffic and a saved recording are the same.
import type { Direction, FaultName, Time } from "./events.ts";

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
    }
  /** What was seen and counted before is to be forgotten, save what is still open. */
  | { readonly type: "clear"; readonly at: Time };
