// Several processes on one file. They run the compiled `writer.child.ts`: build first.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";

const program = fileURLToPath(
  new URL("../../../dist/shared/testing/message-store/writer.child.js", import.meta.url),
);
const folder = mkdtempSync(join(tmpdir(), "processes-"));
let files = 0;
let children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Answer extends Message {
  readonly added: boolean;
  readonly error?: string;
}

/** Starts a writer; it is ready when this resolves. `answers` grows as it is answered. */
async function startWriter(
  options: { path: string; count: number; atOnce: number; key: string; limit?: number },
  onAnswer = (_answers: number) => {},
) {
  const command = [
    process.execPath,
    program,
    options.path,
    `${options.count}`,
    `${options.atOnce}`,
    options.key,
  ];
  // The limit is one of file size, in blocks of 512 bytes: a disk that is full before long.
  const shell = `${options.limit === undefined ? "" : `ulimit -f ${options.limit}; `}exec "$@"`;
  const child = spawn("sh", ["-c", shell, "sh", ...command], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const answers: Answer[] = [];
  const exited = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  let sequence: Message[] = [];
  let answered = () => {};
  const allAnswered = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const ready = once(lines, "line").then(() => {
    lines.on("line", (line) => {
      if (line.startsWith("sequence ")) sequence = JSON.parse(line.slice("sequence ".length));
      else answers.push(JSON.parse(line));
      onAnswer(answers.length);
      if (answers.length === options.count) answered();
    });
  });
  await ready;
  return {
    answers,
    exited,
    allAnswered,
    begin: () => child.stdin.write("go\n"),
    kill: () => child.kill("SIGKILL"),
    /** Lets it read the log to its end; returns what it then holds. */
    finish: async () => {
      child.stdin.end();
      await exited;
      return sequence;
    },
  };
}

async function readLog(path: string): Promise<readonly Message[]> {
  const store = await openStore(`file:${path}`);
  const log: Message[] = [];
  while (log.length < store.newest) log.push(...(await store.after(log.length)));
  await store.close();
  return log;
}

test("processes that append at once hold one sequence, with no gap and all that was answered", async () => {
  const path = join(folder, `${++files}.ndjson`);
  const writers = await Promise.all(
    ["a-", "b-", "c-", "d-"].map((key) => startWriter({ path, count: 300, atOnce: 8, key })),
  );
  for (const writer of writers) writer.begin();
  await Promise.all(writers.map((writer) => writer.allAnswered));
  const log = await readLog(path);
  expect(log.map(({ id }) => id)).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
  expect(new Set(log.map(({ key }) => key)).size).toBe(1_200);
  for (const writer of writers) {
    expect(await writer.finish()).toEqual(log);
    for (const answer of writer.answers) expect(answer).toEqual({ ...log[answer.id - 1], added: true });
  }
}, 20_000);

test("a key that several processes use at once is one message, added by one of them", async () => {
  const path = join(folder, `${++files}.ndjson`);
  const writers = await Promise.all(
    Array.from({ length: 3 }, () => startWriter({ path, count: 200, atOnce: 4, key: "same-" })),
  );
  for (const writer of writers) writer.begin();
  await Promise.all(writers.map((writer) => writer.allAnswered));
  const log = await readLog(path);
  expect(log).toHaveLength(200);
  const answers = writers.flatMap((writer) => writer.answers);
  for (const message of log) {
    const same = answers.filter(({ key }) => key === message.key);
    expect(same.filter(({ added }) => added)).toHaveLength(1);
    for (const { added: _, ...answer } of same) expect(answer).toEqual(message);
  }
}, 20_000);

test("kill -9 at any moment loses no message that was answered", async () => {
  const path = join(folder, `${++files}.ndjson`);
  const answers: Answer[] = [];
  for (let round = 0; round < 8; round += 1) {
    const last = 1 + Math.floor(Math.random() * 300);
    const options = { path, count: 1_000_000, atOnce: 16, key: `${round}-` };
    const writer = await startWriter(options, (count) => count === last && writer.kill());
    writer.begin();
    await writer.exited;
    answers.push(...writer.answers);
    expect(writer.answers.length).toBeGreaterThanOrEqual(last);
  }
  const log = await readLog(path);
  expect(log.map(({ id }) => id)).toEqual(log.map((_, index) => index + 1));
  for (const { added: _, ...answer } of answers) expect(log[answer.id - 1]).toEqual(answer);
}, 20_000);

test("a disk that fills up keeps what was answered, refuses the rest, and the process stays", async () => {
  const path = join(folder, `${++files}.ndjson`);
  const writer = await startWriter({ path, count: 200, atOnce: 16, key: "k-", limit: 20 });
  writer.begin();
  await writer.allAnswered;
  const refused = writer.answers.filter(({ error }) => error !== undefined);
  const kept = writer.answers.filter(({ error }) => error === undefined);
  expect(refused.length).toBeGreaterThan(0);
  expect(kept.length).toBeGreaterThan(0);
  for (const { error } of refused) expect(error).toMatch(/free some disk space and send it again\.$/);
  const sequence = await writer.finish();
  expect(sequence.map(({ key }) => key)).toEqual(kept.sort((a, b) => a.id - b.id).map(({ key }) => key));
}, 20_000);
