import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { UNREAD_LIMIT } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";
import { Sequence } from "../message-store/sequence.ts";
import type { MessageStore } from "../message-store/store.ts";
import { catchUp, send } from "./fan-out.ts";

/** A log that keeps and delivers at the very moment of `publish`: the most unkind one for whoever looks away. */
function logOf(count: number): MessageStore & { publish(): void } {
  const sequence = new Sequence();
  const publish = () => {
    const key = String(sequence.newest + 1);
    sequence.publish([{ author: "ann", text: key, timestamp: 1, key }]);
  };
  for (let made = 0; made < count; made += 1) publish();
  return {
    publish,
    get newest() {
      return sequence.newest;
    },
    after: (cursor, limit) => sequence.after(cursor, limit),
    subscribe: (listener) => sequence.subscribe(listener),
    append: () => Promise.reject(new Error("not here")),
    refresh: async () => {},
    close: async () => {},
  };
}

/** A socket whose other side reads only when told. */
function deafSocket(highWaterMark = 1_000) {
  const reads: (() => void)[] = [];
  const socket = new Duplex({
    highWaterMark,
    read() {},
    write(_bytes, _encoding, done) {
      reads.push(done);
    },
  });
  return { socket, read: () => reads.shift()?.() };
}

/** A client: what it was sent, on the way of catching up and then live. */
function clientOf(log: MessageStore, socket: Duplex, onSend = (_messages: readonly Message[]) => {}) {
  const ids: number[] = [];
  let joined = 0;
  let largest = 0;
  const take = (messages: readonly Message[]) => ids.push(...messages.map(({ id }) => id));
  log.subscribe((messages) => {
    if (joined > 0) take(messages);
  });
  return {
    ids,
    joined: () => joined,
    largest: () => largest,
    send(messages: readonly Message[]) {
      take(messages);
      socket.write(Buffer.alloc(100 * messages.length));
      largest = Math.max(largest, socket.writableLength);
      onSend(messages);
    },
    join() {
      joined += 1;
    },
  };
}

/** A whole turn of the event loop, and with it every promise that was due. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe("catching up", () => {
  test("with nothing to catch up on, a client joins in the same turn", async () => {
    const log = logOf(3);
    const { socket } = deafSocket();
    const client = clientOf(log, socket);
    const caughtUp = catchUp(log, 3, socket, client);
    expect(client.joined()).toBe(1); // At once, and not after the await.
    await caughtUp;
    log.publish();
    expect(client.ids).toEqual([4]);
  });

  test("no message falls between the last piece and the first live one, however they come", async () => {
    const log = logOf(100);
    const { socket, read } = deafSocket();
    // Messages come while a piece is being written, right behind it, and in the turns after it.
    let left = 40;
    const more = () => {
      if (left-- > 0) log.publish();
    };
    const client = clientOf(log, socket, () => {
      more();
      queueMicrotask(more);
      process.nextTick(more);
      setImmediate(more);
      void Promise.resolve().then(more).then(more).then(more);
    });
    const caughtUp = catchUp(log, 0, socket, client);
    while (client.joined() === 0) {
      await turn();
      queueMicrotask(more); // In the turn of the drain.
      read();
      more();
    }
    await caughtUp;
    while (left > 0) more();
    expect(client.joined()).toBe(1);
    expect(client.ids).toEqual(upTo(log.newest));
    expect(client.ids).toHaveLength(140);
  });

  test("the next piece waits until the last one is sent", async () => {
    const log = logOf(10_000);
    const { socket, read } = deafSocket();
    const client = clientOf(log, socket);
    const caughtUp = catchUp(log, 0, socket, client);
    await turn();
    const first = client.ids.length;
    expect(first).toBeLessThan(100);
    await turn();
    expect(client.ids).toHaveLength(first);
    while (client.joined() === 0) {
      read();
      await turn();
    }
    await caughtUp;
    expect(client.ids).toEqual(upTo(10_000));
    expect(client.largest()).toBeLessThan(100 * 100);
  });

  test("a client that goes away while it catches up is sent no more, and does not join", async () => {
    const log = logOf(10_000);
    const { socket } = deafSocket();
    const client = clientOf(log, socket);
    const caughtUp = catchUp(log, 0, socket, client);
    await turn();
    const before = client.ids.length;
    socket.destroy();
    await caughtUp;
    expect(client.ids).toHaveLength(before);
    expect(client.joined()).toBe(0);
    expect(socket.listenerCount("drain") + socket.listenerCount("close")).toBe(0);
  });

  test("a client that is gone from the beginning is sent nothing and does not join", async () => {
    const log = logOf(10);
    const { socket } = deafSocket();
    const client = clientOf(log, socket);
    socket.destroy();
    await catchUp(log, 0, socket, client);
    await catchUp(log, 10, socket, client);
    expect([client.ids, client.joined()]).toEqual([[], 0]);
  });

  test("a client that goes away within a write does not join", async () => {
    const log = logOf(10);
    const { socket } = deafSocket();
    const client = clientOf(log, socket, () => socket.destroy());
    await catchUp(log, 0, socket, client);
    expect([client.ids, client.joined()]).toEqual([upTo(10), 0]);
  });

  test("thousands of waits for the other side leave no listener behind", async () => {
    const log = logOf(3_000);
    const { socket, read } = deafSocket(1);
    const client = clientOf(log, socket);
    const caughtUp = catchUp(log, 0, socket, client);
    while (client.joined() === 0) {
      expect(socket.listenerCount("drain")).toBeLessThanOrEqual(1);
      read();
      await turn();
    }
    await caughtUp;
    expect(socket.listenerCount("drain") + socket.listenerCount("close")).toBe(0);
  });
});

describe("live bytes", () => {
  test("may wait unsent up to 1 MiB, and a byte more disconnects who does not read them", () => {
    const { socket } = deafSocket();
    send(socket, Buffer.alloc(UNREAD_LIMIT - 1));
    send(socket, Buffer.alloc(1));
    expect(socket.destroyed).toBe(false);
    send(socket, Buffer.alloc(1));
    expect(socket.destroyed).toBe(true);
    expect(UNREAD_LIMIT).toBe(1024 * 1024);
  });

  test("to a socket that is gone are no error", () => {
    const { socket } = deafSocket();
    socket.on("error", () => {});
    socket.destroy();
    send(socket, Buffer.from("x"));
    expect(socket.destroyed).toBe(true);
  });

  test("are the very same buffer for each client: nothing is copied", () => {
    const bytes = Buffer.from("안녕");
    const written: unknown[] = [];
    for (const _ of [1, 2]) {
      const write = (chunk: unknown, _encoding: unknown, done: () => void) => {
        written.push(chunk);
        done();
      };
      send(new Duplex({ read() {}, write }), bytes);
    }
    expect(written[0]).toBe(bytes);
    expect(written[1]).toBe(bytes);
  });
});
