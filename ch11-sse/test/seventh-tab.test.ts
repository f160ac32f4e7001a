// Six connections: whose rule that is, what it does to seven tabs, and what HTTP/2 changes.
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { Page } from "puppeteer-core";
import { expect, onTestFinished, test } from "vitest";
import { findBrowser, launchBrowser } from "../../shared/testing/browsers/engines.ts";
import { startChapter, temporaryFolder } from "../../shared/testing/chapter-process.ts";
import { times } from "../../shared/testing/promises.ts";
import { makeCertificate } from "../../shared/tools/scale/certificate.ts";

const inChromium = test.skipIf(!findBrowser("Chromium"));

/** Opens tabs that share one profile, as the tabs of a window do. */
async function openProfile(): Promise<() => Promise<Page>> {
  const browser = await launchBrowser("Chromium");
  onTestFinished(() => browser.close());
  return () => browser.newPage();
}

/** Waits until the chat's page is there and its stream is open. */
async function openChat(tab: Page, url: string): Promise<void> {
  await tab.goto(url);
  await tab.waitForSelector('#status[data-state="connected"]');
}

inChromium("six tabs hold six streams: the seventh, and a message, wait until one closes", async () => {
  const { url } = await startChapter("ch11-sse");
  const newTab = await openProfile();
  const tabs: Page[] = [];
  for (let count = 1; count <= 6; count += 1) {
    const tab = await newTab();
    await openChat(tab, url);
    tabs.push(tab);
  }

  const happened: string[] = [];
  const seventh = newTab()
    .then((tab) => openChat(tab, url))
    .then(() => happened.push("the seventh tab is there"));
  const sent = tabs[1]
    ?.evaluate(async () => {
      const headers = { "Content-Type": "application/json" };
      const { status } = await fetch("/update", { method: "POST", headers, body: '{"text": "안녕"}' });
      return status;
    })
    .then((status) => happened.push(`the message is sent: ${status}`));

  // The server is not busy: by another name it is another host, with six connections of its own.
  await openChat(await newTab(), url.replace("localhost", "127.0.0.1"));
  happened.push("by another name it is there at once");

  await tabs[0]?.close();
  await Promise.all([seventh, sent]);
  expect(happened[0]).toBe("by another name it is there at once");
  expect(happened.slice(1).sort()).toEqual(["the message is sent: 201", "the seventh tab is there"]);
});

test("the limit is the browser's: another program opens seven streams, and the server has no objection", async () => {
  const { url } = await startChapter("ch11-sse");
  const given = await Promise.all(times(7, () => fetch(`${url}/subscribe`)));
  expect(given.map(({ status }) => status)).toEqual(times(7, () => 200));
  await Promise.all(given.map(({ body }) => body?.cancel()));
});

inChromium("over HTTP/2 seven streams share one connection, and all are open", async () => {
  const { cert, key } = makeCertificate(temporaryFolder());
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  let connections = 0;
  server.on("session", () => {
    connections += 1;
  });
  server.on("stream", (stream, { ":path": path }) => {
    const isStream = path === "/subscribe";
    stream.respond({ ":status": 200, "content-type": isStream ? "text/event-stream" : "text/html" });
    if (isStream) stream.write("retry: 1000\n\n");
    else stream.end("<!doctype html>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");

  const tab = await (await openProfile())();
  await tab.goto(`https://localhost:${address.port}/`);
  const before = connections;
  const open = await tab.evaluate(async () => {
    const streams = Array.from({ length: 7 }, () => new EventSource("/subscribe"));
    await Promise.all(
      streams.map((stream) => new Promise((resolve) => stream.addEventListener("open", resolve))),
    );
    return streams.map(({ readyState }) => readyState === EventSource.OPEN);
  });
  expect(open).toEqual(times(7, () => true));
  expect(connections).toBe(before);
});
