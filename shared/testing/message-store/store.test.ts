// The promises of the interface, made to each store.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";
import { type MessageStore, StoreError } from "../../message-store/store.ts";
import { hasRedis, startRedis } from "../redis.ts";

const folder = mkdtempSync(join(tmpdir(), "store-"));
let files = 0;
const redis = hasRedis() ? await startRedis() : undefined;
let open: MessageStore[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.map((store) => store.close()));
  open = [];
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await redis?.stop();
});

const specs: [string, () => string][] = [
  ["memory:", () => "memory:"],
  ["file:", () => `file:${join(folder, `${++files}.ndjson`)}`],
];
if (redis) specs.push(["redis:", () => redis.spec()]);

describe.each(specs)("%s", (_, spec) => {
  async function emptyStore(): Promise<MessageStore> {
    const store = await openStore(spec());
    open.push(store);
    return store;
  }
  const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);
  const ids = (messages: readonly Message[]) => messages.map(({ id }) => id);

  test("readers that catch up at once each get a turn of their own, and a reader who is not far behind is not held up", async () => {
    const store = await emptyStore();
    await Promise.all(Array.from({ length: 40 }, (_, index) => store.append({ text: `${index}` })));
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const turnOf = async (cursor: number) => {
      await store.after(cursor);
      return turns;
    };
    const far = [0, 0, 0, 0, 0].map(turnOf);
    const near = turnOf(39);
    const seen = await Promise.all(far);
    clearImmediate(next);
    expect(new Set(seen).size).toBe(5);
    expect(await near).toBeLessThan(seen[1] ?? 0);
  });

  test("a message is kept exactly as sent, with its place, the time and its key", async () => {
    const store = await emptyStore();
    const before = Date.now();
    const { message, added } = await store.append({ text: " 안녕 👋\n\u0000 ", author: "ann", key: "k" });
    expect(added).toBe(true);
    expect(message).toEqual({
      id: 1,
      author: "ann",
      text: " 안녕 👋\n\u0000 ",
      timestamp: expect.any(Number),
      key: "k",
    });
    expect(Object.keys(message)).toEqual(["id", "author", "text", "timestamp", "key"]);
    expect(message.timestamp).toBeGreaterThanOrEqual(before);
    expect(message.timestamp).toBeLessThanOrEqual(Date.now());
    expect(await store.after(0)).toEqual([message]);
  });

  test("an author and a key are made where none were sent", async () => {
    const store = await emptyStore();
    const { message: first } = await store.append({ text: "a" });
    const { message: second } = await store.append({ text: "b", author: "" });
    expect([first.author, second.author]).toEqual(["anonymous", "anonymous"]);
    expect(first.key).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(second.key).not.toBe(first.key);
  });

  test("ids have no gap and are in the order of the appends", async () => {
    const store = await emptyStore();
    const kept = await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.append({ text: `${index}` })),
    );
    expect(kept.map(({ message }) => message.id)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    expect(texts(await store.after(0))).toEqual(kept.map((_, index) => `${index}`));
  });

  test("a second draft with a key adds nothing and is answered with the first message", async () => {
    const store = await emptyStore();
    const heard: string[] = [];
    store.subscribe((messages) => heard.push(...texts(messages)));
    for (const key of ["k", "__proto__", "constructor"]) {
      const first = await store.append({ text: `first ${key}`, key });
      expect(first.added).toBe(true);
      expect(await store.append({ text: "second", key })).toEqual({ message: first.message, added: false });
    }
    expect(heard).toEqual(["first k", "first __proto__", "first constructor"]);
    expect(store.newest).toBe(3);
  });

  test("two drafts with one key at once are one message, added once", async () => {
    const store = await emptyStore();
    const [first, second] = await Promise.all([
      store.append({ text: "first", key: "k" }),
      store.append({ text: "second", key: "k" }),
    ]);
    expect(first).toMatchObject({ message: { text: "first" }, added: true });
    expect(second).toEqual({ message: first.message, added: false });
    expect(store.newest).toBe(1);
  });

  test("what is appended in one turn of the event loop is heard together", async () => {
    const store = await emptyStore();
    const heard: string[][] = [];
    store.subscribe((messages) => heard.push(texts(messages)));
    const appends: Promise<unknown>[] = [];
    for (const text of ["a", "b", "c"]) {
      appends.push(store.append({ text }));
      await undefined; // The same turn still: only the microtasks that are due.
    }
    await Promise.all(appends);
    await store.append({ text: "d" });
    expect(heard).toEqual([["a", "b", "c"], ["d"]]);
  });

  test("no batch is larger than a slow client may be behind: about 256 KiB, and 1,000 messages", async () => {
    const store = await emptyStore();
    const batches: (readonly Message[])[] = [];
    store.subscribe((messages) => batches.push(messages));
    await Promise.all(Array.from({ length: 200 }, () => store.append({ text: "한".repeat(2_000) })));
    await Promise.all(Array.from({ length: 1_500 }, () => store.append({ text: "x" })));
    expect(ids(batches.flat())).toEqual(Array.from({ length: 1_700 }, (_, index) => index + 1));
    expect(Math.max(...batches.map((batch) => Buffer.byteLength(JSON.stringify(batch))))).toBeLessThan(
      300 * 1024,
    );
    expect(Math.max(...batches.map(({ length }) => length))).toBe(1_000);
  });

  test("a message is read and heard before its sender is answered", async () => {
    const store = await emptyStore();
    const events: string[] = [];
    store.subscribe(() => events.push(`heard ${store.newest}`));
    await store.append({ text: "a" }).then(() => events.push("answered"));
    expect(events).toEqual(["heard 1", "answered"]);
  });

  test("who reads up to the newest id and subscribes in the same turn misses nothing and doubles nothing", async () => {
    const store = await emptyStore();
    async function join(): Promise<number[]> {
      const seen: number[] = [];
      while (seen.length !== store.newest) seen.push(...ids(await store.after(seen.length, 3)));
      store.subscribe((messages) => seen.push(...ids(messages)));
      return seen;
    }
    const readers: Promise<number[]>[] = [];
    const appends: Promise<unknown>[] = [];
    for (let round = 0; round < 20; round += 1) {
      appends.push(store.append({ text: `${round}` }));
      readers.push(join());
      if (round % 3 === 0) await appends[round];
    }
    await Promise.all(appends);
    for (const seen of await Promise.all(readers)) {
      expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    }
  });

  test("a reader that is far behind gets the oldest that fit into 1 MiB of JSON, and then the next", async () => {
    const store = await emptyStore();
    await Promise.all(Array.from({ length: 400 }, () => store.append({ text: "한".repeat(2_000) })));
    const read: number[] = [];
    while (read.length < store.newest) {
      const messages = await store.after(read.length);
      expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(1024 * 1024);
      read.push(...ids(messages));
    }
    expect(read).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });

  test("a listener that throws breaks neither the log nor the others", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const store = await emptyStore();
    store.subscribe(() => {
      throw new Error("mine");
    });
    const heard: string[] = [];
    store.subscribe((messages) => heard.push(...texts(messages)));
    await store.append({ text: "a" });
    await store.append({ text: "b" });
    expect(heard).toEqual(["a", "b"]);
    expect(error).toHaveBeenCalledTimes(2);
  });

  test("a listener may append", async () => {
    const store = await emptyStore();
    const echo = new Promise((resolve) => {
      store.subscribe(([message]) => {
        if (message?.id === 1) resolve(store.append({ text: `echo of ${message.text}` }));
      });
    });
    await store.append({ text: "a" });
    expect(await echo).toMatchObject({ message: { id: 2, text: "echo of a" }, added: true });
  });

  test("who has left hears nothing more", async () => {
    const store = await emptyStore();
    const listener = vi.fn();
    const leave = store.subscribe(listener);
    await store.append({ text: "a" });
    leave();
    leave();
    await store.append({ text: "b" });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test("closing settles what is under way, refuses what comes later, and may be done twice", async () => {
    const store = await emptyStore();
    const underWay = Promise.all(
      Array.from({ length: 200 }, () => store.append({ text: "x".repeat(2_000) })),
    );
    await Promise.all([store.close(), store.close()]);
    expect(store.newest).toBe(200);
    expect((await underWay).at(-1)?.message.id).toBe(200);
    await expect(store.append({ text: "late" })).rejects.toThrow(StoreError);
    expect(store.newest).toBe(200);
    await store.close();
  });
});
