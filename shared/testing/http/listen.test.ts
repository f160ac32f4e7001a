import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect } from "node:net";
import { connect as connectSecurely, createServer as createTlsServer, TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { listen } from "../../http/listen.ts";
import type { Chapter } from "../../http/open.ts";
import { openStore } from "../../message-store/open-store.ts";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { answerIn, requestOf } from "../ask.ts";
import { temporaryFolder } from "../chapter-process.ts";
import { rawConnection, secureExchange } from "../raw.ts";

// Called through, but where a test says otherwise.
vi.mock("node:tls", async (original) => {
  const tls = await original<typeof import("node:tls")>();
  return { ...tls, createServer: vi.fn(tls.createServer) };
});

const CHAPTER: Omit<Chapter, "log"> = {
  name: "ch09-polling",
  port: 0,
  host: "127.0.0.1",
  allowHosts: [],
  store: "memory:",
  settings: {},
  allowFrames: [],
  paths: new Map(),
  certificate: undefined,
  serverOptions: {},
};

/** Listens in this process, which neither prints nor ends by it. Its clock is the test's. */
async function listening(handle: RequestListener, close?: () => void, options: Partial<Chapter> = {}) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  let said = (_: string) => {};
  const ready = new Promise<string>((resolve) => {
    said = resolve;
  });
  const stdout = vi.spyOn(console, "log").mockImplementation(said);
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
  const server: Server = createServer(options.serverOptions ?? {}, handle);
  const before = { SIGINT: process.listeners("SIGINT"), SIGTERM: process.listeners("SIGTERM") };
  listen(server, { ...CHAPTER, log, ...options }, close);
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
  const port = async () => Number(/\d+$/.exec(await ready)?.[0]);
  const [SIGINT, SIGTERM] = added;
  return {
    server,
    port,
    log,
    stdout,
    stderr,
    exited,
    interrupt: () => SIGINT?.stop(),
    terminate: () => SIGTERM?.stop(),
  };
}

function certificateFiles() {
  const { cert, key, pem } = makeCertificate(temporaryFolder());
  return { cert: readFileSync(cert), key: readFileSync(key), pem };
}

/** Something that happens once. */
function signal() {
  let tell = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { tell, told };
}

describe("listening", () => {
  test("with a certificate is https by the same server, and its sockets are those of TLS", async () => {
    const { cert, key, pem } = certificateFiles();
    const handle: RequestListener = ({ socket }, response) => response.end(`${socket instanceof TLSSocket}`);
    const { server, stdout, port } = await listening(handle, undefined, { certificate: { cert, key } });
    const request = requestOf(await port(), "GET /");
    expect(answerIn(await secureExchange(await port(), pem, request)).body).toBe("true");
    expect(stdout.mock.calls).toEqual([[`ch09-polling  https://localhost:${await port()}`]]);
    expect([server.listening, server.timeout]).toEqual([false, 60_000]);
    // Who speaks no TLS is not heard.
    expect(await rawConnection(await port(), request).ended()).not.toContain("HTTP/1.1 200");
  });

  test("with a certificate limits the time that the head of a request may take, as without", async () => {
    const { cert, key, pem } = certificateFiles();
    const serverOptions = { headersTimeout: 1, connectionsCheckingInterval: 1 };
    const { port } = await listening(() => {}, undefined, { certificate: { cert, key }, serverOptions });
    const half = requestOf(await port(), "GET /").subarray(0, 20);
    expect(answerIn(await secureExchange(await port(), pem, half)).status).toBe(408);
  });

  test("with a certificate limits the time that a handshake may take, to ten seconds: silence ends there", async () => {
    const { cert, key } = certificateFiles();
    const tls = await vi.importActual<typeof import("node:tls")>("node:tls");
    vi.mocked(createTlsServer).mockImplementationOnce((options, listener) => {
      expect(options.handshakeTimeout).toBe(10_000);
      return tls.createServer({ ...options, handshakeTimeout: 1 }, listener); // Ten seconds, for this test.
    });
    const { port } = await listening(() => {}, undefined, { certificate: { cert, key } });
    expect(await rawConnection(await port()).ended()).toBe("");
  });

  test("where it cannot, the line says why and what to do", async () => {
    for (const [code, sentence] of [
      [
        "EADDRINUSE",
        "Port 80 is in use: stop the program that uses it, or take a free one with -- --port 0.",
      ],
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
      const log = await openStore("memory:");
      listen(server, { ...CHAPTER, name: "ch11-sse", port: 80, host: "x", log });
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
      await stopped.port();
      await stopped[way]();
      expect(await stopped.exited).toBe(0);
      expect(stopped.server.listening).toBe(false);
      await expect(stopped.log.append({ text: "late" })).rejects.toThrow();
    }
  });

  test("closes the idle connections at once, with a certificate too", async () => {
    const { cert, key, pem } = certificateFiles();
    for (const certificate of [undefined, { cert, key }]) {
      const answered: RequestListener = (_, response) => response.end("x");
      // No limit of node:http's own closes them.
      const serverOptions = { keepAliveTimeout: 0 };
      const chapter = await listening(answered, undefined, { certificate, serverOptions });
      const { server, port, exited, terminate } = chapter;
      server.timeout = 0;
      const [host, ca, servername] = ["127.0.0.1", pem, "localhost"];
      const socket = certificate
        ? connectSecurely({ port: await port(), host, ca, servername })
        : connect(await port(), host);
      socket.write(requestOf(await port(), "GET /", { headers: { Connection: undefined } }));
      await once(socket, "data");
      const closed = once(socket, "close");
      terminate();
      await closed;
      expect(await exited).toBe(0); // And no time has passed: the clock stands still.
    }
  });

  test("asks the chapter to let go, at once and then every 50 ms, until nobody is held", async () => {
    let release = () => {};
    const requested = signal();
    const close = vi.fn(() => {
      if (close.mock.calls.length === 3) release();
    });
    const { port, exited, terminate } = await listening((_, response) => {
      requested.tell();
      release = () => response.end("released");
    }, close);
    const connection = held(await port());
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
    const { port, exited, terminate, interrupt } = await listening(requested.tell);
    const connection = held(await port());
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
