// A chapter's page in a browser, and what somebody who sits before it does and sees.
import { deepStrictEqual } from "node:assert";
import type { Browser, Page } from "puppeteer-core";

/** One message of the list, as it is shown. */
export interface Entry {
  readonly side: "own" | "other";
  readonly author: string;
  readonly text: string;
}

/** The page, open in a tab of its own. */
export interface ChatPage {
  readonly tab: Page;
  /** What went wrong on the page and is no network failure: dialogs, uncaught errors, violations of its policy. */
  faults(): string[];
  /** Network failures, as far as the browser tells of them. */
  failures(): string[];
  /** Fills in the name. */
  callMe(name: string): Promise<void>;
  /** Types a text, a line break as Shift + Enter, and sends it by Enter. */
  say(text: string): Promise<void>;
  type(text: string): Promise<void>;
  /** Waits until the list shows these texts, no more, in this order. */
  shows(texts: readonly string[]): Promise<void>;
  /** Waits until the status line says this, and something of the kind of `reason`. */
  is(state: "connected" | "reconnecting", reason?: RegExp): Promise<void>;
  /** Waits until an element is there, and not hidden. @param selector of CSS */
  has(selector: string): Promise<void>;
  entries(): Promise<Entry[]>;
  /** Notes the text of each entry that is added to the list from now on. @returns tells what was added so far */
  watch(): Promise<() => Promise<string[]>>;
  /** Waits until nothing of its own is on its way, or has failed. */
  isSettled(): Promise<void>;
  /** Has the page believe that the network is back (HTML, the `online` event), so that nobody waits for a backoff. */
  hurry(): Promise<void>;
  close(): Promise<void>;
}

/** What a browser's console says of a request that failed, which is no fault where a test cuts the network. */
const FAILURE =
  /Failed to load resource|WebSocket connection to|can.t establish a connection|was interrupted/;

/** Opens a page as somebody who was never here before does, and waits until it is connected. */
export async function openPage(
  browser: Browser,
  url: string,
  headers: Record<string, string> = {},
): Promise<ChatPage> {
  const context = await browser.createBrowserContext();
  const tab = await context.newPage();
  const said: string[] = [];
  tab.on("dialog", (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("console", (line) => line.type() === "error" && said.push(line.text()));
  await tab.evaluateOnNewDocument(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  await tab.setExtraHTTPHeaders({ "Accept-Language": "en", ...headers });

  // Looks again whenever the document changes, never by the clock.
  const mutation = { polling: "mutation", timeout: 30_000 } as const;

  async function type(text: string): Promise<void> {
    await tab.focus("#text");
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0) {
        await tab.keyboard.down("Shift");
        await tab.keyboard.press("Enter");
        await tab.keyboard.up("Shift");
      }
      await tab.keyboard.type(line);
    }
  }

  const page: ChatPage = {
    tab,
    faults: () => said.filter((line) => !FAILURE.test(line)),
    failures: () => said.filter((line) => FAILURE.test(line)),
    async callMe(name) {
      await tab.focus("#author");
      await tab.keyboard.type(name);
    },
    type,
    async say(text) {
      await type(text);
      await tab.keyboard.press("Enter");
    },
    async shows(texts) {
      const asked = tab.waitForFunction(
        (expected) => {
          const bubbles = [...document.querySelectorAll("#messages .bubble")];
          return JSON.stringify(bubbles.map((bubble) => bubble.textContent)) === expected;
        },
        mutation,
        JSON.stringify(texts),
      );
      await asked.catch(async (error) => {
        const shown = await page.entries();
        deepStrictEqual(
          shown.map(({ text }) => text),
          texts,
        );
        throw error;
      });
    },
    async is(state, reason) {
      await tab.waitForFunction(
        (expected, pattern) =>
          document.querySelector<HTMLElement>("#status")?.dataset.state === expected &&
          new RegExp(pattern).test(document.querySelector("#reason")?.textContent ?? ""),
        mutation,
        state,
        reason?.source ?? "",
      );
    },
    async has(selector) {
      await tab.waitForFunction(
        (wanted) => document.querySelector<HTMLElement>(wanted)?.hidden === false,
        mutation,
        selector,
      );
    },
    entries: () =>
      tab.evaluate(() =>
        [...document.querySelectorAll("#messages > li")].map((item) => ({
          side: item.classList.contains("own") ? ("own" as const) : ("other" as const),
          author: item.querySelector(".author")?.textContent ?? "",
          text: item.querySelector(".bubble")?.textContent ?? "",
        })),
      ),
    async watch() {
      const added = await tab.evaluateHandle(() => {
        const texts: string[] = [];
        const list = document.querySelector("#messages") ?? document;
        new MutationObserver((changes) => {
          for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
            texts.push((node instanceof Element && node.querySelector(".bubble")?.textContent) || "?");
          }
        }).observe(list, { childList: true });
        return texts;
      });
      return () => added.jsonValue();
    },
    async isSettled() {
      const isEmpty = () => document.querySelector("#pending")?.childElementCount === 0;
      await tab.waitForFunction(isEmpty, mutation).catch(async (error) => {
        const left = await tab.$eval("#pending", ({ textContent }) => textContent);
        throw new Error(`still there: ${left}`, { cause: error });
      });
    },
    async hurry() {
      await tab.evaluate(() => void dispatchEvent(new Event("online")));
    },
    close: () => context.close(),
  };
  await tab.goto(url);
  await page.is("connected");
  return page;
}
