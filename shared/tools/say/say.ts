// `npm run say -- "안녕"`: sends one message to whichever chapter runs, in every shell alike.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import type { Draft } from "../../message-store/message.ts";

const USAGE =
  'npm run say -- "Hello" [--author NAME] [--key KEY] [--port 3000] [--url http://localhost:3000]';

/**
 * Sends by `POST /update`, or, where that is not there (chapter 12), by a socket.
 *
 * @returns the server's JSON: the message, or an error
 */
async function say(url: string, draft: Draft): Promise<Record<string, unknown>> {
  const response = await fetch(new URL("/update", url), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(draft),
  });
  if (response.status !== 404) return Object(await response.json());
  const socket = new WebSocket(new URL("/", url.replace(/^http/, "ws")));
  const closed = once(socket, "close").then(() =>
    Promise.reject(new Error("the socket closed without an answer")),
  );
  // Others' messages arrive here too; ours, or its refusal, has our key.
  const answered = new Promise<Record<string, unknown>>((resolve) => {
    socket.on("message", (data) => {
      const received = JSON.parse(String(data));
      if (received.key === draft.key) resolve(received);
    });
  });
  await Promise.race([once(socket, "open"), closed]);
  socket.send(JSON.stringify(draft));
  const answer = await Promise.race([answered, closed]);
  socket.terminate();
  return answer;
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

function readCommand(): { url: string; draft: Draft } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        author: { type: "string" },
        key: { type: "string", default: randomUUID() },
        port: { type: "string", default: process.env["PORT"] || "3000" },
        url: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { author, key, port, url = `http://localhost:${port}` } = values;
    if (positionals.length === 0) throw new Error("There is nothing to say");
    const draft = { text: positionals.join(" "), key, ...(author !== undefined && { author }) };
    return { url: new URL(url).href, draft };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}. Use: ${USAGE}`, 2);
  }
}

const { url, draft } = readCommand();
try {
  const answer = await say(url, draft);
  if (answer["error"] !== undefined) fail(String(answer["error"]), 1);
  console.log(JSON.stringify(answer));
} catch (error) {
  const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : error;
  fail(`No chapter answers at ${url} (${why}): start one, as in npm run ch09, or name its --port.`, 1);
}
