// What the viewer is told of the wire. Types only: the server, the page and the picture all import them.
import type { LabelKey, MeaningKey, ProblemKey } from "./words.ts";

/** The way that bytes go: `upstream` from browser to server, `downstream` from server to browser. */
export type Direction = "upstream" | "downstream";

/**
 * A time: milliseconds since the recording began, by a clock that never goes back, with two decimals. It is when the
 * proxy read the bytes, unless another meaning is said.
 */
export type Time = number;

/** A server that is watched, through a proxy of its own. */
export interface Source {
  /** 1, 2, 3 …, from left to right. */
  readonly source: number;
  /** `ch11-sse`, or `port 3000` where it is no chapter. */
  readonly name: string;
  /** The server's port. */
  readonly to: number;
  /** The proxy's port. */
  readonly port: number;
  /** What to open in a browser, through the proxy: `http://localhost:3100`; empty in a recording. */
  readonly url: string;
  /** Whether the server allows the viewer to show its page in a frame. It is asked when it is there. */
  readonly framed: boolean;
}

export type EventKind =
  | "open" // a connection was accepted
  | "close" // both sides have closed, or one has reset it
  | "refused" // a new connection was reset on arrival, because of a fault
  | "request" // the head of a request: start line and header fields
  | "response" // the head of a response; also an interim one (100, 103)
  | "body" // a piece of a body that is not chunked, as it came
  | "chunk" // a chunk: its size line, its data and the line end behind it
  | "trailer" // the last chunk, which is empty, with the fields and the empty line behind it
  | "sse" // a block of text/event-stream, up to and including its empty line
  | "frame" // a WebSocket frame
  | "tls" // a TLS record, whose content nobody between the two can read
  | "raw" // bytes that could not be decoded, as they came
  | "fault"; // a fault began or ended

/** Something that was seen on the wire. */
export interface TrafficEvent {
  /** 1, 2, 3 …, in the order of decoding; never used twice in a recording. */
  readonly number: number;
  readonly kind: EventKind;
  readonly source: number;
  /** 1, 2, 3 …, over all sources; 0 for a fault. */
  readonly connection: number;
  /** Missing where the event has no bytes. */
  readonly direction?: Direction;
  /** When its first byte was read. */
  readonly at: Time;
  /** When its last byte was read. */
  readonly until: Time;
  /** Its bytes, `from` included and `to` not: positions in this direction of this connection, from 0 on. */
  readonly from: number;
  readonly to: number;
  /** One line in the wire's own words, the same in every language: `GET /poll?after=3`, `TEXT "안녕"`, `CLOSE 1001`. */
  readonly summary: string;
  /** Of a frame or block: a sign of life only (ping, pong, heartbeat, comment). */
  readonly quiet?: true | undefined;
  /** Why bytes could not be decoded. */
  readonly problem?: ProblemKey | undefined;
}

/**
 * The meaning of some bytes, given by the decoder as it read them. Labels may lie inside each other (a chunk's data holds
 * the lines of an event): the innermost says most. Two labels may share a byte and differ in their bits.
 */
export interface Label {
  /** As in an event: positions in this direction of this connection. */
  readonly from: number;
  readonly to: number;
  /** The bits of the one byte, the highest is 7: `[7, 7]` is FIN, `[3, 0]` the opcode. */
  readonly bits?: readonly [high: number, low: number] | undefined;
  /** Its name in both languages: `LABELS[key]` in words.ts. */
  readonly key: LabelKey;
  /** What it says here, in the wire's own words; text from others, to be shown as text only. */
  readonly value: string;
  /** What that means: `MEANINGS[meaning]` in words.ts. */
  readonly meaning?: MeaningKey | undefined;
  /** Where that is written: `RFC 6455 §5.2`. */
  readonly spec: string;
}

/** An event opened: what `GET /event/N` answers. */
export interface OpenedEvent {
  readonly event: TrafficEvent;
  /** The bytes from `from` to `to`, in base64: those of the event, of the chunks around it, of the body behind it. */
  readonly bytes: string;
  readonly from: number;
  readonly to: number;
  /** How many bytes at the end were left out, or are not kept any more. */
  readonly missing: number;
  /** Sorted by `from`, an outer label before the inner ones. */
  readonly labels: readonly Label[];
}

/** A chat message as it was seen: the sender's draft, or what arrived. */
export interface Carried {
  /** The same for one message wherever it is seen: its idempotency key, or else its text. */
  readonly token: string;
  /** The first characters of its text. */
  readonly text: string;
}

/**
 * What an exchange looks like. `page`: loading the page and its files. `send`: a request that carries a message. `poll`:
 * answered at once; `held`: answered late, or not yet. `stream`: the answer is an event stream. `socket`: HTTP was left.
 * `other`: anything else.
 */
export type Shape = "page" | "send" | "poll" | "held" | "stream" | "socket" | "other";

/** A request and its response, from the first byte to the last. */
export interface ExchangeMark {
  readonly mark: "exchange";
  /** Unique among marks. A mark that comes again replaces the one with its number. */
  readonly number: number;
  readonly source: number;
  readonly connection: number;
  readonly shape: Shape;
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Undefined while there is none. */
  readonly status?: number;
  /** When the request's first byte was read. */
  readonly at: Time;
  /** When the request's last byte so far had been passed on to the server: from here on it is held. Missing until then. */
  readonly asked?: Time | undefined;
  /** When the response's first byte was read. */
  readonly answered?: Time;
  /** When the response's last byte had been passed on, or the connection broke. Missing while it goes on. */
  readonly until?: Time;
  /** The connection broke before the response was whole (a stream's or a socket's always is, unless closed well). */
  readonly broken?: true;
  /** What it brought, or took: the newest 20. A stream's and a socket's messages are ticks instead. */
  readonly messages: readonly Carried[];
  /** How many in all, the ticks' included. */
  readonly count: number;
  /** Of a `send`: when its message was first seen to arrive at a browser. Missing until then. */
  readonly arrived?: Time;
  /** The heads, for `GET /event/N`. */
  readonly request: number;
  readonly response?: number;
}

/** One event of a stream, or one frame of a socket. */
export interface TickMark {
  readonly mark: "tick";
  readonly number: number;
  readonly source: number;
  readonly connection: number;
  /** The number of the exchange that it belongs to. */
  readonly exchange: number;
  readonly direction: Direction;
  /** `message` carries one, `heartbeat` is a sign of life (ping, pong, comment too), `close` says goodbye. */
  readonly what: "message" | "heartbeat" | "close" | "other";
  readonly at: Time;
  /** When its last byte had been passed on; missing while a fault holds it up, or where it never was. */
  readonly passed?: Time | undefined;
  readonly message?: Carried | undefined;
  /** As an exchange's. */
  readonly arrived?: Time;
  /** For `GET /event/N`. */
  readonly event: number;
  /** The event's, with 60 characters at most. */
  readonly summary: string;
}

/** A TCP connection. */
export interface ConnectionMark {
  readonly mark: "connection";
  readonly number: number;
  readonly source: number;
  readonly connection: number;
  readonly at: Time;
  /** Missing while it is open. */
  readonly until?: Time;
  /**
   * `closed`: by a FIN from each side. `reset`: by one side. `cut` and `refused`: by a fault. `unreachable`: nothing
   * listens behind the proxy.
   */
  readonly end?: "closed" | "reset" | "cut" | "refused" | "unreachable";
}

export type FaultName = "cut" | "refuse" | "delay" | "stall" | "split";

/** A fault, on purpose. */
export interface FaultMark {
  readonly mark: "fault";
  readonly number: number;
  readonly source: number;
  readonly fault: FaultName;
  /** Of a stall. */
  readonly direction?: Direction;
  /** Of a delay, in milliseconds. */
  readonly ms?: number;
  readonly at: Time;
  /** Missing while it lasts. That of a cut is its `at`. */
  readonly until?: Time;
}

/** What the diagram draws. */
export type Mark = ExchangeMark | TickMark | ConnectionMark | FaultMark;

/** The bytes of one direction by what they are for; together they are all that was decoded. */
export interface Bytes {
  /** What was written around the payload: heads, chunk sizes, names of fields, frame headers, signs of life. */
  readonly header: number;
  /** Bodies, data of events, payload of text and binary frames. */
  readonly payload: number;
  /** The page and its files, heads and bodies: what a chat loads once, whatever its technique. */
  readonly page: number;
  /** What could not be decoded. */
  readonly raw: number;
}

/** What was counted of one source since the recording began, or was last cleared. */
export interface Counters {
  readonly source: number;
  /** Connections that were accepted, those open now, and those that were refused. */
  readonly connections: number;
  readonly open: number;
  readonly refused: number;
  readonly requests: number;
  readonly upstream: Bytes;
  readonly downstream: Bytes;
  /** Messages that browsers sent. */
  readonly sent: number;
  /** Messages that arrived: one that arrives in three browsers counts three times. */
  readonly arrived: number;
  /** The median time from the first byte of a message's sending to the last of its arrival, in ms; the newest 1,000. */
  readonly delay?: number;
  /** Events that were decoded, and those of them that are not kept any more. */
  readonly events: number;
  readonly forgotten: number;
}

/** The faults that a source has now. */
export interface FaultState {
  readonly source: number;
  /** Until when new connections are refused; missing if they are not. */
  readonly refusedUntil?: Time;
  /** In milliseconds; 0 is none. */
  readonly delay: number;
  readonly stalled: readonly Direction[];
  readonly split: boolean;
}

/** What `POST /fault` takes. Without `source` it holds for all. */
export type FaultCommand = { readonly source?: number } & (
  | { readonly fault: "cut" }
  /** 1 to 60 seconds; 0 ends it. */
  | { readonly fault: "refuse"; readonly seconds: number }
  /** Up to 10,000 ms in each direction; 0 ends it. */
  | { readonly fault: "delay"; readonly ms: number }
  | { readonly fault: "stall"; readonly direction: Direction; readonly on: boolean }
  | { readonly fault: "split"; readonly on: boolean }
  /** Ends all that last. */
  | { readonly fault: "heal" }
);

/** The first event of `GET /events`, named `hello`. Forget all that came before it. */
export interface Hello {
  /** `recording`: a file was opened; nothing more comes after `end`, and there are no faults. */
  readonly mode: "live" | "recording";
  readonly sources: readonly Source[];
  readonly now: Time;
}

/** All further events of `GET /events`, named `update`: what is new, or has changed. */
export interface Update {
  readonly now: Time;
  readonly events: readonly TrafficEvent[];
  readonly marks: readonly Mark[];
  /** Of all sources, as they are now. */
  readonly counters: readonly Counters[];
  readonly faults: readonly FaultState[];
  /** All of them, where one has changed. */
  readonly sources?: readonly Source[];
}

/** The last event of a recording, named `end`. */
export interface End {
  /** What keeps the recording from being whole: said, and the rest is shown. */
  readonly problems: readonly { readonly key: ProblemKey; readonly line: number }[];
}
