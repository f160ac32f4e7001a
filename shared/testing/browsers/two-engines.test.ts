import { describe, expect, test } from "vitest";
import type { MessageStore } from "../../message-store/store.ts";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { CHAPTERS, temporaryFolder } from "../chapter-process.ts";
import { cutOff, openLog, sharedBrowsers, start } from "./browsers.ts";
import { ENGINES, missingBrowsers } from "./engines.ts";
import { openNetwork } from "./network.ts";

const missing = missingBrowsers();

test("Chromium and Firefox are installed, or the run says which is not", ({ skip }) => {
  // A machine of one's own may lack a browser; where the project is checked, that is an error.
  if (process.env["CI"]) expect(missing).toEqual([]);
  for (const sentence of missing) console.warn(`${sentence} The tests that need it are skipped.`);
  skip(missing.length > 0, missing.join(" "));
});

const MARKUP = '<script>alert(1)</script><img src="x" onerror="alert(2)"> & <b>bold</b>';

/** What the log holds, read to its end. */
async function textsOf(log: MessageStore): Promise<string[]> {
  await log.refresh();
  return (await log.after(0)).map(({ text }) => text);
}

describe.skipIf(missing.length > 0)("two engines in one chat", () => {
  const open = sharedBrowsers();

  describe.each(CHAPTERS)("%s", (chapter) => {
    const isSocket = chapter === "ch12-websocket";

    test("Chromium and Firefox talk: Korean, emoji and markup arrive as text, with author and time", async () => {
      const { url } = await start(chapter);
      const began = Date.now();
      const [chromium, firefox] = await Promise.all([open("Chromium", url), open("Firefox", url)]);
      await chromium.callMe("지민");
      await chromium.say("안녕하세요 👋🏽");
      await firefox.shows(["안녕하세요 👋🏽"]);
      await firefox.callMe("<b>Fox</b>");
      await firefox.say(MARKUP);
      await chromium.shows(["안녕하세요 👋🏽", MARKUP]);
      await chromium.say("한 줄\n두 줄 👨‍👩‍👧");
      const talk = [
        { author: "지민", text: "안녕하세요 👋🏽" },
        { author: "<b>Fox</b>", text: MARKUP },
        { author: "지민", text: "한 줄\n두 줄 👨‍👩‍👧" },
      ];
      for (const [page, own] of [
        [chromium, "지민"],
        [firefox, "<b>Fox</b>"],
      ] as const) {
        await page.shows(talk.map(({ text }) => text));
        expect(await page.entries()).toEqual(
          talk.map((entry) => ({ side: entry.author === own ? "own" : "other", ...entry })),
        );
        await page.isSettled();
        // Elements that only a text taken for HTML could have made.
        expect(await page.tab.$$("#messages :is(script, img, b)")).toEqual([]);
        const times = await page.tab.$$eval("#messages time", (found) =>
          found.map(({ dateTime }) => dateTime),
        );
        expect(times.map(Date.parse).filter((time) => time >= began && time <= Date.now())).toHaveLength(3);
        expect(page.failures()).toEqual([]);
      }
    });

    test("a server killed under two open pages and started again loses nothing and doubles nothing", async () => {
      const { store, log } = await openLog();
      const server = await start(chapter, "--store", store);
      const pages = await Promise.all(ENGINES.map((engine) => open(engine, server.url)));
      const [chromium, firefox] = pages;
      await chromium?.say("before, 크로미움");
      await firefox?.shows(["before, 크로미움"]);
      await firefox?.say("before, 파이어폭스");
      for (const page of pages) await page.shows(["before, 크로미움", "before, 파이어폭스"]);

      await server.stop("SIGKILL");
      await log.append({ text: "by another chapter on the same log" });
      for (const [index, page] of pages.entries()) {
        await page.is("reconnecting", /./);
        await page.say(`while the server was away, ${ENGINES[index]}`);
        await page.has(isSocket ? "#pending .sending" : "#pending .failed");
        expect(await page.tab.$eval("#reason", (line) => line.textContent)).not.toBe("");
      }
      await start(chapter, "--store", store, "--port", String(server.port));
      for (const page of pages) {
        await page.hurry();
        await page.is("connected");
        if (!isSocket) {
          await page.shows(await textsOf(log)); // Each that still comes moves the button, and a click would miss it.
          await page.tab.click("#pending .failed .actions button");
        }
        await page.isSettled();
      }
      await firefox?.say("after");
      await firefox?.isSettled();

      const kept = await textsOf(log);
      expect(kept.slice(0, 3)).toEqual([
        "before, 크로미움",
        "before, 파이어폭스",
        "by another chapter on the same log",
      ]);
      // Who is back first is not known where the pages send by themselves.
      expect(kept.slice(3).sort()).toEqual([
        "after",
        ...ENGINES.map((engine) => `while the server was away, ${engine}`),
      ]);
      for (const page of pages) await page.shows(kept);
    });

    test("a message whose answer was lost is sent again, and kept once", async () => {
      const { store, log } = await openLog();
      const server = await start(chapter, "--store", store);
      const network = await openNetwork(server.port);
      const pages = await Promise.all(ENGINES.map((engine) => open(engine, network.url)));
      const isPost = ({ method }: { method?: string | undefined }) => method === "POST";

      if (isSocket) network.decide(() => "loses the answer");
      else network.decide((request) => (isPost(request) ? "loses the answer" : "breaks off"));
      if (!isSocket) network.breakOff();
      for (const [index, page] of pages.entries()) {
        const kept = new Promise((resolve) => log.subscribe(resolve));
        await page.say(`한 번만, ${ENGINES[index]}`);
        await kept;
        await page.has(isSocket ? "#pending .sending" : "#pending .failed");
      }
      if (isSocket) {
        network.breakOff();
      } else {
        network.decide((request) => (isPost(request) ? "passes" : "breaks off"));
        for (const page of pages) {
          await page.tab.click("#pending .failed .actions button");
          await page.has("#pending .kept");
        }
      }
      network.decide(() => "passes");
      const once = ENGINES.map((engine) => `한 번만, ${engine}`);
      for (const page of pages) {
        await page.hurry();
        await page.shows(once);
        await page.isSettled();
      }
      expect(await textsOf(log)).toEqual(once);
      const sides = pages.map(async (page) => (await page.entries()).map(({ side }) => side));
      expect(await Promise.all(sides)).toEqual([
        ["own", "other"],
        ["other", "own"],
      ]);
    });

    test("a page that was away for 2,500 messages is given each once, in order, and keeps the newest 400", async () => {
      const { store, log } = await openLog();
      const numbers = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
      await Promise.all(numbers(1, 1_500).map((text) => log.append({ text })));
      const server = await start(chapter, "--store", store);
      const network = await openNetwork(server.port);
      const pages = await Promise.all(ENGINES.map((engine) => open(engine, network.url)));
      for (const page of pages) await page.shows(numbers(1_401, 1_500));

      await cutOff(network, ...pages);
      await Promise.all(numbers(1_501, 4_000).map((text) => log.append({ text })));
      const watches = await Promise.all(pages.map((page) => page.watch()));
      network.decide(() => "passes");
      for (const [index, page] of pages.entries()) {
        await page.hurry();
        await page.shows(numbers(3_601, 4_000));
        // Those that leave the page at once are never added to it, so what was added is in order, but has gaps.
        const added = (await watches[index]?.()) ?? [];
        expect(added).toEqual([...new Set(added)].sort((a, b) => Number(a) - Number(b)));
        expect(added.slice(-400)).toEqual(numbers(3_601, 4_000));
      }
    });

    test("over TLS the same: messages go both ways by https, and by wss in chapter 12", async () => {
      const { cert, key } = makeCertificate(temporaryFolder());
      // This port speaks TLS only: what arrives came by https, or by wss.
      const { url } = await start(chapter, "--tls-cert", cert, "--tls-key", key);
      expect(url).toMatch(/^https:/);
      const [chromium, firefox] = await Promise.all([open("Chromium", url), open("Firefox", url)]);
      await chromium.say("비밀");
      await firefox.shows(["비밀"]);
      await firefox.say("secret");
      await chromium.shows(["비밀", "secret"]);
    });
  });
});
