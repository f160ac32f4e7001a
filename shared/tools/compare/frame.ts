// A frame that a server sends (RFC 6455 §5.2).

const FIN_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * @param text the payload
 * @returns one whole text frame, not masked: only a client's frames are (RFC 6455 §5.1)
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  let frame: Buffer;
  if (length < LENGTH_16) {
    frame = Buffer.allocUnsafe(2 + length);
    frame[1] = length;
  } else if (length < 0x1_0000) {
    frame = Buffer.allocUnsafe(4 + length);
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame = Buffer.allocUnsafe(10 + length);
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame[0] = FIN_TEXT;
  frame.write(text, frame.length - length);
  return frame;
}
