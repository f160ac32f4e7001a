import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../../message-store/open-store.ts";
import { StoreError } from "../../message-store/store.ts";

const folder = mkdtempSync(join(tmpdir(), "open-"));
const socket = createServer();

beforeAll(() => {
  writeFileSync(join(folder, "file"), "");
  execFileSync("mkfifo", [join(folder, "pipe")]);
  symlinkSync("loop", join(folder, "loop"));
  return new Promise<void>((resolve) => {
    socket.listen(join(folder, "socket"), resolve);
  });
});
afterAll(() => {
  socket.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ["nothing", ""],
  ["no scheme", "chat.ndjson"],
  ["an unknown scheme", "postgres://localhost"],
  ["no host", "redis://"],
  ["no port", "redis://localhost:0"],
  ["a port that is none", "redis://localhost:65536"],
  ["a database that is none", "redis://localhost/chat"],
  ["a name that moves the keys", "redis://localhost?log={x}"],
  ["an empty name", "redis://localhost?log="],
  ["two names", "redis://localhost?log=a&log=b"],
  ["an unknown parameter", "redis://localhost?name=a"],
  ["half a character in a password", "redis://:%e@localhost"],
  ["memory with something after it", "memory:x"],
  ["an empty path", "file:"],
  ["a folder", `file:${folder}`],
  ["a pipe that nobody reads", `file:${folder}/pipe`],
  ["a socket", `file:${folder}/socket`],
  ["links in a circle", `file:${folder}/loop`],
  ["a file where a folder should be", `file:${folder}/file/chat.ndjson`],
  ["a folder that nobody can make", "file:/proc/x/y"],
  ["a folder far below one that nobody can make", "file:/proc/x/y/z/chat.ndjson"],
  ["a path that no system knows", "file:a\0b/c"],
])("a store that cannot be opened is said in one line: %s", async (_, spec) => {
  const error: unknown = await openStore(spec).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  expect(String(error)).toMatch(/^StoreError: (There is no store|The log file) .*: (say|name) .*\.$/);
});

test.each([
  "redis://ann:Pa55word@localhost/chat",
  "redis://ann:Pa55word@",
  "redis://ann:Pa55@word@local host",
  "redis://:Pa55word#@localhost",
  "redis//ann:Pa55word@localhost",
  "rediss://:Pa55word@localhost:99999",
])("no password is in what is said of a store: %s", async (spec) => {
  const error: unknown = await openStore(spec).catch((reason: unknown) => reason);
  expect(String(error)).toMatch(/^StoreError: There is no store /);
  expect(String(error)).not.toMatch(/ann|Pa55|word@/);
});

test("folders that are missing are made, by several at once too", async () => {
  const spec = `file:${join(folder, "a/b/c/chat.ndjson")}`;
  const stores = await Promise.all([openStore(spec), openStore(spec), openStore(spec)]);
  expect(existsSync(join(folder, "a/b/c/chat.ndjson"))).toBe(true);
  await Promise.all(stores.map((store) => store.close()));
});
