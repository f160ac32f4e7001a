import type { Page } from "puppeteer-core";
import { describe, expect, test } from "vitest";
import { post } from "../ask.ts";
import { CHAPTERS, type ChapterFolder } from "../chapter-process.ts";
import { cutOff, numbers, openLog, sharedBrowsers, start } from "./browsers.ts";
import { ENGINES, findBrowser } from "./engines.ts";
import { openNetwork } from "./network.ts";

const open = sharedBrowsers();

async function say(port: number, texts: readonly string[]): Promise<void> {
  for (const text of texts) expect((await post(port, JSON.stringify({ text }))).status).toBe(201);
}

interface Incoming {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

const isPost = ({ method }: Incoming) => method === "POST";
const isLongPoll = ({ url }: Incoming) => url?.startsWith("/longpoll") ?? false;

/** Waits until all that was done is also laid out and drawn. */
function drawn(tab: Page): Promise<void> {
  return tab.evaluate(
    () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

/** Pixels between what is in view and the end of the conversation. */
function belowView(tab: Page): Promise<number> {
  return tab.$eval(
    "#scroller",
    ({ scrollHeight, clientHeight, scrollTop }) => scrollHeight - clientHeight - scrollTop,
  );
}

for (const engine of ENGINES) {
  describe.skipIf(findBrowser(engine) === undefined)(engine, () => {
    test("long polling: the requests of two idle windows are both held, neither waits for the other", async () => {
      const { port } = await start("ch10-long-polling");
      const network = await openNetwork(port);
      const first = await open(engine, network.url);
      const asked = network.next(isLongPoll).then(() => "asked");
      const tab = await first.tab.browserContext().newPage();
      await tab.goto(network.url);
      // The first request is answered after 25 s; a cache that lets the second wait gives up after 20 s.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, 10_000, "late");
      });
      expect(await Promise.race([asked, late])).toBe("asked");
      clearTimeout(timer);
    });

    test("three lines in the text field: the list keeps its end in view, and follows", async () => {
      const { store, log } = await openLog();
      const texts = numbers("number", 60);
      for (const text of texts) await log.append({ text });
      const { url } = await start("ch09-polling", "--store", store);
      const page = await open(engine, url);
      await page.shows(texts);
      await drawn(page.tab);
      await page.type("one\ntwo\nthree");
      await drawn(page.tab);
      expect(await belowView(page.tab)).toBeLessThan(2);
      await log.append({ text: "the next" });
      await page.shows([...texts, "the next"]);
      await drawn(page.tab);
      expect(await belowView(page.tab)).toBeLessThan(2);
      expect(await page.tab.$eval("#new-messages", (button) => button.matches(":not([hidden])"))).toBe(false);
    });

    test("the history is not read out; what is new is", async () => {
      const { store, log } = await openLog();
      for (const text of ["one", "two", "three"]) await log.append({ text });
      const { url } = await start("ch09-polling", "--store", store);
      const page = await open(engine, url);
      await page.tab.evaluateOnNewDocument(() => {
        const live: (string | null)[] = [];
        Object.assign(window, { live });
        const look = (changes: readonly MutationRecord[]) => {
          for (const { target, addedNodes } of changes) {
            if (!(target instanceof Element) || target.id !== "messages") continue;
            // As it is when a screen reader is told of the new entries.
            const region = target.closest("[role=log]");
            for (const _ of addedNodes) live.push(region?.getAttribute("aria-live") ?? null);
          }
        };
        new MutationObserver(look).observe(document, { childList: true, subtree: true });
      });
      await page.tab.reload();
      await page.shows(["one", "two", "three"]);
      await log.append({ text: "new" });
      await page.shows(["one", "two", "three", "new"]);
      const live = await page.tab.evaluate(() => Reflect.get(window, "live"));
      expect(live).toEqual(["off", "off", "off", "polite"]);
    });

    describe.each(["ch09-polling", "ch12-websocket"] as const)("%s", (chapter) => {
      test("a reload keeps a draft that is being sent, and a half-written text", async () => {
        const { port } = await start(chapter);
        const network = await openNetwork(port);
        const page = await open(engine, network.url);
        network.decide((request) => (isPost(request) ? "hangs" : "passes"));
        if (chapter === "ch12-websocket") {
          network.decide(({ headers }) => (headers.upgrade === undefined ? "passes" : "breaks off"));
          network.breakOff();
          await page.is("reconnecting");
        }
        await page.callMe("지민");
        await page.say("on its way");
        await page.has("#pending .sending");
        await page.type("half\nwritten");
        network.decide(() => "passes");
        await page.tab.reload();
        await page.shows(["on its way"]);
        await page.isSettled();
        expect(await page.entries()).toMatchObject([{ side: "own", author: "지민", text: "on its way" }]);
        expect(await page.tab.$eval("textarea#text", (field) => field.value)).toBe("half\nwritten");
      });
    });

    test("a text of six lines is shown six lines high, also after a reload", async () => {
      const { url } = await start("ch09-polling");
      const page = await open(engine, url);
      const height = () => page.tab.$eval("#text", (field) => field.getBoundingClientRect().height);
      const one = await height();
      await page.type("1\n2\n3\n4\n5\n6");
      const six = await height();
      expect(six).toBeGreaterThan(3 * one);
      await page.tab.reload();
      await page.is("connected");
      expect(await page.tab.$eval("textarea#text", (field) => field.value)).toBe("1\n2\n3\n4\n5\n6");
      await drawn(page.tab);
      expect(await height()).toBe(six);
    });

    test("the wheel scrolls the list also over the new-messages button", async () => {
      const { store, log } = await openLog();
      for (const text of numbers("number", 60)) await log.append({ text });
      const { url } = await start("ch09-polling", "--store", store);
      const page = await open(engine, url);
      await page.tab.waitForFunction(() => document.querySelectorAll("#messages > li").length === 60);
      await drawn(page.tab);
      const top = () => page.tab.$eval("#scroller", ({ scrollTop }) => scrollTop);
      await page.tab.hover("#scroller");
      const end = await top();
      await page.tab.mouse.wheel({ deltaY: -400 });
      const isAbove = (limit: number) =>
        page.tab.waitForFunction(
          (most) => (document.querySelector("#scroller")?.scrollTop ?? Infinity) < most,
          { timeout: 5_000 },
          limit,
        );
      await isAbove(end - 300);
      await log.append({ text: "new" });
      await page.has("#new-messages");
      await page.tab.hover("#new-messages");
      const before = await top();
      await page.tab.mouse.wheel({ deltaY: -200 });
      await isAbove(before - 100);
    });
  });
}

const engine = ENGINES.find(findBrowser);
describe.skipIf(engine === undefined)("in whichever engine is there", () => {
  const openAny = (url: string) => open(engine ?? "Chromium", url);

  describe.each(CHAPTERS)("%s", (chapter) => {
    test("a page that was opened on an empty log shows each of 250 messages that came while it was cut off", async () => {
      const { store, log } = await openLog();
      const { port, url } = await start(chapter, "--store", store);
      const network = await openNetwork(port);
      const page = await openAny(network.url);
      const witness = await openAny(url);
      await cutOff(network, page);
      const texts = numbers("number", 250);
      await Promise.all(texts.map((text) => log.append({ text })));
      await witness.shows(texts); // So the server has all of them.
      network.decide(() => "passes");
      await page.hurry();
      await page.shows(texts);
    });

    test.each([
      ["shorter", 2],
      ["as long", 5],
      ["longer", 12],
    ])(
      "where the log was reset and is %s now, the new conversation is there, and nothing of the old",
      async (_, count) => {
        // Chapter 12 has no POST, so another chapter writes to its log.
        const { store, log } = await openLog();
        const first = await start(chapter, "--store", store);
        const network = await openNetwork(first.port);
        await Promise.all(numbers("old", 5).map((text) => log.append({ text })));
        const page = await openAny(network.url);
        await page.shows(numbers("old", 5));
        await cutOff(network, page);
        await first.stop();
        const next = await openLog();
        for (const text of numbers("new", count)) await next.log.append({ text });
        await start(chapter, "--store", next.store, "--port", String(first.port));
        network.decide(() => "passes");
        await page.hurry();
        await page.shows(numbers("new", count));
        await page.is("connected", /The log was reset/);
        await page.say("and on");
        await page.shows([...numbers("new", count), "and on"]);
        await page.isSettled();
      },
    );

    test.each([0, 2])(
      "where the log was reset to %s messages, and nobody could tell before the page was connected, it is found out soon after",
      async (count) => {
        const { store, log } = await openLog();
        const first = await start(chapter, "--store", store);
        const network = await openNetwork(first.port);
        // So many that the page does not have the oldest; some of them may come after it was opened.
        await Promise.all(numbers("old", 150).map((text) => log.append({ text })));
        const page = await openAny(network.url);
        await page.tab.waitForFunction(() => document.querySelectorAll("#messages > li").length >= 100);
        await cutOff(network, page);
        await first.stop();
        const next = await openLog();
        for (const text of numbers("new", count)) await next.log.append({ text });
        await start(chapter, "--store", next.store, "--port", String(first.port));
        // The page asks for messages and gets them, but the next three times nobody tells it which log they are of.
        let isAsked = false;
        let refusals = 0;
        network.decide(({ method, url }) => {
          isAsked ||= url?.includes("?after=") ?? false;
          if (method !== "HEAD" || refusals === 3) return "passes";
          if (isAsked) refusals += 1;
          return 502;
        });
        await page.hurry();
        await page.is("connected", /The log was reset/);
        await page.shows(numbers("new", count));
      },
    );
  });

  test.each([
    ["everything", () => true],
    ["long polls alone", isLongPoll],
  ])(
    "long polling behind a proxy that answers %s with 502 at once: the page never says Connected",
    async (_, isRefused) => {
      const { port } = await start("ch10-long-polling");
      const network = await openNetwork(port);
      const page = await openAny(network.url);
      const states = await page.tab.evaluateHandle(() => {
        const seen: (string | undefined)[] = [];
        const status = document.querySelector<HTMLElement>("#status");
        if (status)
          new MutationObserver(() => seen.push(status.dataset.state)).observe(status, { attributes: true });
        return seen;
      });
      network.decide((request) => (isRefused(request) ? 502 : "passes"));
      network.breakOff();
      await page.is("reconnecting");
      for (let tries = 0; tries < 5; tries += 1) {
        await page.has("#countdown:not(:empty)");
        const next = network.next(isLongPoll);
        await page.hurry();
        await next;
      }
      await page.is("reconnecting");
      expect(await states.jsonValue()).not.toContain("connected");
      network.decide(() => "passes");
      await page.hurry();
      await page.is("connected");
    },
  );

  test("a long poll that was sent when nobody answered is sent again before the page says Connected", async () => {
    const { port } = await start("ch10-long-polling");
    const network = await openNetwork(port);
    const page = await openAny(network.url);
    await cutOff(network, page);
    const lost = network.next(isLongPoll);
    network.decide((request) => (isLongPoll(request) ? "hangs" : 502));
    await page.hurry();
    await lost;
    let isAskedAgain = false;
    network.decide((request) => {
      isAskedAgain ||= isLongPoll(request);
      return "passes";
    });
    await page.hurry();
    await page.is("connected");
    expect(isAskedAgain).toBe(true);
  });

  test.each([
    ["shorter", 1],
    ["longer", 4],
  ])(
    "a restart between two polls, with a log in memory that is %s now: nothing of the old stays",
    async (_, count) => {
      const args = ["--poll-interval", "60000"];
      const server = await start("ch09-polling", ...args);
      const page = await openAny(server.url);
      await say(server.port, ["old 1", "old 2"]);
      await page.hurry();
      await page.shows(["old 1", "old 2"]);
      await server.stop();
      await start("ch09-polling", ...args, "--port", String(server.port));
      await say(server.port, numbers("new", count));
      await page.hurry();
      await page.shows(numbers("new", count));
      await page.is("connected", /The log was reset/);
    },
  );

  describe("a proxy keeps its connection to the page while the server behind it restarts with another log", () => {
    /** Starts a chapter, and opens its page, which then shows two messages. */
    async function openBehindProxy(chapter: ChapterFolder) {
      const server = await start(chapter);
      const network = await openNetwork(server.port);
      const page = await openAny(network.url);
      const next = network.next(({ url }) => url?.endsWith("?after=2") ?? false);
      await say(server.port, numbers("old", 2));
      await page.shows(numbers("old", 2));
      await next;
      /** Nothing that the page asks fails: the proxy waits. @returns has it wait no longer */
      async function restart(): Promise<() => void> {
        let release = () => {};
        const restarted = new Promise<"passes">((resolve) => {
          release = () => resolve("passes");
        });
        network.decide(() => restarted);
        await server.stop();
        await start(chapter, "--port", String(server.port));
        await say(server.port, numbers("new", 4));
        return release;
      }
      async function showsNew(): Promise<void> {
        await page.shows(numbers("new", 4));
        await page.is("connected", /The log was reset/);
      }
      return { ...page, network, port: server.port, restart, showsNew };
    }

    test("polling: 15 s later nothing of the old conversation is there", async () => {
      const { tab, restart, showsNew } = await openBehindProxy("ch09-polling");
      const release = await restart();
      await tab.evaluate(() => {
        const now = Date.now;
        Date.now = () => now() + 15_000;
      });
      release();
      await showsNew();
    });

    test("long polling: the server ended the hold early", async () => {
      const { restart, showsNew } = await openBehindProxy("ch10-long-polling");
      const release = await restart();
      release();
      await showsNew();
    });

    test("long polling: the proxy ended the hold", async () => {
      const { tab, network, port, restart, showsNew } = await openBehindProxy("ch10-long-polling");
      let giveUp = () => {};
      const givenUp = new Promise<502>((resolve) => {
        giveUp = () => resolve(502);
      });
      const held = network.next(isLongPoll);
      network.decide((request) => (isLongPoll(request) ? givenUp : "passes"));
      await say(port, ["old 3"]);
      await held;
      await tab.evaluate(() => {
        const now = performance.now.bind(performance);
        performance.now = () => now() + 11_000;
      });
      const release = await restart();
      release();
      giveUp();
      await showsNew();
    });
  });

  test.each(["ch10-long-polling", "ch11-sse", "ch12-websocket"] as const)(
    "%s: a connection that dies without a word is given up after 35 s of silence, and nothing is missed",
    async (chapter) => {
      const server = await start(chapter);
      const page = await openAny(server.url);
      process.kill(server.pid, "SIGSTOP"); // The connection stays open, and nothing comes.
      await page.tab.evaluate(() => {
        const now = Date.now;
        Date.now = () => now() + 35_000;
      });
      await page.is("reconnecting", /took too long/);
      process.kill(server.pid, "SIGCONT");
      await page.hurry();
      await page.is("connected");
      await page.say("안녕");
      await page.shows(["안녕"]);
      await page.isSettled();
    },
  );

  test("two readers without a name are two speakers, and each knows which messages are its own", async () => {
    const { url } = await start("ch11-sse");
    const [one, two] = [await openAny(url), await openAny(url)];
    await one.say("하나");
    await two.shows(["하나"]);
    await two.say("둘");
    await one.shows(["하나", "둘"]);
    const names = [one, two].map(({ tab }) => tab.$eval("input#author", ({ placeholder }) => placeholder));
    expect((await one.entries()).map(({ author }) => author)).toEqual(await Promise.all(names));
    const isOwn = await one.tab.$$eval("#messages > li", (items) =>
      items.map((item) => item.querySelector(".you") !== null),
    );
    expect(isOwn).toEqual([true, false]);
  });

  test("at 400 % zoom the technique is still there to read, and the conversation has room", async () => {
    const { url } = await start("ch10-long-polling");
    const { tab } = await openAny(url);
    await tab.setViewport({ width: 320, height: 256 });
    await drawn(tab);
    for (const selector of [".line", ".request", ".steps", "#composer"]) {
      expect(await tab.$eval(selector, (shown) => shown.getClientRects().length), selector).toBe(1);
    }
    expect(await tab.$eval("#scroller", ({ clientHeight }) => clientHeight)).toBeGreaterThanOrEqual(150);
  });

  test("a poll that hangs after a long pause is given up soon: the pause was silence too", async () => {
    const { port } = await start("ch09-polling", "--poll-interval", "60000");
    const network = await openNetwork(port);
    const page = await openAny(network.url);
    const isPoll = ({ url }: Incoming) => url?.startsWith("/poll") ?? false;
    /** Has the page believe that it is later, and stays so. */
    const pass = (ms: number) =>
      page.tab.evaluate((later) => {
        const time = Date.now() + later;
        Date.now = () => time;
      }, ms);
    network.decide((request) => (isPoll(request) ? "hangs" : "passes"));
    await pass(30_000);
    const asked = network.next(isPoll);
    await page.hurry();
    await asked;
    await pass(6_000);
    await page.is("reconnecting", /took too long/);
  });

  test("two messages sent one right after the other arrive in order, however long the first takes", async () => {
    const { store, log } = await openLog();
    const { port } = await start("ch09-polling", "--store", store);
    const network = await openNetwork(port);
    const page = await openAny(network.url);
    let release = () => {};
    const released = new Promise<"passes">((resolve) => {
      release = () => resolve("passes");
    });
    let posts = 0;
    network.decide((request) => {
      if (isPost(request)) posts += 1;
      return isPost(request) && posts === 1 ? released : "passes";
    });
    await page.say("first");
    await page.say("second");
    // A page that sends both at once has sent the second before it asks again, and again.
    for (let polls = 0; polls < 5; polls += 1)
      await network.next(({ url }) => url?.startsWith("/poll") ?? false);
    release();
    await page.isSettled();
    await page.shows(["first", "second"]);
    await log.refresh();
    expect((await log.after(0)).map(({ text }) => text)).toEqual(["first", "second"]);
  });

  test("long polling on an empty log is connected as soon as the server has answered, without a timer", async () => {
    const { url } = await start("ch10-long-polling");
    const page = await openAny(url);
    await page.tab.evaluateOnNewDocument(() => {
      Object.assign(window, { setTimeout: () => 0, setInterval: () => 0 });
    });
    await page.tab.reload();
    await page.is("connected");
  });
});
