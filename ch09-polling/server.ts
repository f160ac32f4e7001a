// Chapter 9, polling: the browser asks again and again, and the server answers at once.
import http from "node:http";
import { answer, refuse } from "../shared/http/answer.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { servePage } from "../shared/http/page.ts";
import { admit, queryOf, readCursor } from "../shared/http/request.ts";
import { update } from "../shared/http/update.ts";

const INTERVAL = { "poll-interval": [1_000, "milliseconds between two polls"] } as const;
const chapter = await open("ch09-polling", { "/poll": ["GET"], "/update": ["POST"] }, INTERVAL);
const { log } = chapter;

const server = http.createServer(chapter.serverOptions, async (request, response) => {
  try {
    const path = await admit(request, response, chapter);
    if (path === "/poll") return await receive(request, response);
    if (path === "/update") return await update(request, response, log);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
});

/** Receiving: the messages after the client's cursor, or 204 where there are none. */
async function receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const cursor = await readCursor(queryOf(request, "after"), log);
  if (cursor !== log.newest) return answer(response, 200, await log.after(cursor));
  answer(response, 204);
}

listen(server, chapter);
