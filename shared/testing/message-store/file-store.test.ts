import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";
import { BATCH_BYTES } from "../../message-store/sequence.ts";
import { type MessageStore, StoreError } from "../../message-store/store.ts";

const folder = mkdtempSync(join(tmpdir(), "file-store-"));
let path = "";
let files = 0;
let opened: MessageStore[] = [];
let stderr: MockInstance<typeof console.error>;
const handle: FileHandle = Object.getPrototypeOf(await open(folder).then(closed));

beforeEach(() => {
  path = join(folder, `${++files}.ndjson`);
  stderr = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

async function closed(file: FileHandle): Promise<FileHandle> {
  await file.close();
  return file;
}
async function openIt(at = path): Promise<MessageStore> {
  const store = await openStore(`file:${at}`);
  opened.push(store);
  return store;
}
const line = (text: string, key = text) => `${JSON.stringify({ author: "ann", text, timestamp: 1, key })}\n`;
const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);
const said = () => stderr.mock.calls.flat().join("\n");
/** Resolves when the store's newest message is this one. */
function hears(store: MessageStore, id: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => store.newest >= id && resolve();
    store.subscribe(look);
    look();
  });
}
/** Holds the next flush back from when it has `begun` until it may go on, or fails. */
function holdFlush(): { begun: Promise<void>; release: () => void; fail: (error: Error) => void } {
  let [release, fail] = [() => {}, (_: Error) => {}];
  const held = new Promise<void>((resolve, reject) => {
    [release, fail] = [resolve, reject];
  });
  const begun = new Promise<void>((begin) => {
    const flush = handle.datasync;
    vi.spyOn(handle, "datasync").mockImplementationOnce(async function (this: FileHandle) {
      begin();
      await held;
      return flush.call(this);
    });
  });
  return { begun, release, fail };
}

test("the file is one JSON line a message, and opens as the same conversation", async () => {
  const store = await openIt();
  await store.append({ text: "안녕\n👋", author: "ann", key: "k" });
  await store.append({ text: "b" });
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe("");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ author: "ann", text: "안녕\n👋", key: "k" });
  expect(lines[0]).not.toContain('"id"');
  await store.close();
  const again = await openIt();
  expect(await again.after(0)).toEqual(await store.after(0));
  expect(await again.append({ text: "c", key: "k" })).toEqual({
    message: (await store.after(0))[0],
    added: false,
  });
  expect(said()).toBe("");
});

test("two stores on one file hold one sequence, and each hears each message once", async () => {
  const stores = [await openIt(), await openIt()];
  const heard = stores.map((store) => {
    const messages: Message[] = [];
    store.subscribe((batch) => messages.push(...batch));
    return messages;
  });
  const kept = await Promise.all(
    Array.from({ length: 400 }, (_, index) => stores[index % 2]?.append({ text: `${index}` })),
  );
  await Promise.all(stores.map((store) => store.refresh()));
  expect(heard[0]?.map(({ id }) => id)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  expect(heard[1]).toEqual(heard[0]);
  expect(await stores[1]?.after(0)).toEqual(await stores[0]?.after(0));
  for (const one of kept)
    expect(one).toEqual({ message: heard[0]?.[(one?.message.id ?? 0) - 1], added: true });
});

test("one draft to two stores in the same millisecond is added by one of them", async () => {
  vi.spyOn(Date, "now").mockReturnValue(1);
  const [a, b] = [await openIt(), await openIt()];
  for (let round = 1; round <= 20; round += 1) {
    const draft = { text: "x", key: `k${round}` };
    const [one, other] = await Promise.all([a.append(draft), b.append(draft)]);
    expect([one.added, other.added].sort()).toEqual([false, true]);
    expect(other.message).toEqual(one.message);
    expect(one.message.id).toBe(round);
  }
});

test("a refresh ends even where messages never stop coming", async () => {
  const [a, b] = [await openIt(), await openIt()];
  let done = false;
  b.subscribe(() => {
    if (!done) void b.append({ text: "and on" });
  });
  await a.append({ text: "a" });
  await b.refresh();
  for (let round = 0; round < 5; round += 1) {
    const { message } = await a.append({ text: "more" });
    await b.refresh();
    expect(b.newest).toBeGreaterThanOrEqual(message.id);
  }
  done = true;
});

test("nobody hears a message, or is answered, before it was flushed", async () => {
  const store = await openIt();
  const { begun, release } = holdFlush();
  const events: string[] = [];
  store.subscribe(() => events.push("heard"));
  const answered = store.append({ text: "a" }).then(() => events.push("answered"));
  await begun;
  expect(readFileSync(path, "utf8")).toContain('"text":"a"');
  await nextTurn();
  expect([events, store.newest]).toEqual([[], 0]);
  release();
  await answered;
  expect(events).toEqual(["heard", "answered"]);
});

test("another's message is flushed here too before anybody here hears it", async () => {
  const store = await openIt();
  const { begun, release } = holdFlush();
  appendFileSync(path, line("theirs"));
  const refreshed = store.refresh();
  await begun;
  await nextTurn();
  expect(store.newest).toBe(0);
  release();
  await refreshed;
  expect(texts(await store.after(0))).toEqual(["theirs"]);
});

test("many messages share a flush", async () => {
  const store = await openIt();
  const flush = vi.spyOn(handle, "datasync");
  await Promise.all(Array.from({ length: 100 }, () => store.append({ text: "x" })));
  expect(flush).toHaveBeenCalledTimes(1);
});

test("lines that are no message are skipped, said once with their place, and take no id", async () => {
  const torn = line("torn").slice(0, 20);
  writeFileSync(path, `${line("a")}\n${torn}\n\x1b[2Jhello\n\n${line("b")}`);
  const store = await openIt();
  expect(texts(await store.after(0))).toEqual(["a", "b"]);
  const at = Buffer.byteLength(line("a")) + 1;
  expect(said().split("\n")).toEqual([
    `${path}: skipped at byte ${at}, no whole message: ${JSON.stringify(torn)}`,
    `${path}: skipped at byte ${at + 21}, no whole message: "\\u001b[2Jhello"`,
  ]);
  appendFileSync(path, "bad\n");
  await store.append({ text: "c" });
  await store.refresh();
  expect(stderr).toHaveBeenCalledTimes(2);
});

test("of many lines that are no message the first are shown and the others counted", async () => {
  writeFileSync(path, "bad\n".repeat(100));
  await openIt();
  expect(said().split("\n")).toHaveLength(4);
  expect(said()).toMatch(/… and 97 more$/);
});

test("a line longer than any message is skipped to its end, whichever reading meets it", async () => {
  for (const length of [65_536, 65_537, 262_143, 262_144, 262_145, 1_000_000]) {
    stderr.mockClear();
    writeFileSync(path, `${line("a")}${"x".repeat(length)}`);
    const store = await openStore(`file:${path}`);
    appendFileSync(path, line("b"));
    await store.refresh();
    expect(texts(await store.after(0)), `${length} bytes`).toEqual(["a", "b"]);
    expect(said().match(/skipped/g)).toHaveLength(1);
    await store.close();
  }
});

test("a long line that is still being written is not kept in memory, and its end is no message", async () => {
  const store = await openIt();
  for (let round = 0; round < 10; round += 1) {
    appendFileSync(path, "x".repeat(100_000));
    await store.refresh();
  }
  appendFileSync(path, `${line("its end", "end")}${line("a")}`);
  await store.refresh();
  expect(texts(await store.after(0))).toEqual(["a"]);
  expect(said().match(/skipped at byte 0,/g)).toHaveLength(1);
});

test("a line that another is still writing is waited for, in the middle of a character too", async () => {
  const store = await openIt();
  const bytes = Buffer.from(line("안녕 👋", "k"));
  for (const byte of bytes) {
    expect(store.newest).toBe(0);
    appendFileSync(path, Buffer.of(byte));
    await store.refresh();
  }
  expect(texts(await store.after(0))).toEqual(["안녕 👋"]);
  expect(said()).toBe("");
});

test("who writes first ends a line that was left unfinished while running", async () => {
  const [a, b] = [await openIt(), await openIt()];
  await a.append({ text: "a" });
  appendFileSync(path, '{"author":"ann","text":"to');
  await a.refresh();
  expect((await a.append({ text: "b" })).message.id).toBe(2);
  await hears(b, 2);
  expect((await b.append({ text: "c" })).message.id).toBe(3);
  expect(texts(await b.after(0))).toEqual(["a", "b", "c"]);
  expect(readFileSync(path, "utf8")).toContain('"text":"to\n{');
});

/** Another program appends this in the moment before each of the next writes. */
function beforeTheNextWrites(...appended: string[]): void {
  const { write } = handle;
  const spy = vi.spyOn(handle, "write");
  for (const text of appended) {
    spy.mockImplementationOnce(function (this: FileHandle, ...given: unknown[]) {
      appendFileSync(path, text);
      return Reflect.apply(write, this, given);
    });
  }
}

test("a line that was glued to another program's unfinished line is written once more, and no other", async () => {
  const store = await openIt();
  const heard: string[] = [];
  store.subscribe((messages) => heard.push(...texts(messages)));
  beforeTheNextWrites('{"half');
  const [glued, whole] = await Promise.all([
    store.append({ text: "glued", key: "k" }),
    store.append({ text: "whole" }),
  ]);
  expect(whole).toMatchObject({ message: { id: 1, text: "whole" }, added: true });
  expect(glued).toMatchObject({ message: { id: 2, text: "glued" }, added: true });
  expect(heard).toEqual(["whole", "glued"]);
  expect(readFileSync(path, "utf8").match(/"text":"\w+"/g)).toEqual([
    '"text":"glued"',
    '"text":"whole"',
    '"text":"glued"',
  ]);
  expect(said().match(/skipped at byte 0,/g)).toHaveLength(1);
  await store.close();
  expect(texts(await (await openIt()).after(0))).toEqual(["whole", "glued"]);
});

test("a line that was glued twice is refused, and can be sent again", async () => {
  const store = await openIt();
  beforeTheNextWrites('{"half', '{"half');
  await expect(store.append({ text: "a", key: "k" })).rejects.toThrow(
    /^The message could not be kept \(its line did not reach the file\): .* send it again\.$/,
  );
  expect(store.newest).toBe(0);
  expect(await store.append({ text: "a", key: "k" })).toMatchObject({ message: { id: 1 }, added: true });
});

test("many short lines of another program are heard 1,000 at a time, each batch in its own turn", async () => {
  const store = await openIt();
  let turns = 0;
  const heard: [turn: number, messages: number][] = [];
  store.subscribe(({ length }) => {
    heard.push([turns, length]);
    setImmediate(() => {
      turns += 1;
    });
  });
  const bytes = Array.from({ length: 2_500 }, (_, index) => line(`${index}`)).join("");
  expect(bytes.length).toBeLessThan(BATCH_BYTES);
  appendFileSync(path, bytes);
  await store.refresh();
  expect(heard).toEqual([
    [0, 1_000],
    [1, 1_000],
    [2, 500],
  ]);
});

test("a write that stops in the middle keeps the whole lines and refuses the others", async () => {
  const store = await openIt();
  const heard: string[] = [];
  store.subscribe((messages) => heard.push(...texts(messages)));
  const write = handle.write;
  vi.spyOn(handle, "write").mockImplementationOnce(function (this: FileHandle, bytes: unknown) {
    if (!Buffer.isBuffer(bytes)) throw new TypeError();
    return Reflect.apply(write, this, [bytes.subarray(0, bytes.indexOf("\n") + 10)]);
  });
  const [first, second] = await Promise.allSettled([
    store.append({ text: "a" }),
    store.append({ text: "b" }),
  ]);
  expect(first).toMatchObject({ status: "fulfilled", value: { added: true } });
  expect(second).toMatchObject({ status: "rejected", reason: expect.any(StoreError) });
  expect((await store.append({ text: "c" })).message.id).toBe(2);
  expect(heard).toEqual(["a", "c"]);
});

test("a full disk is an error to the sender and shown to nobody", async () => {
  const store = await openIt("/dev/full");
  const listener = vi.fn();
  store.subscribe(listener);
  for (let round = 0; round < 2; round += 1) {
    const error: unknown = await store.append({ text: "a", key: "k" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toMatch(/ENOSPC.*: free some disk space and send it again\.$/);
  }
  expect(listener).not.toHaveBeenCalled();
  expect(store.newest).toBe(0);
  await store.refresh();
});

test("after a flush that failed nothing more is shown or taken, and it is said once", async () => {
  const store = await openIt();
  await store.append({ text: "a" });
  const listener = vi.fn();
  store.subscribe(listener);
  vi.spyOn(handle, "datasync").mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
  const together = await Promise.allSettled([store.append({ text: "b" }), store.append({ text: "c" })]);
  const later = await Promise.allSettled([store.append({ text: "d" }), store.refresh()]);
  for (const one of [...together, ...later]) {
    expect(one).toMatchObject({ status: "rejected", reason: expect.any(StoreError) });
  }
  expect(listener).not.toHaveBeenCalled();
  expect(texts(await store.after(0))).toEqual(["a"]);
  expect(stderr).toHaveBeenCalledTimes(1);
  expect(said()).toMatch(/EIO.*: check the disk and start again\.$/);
});

test("drafts that wait while a flush fails are refused too, and not written; it is said once", async () => {
  const store = await openIt();
  const { begun, fail } = holdFlush();
  const first = store.append({ text: "a" });
  await begun;
  const waiting = [store.append({ text: "b" }), store.append({ text: "c" })];
  fail(new Error("EIO: i/o error, fdatasync"));
  for (const each of await Promise.allSettled([first, ...waiting])) {
    expect(each).toMatchObject({ status: "rejected", reason: expect.any(StoreError) });
  }
  expect(readFileSync(path, "utf8").match(/"text":"."/g)).toEqual(['"text":"a"']);
  expect(stderr).toHaveBeenCalledTimes(1);
});

test("who waits for the log's end while the disk fails is told", async () => {
  const store = await openIt();
  appendFileSync(path, line("a"));
  vi.spyOn(handle, "datasync").mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
  await expect(store.refresh()).rejects.toThrow(/EIO.*: check the disk and start again\.$/);
  expect(store.newest).toBe(0);
});

test("a log that cannot be flushed when it is opened is not opened", async () => {
  writeFileSync(path, line("a"));
  vi.spyOn(handle, "datasync").mockRejectedValueOnce(new Error("EIO: i/o error, fdatasync"));
  const error: unknown = await openIt().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  expect(String(error)).toMatch(/cannot be opened \(EIO.*\): name a file that you may write/);
});

test("a new log outlives a power cut: its folders are flushed, each into the one above", async () => {
  const flush = vi.spyOn(handle, "sync");
  await openIt(join(folder, "new", "below", "chat.ndjson"));
  // For "new" the folder above; for "below" the folder "new"; for the file the folder "below".
  expect(flush).toHaveBeenCalledTimes(3);
});

test.each([
  ["deleted", () => rmSync(path)],
  ["moved", () => renameSync(path, `${path}.old`)],
  [
    "replaced by a copy",
    () => {
      cpSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
  ],
  ["cut", () => truncateSync(path, 10)],
])("a file that was %s while it was in use takes nothing more, and it is said once", async (_, harm) => {
  const store = await openIt();
  await store.append({ text: "a" });
  harm();
  await expect(store.append({ text: "b" })).rejects.toThrow(
    /deleted, moved or cut: stop all chapters and start/,
  );
  await expect(store.append({ text: "c" })).rejects.toThrow(StoreError);
  await expect(store.refresh()).rejects.toThrow(StoreError);
  expect(texts(await store.after(0))).toEqual(["a"]);
  expect(stderr).toHaveBeenCalledTimes(1);
});

test("a file that is gone is noticed without being asked", async () => {
  await openIt();
  const noticed = new Promise((resolve) => stderr.mockImplementation(resolve));
  rmSync(path);
  expect(await noticed).toMatch(/was deleted, moved or cut/);
});

test("closing lets a refresh under way end, and refuses a later one", async () => {
  const store = await openIt();
  appendFileSync(path, line("a"));
  const underWay = store.refresh();
  await Promise.all([store.close(), underWay]);
  expect(store.newest).toBe(1);
  await expect(store.refresh()).rejects.toThrow("The log is closed");
  await expect(store.append({ text: "a" })).rejects.toThrow("The log is closed");
  expect(said()).toBe("");
});
