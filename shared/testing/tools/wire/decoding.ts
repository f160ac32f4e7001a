// The decoders, fed by a test.
import { decodeConnection } from "../../../tools/wire/connection.ts";
import type { Exchange, Unit } from "../../../tools/wire/decoded.ts";
import type { Direction, Label } from "../../../tools/wire/events.ts";

/** Bytes that go one way, in one piece. */
export interface Piece {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

export const up = (bytes: string | Uint8Array): Piece => ({
  direction: "upstream",
  bytes: Buffer.from(bytes),
});
export const down = (bytes: string | Uint8Array): Piece => ({
  direction: "downstream",
  bytes: Buffer.from(bytes),
});

/** What a connection was decoded to. */
export interface Decoded {
  readonly units: readonly Unit[];
  /** The exchanges whose response is whole. */
  readonly answered: readonly Exchange[];
  /** The bodies of all requests and responses, one after another. */
  readonly contents: Readonly<Record<Direction, Buffer>>;
}

/** Decodes a whole connection. Its times are 1, 2, 3 …: a piece each. */
export function decode(pieces: readonly Piece[], isOver = true): Decoded {
  const units: Unit[] = [];
  const answered: Exchange[] = [];
  const contents = { upstream: [] as Buffer[], downstream: [] as Buffer[] };
  const decoder = decodeConnection({
    unit: (unit) => units.push(unit),
    content: (_, direction, bytes) => contents[direction].push(Buffer.from(bytes)),
    whole(exchange, direction) {
      if (exchange && direction === "downstream") answered.push(exchange);
    },
  });
  for (const [index, { direction, bytes }] of pieces.entries()) decoder.feed(direction, bytes, index + 1);
  if (isOver) {
    decoder.end("upstream", pieces.length, true);
    decoder.end("downstream", pieces.length, true);
  }
  return {
    units,
    answered,
    contents: {
      upstream: Buffer.concat(contents.upstream),
      downstream: Buffer.concat(contents.downstream),
    },
  };
}

/** The summaries of one direction, with their kinds. */
export function summaries({ units }: Decoded, direction: Direction): string[] {
  return units
    .filter((unit) => unit.direction === direction)
    .map(({ kind, summary }) => `${kind} ${summary}`);
}

/** All labels of one direction. */
export function labelsOf({ units }: Decoded, direction: Direction): Label[] {
  return units.filter((unit) => unit.direction === direction).flatMap(({ labels }) => labels);
}

/** The values of the labels with this key. */
export function valuesOf(decoded: Decoded, direction: Direction, key: Label["key"]): string[] {
  return labelsOf(decoded, direction)
    .filter((label) => label.key === key)
    .map(({ value }) => value);
}

/** The bytes of one direction that no label says anything about, as positions. */
export function unlabelled(decoded: Decoded, pieces: readonly Piece[], direction: Direction): number[] {
  const all = pieces.filter((piece) => piece.direction === direction).map(({ bytes }) => bytes.length);
  const length = all.reduce((sum, each) => sum + each, 0);
  const said = new Uint8Array(length);
  for (const { from, to } of labelsOf(decoded, direction)) said.fill(1, from, to);
  return [...said.keys()].filter((at) => said[at] === 0);
}
