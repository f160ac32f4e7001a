import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { listen } from "../../http/listen.ts";
import type { Chapter } from "../../http/open.ts";
import { openStore } from "../../message-store/index.ts";
import { requestOf } from "../ask.ts";
import { rawConnection } from "../raw.ts";

/** Listens in this process, which neither prints nor ends by it. Its clock is the test's. */
async function listening(handle: RequestListener, close?: () => void, options: Partial<Chapter> = {}) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const stdout = vi.spyOn(console, "log").mockImplementation(() => {});
  const stderr = vi.spyOn(console, "error").mockImplementation(() => {});
  let ended = (_: unknown) => {};
  const exited = new Promise<unknown>((resolve) => {
    ended = resolve;
  });
  vi.spyOn(process, "exit").mockImplementation((code): never => {
    ended(code);
    return undefined as never;
  });
  const log = await openStore("memory:");
  const server: Server = createServer(handle);
  const before = { SIGINT: process.listeners("SIGINT"), SIGTERM: process.listeners("SIGTERM") };
  const chapter: Chapter = {
    name: "ch09-polling",
    port: 0,
    host: "127.0.0.1",
    allowHosts: [],
    store: "memory:",
    settings: {},
    secure: false,
    serverOptions: {},
    log,
    ...options,
  };
  listen(server, chapter, close);
  const added = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const [listener] = process.listeners(signal).filter((each) => !before[signal].includes(each));
    return {
      signal,
      stop: () => listener?.(signal),
      remove: () => listener && process.off(signal, listener),
    };
  });
  onTestFinished(() => {
    for (const { remove } of added) remove();
    server.closeAllConnections();
    server.close();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const [SIGINT, SIGTERM] = added;
  return {
    server,
    log,
    stdout,
    stderr,
    exited,
    interrupt: () => SIGINT?.stop(),
    terminate: () => SIGTERM?.stop(),
  };
}

/** Something that happens once. */
function signal() {
  let tell = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { tell, told };
}

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

describe("listening", () => {
  test.each([
    ["127.0.0.1", false, "http://localhost"],
    ["127.0.0.1", true, "https://localhost"],
    ["0.0.0.0", false, "http://localhost"],
    ["localhost", false, "http://localhost"],
  ])("on %s (secure: %s) is said as %s", async (host, secure, url) => {
    const { server, stdout } = await listening(() => {}, undefined, { host, secure });
    const port = await portOf(server);
    expect(stdout.mock.calls).toEqual([[`ch09-polling  ${url}:${port}`]]);
    expect(server.timeout).toBe(60_000);
  });

  test("where it cannot, the line says why and what to do", async () => {
    for (const [code, sentence] of [
      ["EADDRINUSE", "Port 80 is in use: end what listens there, or take a free one with -- --port 0."],
      ["EACCES", "Port 80 may not be used by this user: take one above 1023 with -- --port 3000."],
      [
        "EADDRNOTAVAIL",
        "x is not an address of this machine: give one with -- --host, or leave the flag out.",
      ],
      ["ENOTFOUND", "x is not an address of this machine: give one with -- --host, or leave the flag out."],
      ["EAI_AGAIN", "x is not an address of this machine: give one with -- --host, or leave the flag out."],
      ["EMFILE", "The server cannot listen on x, port 80: too many."],
    ] as const) {
      const server = createServer();
      server.listen = () => server;
      const { stderr, exited } = await listening(() => {});
      const before = process.listeners("SIGINT").length;
      listen(server, {
        name: "ch11-sse",
        port: 80,
        host: "x",
        allowHosts: [],
        store: "memory:",
        settings: {},
        secure: false,
        serverOptions: {},
        log: await openStore("memory:"),
      });
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const last = process.listeners(signal).at(-1);
        if (last) process.off(signal, last);
      }
      expect(process.listeners("SIGINT")).toHaveLength(before);
      server.emit("error", Object.assign(new Error("too many"), { code }));
      expect(await exited).toBe(1);
      expect(stderr.mock.calls.at(-1)).toEqual([`ch11-sse: ${sentence}`]);
    }
  });
});

describe("stopping", () => {
  const held = (port: number) =>
    rawConnection(port, requestOf(port, "GET /", { headers: { Connection: undefined } }));

  test("ends at once where nobody is there, and closes the log", async () => {
    for (const way of ["interrupt", "terminate"] as const) {
      const stopped = await listening(() => {});
      await portOf(stopped.server);
      await stopped[way]();
      expect(await stopped.exited).toBe(0);
      expect(stopped.server.listening).toBe(false);
      await expect(stopped.log.append({ text: "late" })).rejects.toThrow();
    }
  });

  test("asks the chapter to let go, at once and then every 50 ms, until nobody is held", async () => {
    let release = () => {};
    const requested = signal();
    const close = vi.fn(() => {
      if (close.mock.calls.length === 3) release();
    });
    const { server, exited, terminate } = await listening((_, response) => {
      requested.tell();
      release = () => response.end("released");
    }, close);
    const connection = held(await portOf(server));
    await requested.told;
    const stopped = terminate();
    expect(close).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(49);
    expect(close).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(close).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(50);
    await connection.until((read) => read.endsWith("released"));
    vi.advanceTimersByTime(50);
    await connection.ended();
    expect(await exited).toBe(0);
    await stopped;
    const { length } = close.mock.calls;
    vi.advanceTimersByTime(500);
    expect(close).toHaveBeenCalledTimes(length);
  });

  test("waits a second for those who do not let go, and no longer; a second signal changes nothing", async () => {
    const requested = signal();
    const { server, exited, terminate, interrupt } = await listening(requested.tell);
    const connection = held(await portOf(server));
    await requested.told;
    terminate();
    interrupt();
    await vi.advanceTimersByTimeAsync(999);
    expect(process.exit).not.toHaveBeenCalled();
    expect(connection.socket.readableEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await exited).toBe(0);
    expect(await connection.ended()).toBe("");
    expect(process.exit).toHaveBeenCalledTimes(1);
  });
});
