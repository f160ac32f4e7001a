// A disk that fails, at the moments that the other tests leave out.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { parseDraft } from "../../message-store/draft.ts";
import { openStore } from "../../message-store/open-store.ts";
import { StoreError } from "../../message-store/store.ts";

const folder = mkdtempSync(join(tmpdir(), "faults-"));
let path = "";
let files = 0;
let stderr: MockInstance<typeof console.error>;
const file = await open(folder);
const handle: FileHandle = Object.getPrototypeOf(file);
await file.close();

beforeEach(() => {
  path = join(folder, `${++files}.ndjson`);
  stderr = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

const line = (text: string) => `${JSON.stringify({ author: "ann", text, timestamp: 1, key: text })}\n`;

test("drafts that wait while a flush fails are refused too, and not written; it is said once", async () => {
  const store = await openStore(`file:${path}`);
  let fail = (_error: Error) => {};
  const begun = new Promise<void>((begin) => {
    vi.spyOn(handle, "datasync").mockImplementationOnce(() => {
      begin();
      return new Promise((_, reject) => {
        fail = reject;
      });
    });
  });
  const first = store.append({ text: "a" });
  await begun;
  const waiting = [store.append({ text: "b" }), store.append({ text: "c" })];
  fail(new Error("EIO: i/o error, fdatasync"));
  for (const each of await Promise.allSettled([first, ...waiting])) {
    expect(each).toMatchObject({ status: "rejected", reason: expect.any(StoreError) });
  }
  expect(readFileSync(path, "utf8").match(/"text":"."/g)).toEqual(['"text":"a"']);
  expect(stderr).toHaveBeenCalledTimes(1);
  await store.close();
});

test("who waits for the log's end while the disk fails is told", async () => {
  const store = await openStore(`file:${path}`);
  appendFileSync(path, line("a"));
  vi.spyOn(handle, "datasync").mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
  await expect(store.refresh()).rejects.toThrow(/EIO.*: check the disk and start again\.$/);
  expect(store.newest).toBe(0);
  await store.close();
});

test("a log that cannot be flushed when it is opened is not opened", async () => {
  writeFileSync(path, line("a"));
  vi.spyOn(handle, "datasync").mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
  const error: unknown = await openStore(`file:${path}`).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  expect(String(error)).toMatch(/cannot be opened \(EIO.*\): name a file that you may write/);
});

test("a new log outlives a power cut: its folders are flushed, each into the one above", async () => {
  const flush = vi.spyOn(handle, "sync");
  const store = await openStore(`file:${join(folder, "new", "below", "chat.ndjson")}`);
  // For "new" the folder above; for "below" the folder "new"; for the file the folder "below".
  expect(flush).toHaveBeenCalledTimes(3);
  await store.close();
});

test("a log that is closed says so to who asks, and nothing on standard error", async () => {
  const store = await openStore(`file:${path}`);
  await store.close();
  await expect(store.refresh()).rejects.toThrow("The log is closed");
  await expect(store.append({ text: "a" })).rejects.toThrow("The log is closed");
  expect(stderr).not.toHaveBeenCalled();
});

test.each(["hello", 5, null, ["x"]])("what is no object is told what one looks like: %j", (value) => {
  expect(() => parseDraft(value)).toThrow('Send a JSON object such as {"text": "Hello"}.');
});

test("an empty path is no store, and not the working folder", async () => {
  await expect(openStore("file:")).rejects.toThrow("There is no store");
});
