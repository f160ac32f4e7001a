// What EventSource does by itself, and when it gives up (HTML, "Server-sent events", processing model). The servers
// here are a few lines each, because some of what they do a chapter's server must never do.
import type { RequestListener } from "node:http";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../../shared/testing/ask.ts";
import { ENGINES, findBrowser, launchBrowser } from "../../shared/testing/browsers/engines.ts";

const EVENT_STREAM = { "Content-Type": "text/event-stream" };

describe.each(ENGINES)("EventSource in %s", (engine) => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (findBrowser(engine)) browser = await launchBrowser(engine);
  });
  afterAll(() => browser?.close());
  const inBrowser = test.skipIf(!findBrowser(engine));

  /** Opens a page with an EventSource on what `stream` answers; `said` is what it tells, in its order. */
  async function listen(
    stream: RequestListener,
  ): Promise<{ tab: Page; until: (last: string) => Promise<string[]> }> {
    const port = await serve((request, response) => {
      if (request.url === "/stream") stream(request, response);
      else response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><ol></ol>");
    });
    const tab = await browser?.newPage();
    if (!tab) throw new Error(`${engine} is not there`);
    onTestFinished(() => tab.close());
    await tab.goto(`http://localhost:${port}/`);
    await tab.evaluate(() => {
      const source = new EventSource("/stream");
      const say = (line: string) => document.querySelector("ol")?.append(line, document.createElement("li"));
      source.onopen = () => say("open");
      source.onmessage = ({ data, lastEventId }) => say(`message ${lastEventId}: ${data}`);
      source.addEventListener("reminder", ({ data }) => say(`reminder: ${data}`));
      source.onerror = () => say(["tries again", "", "has given up"][source.readyState] ?? "");
    });
    return {
      tab,
      async until(last) {
        const said = await tab.waitForFunction(
          (text) => {
            const lines = [...(document.querySelector("ol")?.childNodes ?? [])].flatMap(
              (it) => it.nodeValue ?? [],
            );
            return lines.at(-1) === text ? lines : false;
          },
          { polling: "mutation" },
          last,
        );
        return (await said.jsonValue()) || [];
      },
    };
  }

  inBrowser("asks again after an answer that ended, and says what it has seen", async () => {
    const asked: unknown[] = [];
    const { until } = await listen((request, response) => {
      asked.push(request.headers["last-event-id"]);
      if (asked.length > 2) return void response.writeHead(204).end();
      response.writeHead(200, EVENT_STREAM).end(`retry: 1\n\nid: ${asked.length}\ndata: 안녕\n\n`);
    });
    expect(await until("has given up")).toEqual([
      ...["open", "message 1: 안녕", "tries again"],
      ...["open", "message 2: 안녕", "tries again"],
      "has given up",
    ]);
    expect(asked).toEqual([undefined, "1", "2"]);
  });

  inBrowser("asks again after a connection that broke off, before the answer or within it", async () => {
    const asked: unknown[] = [];
    const { until } = await listen((request, response) => {
      asked.push(request.headers["last-event-id"]);
      if (asked.length > 2) return void response.writeHead(204).end();
      if (asked.length > 1) return void request.socket.destroy();
      response.writeHead(200, EVENT_STREAM).write("retry: 1\n\nid: 1\ndata: a\n\n", () => {
        request.socket.destroy();
      });
    });
    const said = await until("has given up");
    expect(said.slice(0, 3)).toEqual(["open", "message 1: a", "tries again"]);
    expect(asked).toEqual([undefined, "1", "1"]);
  });

  inBrowser.for([
    [204, "text/event-stream"],
    [404, "text/event-stream"],
    [500, "text/event-stream"],
    [200, "text/plain"],
  ] as const)("gives up for good after %j", async ([status, type]) => {
    const { until } = await listen(
      (_, response) => void response.writeHead(status, { "Content-Type": type }).end(),
    );
    expect(await until("has given up")).toEqual(["has given up"]);
  });

  inBrowser("tells events by their blank line, however the bytes were cut or joined", async () => {
    const { until } = await listen((_, response) => {
      response.writeHead(200, EVENT_STREAM);
      for (const byte of Buffer.from("id: 1\ndata: 안녕 👋\n\n")) response.write(Uint8Array.of(byte));
      response.write("data: two\ndata: lines\n\nid: 3\ndata: three\n\n");
    });
    expect(await until("message 3: three")).toEqual([
      ...["open", "message 1: 안녕 👋", "message 1: two\nlines", "message 3: three"],
    ]);
  });

  inBrowser("gives a named event to its own listeners alone, and a comment to nobody", async () => {
    const { until } = await listen((_, response) => {
      response.writeHead(200, EVENT_STREAM);
      response.write(": \n\nevent: reminder\ndata: a\n\n: \n\nevent: unheard\ndata: b\n\ndata: c\n\n");
    });
    expect(await until("message : c")).toEqual(["open", "reminder: a", "message : c"]);
  });

  inBrowser(
    "says what it has seen also where that was a heartbeat, which has an id and an empty data line",
    async () => {
      const asked: unknown[] = [];
      const { until } = await listen((request, response) => {
        asked.push(request.headers["last-event-id"]);
        if (asked.length > 1) return void response.writeHead(204).end();
        response.writeHead(200, EVENT_STREAM).end("retry: 1\nevent: heartbeat\nid: 7\ndata:\n\n");
      });
      expect(await until("has given up")).toEqual(["open", "tries again", "has given up"]);
      expect(asked).toEqual([undefined, "7"]);
    },
  );

  inBrowser("drops an event whose blank line never came", async () => {
    const { until } = await listen((request, response) => {
      if (request.headers["last-event-id"] !== undefined) return void response.writeHead(204).end();
      response.writeHead(200, EVENT_STREAM).end("retry: 1\n\nid: 1\ndata: whole\n\nid: 2\ndata: half\n");
    });
    expect(await until("has given up")).toEqual(["open", "message 1: whole", "tries again", "has given up"]);
  });

  inBrowser(
    "gets the events of another origin only if that one allows it, and names its own there",
    async () => {
      const origins: unknown[] = [];
      const other = await serve((request, response) => {
        origins.push(request.headers.origin);
        const isAllowed = request.url === "/allowed";
        const allowed = { "Access-Control-Allow-Origin": String(request.headers.origin) };
        response.writeHead(200, { ...EVENT_STREAM, ...(isAllowed && allowed) }).write("data: a\n\n");
      });
      const { tab } = await listen((request, response) => {
        origins.push(request.headers.origin);
        response.writeHead(204).end();
      });
      const outcomeOf = (path: string) =>
        tab.evaluate((url) => {
          const source = new EventSource(url);
          return new Promise<string>((resolve) => {
            source.onmessage = ({ data }) => resolve(data);
            source.onerror = () =>
              resolve(source.readyState === EventSource.CLOSED ? "has given up" : "tries again");
          });
        }, `http://localhost:${other}${path}`);
      expect(await outcomeOf("/")).toBe("has given up");
      expect(await outcomeOf("/allowed")).toBe("a");
      const own = await tab.evaluate(() => location.origin);
      expect(origins).toEqual([undefined, own, own]);
    },
  );
});
