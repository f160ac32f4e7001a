// The worked answer of "Apply it": seven days pass, by a clock that only the test moves.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, ask, expectRefusal, requestOf } from "../../shared/testing/ask.ts";
import { findBrowser, launchBrowser } from "../../shared/testing/browsers/engines.ts";
import { rawConnection } from "../../shared/testing/raw.ts";

const DIST = join(import.meta.dirname, "../../dist");
const DAY = 24 * 60 * 60 * 1_000;
const HEARTBEAT = ": heartbeat\n\n";

/** The server, in a process of its own whose clock stands still until `pass`. */
async function startReminder() {
  const args = ["--disable-warning=ExperimentalWarning", "--import", join(DIST, "shared/testing/probe.js")];
  const child = spawn(process.execPath, [...args, join(DIST, "ch11-sse/apply-it/reminder.js")], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0" },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = child.stdout ? await once(child.stdout, "data") : [];
  const port = Number(/^ch11-sse\/reminder {2}http:\/\/localhost:(\d+)\n$/.exec(String(line))?.[1]);
  const enter = (what: "goal" | "weight", entry: unknown): Promise<Answer> => {
    const headers = { "Content-Type": "application/json" };
    return ask(port, `POST /${what}`, { headers, body: JSON.stringify(entry) });
  };
  return {
    port,
    enter,
    /** Lets time pass, in milliseconds. */
    async pass(time: number) {
      child.send({ question: time });
      await once(child, "message");
    },
    /** Opens the stream of a person, as a page does; `lastEventId` is what a page sends that comes back. */
    async open(person: string, lastEventId?: string) {
      const headers = { Connection: undefined, "Last-Event-ID": lastEventId };
      const connection = rawConnection(port, requestOf(port, `GET /reminders?person=${person}`, { headers }));
      await connection.until((received) => received.includes("retry: 1000\n\n"));
      const events = () => {
        const body = connection.received().split("\r\n\r\n").slice(1).join("\r\n\r\n");
        return body.replaceAll(/(?:^|(?<=\r\n))[0-9a-f]+\r\n|\r\n/g, "");
      };
      return {
        ...connection,
        /** Waits until the stream holds exactly this, behind the time to reconnect. */
        async holds(text: string) {
          await connection.until(() => events().length >= `retry: 1000\n\n${text}`.length);
          expect(events()).toBe(`retry: 1000\n\n${text}`);
        },
      };
    },
  };
}

function reminder(id: number, goal: number): string {
  return `event: reminder\nid: ${id}\ndata: {"goal":${goal}}\n\n`;
}

test("after seven days without a weight, and not a moment earlier, a page is sent an event named reminder", async () => {
  const { enter, open, pass } = await startReminder();
  expect(await enter("goal", { person: "ann", kg: 60 })).toMatchObject({ status: 204, body: "" });
  await pass(7 * DAY - 15_001);
  const page = await open("ann");
  await pass(15_000); // Whatever was sent too early would come before this heartbeat.
  await page.holds(HEARTBEAT);
  await pass(1);
  await page.holds(HEARTBEAT + reminder(1, 60));
});

test("a reminder goes to every open page of that person, and to nobody else", async () => {
  const { enter, open, pass } = await startReminder();
  for (const person of ["ann", "bob", "__proto__"]) await enter("goal", { person, kg: 60 });
  await pass(DAY);
  for (const person of ["bob", "__proto__"]) await enter("weight", { person, kg: 61 });
  await pass(6 * DAY - 15_001);
  const [phone, laptop, bob, other] = await Promise.all(
    ["ann", "ann", "bob", "__proto__"].map((it) => open(it)),
  );
  await pass(15_001);
  await pass(15_000);
  for (const page of [phone, laptop]) await page?.holds(HEARTBEAT + reminder(1, 60) + HEARTBEAT);
  for (const page of [bob, other]) await page?.holds(HEARTBEAT + HEARTBEAT);
});

test("a weight starts the seven days again; another goal does not", async () => {
  const { enter, open, pass } = await startReminder();
  await enter("goal", { person: "ann", kg: 60 });
  await pass(7 * DAY - 1);
  await enter("weight", { person: "ann", kg: 61.5 });
  await pass(6 * DAY);
  await enter("goal", { person: "ann", kg: 58 });
  await pass(DAY - 15_001);
  const page = await open("ann");
  await pass(15_000);
  await page.holds(HEARTBEAT);
  await pass(1);
  await page.holds(HEARTBEAT + reminder(2, 58));
});

describe("a page that comes back", () => {
  test("is not reminded a second time of what it has shown", async () => {
    const { enter, open, pass } = await startReminder();
    await enter("goal", { person: "ann", kg: 60 });
    await pass(7 * DAY);
    const page = await open("ann");
    await page.holds(reminder(1, 60));
    page.socket.destroy();
    const back = await open("ann", "1");
    await pass(15_000);
    await back.holds(HEARTBEAT);
  });

  test("is given the reminder that fell due while it was away", async () => {
    const { enter, open, pass } = await startReminder();
    await enter("goal", { person: "ann", kg: 60 });
    await pass(7 * DAY);
    await enter("weight", { person: "ann", kg: 61 });
    await pass(7 * DAY);
    const back = await open("ann", "1");
    await back.holds(reminder(2, 60));
    const again = await open("ann");
    await again.holds(reminder(2, 60));
  });

  test("is not reminded when a weight was entered meanwhile", async () => {
    const { enter, open, pass } = await startReminder();
    await enter("goal", { person: "ann", kg: 60 });
    await pass(7 * DAY);
    await enter("weight", { person: "ann", kg: 61 });
    const back = await open("ann");
    await pass(15_000);
    await back.holds(HEARTBEAT);
  });
});

test("who has no goal is told by 204 not to ask again, and what is no entry is refused", async () => {
  const { port, enter } = await startReminder();
  expect(await ask(port, "GET /reminders?person=ann")).toMatchObject({ status: 204 });
  expect(await ask(port, "GET /reminders")).toMatchObject({ status: 204 });
  for (const entry of [{}, null, { person: "ann" }, { person: 1, kg: 60 }, { person: "ann", kg: "60" }]) {
    expectRefusal(await enter("weight", entry), 400);
  }
  expectRefusal(await ask(port, "GET /reminders?person=ann", { headers: { Host: "evil.test" } }), 403);
});

test.skipIf(!findBrowser("Chromium"))("the open page shows the reminder, without a reload", async () => {
  const { port, enter, pass } = await startReminder();
  await enter("goal", { person: "지민", kg: 60 });
  const browser = await launchBrowser("Chromium");
  onTestFinished(() => browser.close());
  const tab = await browser.newPage();
  const opened = tab.waitForResponse((response) => response.url().includes("/reminders"));
  await tab.goto(`http://localhost:${port}/?person=지민`);
  await opened;
  expect(await tab.$eval("p", (line) => line.textContent)).toBe("Nothing to remind you of.");
  await pass(7 * DAY);
  await tab.waitForFunction(() => document.querySelector("p")?.textContent?.includes("Your goal is 60 kg."), {
    polling: "mutation",
  });
});
