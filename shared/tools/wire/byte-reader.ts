// Bytes as they come, to be read in pieces of the reader's own choosing.
import type { Label, Time } from "./events.ts";
import type { LabelKey, MeaningKey } from "./words.ts";

/**
 * A decoder: it takes bytes from a reader and yields where it needs more, or where it has to wait for the other
 * direction. It is resumed when anything has changed.
 */
export type Decoder = Generator<undefined, void, undefined>;

/** A part of a decoder, which returns what it has read. */
export type Reading<T> = Generator<undefined, T, undefined>;

/** Where the byte came from, and when. */
interface Piece {
  /** The reader's position behind it. */
  readonly end: number;
  /** What to add to a position of the reader to get that in the direction of the connection. */
  readonly shift: number;
  readonly at: Time;
}

/** What is said of some bytes: see `Label`. */
export interface Meaning {
  readonly value?: string;
  readonly meaning?: MeaningKey | undefined;
  readonly bits?: readonly [high: number, low: number];
}

const FIRST_CAPACITY = 4 * 1024;

/**
 * Bytes that were fed and not taken yet. Its positions count what was fed, from 0 on; for a stream of events that comes
 * in chunks they are those of the chunks' data, and `place` gives those in the connection.
 */
export class ByteReader {
  /** The position of the next byte that is taken. */
  position = 0;
  /** Where the unit that is being read began. */
  unitFrom = 0;
  /** The place behind the last unit, and when its last byte was read. */
  lastPlace = 0;
  lastTime: Time = 0;
  /** No more bytes come; when that was seen, and whether it was by a FIN. */
  ended = false;
  endedAt: Time = 0;
  isClean = false;
  #buffer = Buffer.alloc(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  readonly #pieces: Piece[] = [];
  #last: Piece = { end: 0, shift: 0, at: 0 };
  #labels: Label[] = [];

  /** How many bytes are there to be taken. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** @param place the place of the first byte in the direction of its connection */
  feed(bytes: Uint8Array, place: number, at: Time): void {
    const needed = this.available + bytes.length;
    if (this.#end + bytes.length > this.#buffer.length) {
      const room =
        needed > this.#buffer.length ? Buffer.alloc(Math.max(needed, 2 * this.#buffer.length)) : this.#buffer;
      this.#buffer.copy(room, 0, this.#start, this.#end);
      this.#buffer = room;
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    const end = this.position + this.available;
    const shift = place - (end - bytes.length);
    if (this.#last.shift === shift && this.#last.at === at && this.#pieces.length > 0) this.#pieces.pop();
    this.#last = { end, shift, at };
    this.#pieces.push(this.#last);
  }

  end(at: Time, isClean: boolean): void {
    this.ended = true;
    this.endedAt = at;
    this.isClean = isClean;
  }

  /** The byte so many behind the next one; undefined where it has not come. */
  peek(ahead = 0): number | undefined {
    return ahead < this.available ? this.#buffer[this.#start + ahead] : undefined;
  }

  /** @returns how many bytes there are before the first CR or LF from `ahead` on; undefined where none has come */
  beforeLineEnd(ahead: number): number | undefined {
    for (let at = this.#start + ahead; at < this.#end; at += 1) {
      const byte = this.#buffer[at];
      if (byte === 0x0a || byte === 0x0d) return at - this.#start;
    }
    return undefined;
  }

  /** As `beforeLineEnd`, but for LF alone. */
  beforeLineFeed(ahead: number): number | undefined {
    const found = this.#buffer.subarray(0, this.#end).indexOf(0x0a, this.#start + ahead);
    return found === -1 ? undefined : found - this.#start;
  }

  /** Takes bytes that are there. They may be overwritten later: copy what is to be kept. */
  take(count: number): Buffer {
    const taken = this.#buffer.subarray(this.#start, this.#start + count);
    this.#start += taken.length;
    this.position += taken.length;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
      // What a long body needed is not kept for the short ones.
      if (this.#buffer.length > 64 * FIRST_CAPACITY) this.#buffer = Buffer.alloc(FIRST_CAPACITY);
    }
    return taken;
  }

  #pieceOf(position: number): Piece {
    return this.#pieces.find(({ end }) => position < end) ?? this.#last;
  }

  /** @returns when the byte at this position was read; it must not have been forgotten */
  timeOf(position: number): Time {
    return this.#pieceOf(position).at;
  }

  /** @returns the place of the byte at this position in the direction of its connection */
  placeOf(position: number): number {
    return position + this.#pieceOf(position).shift;
  }

  /** @returns the place behind the bytes before this position */
  placeBehind(position: number): number {
    return position === 0 ? this.placeOf(0) : this.placeOf(position - 1) + 1;
  }

  /** Ends a unit: when and where its bytes came is forgotten. */
  forget(): void {
    this.lastPlace = this.placeBehind(this.position);
    this.lastTime = this.timeOf(this.position - 1);
    this.unitFrom = this.position;
    const first = this.#pieces.findIndex(({ end }) => end > this.position);
    this.#pieces.splice(0, first === -1 ? this.#pieces.length : first);
  }

  /**
   * Takes bytes apart where their places, or their times, are no longer the same.
   *
   * @param from the position of the first of them
   */
  piecesOf(from: number, bytes: Buffer, visit: (piece: Buffer, place: number, at: Time) => void): void {
    for (let done = 0; done < bytes.length; ) {
      const { end, shift, at } = this.#pieceOf(from + done);
      const next = Math.min(end - from, bytes.length);
      visit(bytes.subarray(done, next), from + done + shift, at);
      done = next;
    }
  }

  /** Says what the bytes from `from` to `to` are, in the reader's positions. */
  label(from: number, to: number, key: LabelKey, spec: string, said: Meaning = {}): void {
    if (to <= from) return;
    const { value = "", meaning, bits } = said;
    this.#labels.push({
      from: this.placeOf(from),
      to: this.placeBehind(to),
      key,
      spec,
      value,
      meaning,
      bits,
    });
  }

  /** Hands over the labels that were given since the last time. */
  takeLabels(): Label[] {
    const labels = this.#labels;
    this.#labels = [];
    return labels;
  }

  /** Waits until a byte is there. @returns false at the end */
  *more(): Reading<boolean> {
    while (this.available === 0) {
      if (this.ended) return false;
      yield;
    }
    return true;
  }

  /** Waits until so many bytes are there, which must be few. @returns false where the end comes first */
  *wait(count: number): Reading<boolean> {
    while (this.available < count) {
      if (this.ended) return false;
      yield;
    }
    return true;
  }
}
