// The browser's own request that chapter 9 shows: a real browser still sends each of its lines.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findBrowser, launchBrowser } from "../browsers/engines.ts";
import { startChapter } from "../chapter-process.ts";

const SHOWN = join(import.meta.dirname, "../../../ch09-polling/test/poll.http");

/** The names of a request's header fields, in lower case. */
function namesIn(request: string): string[] {
  const [, ...lines] = request.trim().split(/\r?\n/);
  return lines.map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
}

test.skipIf(!findBrowser("Chromium"))(
  "a browser's poll has the header fields that the notes show",
  async () => {
    const chapter = await startChapter("ch09-polling");
    const polls: string[] = [];
    const proxy = createServer((browser) => {
      const server = connect(chapter.port, "127.0.0.1");
      browser.on("data", (bytes) => {
        if (bytes.toString().startsWith("GET /poll")) proxy.emit("poll", polls.push(bytes.toString()));
      });
      browser.on("error", () => server.destroy()).pipe(server);
      server.on("error", () => browser.destroy()).pipe(browser);
    });
    onTestFinished(() => void proxy.close());
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const browser = await launchBrowser("Chromium");
    onTestFinished(() => browser.close());
    const polled = once(proxy, "poll");
    const tab = await browser.newPage();
    await tab.goto(`http://localhost:${Object(proxy.address()).port}`);
    await polled;
    const [sent = ""] = polls;
    expect(namesIn(sent)).toEqual(expect.arrayContaining(namesIn(readFileSync(SHOWN, "utf8"))));
  },
);
