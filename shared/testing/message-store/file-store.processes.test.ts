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
let children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Answer extends Message {
  readonly added: boolean;
}

/** Starts a writer; it is ready when this resolves. `answers` grows as it is answered. */
async function startWriter(path: string, count: number, atOnce: number, key: string) {
  const child = spawn(process.execPath, [program, path, `${count}`, `${atOnce}`, key], {
    stdio: ["pipe", "pipe", "inherit"],
  });
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
      if (answers.length === count) answered();
    });
  });
  await ready;
  return {
    answers,
    allAnswered,
    begin: () => child.stdin.write("go\n"),
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
  const path = join(folder, "chat.ndjson");
  const writers = await Promise.all(["a-", "b-", "c-", "d-"].map((key) => startWriter(path, 300, 8, key)));
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
