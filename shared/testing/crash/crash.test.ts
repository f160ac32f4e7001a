// kill -9, again and again, under a storm of sends: what was answered is there, once, in its place, and in one order.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { measured } from "../../tools/proof/figures.ts";
import { anySeed, between, type Random, seeded } from "../../tools/random.ts";
import { CHAPTERS, type ChapterFolder, startChapter } from "../chapter-process.ts";
import { allHave, enter, idsFrom, idsOf, logOf, times } from "../promises.ts";

/** To repeat a run: CRASH_SEED=… npx vitest …; CRASH_ROUNDS=… for more kills of each chapter. */
const seed = Number(process.env["CRASH_SEED"] ?? anySeed());
const rounds = Number(process.env["CRASH_ROUNDS"] ?? 3);
const SENDERS = 6;
/** Each sender has this many drafts on the way at once. */
const AT_ONCE = 4;

let kills = 0;
let answered = 0;
afterAll(() => {
  measured("kill -9 survived", kills);
  measured("messages answered under kill -9, all kept", answered);
});

/** What the file holds: whole lines, each key once. It is read here by no code of the store. */
function messagesIn(path: string): { key: string; text: string }[] {
  const byKey = new Map<string, { key: string; text: string }>();
  for (const line of readFileSync(path, "utf8").split("\n")) {
    try {
      const { key, text } = JSON.parse(line);
      if (!byKey.has(key)) byKey.set(key, { key, text });
    } catch {} // The last line, or one that was cut.
  }
  return [...byKey.values()];
}

/** Lets the storm go on for a random number of turns of the event loop. */
async function aMoment(random: Random): Promise<void> {
  for (let turns = between(random, 0, 40); turns > 0; turns -= 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Senders that go on and on, whatever happens to the server, until they are told to stop. */
function storm(chapter: ChapterFolder, url: string, name: string) {
  const senders = times(SENDERS, () => enter(chapter, url));
  const answers: Message[] = [];
  const counted = new Map<string, number>();
  const watchers = new Set<() => void>();
  let going = true;
  const sendOn = async (sender: number, lane: number) => {
    for (let turn = 0; going; turn += 1) {
      const key = `${name}-${sender}-${lane}-${turn}`;
      const answer = await senders[sender]?.send({ key, text: `안녕 ${key}`, author: `sender ${sender}` });
      if (!answer) return;
      answers.push(answer);
      counted.set(key, (counted.get(key) ?? 0) + 1);
      for (const watcher of watchers) watcher();
    }
  };
  const lanes = senders.flatMap((_, sender) => times(AT_ONCE, (lane) => sendOn(sender, lane)));
  return {
    senders,
    answers,
    /** Waits for so many more answers. */
    more: (count: number) =>
      new Promise<void>((resolve) => {
        const enough = answers.length + count;
        const watcher = () => {
          if (answers.length < enough) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    /** Lets what is on the way be answered. */
    async end() {
      going = false;
      await Promise.all(lanes);
    },
  };
}

/** What was answered is in the log, in the place that its id says. */
function expectKept(answers: readonly Message[], path: string): void {
  const log = messagesIn(path);
  for (const { id, key, text } of answers) expect(log[id - 1]).toEqual({ key, text });
}

describe.each(CHAPTERS)(`%s, killed at random moments (CRASH_SEED=${seed}),`, (chapter) => {
  test("loses no message that was answered, doubles none, leaves no gap, and keeps the order", async () => {
    const random = seeded(seed);
    const store = logOf(0);
    const path = store.slice("file:".length);
    const args = ["--store", store];
    let running = await startChapter(chapter, { args });
    const { senders, answers, more, end } = storm(chapter, running.url, "k");
    const reader = enter(chapter, running.url, { after: 0 });
    let before: { key: string; text: string }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Now and then in the very beginning, before anybody is answered.
      if (between(random, 0, 4) > 0) await more(between(random, 1, 80));
      await aMoment(random);
      await running.stop("SIGKILL");
      kills += 1;
      const sofar = [...answers];
      expectKept(sofar, path);
      const after = messagesIn(path);
      expect(after.slice(0, before.length), "what was there before").toEqual(before);
      before = after;
      running = await startChapter(chapter, { args });
      for (const client of [...senders, reader]) client.reconnect(running.url);
    }
    await more(1);
    await end();
    expectKept(answers, path);
    answered += answers.length;
    // Everything that was ever sent was answered in the end, so the log holds it all and nothing else.
    const log = messagesIn(path);
    expect(new Set(answers.map(({ key }) => key))).toEqual(new Set(log.map(({ key }) => key)));
    expect(idsOf(answers).sort((a, b) => a - b)).toEqual(idsFrom(1, log.length));
    // And who only read, across all the crashes, saw just that.
    await allHave(log.length, [reader]);
    expect(idsOf(reader.messages)).toEqual(idsFrom(1, log.length));
    expect(reader.messages.map(({ key, text }) => ({ key, text }))).toEqual(log);
  });
});

test(`of two chapters on one file each may be killed while the other goes on (CRASH_SEED=${seed}): still one log, all of it`, async () => {
  const random = seeded(seed);
  const store = logOf(0);
  const path = store.slice("file:".length);
  const args = ["--store", store];
  const kinds = ["ch10-long-polling", "ch12-websocket"] as const;
  const running = await Promise.all(kinds.map((kind) => startChapter(kind, { args })));
  const storms = kinds.map((kind, index) => storm(kind, running[index]?.url ?? "", `s${index}`));
  for (let round = 0; round < rounds; round += 1) {
    const index = between(random, 0, 1);
    await Promise.all(storms.map(({ more }) => more(between(random, 1, 40))));
    await aMoment(random);
    await running[index]?.stop("SIGKILL");
    kills += 1;
    await storms[1 - index]?.more(10); // The other has noticed nothing.
    const kind = kinds[index] ?? kinds[0];
    const again = await startChapter(kind, { args });
    running[index] = again;
    for (const client of storms[index]?.senders ?? []) client.reconnect(again.url);
  }
  await Promise.all(storms.map(({ end }) => end()));
  const answers = storms.flatMap((one) => one.answers);
  answered += answers.length;
  expectKept(answers, path);
  const log = messagesIn(path);
  expect(idsOf(answers).sort((a, b) => a - b)).toEqual(idsFrom(1, log.length));
  const readers = kinds.map((kind, index) => enter(kind, running[index]?.url ?? "", { after: 0 }));
  await allHave(log.length, readers);
  for (const { messages } of readers) {
    expect(messages.map(({ key, text }) => ({ key, text }))).toEqual(log);
  }
});
