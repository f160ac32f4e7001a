// stream.mjs, the bare stream: in Node, and in the console of the page.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { post, serve } from "../../shared/testing/ask.ts";
import { findBrowser, launchBrowser } from "../../shared/testing/browsers/engines.ts";
import { exitOf, startChapter } from "../../shared/testing/chapter-process.ts";

const FILE = join(import.meta.dirname, "../apply-it/stream.mjs");

test("a program reads the stream piece by piece, and a character that was cut in two is whole again", async () => {
  const bytes = Buffer.from("data: 안녕\n\n");
  const half = bytes.subarray(0, 7); // In the middle of 안.
  let goOn = () => {};
  const port = await serve((_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write(half);
    goOn = () => response.end(bytes.subarray(half.length));
  });
  const child = spawn(process.execPath, [FILE, `http://localhost:${port}`]);
  onTestFinished(() => void child.kill());
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
    if (printed.endsWith("data: \n")) goOn();
  });
  expect(await exitOf(child)).toMatchObject({ code: 0 });
  expect(printed).toBe("200 text/event-stream\n--- 7 bytes\ndata: \n--- 7 bytes\n안녕\n\n\n--- the end\n");
});

test.skipIf(!findBrowser("Chromium"))(
  "pasted into the console of the page, it prints the stream there",
  async () => {
    const { port, url } = await startChapter("ch11-sse");
    const { body } = await post(port, '{"text": "안녕 👋"}');
    const browser = await launchBrowser("Chromium");
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    await tab.goto(url);
    let printed = "";
    const whole = new Promise<void>((resolve) => {
      tab.on("console", (line) => {
        printed += `${line.text()}\n`;
        if (printed.includes(body)) resolve();
      });
    });
    // What the developer tools do with a line that is typed: `await` is allowed, and nobody waits for the result.
    const tools = await tab.createCDPSession();
    const expression = readFileSync(FILE, "utf8");
    tools.send("Runtime.evaluate", { expression, replMode: true }).catch(() => {});
    await whole;
    expect(printed).toMatch(
      /^200 text\/event-stream\n--- \d+ bytes\nretry: 1000\nevent: heartbeat\nid: 0\ndata:\n\n/,
    );
    expect(printed).toContain(`id: 1\ndata: ${body}\n\n`);
  },
);
