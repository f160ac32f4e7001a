// The viewer in real engines: four chapters on one log, each behind its proxy, and one page that shows them all.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Live, watchLive } from "../../../tools/wire/live.ts";
import { openRecording, showRecording } from "../../../tools/wire/replay.ts";
import { ENGINES, findBrowser, launchBrowser } from "../../browsers/engines.ts";
import { CHAPTERS, startChapter, temporaryFolder } from "../../chapter-process.ts";

const LABELLED = 'button, select, a, section, aside, iframe, [role="group"], fieldset';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

for (const engine of ENGINES) {
  describe.skipIf(findBrowser(engine) === undefined)(engine, () => {
    let live: Live;
    let log: string;
    let ports: number[];
    let browser: Browser;
    let page: Page;
    const ends: (() => unknown)[] = [];
    const said: string[] = [];

    beforeAll(async () => {
      ports = await Promise.all(CHAPTERS.map(freePort));
      live = await watchLive({ sources: ports.map((to) => ({ to, port: 0 })), viewer: 0 });
      const folder = mkdtempSync(join(tmpdir(), "chat-"));
      log = join(folder, "chat.ndjson");
      await Promise.all(
        CHAPTERS.map((name, index) => {
          const args = ["--store", `file:${log}`, "--allow-frame", live.url, "--port", String(ports[index])];
          return startChapter(name, { args, onStarted: (kill) => ends.push(kill) });
        }),
      );
      ends.push(() => rmSync(folder, { recursive: true, force: true }));
      browser = await launchBrowser(engine);
      page = await openTab();
      await page.goto(`${live.url}/?lang=en`);
      await waitFor(() => document.querySelectorAll("iframe").length === 4);
    });

    afterAll(async () => {
      await browser?.close();
      await live?.close();
      for (const end of ends) await end();
    });

    async function openTab(): Promise<Page> {
      const tab = await browser.newPage();
      await tab.setViewport({ width: 1600, height: 1000 });
      // Firefox tells of a chat's broken connection as of an error; here a fault broke it.
      tab.on(
        "pageerror",
        (error) => /was interrupted|establish a connection/.test(String(error)) || said.push(String(error)),
      );
      await tab.evaluateOnNewDocument(() => {
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
          console.error(`policy: ${violatedDirective} ${blockedURI}`);
        });
      });
      tab.on("console", (line) => {
        if (/policy/i.test(line.text())) said.push(line.text());
      });
      return tab;
    }

    /** Looks again whenever the document changes, never by the clock. */
    async function waitFor(seen: (about: string) => boolean, about = ""): Promise<void> {
      await page.waitForFunction(seen, { polling: "mutation", timeout: 30_000 }, about);
    }

    /** Waits for shapes in the diagram. */
    async function drawn(...selectors: string[]): Promise<void> {
      const isThere = (selector: string) => document.querySelector(`#drawing ${selector}`) !== null;
      for (const selector of selectors) await waitFor(isThere, selector);
    }

    function chatOf(index: number): Frame {
      const url = `http://localhost:${live.recorder.ports[index]}`;
      const frame = page.frames().find((each) => each.url().startsWith(url));
      if (!frame) throw new Error(`no frame of ${url}`);
      return frame;
    }

    async function say(index: number, text: string): Promise<void> {
      await chatOf(index).focus("#text");
      await page.keyboard.type(text);
      await page.keyboard.press("Enter");
    }

    /** Waits until each chat shows the log: so many messages, each once, in its order. What has failed is sent again. */
    async function showLog(count: number): Promise<void> {
      const chats = [...CHAPTERS.keys()].map(chatOf);
      const isWhole = (expected: number) => {
        document.querySelector<HTMLElement>("#pending .failed button")?.click();
        const isSettled = document.querySelector("#pending")?.childElementCount === 0;
        return isSettled && document.querySelectorAll("#messages .bubble").length >= expected;
      };
      await Promise.all(
        chats.map(async (chat) => {
          await chat.evaluate(() => void dispatchEvent(new Event("online")));
          await chat.waitForFunction(isWhole, { polling: "mutation", timeout: 30_000 }, count);
        }),
      );
      const lines = readFileSync(log, "utf8").trimEnd().split("\n");
      const kept = lines.map((line, index) => `${index + 1} ${JSON.parse(line).text}`);
      expect(new Set(kept.map((each) => each.replace(/^\d+/, "")))).toHaveProperty("size", count);
      for (const chat of chats) {
        const shown = await chat.$$eval("#messages > li", (all) =>
          all.map((each) => `${each.id} ${each.querySelector(".bubble")?.textContent}`),
        );
        expect(shown).toEqual(kept);
      }
    }

    /** Opens the newest row that has such a shape, then among its events the one that says this. */
    async function open(
      selector: string,
      summary: RegExp,
    ): Promise<{ labels: string[]; unlabelled: number }> {
      await drawn(selector);
      await page.evaluate((wanted) => {
        const shape = [...document.querySelectorAll(`#drawing ${wanted}`)].at(-1);
        let hit = shape?.previousElementSibling;
        while (hit && !hit.classList.contains("hit")) hit = hit.previousElementSibling;
        hit?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      }, selector);
      await waitFor((pattern) => {
        const said = new RegExp(pattern);
        if (said.test(document.querySelector("#details-summary")?.textContent ?? "")) {
          return document.querySelector(".byte") !== null;
        }
        const chips = [...document.querySelectorAll<HTMLElement>(".chip")];
        const chip = chips.find((each) => said.test(each.textContent));
        if (chip && chip.ariaCurrent !== "true") chip.click();
        return false;
      }, summary.source);
      return page.evaluate(() => ({
        labels: [...document.querySelectorAll(".meaning")].map((each) => each.textContent),
        unlabelled: document.querySelectorAll(".byte:not([data-run])").length,
      }));
    }

    test("each technique is told by its shapes: dots, a held bar, a stream's bar, a socket's two", async () => {
      await drawn("circle.poll.of-ch09", "rect.hold.of-ch10", "rect.stream.of-ch11", "rect.socket.of-ch12");
      const wrong = [
        "rect.stream.of-ch09",
        "rect.stream.of-ch10",
        "rect.hold.of-ch11",
        "rect.stream.of-ch12",
      ];
      expect(await page.$$(wrong.map((each) => `#drawing ${each}`).join())).toEqual([]);
    });

    test("one message is sent, and four techniques carry it", async () => {
      await say(3, "안녕");
      await showLog(1);
      await drawn(
        ...["path.message.upstream.of-ch12", "path.message.downstream.of-ch12"],
        ...["path.message.downstream.of-ch11", "path.news.of-ch10", "path.news.of-ch09"],
      );
    });

    test("a masked frame opens to bytes that are labelled, each of them", async () => {
      const { labels, unlabelled } = await open("path.message.upstream.of-ch12", /안녕/);
      expect(unlabelled).toBe(0);
      for (const name of [/^FIN/, /^opcode/, /^MASK/, /^masking key/, /^payload, masked.*안녕/]) {
        expect(labels).toContainEqual(expect.stringMatching(name));
      }
    });

    test("a byte lights its label, and a label its bytes; the section is a link", async () => {
      const lit = () =>
        page.evaluate(() => ({
          bytes: [...document.querySelectorAll(".hex .byte.lit")].map((each) => each.textContent).length,
          labels: [...document.querySelectorAll(".meaning.lit b")].map((each) => each.textContent),
        }));
      const link = await page.evaluate(() => {
        const entries = [...document.querySelectorAll<HTMLElement>(".meaning")];
        const key = entries.find((each) => each.textContent.startsWith("masking key"));
        key?.focus();
        const anchor = key?.querySelector("a");
        return [anchor?.href, anchor?.rel];
      });
      expect(await lit()).toEqual({ bytes: 4, labels: ["masking key"] });
      await page.focus(".dump");
      await page.keyboard.press("ArrowRight");
      expect((await lit()).labels).toContain("FIN");
      expect(link).toEqual(["https://www.rfc-editor.org/rfc/rfc6455#section-5.3", "noreferrer"]);
    });

    test("the 101 with its accept token, and a heartbeat, open to labelled bytes", async () => {
      const handshake = await open("path.ask.of-ch12", /101/);
      expect(handshake.unlabelled).toBe(0);
      expect(handshake.labels).toContainEqual(expect.stringMatching(/Sec-WebSocket-Accept/i));
      const heartbeat = await open("path.heartbeat.of-ch11", /heartbeat/);
      expect(heartbeat.unlabelled).toBe(0);
      expect(heartbeat.labels).toContainEqual(expect.stringMatching(/heartbeat/));
    });

    test("keys choose a row, open it and close it; the chat needs no mouse either", async () => {
      await page.keyboard.press("Escape");
      await page.focus("#scroller");
      await page.keyboard.press("ArrowUp");
      await waitFor(() => document.querySelector("#drawing .chosen") !== null);
      const spoken = await page.$eval("#said", ({ textContent }) => textContent);
      expect(spoken).toMatch(/^\d+:\d\d\.\d\d · /);
      expect(await page.$eval("#pause", ({ ariaPressed }) => ariaPressed)).toBe("true");
      await page.keyboard.press("Enter");
      await waitFor(() => document.querySelector<HTMLElement>("#details")?.hidden === false);
      await page.keyboard.press("Escape");
      await waitFor(() => document.querySelector<HTMLElement>("#details")?.hidden === true);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("scroller");
      await page.keyboard.press("End");
      await waitFor(() => document.querySelector("#pause")?.ariaPressed === "false");
    });

    const seen = {
      delay: ["rect.fault.delay.of-ch09"],
      split: ["rect.fault.split.of-ch09"],
      "stall-up": ["path.send.stuck.of-ch11"],
      "stall-down": ["path.message.stuck.of-ch12"],
      refuse: ["rect.fault.refuse.of-ch09", "path.failed"],
      cut: ["path.cut.of-ch10", "path.break.of-ch11", "path.break.of-ch12"],
    };
    test.each(Object.entries(seen))(
      "%s is pressed while all speak: no chat loses or doubles a message",
      async (id, shapes) => {
        const before = readFileSync(log, "utf8").trimEnd().split("\n").length;
        const press = async (pressed: boolean) => {
          await page.click(`#fault-${id}`);
          const isPressed = (selector: string) => document.querySelector(selector) !== null;
          if (id !== "cut") await waitFor(isPressed, `#fault-${id}[aria-pressed=${pressed}]`);
        };
        await press(true);
        // Who is refused speaks on the connection that is open, until that is cut.
        if (id === "refuse") await page.click("#fault-cut");
        for (const index of CHAPTERS.keys()) await say(index, `${id} ${index}`);
        await fetch(`http://localhost:${ports[0]}/update`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ text: `${id} past the wire` }),
        });
        await drawn(...shapes);
        if (id !== "cut") await press(false);
        await showLog(before + CHAPTERS.length + 1);
      },
    );

    test("labels are covered, one connection is shown alone, and the table has the same", async () => {
      const texts = () => page.$$eval("#drawing text.label", (all) => all.map((each) => each.textContent));
      expect((await texts()).join()).toMatch(/poll/);
      await page.click("#labels");
      await waitFor(
        () =>
          ![...document.querySelectorAll("#drawing text.label")].some((each) =>
            /[a-z]/.test(each.textContent),
          ),
      );
      await page.click("#labels");
      const [socket] = await page.$$eval("#filter option", (all) =>
        all.filter((each) => each.textContent.endsWith("GET /")).map((each) => each.value),
      );
      await page.select("#filter", socket ?? "");
      await waitFor(() => document.querySelector("#drawing .poll") === null);
      await drawn("rect.socket");
      await page.click("#as-table");
      await waitFor(() => document.querySelector("#rows button.open") !== null);
      const connections = await page.$$eval("#rows tbody td:nth-child(3)", (all) =>
        all.map((each) => each.textContent),
      );
      expect(new Set(connections)).toEqual(new Set([socket]));
      await page.click("#as-table");
      await page.select("#filter", "0");
    });

    test("a ping and its pong open to labelled bytes", async () => {
      for (const opcode of [/PING/, /PONG/]) {
        await waitFor(
          (wanted) =>
            [...document.querySelectorAll("#rows td:last-child")].some((each) =>
              each.textContent.includes(wanted),
            ),
          opcode.source,
        );
        const { unlabelled, labels } = await openFromTable(opcode);
        expect(unlabelled).toBe(0);
        expect(labels).toContainEqual(expect.stringMatching(/^opcode/));
      }
    });

    /** Opens the newest row of the table that says this. */
    async function openFromTable(summary: RegExp): Promise<{ labels: string[]; unlabelled: number }> {
      await page.click("#as-table");
      await waitFor(() => document.querySelector("#rows button.open") !== null);
      await page.evaluate((pattern) => {
        const all = [...document.querySelectorAll<HTMLElement>("#rows button.open")];
        all.find((each) => new RegExp(pattern).test(each.textContent))?.click();
      }, summary.source);
      await waitFor(
        (pattern) =>
          new RegExp(pattern).test(document.querySelector("#details-summary")?.textContent ?? "") &&
          document.querySelector(".byte") !== null,
        summary.source,
      );
      const found = await page.evaluate(() => ({
        labels: [...document.querySelectorAll(".meaning")].map((each) => each.textContent),
        unlabelled: document.querySelectorAll(".byte:not([data-run])").length,
      }));
      await page.click("#as-table");
      return found;
    }

    test("it speaks Korean at a click, and whatever takes the focus has a name", async () => {
      await page.keyboard.press("Escape");
      await page.click(".languages a[lang=ko]");
      expect(await page.evaluate(() => [document.documentElement.lang, document.title])).toEqual([
        "ko",
        "실시간으로 보는 네트워크",
      ]);
      const nameless = await page.$$eval(LABELLED, (all) =>
        all
          .filter(
            (each) =>
              `${each.ariaLabel ?? ""}${each.getAttribute("title") ?? ""}${each.textContent}`.trim() === "",
          )
          .map((each) => each.outerHTML),
      );
      expect(nameless).toEqual([]);
      const ids = await page.$$eval("[id]", (all) => all.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
    });

    test("a recording opens again, one that was cut short as far as it goes, and says so", async () => {
      const lines = await (await fetch(`${live.url}/recording`)).text();
      const file = join(temporaryFolder(), "wire.ndjson");
      writeFileSync(file, lines.slice(0, -40));
      const shown = await showRecording(openRecording(file), 0);
      const before = page;
      page = await openTab();
      await page.goto(`http://localhost:${shown.port}/?lang=en`);
      await drawn("circle.poll.of-ch09", "rect.hold.of-ch10", "rect.stream.of-ch11", "rect.socket.of-ch12");
      await waitFor(() => /line \d+/.test(document.querySelector("#notice")?.textContent ?? ""));
      expect(await page.$$("iframe")).toEqual([]);
      await page.close();
      page = before;
      shown.close();
    });

    test("nothing went wrong on the page meanwhile, and nothing broke its policy", () => {
      expect(said).toEqual([]);
    });
  });
}
