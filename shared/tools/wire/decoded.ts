// What the decoders of a connection tell, and to whom.
import type { Direction, EventKind, Label, Time } from "./events.ts";
import type { ProblemKey } from "./words.ts";

/** Header fields by their names in lower case; several of a name are joined by a comma (RFC 9110 §5.2). */
export type Headers = ReadonlyMap<string, string>;

/** A request, and its final response as soon as there is one. */
export interface Exchange {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  response?: { readonly status: number; readonly headers: Headers };
}

/** A block of an event stream. */
export interface Block {
  /** `message` where it has none of its own. */
  readonly type: string;
  readonly id: string | undefined;
  /** Undefined where no event is dispatched. */
  readonly data: string | undefined;
}

/** A WebSocket frame. */
export interface Frame {
  readonly opcode: number;
  /** The whole message's text, in its last frame; undefined where it is no text, or is too long to be kept. */
  readonly message?: string | undefined;
}

/** Bytes with a meaning of their own: see `TrafficEvent`. */
export interface Unit {
  readonly kind: EventKind;
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
  readonly at: Time;
  readonly until: Time;
  readonly summary: string;
  readonly quiet: boolean;
  readonly problem: ProblemKey | undefined;
  readonly labels: readonly Label[];
  /** How many of its bytes are payload. */
  readonly payload: number;
  /** Undefined for a response that nobody asked for, and for raw bytes. */
  readonly exchange: Exchange | undefined;
  readonly block: Block | undefined;
  readonly frame: Frame | undefined;
}

/** Told of all that is decoded, in order. */
export interface DecodedListener {
  unit(unit: Unit): void;
  /** A piece of a body, without what was written around it. Copy what is to be kept. */
  content(exchange: Exchange | undefined, direction: Direction, bytes: Buffer): void;
  /** A request or response is whole. @param to the place behind its last byte */
  whole(exchange: Exchange | undefined, direction: Direction, to: number, at: Time): void;
}

/** What a decoder needs to say something. */
export interface Teller {
  readonly direction: Direction;
  readonly listener: DecodedListener;
}
