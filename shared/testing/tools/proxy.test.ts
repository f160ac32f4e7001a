import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { IN_FLIGHT_LIMIT } from "../../tools/flaky/flow.ts";
import {
  type Direction,
  openProxy,
  type ProxyOptions,
  type TcpProxy,
  type WireEvent,
} from "../../tools/flaky/proxy.ts";

/** One end of a connection, with all that it has read and how it ended. */
interface End {
  readonly socket: Socket;
  readonly chunks: readonly Buffer[];
  received(): Buffer;
  /** Waits until so many bytes were read. */
  until(length: number): Promise<Buffer>;
  readonly ended: Promise<"ended">;
  /** The code of the error that closed it; undefined where it closed without one. */
  readonly closed: Promise<string | undefined>;
}

function endOf(socket: Socket): End {
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  const received = () => Buffer.concat(chunks);
  let length = 0;
  let code: string | undefined;
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    socket.emit("more");
  });
  socket.on("error", (error) => {
    code = Object(error).code;
  });
  return {
    socket,
    chunks,
    received,
    async until(enough) {
      while (length < enough) await new Promise((resolve) => socket.once("more", resolve));
      return received();
    },
    ended: new Promise((resolve) => socket.once("end", () => resolve("ended"))),
    closed: new Promise((resolve) => socket.once("close", () => resolve(code))),
  };
}

/** A server that hands out its ends of the connections, in the order of their coming. */
async function openServer() {
  const arrived: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    arrived.push(socket);
    server.emit("arrived");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const port = Object(server.address()).port;
  const next = async () => {
    while (arrived.length === 0) await new Promise((resolve) => server.once("arrived", resolve));
    const socket = arrived.shift();
    if (!socket) throw new Error("no socket");
    return endOf(socket);
  };
  return { port, next };
}

function connectTo(port: number): End {
  return endOf(connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }));
}

/** A server, a proxy in front of it, and a connection through both. */
async function open(options: Partial<ProxyOptions> = {}) {
  const behind = await openServer();
  const proxy = await openProxy({ to: behind.port, ...options });
  onTestFinished(() => proxy.close());
  const enter = async () => {
    const client = connectTo(proxy.port);
    return { client, server: await behind.next() };
  };
  return { proxy, behind, enter, ...(await enter()) };
}

/** Tells when so many bytes have come to the proxy in a direction. */
function watchBytes() {
  const arrived = { upstream: 0, downstream: 0 };
  const watchers = new Set<() => void>();
  const watch = (event: WireEvent) => {
    if (event.type === "bytes") arrived[event.direction] += event.bytes.length;
    for (const watcher of watchers) watcher();
  };
  const until = (direction: Direction, length: number) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (arrived[direction] >= length) resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  return { watch, arrived, until };
}

/** Lets everything happen that is about to happen: bytes go to and fro between two sockets, again and again. */
async function settle(): Promise<void> {
  const beside = await openServer();
  const here = connectTo(beside.port);
  const there = await beside.next();
  for (let round = 1; round <= 50; round += 1) {
    here.socket.write("?");
    await there.until(round);
    there.socket.write("!");
    await here.until(round);
  }
  here.socket.destroy();
  there.socket.destroy();
}

const MEGABYTE = 1024 * 1024;

test("without a fault all bytes pass untouched and in order, both ways at once", async () => {
  const { client, server, proxy } = await open();
  const up = randomBytes(4 * MEGABYTE);
  const down = randomBytes(4 * MEGABYTE);
  client.socket.write(up);
  server.socket.write(down);
  expect((await server.until(up.length)).equals(up)).toBe(true);
  expect((await client.until(down.length)).equals(down)).toBe(true);
  expect(proxy.counts).toEqual({
    accepted: 1,
    refused: 0,
    unreachable: 0,
    upstream: up.length,
    downstream: down.length,
  });
});

for (const direction of ["upstream", "downstream"] as const) {
  test(`whoever reads slowly slows down whoever sends, ${direction}, and all arrives in the end`, async () => {
    const { watch, arrived, until } = watchBytes();
    const { client, server } = await open({ watch });
    const [from, to] = direction === "upstream" ? [client, server] : [server, client];
    const total = 64 * MEGABYTE;
    to.socket.pause();
    const piece = randomBytes(MEGABYTE);
    for (let sent = 0; sent < total; sent += piece.length) from.socket.write(piece);
    await until(direction, 1);
    for (let before = 0; before < arrived[direction]; ) {
      before = arrived[direction];
      await settle();
    }
    expect(arrived[direction]).toBeLessThan(total); // The rest waits with the sender: the kernel holds a few MB.
    expect(from.socket.writableLength).toBeGreaterThan(0);
    to.socket.resume();
    const received = await to.until(total);
    expect(received.subarray(-MEGABYTE).equals(piece)).toBe(true);
    expect(received.length).toBe(total);
  });
}

test("each direction ends for itself: after one side's end the other still speaks", async () => {
  const { client, server, proxy } = await open();
  client.socket.end("question");
  await server.ended;
  expect(String(server.received())).toBe("question");
  server.socket.write("answer, ");
  expect(String(await client.until(8))).toBe("answer, ");
  server.socket.end("end");
  await client.ended;
  expect(String(client.received())).toBe("answer, end");
  expect(await client.closed).toBe(undefined);
  expect(await server.closed).toBe(undefined);
  await proxy.close();
});

test("what a client sent before it left still reaches the server", async () => {
  const { client, server, proxy } = await open();
  const bytes = randomBytes(200_000);
  proxy.stall("upstream");
  server.socket.end();
  await client.ended;
  client.socket.end(bytes);
  expect(await client.closed).toBe(undefined);
  await settle();
  proxy.resume();
  expect((await server.until(bytes.length)).equals(bytes)).toBe(true);
  expect(await server.ended).toBe("ended");
});

test("a reset of one side is a reset of the other", async () => {
  const { client, server, enter, proxy } = await open();
  client.socket.resetAndDestroy();
  expect(await server.closed).toBe("ECONNRESET");
  const second = await enter();
  second.server.socket.resetAndDestroy();
  expect(await second.client.closed).toBe("ECONNRESET");
  await settle();
  expect(proxy.connections).toBe(0);
});

test("where nothing listens behind the proxy, the client is reset, and the proxy stays", async () => {
  const { port } = await openServer();
  const gone = await openProxy({ to: port });
  await gone.close();
  const proxy = await openProxy({ to: gone.port });
  onTestFinished(() => proxy.close());
  for (const unreachable of [1, 2]) {
    expect(await connectTo(proxy.port).closed).toBe("ECONNRESET");
    expect(proxy.counts).toMatchObject({ accepted: unreachable, unreachable });
  }
});

test("cutAll resets every connection on both sides, and the next one is whole", async () => {
  const { client, server, enter, proxy } = await open();
  const second = await enter();
  expect(proxy.connections).toBe(2);
  proxy.cutAll();
  for (const end of [client, server, second.client, second.server])
    expect(await end.closed).toBe("ECONNRESET");
  const third = await enter();
  third.client.socket.write("again");
  expect(String(await third.server.until(5))).toBe("again");
  expect(proxy.connections).toBe(1);
});

test("a connection that is cut at the very moment of its end is cut, too", async () => {
  for (const direction of ["upstream", "downstream"] as const) {
    const { client, server, proxy } = await open();
    proxy.halfClose(direction);
    proxy.cutAll();
    const [to, from] = direction === "upstream" ? [server, client] : [client, server];
    expect(await from.closed).toBe("ECONNRESET");
    expect(await to.ended).toBe("ended");
    await proxy.close();
    expect(proxy.connections).toBe(0);
  }
});

test("after refuse new connections are reset and the open ones go on, until accept", async () => {
  const { client, server, enter, proxy } = await open();
  proxy.refuse();
  expect(await connectTo(proxy.port).closed).toBe("ECONNRESET");
  expect(proxy.counts).toMatchObject({ accepted: 1, refused: 1 });
  client.socket.write("still here");
  expect(String(await server.until(10))).toBe("still here");
  proxy.accept();
  const later = await enter();
  later.server.socket.write("welcome");
  expect(String(await later.client.until(7))).toBe("welcome");
});

test("under a delay bytes and ends pass so many milliseconds after they came, not before and not later", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { watch, until } = watchBytes();
  const { client, server, proxy } = await open({ watch });
  proxy.delay(60_000);
  client.socket.write("a");
  await until("upstream", 1);
  vi.advanceTimersByTime(20_000);
  client.socket.end("b");
  await until("upstream", 2);
  await settle();
  vi.advanceTimersByTime(39_999);
  await settle();
  expect(String(server.received())).toBe("");
  vi.advanceTimersByTime(1);
  expect(String(await server.until(1))).toBe("a");
  await settle();
  expect(String(server.received())).toBe("a");
  vi.advanceTimersByTime(20_000);
  expect(String(await server.until(2))).toBe("ab");
  expect(await server.ended).toBe("ended");
});

test("when a delay is undone, later bytes pass at once, but never before earlier ones", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { watch, until } = watchBytes();
  const { client, server, proxy } = await open({ watch });
  proxy.delay(60_000);
  client.socket.write("late, ");
  await until("upstream", 6);
  proxy.delay(0);
  client.socket.write("later");
  await until("upstream", 11);
  server.socket.write("at once");
  expect(String(await client.until(7))).toBe("at once");
  expect(String(server.received())).toBe("");
  vi.advanceTimersByTime(60_000);
  expect(String(await server.until(11))).toBe("late, later");
});

for (const direction of ["upstream", "downstream"] as const) {
  test(`a stall lets nothing through ${direction}, the end included; resumed, all comes in order`, async () => {
    const { watch, until } = watchBytes();
    const { client, server, proxy } = await open({ watch });
    const [from, to] = direction === "upstream" ? [client, server] : [server, client];
    proxy.stall(direction);
    from.socket.write("one ");
    from.socket.end("two");
    await until(direction, 7);
    to.socket.write("the other way");
    expect(String(await from.until(13))).toBe("the other way");
    await settle();
    expect(String(to.received())).toBe("");
    proxy.resume(direction);
    expect(String(await to.until(7))).toBe("one two");
    expect(await to.ended).toBe("ended");
  });
}

test("a stalled sender is read no further than 256 KiB and one read of 64 KiB", async () => {
  const { watch, arrived, until } = watchBytes();
  const { client, server, proxy } = await open({ watch });
  const bytes = randomBytes(8 * MEGABYTE);
  proxy.stall("upstream");
  client.socket.write(bytes);
  await until("upstream", IN_FLIGHT_LIMIT);
  await settle();
  expect(arrived.upstream).toBeLessThan(IN_FLIGHT_LIMIT + 64 * 1024);
  expect(server.received().length).toBe(0);
  proxy.resume();
  expect((await server.until(bytes.length)).equals(bytes)).toBe(true);
});

test("a stall holds for connections that come later; resume ends one direction, or both", async () => {
  const { enter, proxy } = await open();
  proxy.stall("upstream");
  proxy.stall("downstream");
  const { client, server } = await enter();
  client.socket.write("up");
  server.socket.write("down");
  await settle();
  expect([server.received().length, client.received().length]).toEqual([0, 0]);
  proxy.resume("upstream");
  expect(String(await server.until(2))).toBe("up");
  await settle();
  expect(client.received().length).toBe(0);
  proxy.stall("upstream");
  client.socket.write("again");
  proxy.resume();
  expect(String(await server.until(7))).toBe("upagain");
  expect(String(await client.until(4))).toBe("down");
});

test("splitBytes sends every byte by itself, in order, until it is undone", async () => {
  const { client, server, proxy } = await open();
  const text = "안녕하세요, 한 바이트씩".repeat(20);
  const length = Buffer.byteLength(text);
  proxy.splitBytes(true);
  client.socket.write(text);
  server.socket.write(text);
  for (const end of [server, client]) {
    expect(String(await end.until(length))).toBe(text);
    expect(end.chunks.length).toBeGreaterThan(length / 2); // The kernel may now and then join two.
  }
  proxy.splitBytes(false);
  const before = server.chunks.length;
  client.socket.write(text);
  await server.until(2 * length);
  expect(server.chunks.length).toBe(before + 1);
});

test("what is being split when splitBytes is undone goes on whole, and nothing is lost or doubled", async () => {
  const { client, server, proxy } = await open();
  const bytes = randomBytes(200_000);
  proxy.splitBytes(true);
  client.socket.write(bytes);
  await server.until(100);
  proxy.splitBytes(false);
  expect((await server.until(bytes.length)).equals(bytes)).toBe(true);
  expect(server.chunks.length).toBeLessThan(10_000);
});

for (const direction of ["upstream", "downstream"] as const) {
  test(`halfClose ends ${direction} behind what is on the way; the other direction goes on`, async () => {
    const { watch, until } = watchBytes();
    const { client, server, enter, proxy } = await open({ watch });
    const [from, to] = direction === "upstream" ? [client, server] : [server, client];
    proxy.stall(direction);
    from.socket.write("before");
    await until(direction, 6);
    proxy.halfClose(direction);
    from.socket.write("after");
    await until(direction, 11);
    proxy.resume(direction);
    expect(await to.ended).toBe("ended");
    expect(String(to.received())).toBe("before");
    from.socket.write("later");
    await until(direction, 16);
    to.socket.write("the other way");
    expect(String(await from.until(13))).toBe("the other way");
    const later = await enter();
    const [laterFrom, laterTo] =
      direction === "upstream" ? [later.client, later.server] : [later.server, later.client];
    laterFrom.socket.write("whole");
    expect(String(await laterTo.until(5))).toBe("whole");
  });
}

test("heal undoes all that lasts, at once", async () => {
  const { client, server, enter, proxy } = await open();
  proxy.refuse();
  proxy.delay(3_600_000);
  proxy.splitBytes(true);
  proxy.stall("upstream");
  proxy.stall("downstream");
  proxy.heal();
  client.socket.write("up");
  server.socket.write("down");
  expect(String(await server.until(2))).toBe("up");
  expect(String(await client.until(4))).toBe("down");
  expect(client.chunks.length).toBe(1);
  expect((await enter()).client.socket.destroyed).toBe(false);
});

test("a connection that is cut while it is slow, split, delayed or stalled loses what was on the way, no more", async () => {
  const faults: ((proxy: TcpProxy) => void)[] = [
    (proxy) => proxy.splitBytes(true),
    (proxy) => proxy.delay(3_600_000),
    (proxy) => proxy.stall("upstream"),
    () => {},
  ];
  for (const begin of faults) {
    const { client, server, proxy } = await open();
    const bytes = randomBytes(MEGABYTE);
    begin(proxy);
    client.socket.write(bytes);
    await settle();
    proxy.cutAll();
    await Promise.all([client.closed, server.closed]);
    const received = server.received();
    expect(received.equals(bytes.subarray(0, received.length))).toBe(true);
    await settle();
    expect(proxy.connections).toBe(0);
    await proxy.close();
  }
});

test("after close no socket is left, whatever was going on, and the port is free", async () => {
  const resources = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  const behind = await openServer();
  await settle();
  const before = resources();
  const proxy = await openProxy({ to: behind.port });
  const clients = [1, 2, 3, 4].map(() => connectTo(proxy.port));
  const servers = await Promise.all(clients.map(() => behind.next()));
  proxy.delay(3_600_000);
  for (const { socket } of clients) socket.write(randomBytes(MEGABYTE));
  await settle();
  proxy.splitBytes(true);
  await proxy.close();
  expect(proxy.connections).toBe(0);
  await Promise.all([...clients, ...servers].map(({ closed }) => closed));
  await settle();
  expect(resources()).toBe(before);
  expect(await connectTo(proxy.port).closed).toBe("ECONNREFUSED");
  await proxy.close(); // Twice is fine.
});

test("a watcher is told of each connection, its bytes and their direction, when they pass, its ends and its close", async () => {
  const events: WireEvent[] = [];
  const { client, server, proxy } = await open({ watch: (event) => events.push(event) });
  client.socket.write("ping");
  await server.until(4);
  server.socket.end("pong");
  await client.ended;
  client.socket.end();
  await server.ended;
  await proxy.close();
  expect(events).toEqual([
    { type: "open", connection: 1 },
    { type: "bytes", connection: 1, direction: "upstream", bytes: Buffer.from("ping") },
    { type: "passed", connection: 1, direction: "upstream", bytes: 4 },
    { type: "bytes", connection: 1, direction: "downstream", bytes: Buffer.from("pong") },
    { type: "passed", connection: 1, direction: "downstream", bytes: 4 },
    { type: "end", connection: 1, direction: "downstream" },
    { type: "end", connection: 1, direction: "upstream" },
    { type: "close", connection: 1, how: "closed" },
  ]);
});

test("a watcher is told how a connection closed, and of each that is refused", async () => {
  const events: WireEvent[] = [];
  const { client, proxy, behind } = await open({ watch: (event) => events.push(event) });
  proxy.cutAll();
  await client.closed;
  proxy.refuse();
  await connectTo(proxy.port).closed;
  const gone = await openProxy({ to: behind.port });
  await gone.close();
  const alone = await openProxy({ to: gone.port, watch: (event) => events.push(event) });
  onTestFinished(() => alone.close());
  await connectTo(alone.port).closed;
  await settle();
  expect(events.filter(({ type }) => type !== "open")).toEqual([
    { type: "close", connection: 1, how: "reset" },
    { type: "refused" },
    { type: "close", connection: 1, how: "unreachable" },
  ]);
});
