// Bytes on a socket that does not outlive its test.
import { connect as connectSecurely } from "node:tls";
import { onTestFinished } from "vitest";
import { openRaw, type RawConnection } from "../tools/clients/raw.ts";

export type { RawConnection } from "../tools/clients/raw.ts";

/** Opens a connection and sends `bytes`. It is destroyed when the test is over. */
export function rawConnection(port: number, bytes: string | Uint8Array = ""): RawConnection {
  const connection = openRaw({ host: "127.0.0.1", port }, bytes);
  onTestFinished(() => void connection.socket.destroy());
  return connection;
}

/** Sends one raw request and reads until the server ends the connection (so send `Connection: close`). */
export function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  return rawConnection(port, bytes).ended();
}

/** As `exchange`, over TLS, with a server that has this certificate for `localhost`. */
export async function secureExchange(port: number, certificate: string, bytes: Uint8Array): Promise<string> {
  const socket = connectSecurely({ port, host: "127.0.0.1", ca: certificate, servername: "localhost" });
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(bytes);
  await new Promise<void>((resolve, reject) => socket.once("end", resolve).once("error", reject));
  return Buffer.concat(chunks).toString("latin1");
}
