// WebSocket by hand, on a connection that does not outlive its test.
import { type RawWebSocket, upgraded, upgradeOf } from "../tools/clients/frames.ts";
import { rawConnection } from "./raw.ts";

export * from "../tools/clients/frames.ts";

/** Opens a WebSocket. @param first bytes to send in one piece with the upgrade */
export function rawWebSocket(
  port: number,
  target = "/",
  first: Uint8Array = Buffer.of(),
): Promise<RawWebSocket> {
  return upgraded(rawConnection(port, Buffer.concat([Buffer.from(upgradeOf(port, target)), first])));
}
