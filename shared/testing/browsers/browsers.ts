// One process an engine for a file of tests, a fresh page for each test.
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { type ChatPage, openPage } from "./chat-page.ts";
import { ENGINES, type Engine, findBrowser, launchBrowser } from "./engines.ts";

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
