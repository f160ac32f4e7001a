import { describe, expect, test } from "vitest";
import { sharedChapter, startChapter } from "../chapter-process.ts";
import { numbers, openLog, sharedBrowsers, start } from "./browsers.ts";
import { ENGINES, findBrowser } from "./engines.ts";
import { openNetwork } from "./network.ts";

const open = sharedBrowsers();

for (const engine of ENGINES) {
  describe.skipIf(findBrowser(engine) === undefined)(engine, () => {
    const chapter = sharedChapter("ch09-polling", { args: ["--poll-interval", "100"] });

    test("the page speaks the reader's language; ?lang= wins, and so does the page's own switch", async () => {
      const page = await open(engine, chapter().url, { "Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8" });
      const words = () =>
        page.tab.evaluate(() => [
          document.documentElement.lang,
          document.querySelector("#composer button")?.textContent,
          document.querySelector("#state")?.textContent,
        ]);
      expect(await words()).toEqual(["ko", "보내기", "연결됨"]);
      await page.tab.goto(`${chapter().url}/?lang=en`);
      await page.is("connected");
      expect(await words()).toEqual(["en", "Send", "Connected"]);
      await Promise.all([page.tab.waitForNavigation(), page.tab.click("nav a[lang=ko]")]);
      await page.is("connected");
      expect(await words()).toEqual(["ko", "보내기", "연결됨"]);
    });

    test("Enter sends; Shift + Enter does not, nor does an Enter that ends a syllable, nor a blank text", async () => {
      const { url } = await start("ch09-polling");
      const page = await open(engine, url);
      const text = () => page.tab.$eval("textarea#text", (field) => field.value);
      await page.say("  \n ");
      expect(await text()).toBe("  \n ");
      await page.tab.$eval("textarea#text", (field) => field.select());
      await page.type("한글");
      await page.tab.$eval("#text", (field) => {
        const enter = { key: "Enter", bubbles: true, cancelable: true };
        field.dispatchEvent(new KeyboardEvent("keydown", { ...enter, isComposing: true }));
        field.dispatchEvent(new KeyboardEvent("keydown", { ...enter, keyCode: 229 }));
      });
      expect(await text()).toBe("한글");
      await page.say("\n두 줄");
      expect(await text()).toBe("");
      await page.shows(["한글\n두 줄"]);
      await page.isSettled();
      expect(await page.tab.evaluate(() => document.activeElement?.id)).toBe("text");
    });

    test("a reload keeps the name, and own messages apart from others'", async () => {
      const { url } = await start("ch09-polling");
      const page = await open(engine, url);
      const other = await open(engine, url);
      await other.say("theirs");
      // Of two tabs in one browser only one is in sight, and the other asks seldom.
      await page.tab.bringToFront();
      const guest = await other.tab.$eval("input#author", (field) => field.placeholder);
      expect(guest).toMatch(/^guest \d+$/);
      await page.callMe("지민");
      await page.say("mine");
      await page.shows(["theirs", "mine"]);
      await page.tab.reload();
      await page.shows(["theirs", "mine"]);
      expect(await page.entries()).toEqual([
        { side: "other", author: guest, text: "theirs" },
        { side: "own", author: "지민", text: "mine" },
      ]);
      expect(await page.tab.$eval("input#author", (field) => field.value)).toBe("지민");
    });

    test("a refused message says why, and is thrown away by Discard", async () => {
      const { port } = await start("ch09-polling");
      const network = await openNetwork(port);
      const page = await open(engine, network.url);
      network.decide(({ method }) => (method === "POST" ? 503 : "passes"));
      await page.say("nowhere to keep this");
      await page.has("#pending .failed");
      const failure = await page.tab.$eval(".failure", (line) => line.textContent);
      expect(failure).toBe("Not sent. The server answered with an error (503).");
      await page.tab.click("#pending .actions button:nth-child(2)");
      await page.isSettled();
      expect(await page.entries()).toEqual([]);
    });

    test("a page that the server has a newer one of says so, and a reload makes it new", async () => {
      const server = await start("ch09-polling");
      const page = await open(engine, server.url);
      await server.stop();
      await page.is("reconnecting", /No answer from the server\./);
      // The interval is in the page, so this is another page.
      await startChapter("ch09-polling", { args: ["--poll-interval", "200", "--port", String(server.port)] });
      await page.hurry();
      await page.has("#stale");
      await Promise.all([page.tab.waitForNavigation(), page.tab.click("#reload")]);
      await page.is("connected");
      expect(await page.tab.$eval("div#stale", (bar) => bar.hidden)).toBe(true);
    });

    test("a tab out of sight asks every ten seconds, and at once when it is looked at", async () => {
      const network = await openNetwork(chapter().port);
      const page = await open(engine, network.url);
      const pauses = await page.tab.evaluateHandle(() => {
        const asked: (number | undefined)[] = [];
        const native = window.setTimeout.bind(window);
        const noting = (act: () => void, ms?: number) => {
          asked.push(ms);
          return native(act, ms);
        };
        Object.assign(window, { setTimeout: noting });
        return asked;
      });
      const inFront = await page.tab.browserContext().newPage();
      await inFront.bringToFront();
      expect(await page.tab.evaluate(() => document.hidden)).toBe(true);
      await page.tab.waitForFunction((asked) => asked.includes(10_000), { polling: 50 }, pauses);
      expect((await pauses.jsonValue()).at(-1)).toBe(10_000);
      const next = network.next(({ url }) => url?.startsWith("/poll") ?? false);
      await page.tab.bringToFront();
      await next;
    });

    test("the newest 100 messages are there when a page opens, and the end of them is in view", async () => {
      const { store, log } = await openLog();
      const texts = numbers("number", 1_500);
      await Promise.all(texts.map((text) => log.append({ text })));
      const { url } = await start("ch09-polling", "--store", store);
      const page = await open(engine, url);
      await page.shows(texts.slice(-100));
      const last = await page.tab.$("#messages li:last-child");
      expect(await last?.isIntersectingViewport({ threshold: 1 })).toBe(true);
    });

    describe("server-sent events", () => {
      const stream = sharedChapter("ch11-sse");
      const isStream = ({ url }: { url?: string | undefined }) => url?.startsWith("/subscribe") ?? false;

      test("where the stream ends the browser itself comes back, and says what it has seen", async () => {
        const network = await openNetwork(stream().port);
        const page = await open(engine, network.url);
        await page.say("seen");
        await page.has("#messages .own");
        network.decide((request) => (isStream(request) ? "breaks off" : "passes"));
        network.breakOff();
        await page.is("reconnecting", /The connection broke off\./);
        network.decide(() => "passes");
        const { url, headers } = await network.next(isStream);
        expect({ url, id: headers["last-event-id"] }).toEqual({
          // The address is the one it was opened with; where both are there, the header counts.
          url: expect.stringMatching(/^\/subscribe\?after=\d+$/),
          id: await page.tab.$eval("#messages > li:last-child", ({ id }) => id),
        });
        await page.is("connected");
        expect((await page.entries()).filter(({ text }) => text === "seen")).toHaveLength(1);
      });

      test("where the answer is no stream the browser gives up: the page says so and starts anew", async () => {
        const network = await openNetwork(stream().port);
        const page = await open(engine, network.url);
        await page.say("before the proxy");
        await page.has("#messages .own");
        network.decide((request) => (isStream(request) ? 503 : "passes"));
        network.breakOff();
        await page.has("#countdown:not(:empty)");
        network.decide(() => "passes");
        const next = network.next(isStream);
        await page.hurry();
        const { url, headers } = await next;
        // A new stream knows of no event, so the cursor is in its address.
        expect({ url, id: headers["last-event-id"] }).toEqual({
          url: expect.stringMatching(/^\/subscribe\?after=\d+$/),
          id: undefined,
        });
        await page.is("connected");
        expect((await page.entries()).filter(({ text }) => text === "before the proxy")).toHaveLength(1);
      });
    });
  });
}

test.skipIf(findBrowser("Chromium") === undefined)(
  "Chromium: an input method's Enter ends the syllable, the next one sends it",
  async () => {
    const { url } = await start("ch09-polling");
    const page = await open("Chromium", url);
    const input = await page.tab.createCDPSession();
    await page.tab.focus("#text");
    const composed = { text: "하", selectionStart: 1, selectionEnd: 1 };
    await input.send("Input.imeSetComposition", composed);
    const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
    await input.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await input.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    expect(await page.tab.$eval("textarea#text", (field) => field.value)).toBe("하");
    await input.send("Input.insertText", { text: "하" });
    await page.tab.keyboard.press("Enter");
    await page.shows(["하"]);
  },
);
