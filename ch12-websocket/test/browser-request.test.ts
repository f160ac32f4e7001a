// What a browser itself sends to open a WebSocket, as the notes show it: browser-request.http.
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../../shared/testing/ask.ts";
import { ENGINES, type Engine, findBrowser, launchBrowser } from "../../shared/testing/browsers/engines.ts";
import { faultIn } from "../../shared/testing/notes/placeholders.ts";

const SHOWN = readFileSync(join(import.meta.dirname, "browser-request.http"), "utf8")
  .trimEnd()
  .split("\n");

/** Opens a page that holds a cookie, and in it a WebSocket. @returns the lines of its handshake, with port 3000 */
async function handshakeOf(engine: Engine): Promise<string[]> {
  let say: (request: IncomingMessage) => void = () => {};
  const asked = new Promise<IncomingMessage>((resolve) => {
    say = resolve;
  });
  const port = await serve((request, response) => {
    if (request.headers.upgrade !== undefined) say(request);
    response.writeHead(200, { "Content-Type": "text/html", "Set-Cookie": "session=0123456789abcdef" }).end();
  });
  const browser = await launchBrowser(engine);
  onTestFinished(() => browser.close());
  const tab = await browser.newPage();
  await tab.goto(`http://localhost:${port}/`);
  await tab.evaluate(() => void new WebSocket(`ws://${location.host}/?after=12`));
  const { method, url, rawHeaders } = await asked;
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`.replace(`localhost:${port}`, "localhost:3000"));
  }
  return lines;
}

test.skipIf(!findBrowser("Chromium"))("Chromium opens a WebSocket with these lines", async () => {
  const lines = await handshakeOf("Chromium");
  const context = { webSocketKey: undefined, labelled: new Map(), now: Date.now() };
  const faults = lines.map((line, index) => {
    // What stands for the rest of a line is a sign: the version and the language of a browser vary.
    const [start = "", rest] = SHOWN[index]?.split("…") ?? [];
    return faultIn(rest === undefined ? line : line.slice(0, start.length), start, context);
  });
  expect(faults).toEqual(SHOWN.map(() => undefined));
});

describe.each(ENGINES)("in %s", (engine) => {
  test.skipIf(!findBrowser(engine))(
    "a handshake with the page's own server, too, says whose page it is, and brings its cookie",
    async () => {
      const lines = await handshakeOf(engine);
      expect(lines).toContain("Origin: http://localhost:3000");
      expect(lines).toContain("Cookie: session=0123456789abcdef");
    },
  );
});
