// One process an engine for a file of tests, a fresh page for each test.
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { openStore } from "../../message-store/open-store.ts";
import type { MessageStore } from "../../message-store/store.ts";
import { type ChapterFolder, startChapter, temporaryFolder } from "../chapter-process.ts";
import { type ChatPage, openPage } from "./chat-page.ts";
import { ENGINES, type Engine, findBrowser, launchBrowser } from "./engines.ts";
import type { Network } from "./network.ts";

/** Opens a page that is closed, and found without a fault, when the test is over. */
export type OpenPage = (engine: Engine, url: string, headers?: Record<string, string>) => Promise<ChatPage>;

/** Starts the installed browsers before the file's tests and closes them after. */
export function sharedBrowsers(): OpenPage {
  const browsers = new Map<Engine, Browser>();
  beforeAll(async () => {
    await Promise.all(
      ENGINES.filter(findBrowser).map(async (engine) => {
        browsers.set(engine, await launchBrowser(engine));
      }),
    );
  });
  afterAll(async () => {
    await Promise.all([...browsers.values()].map((browser) => browser.close()));
  });
  return async (engine, url, headers) => {
    const browser = browsers.get(engine);
    if (browser === undefined) throw new Error(`${engine} is not there.`);
    const page = await openPage(browser, url, headers);
    onTestFinished(async () => {
      await page.close();
      expect(page.faults()).toEqual([]);
    });
    return page;
  };
}

/** Starts a chapter; polling hurries, so that the tests need not wait. */
export function start(chapter: ChapterFolder, ...args: string[]) {
  const interval = chapter === "ch09-polling" ? ["--poll-interval", "100"] : [];
  return startChapter(chapter, { args: [...interval, ...args] });
}

/** A log of this test's own, which the test itself may append to. */
export async function openLog(): Promise<{ store: string; log: MessageStore }> {
  const store = `file:${join(temporaryFolder(), "chat.ndjson")}`;
  const log = await openStore(store);
  onTestFinished(() => log.close());
  return { store, log };
}

export function numbers(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);
}

/** Cuts pages off from their server, and waits until they have noticed. */
export async function cutOff({ decide, breakOff }: Network, ...pages: readonly ChatPage[]): Promise<void> {
  decide(() => "breaks off");
  breakOff();
  for (const page of pages) await page.is("reconnecting");
}
