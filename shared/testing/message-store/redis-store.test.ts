// The log on a real redis-server: several servers on one log, and all that may happen to Redis meanwhile.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, type MockInstance, onTestFinished, test, vi } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";
import { RedisLog } from "../../message-store/redis-log.ts";
import { type Kept, type MessageStore, StoreError } from "../../message-store/store.ts";
import { openProxy } from "../../tools/flaky/proxy.ts";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { freePort, SAFE } from "../../tools/scale/parts.ts";
import { CHAPTERS, runChapter, startChapter, temporaryFolder } from "../chapter-process.ts";
import { hasRedis, type RedisServer, sharedRedis, startRedis } from "../redis.ts";

const shared = await sharedRedis(hasRedis());
let logs = 0;
let open: MessageStore[] = [];
let stderr: MockInstance<typeof console.error>;

beforeEach(() => {
  stderr = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(async () => {
  await Promise.all(open.map((store) => store.close()));
  open = [];
  vi.restoreAllMocks();
});

const said = () => stderr.mock.calls.map(([line]) => String(line));
const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);
const ids = (messages: readonly Message[]) => messages.map(({ id }) => id);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

async function openIt(spec: string): Promise<MessageStore> {
  const store = await openStore(spec);
  open.push(store);
  return store;
}

/** All messages, as a client that begins at 0 gets them. */
async function read(store: MessageStore, after = 0): Promise<Message[]> {
  const messages: Message[] = [];
  for (let cursor = after; cursor !== store.newest; cursor = messages.at(-1)?.id ?? 0) {
    messages.push(...(await store.after(cursor)));
  }
  return messages;
}

/** What the store's subscribers hear from now on. */
function hear(store: MessageStore): Message[] {
  const heard: Message[] = [];
  store.subscribe((messages) => heard.push(...messages));
  return heard;
}

/** Sends as a page does: with one key, again and again until it is answered. */
async function insist(store: MessageStore, text: string, key = text): Promise<Kept> {
  for (;;) {
    try {
      return await store.append({ text, key });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      await sleep(20);
    }
  }
}

/** Resolves when something was said that matches. */
async function saying(pattern: RegExp): Promise<void> {
  await vi.waitFor(() => expect(said().join("\n")).toMatch(pattern), { timeout: 30_000 });
}

async function ownRedis(flags?: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis(flags);
  onTestFinished(() => redis.stop());
  return redis;
}

/** Writes a log of so many messages as the store does, in one go. */
function fillLog(redis: RedisServer, name: string, count: number, first = 1): void {
  const script = `for n = ARGV[1], ARGV[2] do
    redis.call('XADD', KEYS[1], '0-' .. n, 'author', 'ann', 'text', 'message ' .. n, 'timestamp', n, 'key', 'key-' .. n, 'writer', 'test')
    redis.call('HSET', KEYS[2], 'key-' .. n, n)
  end`;
  for (let from = first; from <= count; from += 50_000) {
    const to = Math.min(count, from + 49_999);
    redis.cli("EVAL", script, "2", `{${name}}:log`, `{${name}}:keys`, `${from}`, `${to}`);
  }
}

if (shared) describe("a log on Redis", () => promises(shared));
else test.skip("a log on Redis", () => {});

function promises(redis: RedisServer): void {
  const newName = () => `test-${++logs}`;

  describe("several servers on one log", () => {
    test("the stream has an entry for each message, at 0-1, 0-2 and so on, that redis-cli can show", async () => {
      const name = newName();
      const store = await openIt(redis.spec(name));
      await store.append({ text: "안녕", author: "ann", key: "k" });
      await store.append({ text: "b" });
      expect(redis.cli("XRANGE", `{${name}}:log`, "-", "+", "COUNT", "1").split("\n")).toEqual([
        ...["0-1", "author", "ann", "text", "안녕", "timestamp", expect.any(String), "key", "k", "writer"],
        expect.any(String),
      ]);
      expect(redis.cli("XINFO", "STREAM", `{${name}}:log`)).toContain("\nlast-generated-id\n0-2\n");
      expect(redis.cli("HGET", `{${name}}:keys`, "k")).toBe("1");
      expect(said()).toEqual([]);
    });

    test("all hold one sequence, each hears each message once, and a key counts for all of them", async () => {
      const spec = redis.spec();
      const stores = [await openIt(spec), await openIt(spec), await openIt(spec)];
      const heard = stores.map(hear);
      const kept = await Promise.all(
        upTo(600).map((turn) =>
          stores[turn % 3]?.append({ text: `${turn}`, key: `key-${Math.ceil(turn / 2)}` }),
        ),
      );
      await Promise.all(stores.map((store) => store.refresh()));
      expect(ids(heard[0] ?? [])).toEqual(upTo(300));
      for (const messages of heard) expect(messages).toEqual(heard[0]);
      for (const store of stores) expect(await read(store)).toEqual(heard[0]);
      expect(kept.filter((one) => one?.added)).toHaveLength(300);
      for (const one of kept) expect(one?.message).toEqual(heard[0]?.[(one?.message.id ?? 0) - 1]);
    });

    test("what was written before a refresh is known after it, however late it is heard", async () => {
      const name = newName();
      const store = await openIt(redis.spec(name));
      const { next } = RedisLog.prototype;
      let release = () => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      vi.spyOn(RedisLog.prototype, "next").mockImplementation(async function (this: RedisLog, ...args) {
        const news = await next.apply(this, args);
        await gate;
        return news;
      });
      await store.append({ text: "before" }); // The follower is now held up, with what it is to hear next.
      fillLog(redis, name, 5, 2);
      const known = store.refresh().then(() => store.newest);
      await openIt(redis.spec(name)); // By now Redis has answered.
      release();
      expect(await known).toBe(5);
    });

    test("two logs on one Redis, by name and by database, know nothing of each other", async () => {
      const name = newName();
      const [a, b, c] = [
        await openIt(redis.spec(name)),
        await openIt(redis.spec(`${name}-b`)),
        await openIt(redis.spec(name).replace("?", "/1?")),
      ];
      await a.append({ text: "a", key: "k" });
      expect(await b.append({ text: "b", key: "k" })).toMatchObject({ message: { id: 1 }, added: true });
      expect(await c.append({ text: "c", key: "k" })).toMatchObject({ message: { id: 1 }, added: true });
    });

    test("over TLS, and with a password, it is the same log", async () => {
      const { cert, key } = makeCertificate(temporaryFolder());
      const port = `${await freePort()}`;
      const tls = [
        "--tls-port",
        port,
        "--tls-cert-file",
        cert,
        "--tls-key-file",
        key,
        "--tls-auth-clients",
        "no",
      ];
      const secured = await ownRedis([...SAFE, "--requirepass", "Pa55@word", ...tls]);
      const chapter = await startChapter("ch09-polling", {
        args: ["--store", `rediss://:Pa55%40word@localhost:${port}`],
        env: { NODE_EXTRA_CA_CERTS: cert },
      });
      await fetch(`${chapter.url}/update`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"text": "안녕"}',
      });
      expect(await chapter.stop()).toMatchObject({ code: 0, stderr: "" });
      expect(secured.cli("-a", "Pa55@word", "XLEN", "{chat}:log")).toBe("1");
    });
  });

  describe("a long log", () => {
    test("older messages than a server holds are read when they are asked for", async () => {
      const name = newName();
      fillLog(redis, name, 3_000);
      const store = await openIt(redis.spec(name));
      expect(store.newest).toBe(3_000);
      expect(ids(await store.after(7, 3))).toEqual([8, 9, 10]);
      expect(ids(await store.after(0))).toEqual(upTo(1_000));
      expect(ids(await store.after(1_995, 10))).toEqual(upTo(2_005).slice(1_995));
      const heard = hear(store);
      const reading = read(store);
      await Promise.all(upTo(300).map((turn) => store.append({ text: `${turn}` })));
      const messages = await reading;
      expect(ids(messages)).toEqual(upTo(messages.length));
      expect(ids(heard)).toEqual(upTo(3_300).slice(3_000));
      expect(messages.slice(3_000)).toEqual(heard.slice(0, messages.length - 3_000));
    });

    test("a key of an older message than a server holds is answered with that message", async () => {
      const name = newName();
      fillLog(redis, name, 3_000);
      const store = await openIt(redis.spec(name));
      expect(await store.append({ text: "again", key: "key-5" })).toEqual({
        message: { id: 5, author: "ann", text: "message 5", timestamp: 5, key: "key-5" },
        added: false,
      });
      expect(store.newest).toBe(3_000);
    });

    test("an answer of older messages, too, holds at most 1 MiB of JSON", async () => {
      const spec = redis.spec();
      const writer = await openIt(spec);
      await Promise.all(upTo(400).map(() => writer.append({ text: "한".repeat(2_000) })));
      await Promise.all(upTo(1_000).map((turn) => writer.append({ text: `${turn}` })));
      const store = await openIt(spec);
      const messages = await store.after(0);
      expect(ids(messages)).toEqual(upTo(messages.length));
      expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(1024 * 1024);
      expect(ids(await read(store))).toEqual(upTo(1_400));
    });

    test("of a million messages no more is read at the start than of a thousand, and held", async () => {
      const own = await ownRedis(["--save", ""]);
      const figures: string[] = [];
      const calls: string[] = [];
      for (const count of [1_000, 1_000_000]) {
        fillLog(own, `log-${count}`, count);
        own.cli("CONFIG", "RESETSTAT");
        const begun = performance.now();
        const { url, pid, stop } = await startChapter("ch09-polling", {
          args: ["--store", own.spec(`log-${count}`)],
        });
        const ready = performance.now() - begun;
        const answer: unknown = await (await fetch(`${url}/poll?after=${count - 1}`)).json();
        expect(answer).toMatchObject([{ id: count }]);
        const [, memory] = /VmRSS:\s+(\d+ kB)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
        figures.push(`${count} messages: ready after ${ready.toFixed(0)} ms, ${memory}`);
        const stats = own.cli("INFO", "commandstats");
        calls.push(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1] ?? "none");
        await stop();
      }
      console.info(figures.join("; "));
      expect(calls).toEqual(["4", "4"]);
    });

    test("a server that has seen many messages go by forgets the older ones", async () => {
      const store = await openIt(redis.spec());
      for (const _ of upTo(13)) {
        await Promise.all(upTo(1_000).map((turn) => store.append({ text: `${turn}` })));
      }
      redis.cli("CONFIG", "RESETSTAT");
      expect(ids(await store.after(4_000, 1))).toEqual([4_001]);
      expect(redis.cli("INFO", "commandstats")).not.toContain("cmdstat_xrange");
      expect(ids(await store.after(0, 1))).toEqual([1]);
      expect(redis.cli("INFO", "commandstats")).toContain("cmdstat_xrange");
    });
  });

  describe("Redis is away", () => {
    test("killed in the middle of 64 senders: nothing that was answered is lost, and nothing comes twice", async () => {
      const own = await ownRedis();
      const spec = own.spec();
      const stores = [await openIt(spec), await openIt(spec)];
      const heard = stores.map(hear);
      const answers: Kept[] = [];
      const sending = upTo(64).map(async (sender) => {
        for (const turn of upTo(30)) {
          const store = stores[sender % 2];
          if (store) answers.push(await insist(store, `${sender}-${turn}`));
        }
      });
      for (const kill of upTo(3)) {
        await vi.waitFor(() => expect(answers.length).toBeGreaterThan(kill * 300), { timeout: 30_000 });
        await own.kill();
        await own.start();
      }
      await Promise.all(sending);
      const again = await openIt(spec);
      const all = await read(again);
      expect(ids(all)).toEqual(upTo(64 * 30));
      expect(new Set(texts(all)).size).toBe(64 * 30);
      for (const { message } of answers) expect(message).toEqual(all[message.id - 1]);
      await Promise.all(stores.map((store) => store.refresh()));
      for (const messages of heard) expect(messages).toEqual(all);
    });

    test("while it stands still sending is refused within 2 s, reading goes on, and what was refused is not kept later", async () => {
      const own = await ownRedis();
      const name = newName();
      fillLog(own, name, 2_000);
      const store = await openIt(own.spec(name));
      const other = await openIt(own.spec(name));
      own.pause();
      const refused = async (promise: Promise<unknown>) => {
        const late = sleep(2_000, "too late");
        const reason: unknown = await Promise.race([promise.catch((error: unknown) => error), late]);
        expect(reason).toBeInstanceOf(StoreError);
        expect(String(reason)).toMatch(/^StoreError: The log test-\d+ at redis:[^ ]+ .*Redis/);
      };
      await Promise.all([
        refused(store.append({ text: "refused" })),
        refused(other.append({ text: "refused", key: "k" })),
        refused(store.refresh()),
        refused(store.after(0)),
      ]);
      expect(ids(await store.after(1_990))).toEqual(upTo(2_000).slice(1_990));
      await saying(/cannot be reached/);
      await refused(store.append({ text: "refused" }));
      own.resume();
      await insist(store, "next");
      await other.refresh();
      expect(texts(await read(other, 2_000))).toEqual(["next"]);
      await saying(/is back/);
    });

    test("a connection that is cut costs no sender anything, and no listener a message", async () => {
      const proxy = await openProxy({ to: redis.port });
      onTestFinished(() => proxy.close());
      const name = newName();
      const store = await openIt(redis.spec(name).replace(`${redis.port}`, `${proxy.port}`));
      const heard = hear(store);
      const answers: Kept[] = [];
      const sending = upTo(16).map(async (sender) => {
        for (const turn of upTo(60)) answers.push(await store.append({ text: `${sender}-${turn}` }));
      });
      for (const cut of upTo(5)) {
        await vi.waitFor(() => expect(answers.length).toBeGreaterThan(cut * 150), { timeout: 30_000 });
        proxy.cutAll();
      }
      await Promise.all(sending);
      expect(answers.every(({ added }) => added)).toBe(true);
      expect(new Set(answers.map(({ message }) => message.id)).size).toBe(16 * 60);
      expect(ids(heard)).toEqual(upTo(16 * 60));
      expect(await read(await openIt(redis.spec(name)))).toEqual(heard);
    });

    test("where a network swallows everything sending is refused, and goes on when it is mended", async () => {
      const proxy = await openProxy({ to: redis.port });
      onTestFinished(() => proxy.close());
      const spec = redis.spec(newName());
      const store = await openIt(spec.replace(`${redis.port}`, `${proxy.port}`));
      const heard = hear(store);
      proxy.stall("downstream");
      await expect(store.append({ text: "swallowed" })).rejects.toThrow(StoreError);
      const writer = await openIt(spec);
      await writer.append({ text: "by another server" });
      await saying(/cannot be reached/);
      proxy.cutAll();
      proxy.resume();
      await insist(store, "mended");
      await writer.refresh();
      expect(heard).toEqual(await read(writer));
      expect(texts(heard).slice(-2)).toEqual(["by another server", "mended"]);
    });

    test("what was missed meanwhile is heard in pieces of about 256 KiB, as much as a slow client may be behind", async () => {
      const proxy = await openProxy({ to: redis.port });
      onTestFinished(() => proxy.close());
      const spec = redis.spec(newName());
      const [writer, store] = [
        await openIt(spec),
        await openIt(spec.replace(`${redis.port}`, `${proxy.port}`)),
      ];
      const batches: (readonly Message[])[] = [];
      store.subscribe((messages) => batches.push(messages));
      proxy.stall("downstream");
      for (const _ of upTo(4))
        await Promise.all(upTo(50).map(() => writer.append({ text: "한".repeat(2_000) })));
      proxy.cutAll();
      proxy.resume();
      await vi.waitFor(() => expect(store.newest).toBe(200), { timeout: 30_000 });
      expect(ids(batches.flat())).toEqual(upTo(200));
      const sizes = batches.map((batch) => Buffer.byteLength(JSON.stringify(batch)));
      expect(Math.max(...sizes)).toBeLessThan(300 * 1024);
    });

    test("closing while it is away settles what is under way, and ends", async () => {
      const own = await ownRedis();
      const store = await openIt(own.spec());
      await own.kill();
      const underWay = store.append({ text: "a" }).catch((error: unknown) => error);
      await store.close();
      expect(await underWay).toBeInstanceOf(StoreError);
    });
  });

  describe("it is another log", () => {
    test("emptied: said once, sending is refused from then on, and what a server has can still be read", async () => {
      const own = await ownRedis();
      const spec = own.spec();
      const stores = [await openIt(spec), await openIt(spec)];
      const [idle, busy] = stores;
      if (!idle || !busy) throw new Error("no stores");
      await busy.append({ text: "before" });
      await idle.refresh();
      own.cli("FLUSHALL");
      await expect(busy.append({ text: "after" })).rejects.toThrow(
        /was deleted or came back shorter: stop all/,
      );
      // Who sends nothing notices within a second, too.
      await vi.waitFor(() => expect(said()).toHaveLength(2), { timeout: 10_000 });
      await expect(idle.append({ text: "after" })).rejects.toThrow(/deleted/);
      await expect(idle.refresh()).rejects.toThrow(/deleted/);
      const fresh = await openIt(spec);
      await Promise.all(upTo(5).map((turn) => fresh.append({ text: `new ${turn}` })));
      for (const store of stores) expect(texts(await read(store))).toEqual(["before"]);
      expect(said()).toHaveLength(2);
      expect(own.cli("XLEN", `{${new URL(spec).searchParams.get("log")}}:log`)).toBe("5");
    });

    test("another log of the same name, however long, is noticed before anybody sees it", async () => {
      const name = newName();
      const store = await openIt(redis.spec(name));
      const heard = hear(store);
      await store.append({ text: "before" });
      const keys = [`{${name}}:log`, `{${name}}:keys`] as const;
      redis.cli("RENAME", keys[0], `${keys[0]}-old`);
      redis.cli("RENAME", keys[1], `${keys[1]}-old`);
      fillLog(redis, name, 5);
      await saying(/was deleted or came back shorter/);
      await expect(store.append({ text: "after" })).rejects.toThrow(/deleted/);
      expect(texts(heard)).toEqual(["before"]);
    });

    test("a Redis that keeps nothing, killed and started again, is noticed", async () => {
      const own = await ownRedis(["--appendonly", "no", "--save", ""]);
      const store = await openIt(own.spec());
      expect(said()).toEqual([
        expect.stringMatching(/may lose messages that were answered \(appendonly no\): set/),
      ]);
      await store.append({ text: "before" });
      await own.kill();
      await own.start();
      await saying(/was deleted or came back shorter/);
      await expect(store.append({ text: "after" })).rejects.toThrow(/deleted/);
    });

    test.each([
      ["the stream", "log"],
      ["the keys", "keys"],
    ])("only %s deleted: refused while running, and at the start", async (_, part) => {
      const name = newName();
      const store = await openIt(redis.spec(name));
      await store.append({ text: "before" });
      redis.cli("DEL", `{${name}}:${part}`);
      await expect(store.append({ text: "after" })).rejects.toThrow(/deleted/);
      await expect(openStore(redis.spec(name))).rejects.toThrow(StoreError);
    });
  });

  describe("others in the stream", () => {
    test.each([
      ["as anybody would", "*"],
      ["at the next place", "0-1201"],
      ["far ahead", "0-5000"],
    ])("what somebody adds %s is skipped, said once, and ids go on without a gap", async (_, place) => {
      const name = newName();
      fillLog(redis, name, 1_200);
      const before = await openIt(redis.spec(name));
      const heard = hear(before);
      redis.cli("XADD", `{${name}}:log`, place, "hello", "world");
      await before.append({ text: "one more", key: "k" });
      redis.cli("XADD", `{${name}}:log`, "*", "text", "no key");
      await before.append({ text: "and one more" });
      redis.cli("XADD", `{${name}}:log`, "*", "hello", "again");
      await Promise.all(upTo(1_498).map((turn) => before.append({ text: `${turn}` })));
      expect(ids(heard)).toEqual(upTo(2_700).slice(1_200));
      expect(said()).toEqual([
        expect.stringMatching(/holds entries that are no messages: the first seen is [\d-]+/),
      ]);
      const after = await openIt(redis.spec(name));
      const all = await read(after);
      expect(ids(all)).toEqual(upTo(2_700));
      expect(all).toEqual(await read(before));
      // One by one, from every place: before, between and behind what is none of ours.
      for (const cursor of [0, 1_198, 1_199, 1_200, 1_201, 1_202, 1_699]) {
        expect(ids(await after.after(cursor, 1))).toEqual([cursor + 1]);
      }
      redis.cli("CONFIG", "RESETSTAT");
      await after.after(1_699, 1);
      const [, calls] = /cmdstat_xrange:calls=(\d+)/.exec(redis.cli("INFO", "commandstats")) ?? [];
      expect(Number(calls), "found without a search").toBeLessThan(6);
      expect(await after.append({ text: "again", key: "k" })).toMatchObject({
        message: { id: 1_201 },
        added: false,
      });
    });

    test("a trimmed log is said, and a client that is behind gets the newest 100, as of a log that was reset", async () => {
      const name = newName();
      fillLog(redis, name, 3_000);
      const running = await openIt(redis.spec(name));
      redis.cli("XTRIM", `{${name}}:log`, "MAXLEN", "150");
      await saying(/was trimmed: messages before 2851 are gone/);
      expect(ids(await running.after(0))).toEqual(upTo(3_000).slice(2_900));
      const later = await openIt(redis.spec(name));
      expect(ids(await later.after(0))).toEqual(upTo(3_000).slice(2_900));
      expect(ids(await later.after(2_849))).toEqual(upTo(3_000).slice(2_900));
      expect(ids(await later.after(2_850))).toEqual(upTo(3_000).slice(2_850));
      expect(await later.append({ text: "next" })).toMatchObject({ message: { id: 3_001 }, added: true });
      await expect(later.append({ text: "again", key: "key-5" })).rejects.toThrow(
        /no longer has the message/,
      );
      expect(said().filter((line) => /trimmed/.test(line))).toHaveLength(2);
      redis.cli("XTRIM", `{${name}}:log`, "MAXLEN", "10");
      expect(ids(await (await openIt(redis.spec(name))).after(0))).toEqual(upTo(3_001).slice(2_991));
    });

    test("a log that somebody had added to is trimmed: said by a server that runs and by one that starts", async () => {
      const name = newName();
      fillLog(redis, name, 100);
      const running = await openIt(redis.spec(name));
      redis.cli("XADD", `{${name}}:log`, "*", "hello", "world");
      await Promise.all(upTo(100).map((turn) => running.append({ text: `${turn}` })));
      redis.cli("XTRIM", `{${name}}:log`, "MAXLEN", "50");
      await saying(/was trimmed: messages before 151 are gone/);
      await openIt(redis.spec(name));
      expect(said().filter((line) => /was trimmed: messages before 151 are gone/.test(line))).toHaveLength(2);
    });

    test("a full Redis refuses, and goes on when there is room", async () => {
      const own = await ownRedis();
      const store = await openIt(own.spec());
      const heard = hear(store);
      await store.append({ text: "before" });
      own.cli("CONFIG", "SET", "maxmemory", "1");
      await expect(store.append({ text: "no room", key: "k" })).rejects.toThrow(
        /refuses \(OOM command not allowed/,
      );
      expect(texts(await store.after(0))).toEqual(["before"]);
      own.cli("CONFIG", "SET", "maxmemory", "0");
      expect(await store.append({ text: "room", key: "k" })).toMatchObject({
        message: { id: 2 },
        added: true,
      });
      expect(texts(heard)).toEqual(["before", "room"]);
    });

    test("a user who may do no more than is listed can do all that is needed", async () => {
      const own = await ownRedis();
      const rights =
        "+evalsha +eval +time +exists +xinfo|stream +hlen +hget +hset +xadd +xrange +xread +ping".split(" ");
      own.cli("ACL", "SETUSER", "ann", "on", ">Pa55word", "~{chat}:*", ...rights);
      fillLog(own, "chat", 1_500);
      const store = await openIt(`redis://ann:Pa55word@127.0.0.1:${own.port}`);
      expect(said()).toEqual([expect.stringMatching(/may lose messages.*does not say how safe it is/)]);
      await store.append({ text: "a", key: "k" });
      expect(await store.append({ text: "again", key: "key-3" })).toMatchObject({ message: { id: 3 } });
      await store.refresh();
      expect(ids(await read(store))).toEqual(upTo(1_501));
      own.cli("CONFIG", "SET", "appendfsync", "everysec");
      own.cli("ACL", "SETUSER", "ann", "+config|get");
      stderr.mockClear();
      await openIt(`redis://ann:Pa55word@127.0.0.1:${own.port}`);
      expect(said()).toEqual([expect.stringMatching(/may lose messages.*\(appendfsync everysec\): set/)]);
    });
  });

  describe("a start that cannot be", () => {
    test("an address where nobody answers, a wrong password, a wrong type, a Redis that stands still: said in one line", async () => {
      const own = await ownRedis([...SAFE, "--requirepass", "Pa55word"]);
      const at = (user: string) => `redis://${user}127.0.0.1:${own.port}`;
      own.cli("-a", "Pa55word", "SET", "{chat}:log", "a string");
      own.cli("-a", "Pa55word", "RPUSH", "{other}:keys", "a list");
      const refused = async (spec: string, reason: RegExp) => {
        const error: unknown = await openStore(spec).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StoreError);
        expect(String(error)).toMatch(reason);
        expect(String(error)).toMatch(
          /^StoreError: The log \w+ at redis:\/\/[^ @]+ cannot be opened \(.+\): (start|name) [^\n]+\.$/,
        );
        expect(String(error)).not.toMatch(/wrong-word|Pa55/);
      };
      await refused(at(""), /NOAUTH/);
      await refused(at(":wrong-word@"), /WRONGPASS/);
      await refused(at("nobody:wrong-word@"), /WRONGPASS/);
      await refused(at(":Pa55word@"), /WRONGTYPE.*name another log/);
      await refused(`${at(":Pa55word@")}?log=other`, /WRONGTYPE.*name another log/);
      await refused("redis://:wrong-word@127.0.0.1:1", /ECONNREFUSED/);
      await refused("redis://:wrong-word@no-such-host.invalid", /ENOTFOUND|EAI_AGAIN/);
      own.pause();
      await refused(`${at(":Pa55word@")}?log=third`, /no answer within/);
      await own.kill();
      await refused(at(":Pa55word@"), /ECONNREFUSED/);
    });

    test.each([
      [
        "6",
        "%1\r\n+version\r\n+6.2.14\r\n",
        /\(it is Redis 6\.2\.14, and 7 or newer is needed\): start Redis/,
      ],
      [
        "5",
        "-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n",
        /\(it is older than Redis 7\): start Redis/,
      ],
    ])("a Redis %s is too old, and that is said", async (_, answer, sentence) => {
      const old = createServer((socket) => socket.on("data", () => socket.write(answer)));
      onTestFinished(() => void old.close());
      await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
      const address = Object(old.address());
      await expect(openStore(`redis://127.0.0.1:${address.port}`)).rejects.toThrow(sentence);
    });

    test.each(CHAPTERS)("%s ends with exit code 1", async (name) => {
      const {
        code,
        stdout,
        stderr: line,
      } = await runChapter(name, {
        args: ["--port", "0"],
        env: { CHAT_STORE: "redis://ann:Pa55word@127.0.0.1:1" },
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(line).toMatch(/^ch\S+: The log chat at redis:\/\/127\.0\.0\.1:1 cannot be opened \([^\n]+\.\n$/);
      expect(line).not.toContain("Pa55");
    });
  });
}
