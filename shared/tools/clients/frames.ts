// WebSocket by hand, RFC 6455 §4.1 and §5.2: for what no client library would send, and for the exact bytes.
import type { RawConnection } from "./raw.ts";

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** RFC 6455's own sample of a key (§1.3). */
export const SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export interface FrameOptions {
  /** A text frame, unless told. */
  readonly opcode?: number;
  /** Whether it is the last of its message; it is, unless told. */
  readonly fin?: boolean;
  /** The bits RSV1 to RSV3: 0x40, 0x20, 0x10. */
  readonly reserved?: number;
  /** The RFC's sample of a mask (§5.7), unless told; undefined for a frame that is not masked, as no client may send. */
  readonly mask?: readonly number[] | undefined;
}

const SAMPLE_MASK = [0x37, 0xfa, 0x21, 0x3d];

/** One frame as a client sends it. */
export function frameOf(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = TEXT, fin = true, reserved = 0 } = options;
  const mask = "mask" in options ? options.mask : SAMPLE_MASK;
  const content = Buffer.from(payload);
  const { length } = content;
  const head = Buffer.alloc(length < 126 ? 2 : length < 0x1_0000 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | reserved | opcode;
  head[1] = (mask ? 0x80 : 0) | (length < 126 ? length : length < 0x1_0000 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (!mask) return Buffer.concat([head, content]);
  return Buffer.concat([
    head,
    Buffer.from(mask),
    content.map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  ]);
}

/** A close frame's payload (RFC 6455 §5.5.1). */
export function closing(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

/** A frame as a server sent it. */
export interface Frame {
  /** FIN, the reserved bits and the opcode. */
  readonly first: number;
  readonly payload: Buffer;
}

/** The whole frames in what was read. @param text Latin-1, one character a byte, from the first frame on */
function framesIn(text: string): Frame[] {
  const bytes = Buffer.from(text, "latin1");
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1] ?? 0;
    if (short >= 0x80) throw new Error("a server's frame is masked");
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) break;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    if (at + head + length > bytes.length) break;
    frames.push({ first: bytes[at] ?? 0, payload: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return frames;
}

/**
 * The bytes of an upgrade.
 *
 * @param host the server's `Host`; a port alone is one of `localhost`
 * @param headers undefined leaves a header out
 */
export function upgradeOf(
  host: number | string,
  target = "/",
  headers: Readonly<Record<string, string | undefined>> = {},
): string {
  const all = {
    Host: typeof host === "number" ? `localhost:${host}` : host,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": SAMPLE_KEY,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  const start = target.startsWith("/") ? `GET ${target}` : target;
  return `${start} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** An open WebSocket, by hand. */
export interface RawWebSocket {
  readonly connection: RawConnection;
  /** The answer to the upgrade. */
  readonly head: string;
  /** Sends one frame. */
  send(payload: string | Uint8Array, options?: FrameOptions): void;
  /** The whole frames read so far. */
  frames(): Frame[];
  /** Waits for so many frames and returns them. */
  until(count: number): Promise<Frame[]>;
  /** Waits until the server has ended the connection, and returns all frames. */
  ended(): Promise<Frame[]>;
}

/**
 * Waits for the answer to the upgrade that was sent on a connection.
 *
 * @throws Error where it is another one than 101
 */
export async function upgraded(connection: RawConnection): Promise<RawWebSocket> {
  const answer = await connection.until((received) => received.includes("\r\n\r\n"));
  const head = answer.slice(0, answer.indexOf("\r\n\r\n") + 4);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`not upgraded: ${answer}`);
  const framesOf = (received: string) => framesIn(received.slice(head.length));
  return {
    connection,
    head,
    send: (payload, options) => void connection.socket.write(frameOf(payload, options)),
    frames: () => framesOf(connection.received()),
    until: async (count) =>
      framesOf(await connection.until((received) => framesOf(received).length >= count)),
    ended: async () => framesOf(await connection.ended()),
  };
}
