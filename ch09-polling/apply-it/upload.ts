// Apply it, the client: sends a file, and goes on where the server says that it stopped.
//
//   node dist/ch09-polling/apply-it/upload.js FILE http://localhost:3000/files     begins, and prints the upload's address
//   node dist/ch09-polling/apply-it/upload.js FILE ADDRESS                         goes on; --slow: 100 bytes a second
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

const [file = "", address = "", flag] = process.argv.slice(2);
const { size } = await stat(file);

/** Nothing that asking again could change. */
class Refused extends Error {}

/** One request. @throws Error no response, or 5xx: try again; Refused 4xx, but for 409: the offset was wrong */
async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.ok) return response;
  const why = `${response.status} ${await response.text()}`;
  throw response.status >= 500 || response.status === 409 ? new Error(why) : new Refused(why);
}

async function create(url: string): Promise<string> {
  const headers = { "Upload-Complete": "?0", "Upload-Length": String(size) };
  const response = await request(url, { method: "POST", headers });
  return new URL(response.headers.get("Location") ?? "", url).href;
}

/** The file's bytes behind the offset. */
async function* bytesFrom(offset: number): AsyncGenerator<Uint8Array> {
  const isSlow = flag === "--slow";
  for await (const piece of createReadStream(file, { start: offset, highWaterMark: isSlow ? 100 : 65_536 })) {
    yield piece;
    if (isSlow) await setTimeout(1_000);
  }
}

/** Asks how far the upload got, and sends the rest. */
async function send(upload: string): Promise<void> {
  const state = await request(upload, { method: "HEAD" });
  const offset = Number(state.headers.get("Upload-Offset"));
  console.log(`the server has ${offset} of ${size} bytes`);
  if (state.headers.get("Upload-Complete") === "?1") return;
  await request(upload, {
    method: "PATCH",
    headers: {
      "Content-Type": "application/partial-upload",
      "Upload-Complete": "?1",
      "Upload-Offset": String(offset),
    },
    body: bytesFrom(offset),
    duplex: "half",
  });
  console.log(`the server has ${size} of ${size} bytes`);
}

try {
  const upload = address.includes("?id=") ? address : await create(address);
  console.log(upload);
  for (let failures = 0; ; failures += 1) {
    try {
      await send(upload);
      break;
    } catch (error) {
      if (error instanceof Refused) throw error;
      console.log("interrupted");
      await setTimeout(Math.random() * 1_000 * 2 ** Math.min(failures, 4));
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
