// The decoders against others who read the same bytes: `ws`, Node's own HTTP parser, and a reader of event streams that
// was written from the standard alone.
import { once } from "node:events";
import http, { type IncomingHttpHeaders } from "node:http";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { type ParsedEvent, streamParser } from "../../../tools/clients/stream-parser.ts";
import { openProxy } from "../../../tools/flaky/proxy.ts";
import { decode, down, type Piece, up } from "./decoding.ts";

/** A proxy that keeps the bytes of its connections, by their numbers. */
async function watchedProxy(to: number) {
  const connections = new Map<number, Piece[]>();
  const proxy = await openProxy({
    to,
    watch(event) {
      if (event.type === "open") connections.set(event.connection, []);
      if (event.type === "bytes") connections.get(event.connection)?.push(event);
    },
  });
  onTestFinished(() => proxy.close());
  return { proxy, connections };
}

async function listening(server: http.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object(server.address()).port;
}

const TEXTS = [
  "",
  "a",
  "안녕하세요 🙂",
  "x".repeat(125),
  "y".repeat(126),
  "z".repeat(40_000),
  '{"text":"hi"}',
];
const BYTES = [Buffer.of(), Buffer.of(0, 255), Buffer.alloc(65_536, 7)];

for (const perMessageDeflate of [false, true]) {
  test(`frames: what ws has sent and received is what was decoded${perMessageDeflate ? ", compressed or not" : ""}`, async () => {
    const server = http.createServer();
    const port = await listening(server);
    const sockets = new WebSocketServer({ server, perMessageDeflate });
    const { proxy, connections } = await watchedProxy(port);
    const heard: Record<"upstream" | "downstream", string[]> = { upstream: [], downstream: [] };
    const listen = (socket: WebSocket, direction: "upstream" | "downstream") => {
      socket.on("message", (data: RawData, isBinary) => {
        heard[direction].push(isBinary ? `binary ${Object(data).length}` : `text ${String(data)}`);
      });
      socket.on("ping", (data) => heard[direction].push(`ping ${data}`));
      socket.on("pong", (data) => heard[direction].push(`pong ${data}`));
      socket.on("close", (code, reason) => heard[direction].push(`close ${code} ${reason}`));
    };
    sockets.on("connection", (socket) => {
      listen(socket, "upstream");
      speak(socket);
    });
    const speak = (socket: WebSocket) => {
      for (const text of TEXTS) socket.send(text);
      socket.ping("beat");
      for (const part of ["in ", "three ", "parts"]) socket.send(part, { fin: part === "parts" });
      for (const bytes of BYTES) socket.send(bytes);
    };
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}`, { perMessageDeflate });
    listen(client, "downstream");
    await once(client, "open");
    speak(client);
    // The pong comes last of all that was sent before the close.
    client.ping("last");
    await new Promise<void>((resolve) => client.on("pong", (data) => String(data) === "last" && resolve()));
    client.close(4321, "안녕");
    const [one] = sockets.clients;
    await Promise.all([once(client, "close"), one && once(one, "close")]);

    const { units } = decode(connections.get(1) ?? []);
    for (const direction of ["upstream", "downstream"] as const) {
      let size = 0;
      const told = units.flatMap((unit) => {
        if (unit.direction !== direction || unit.kind !== "frame") return [];
        expect(unit.problem).toBe(undefined);
        const [word = "", ...rest] = unit.summary.split(" ");
        if (word === "PING" || word === "PONG") return [`${word.toLowerCase()} ${rest.join(" ")}`];
        if (word === "CLOSE") return [`close ${rest.join(" ")}`];
        if (unit.frame?.message !== undefined) return [`text ${unit.frame.message}`];
        size += unit.payload;
        return unit.frame?.opcode === 2 && !perMessageDeflate ? [`binary ${unit.payload}`] : [];
      });
      expect(size).toBeGreaterThan(0);
      const seen = new Set(told);
      if (!perMessageDeflate) expect(told).toEqual(heard[direction]);
      // Small messages are sent as they are; of compressed ones it is said that they are.
      else
        expect(heard[direction].filter((each) => /^(ping|pong|close)/.test(each) && !seen.has(each))).toEqual(
          [],
        );
    }
    const compressed = units
      .flatMap(({ labels }) => labels)
      .filter(({ meaning }) => meaning === "compressed");
    expect(compressed.length > 0).toBe(perMessageDeflate);
  });
}

test("HTTP: what Node's own parser read, head by head and byte by byte, is what was decoded", async () => {
  const served: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      served.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      const status = Number(new URL(`http://a${request.url}`).searchParams.get("status") ?? 200);
      response.writeHead(status, { "X-Korean": encodeURIComponent("한국어"), "X-Empty": "" });
      if (status === 204 || status === 304) {
        response.end();
        return;
      }
      if (request.url?.includes("chunks")) for (const part of ["one", "two", "세"]) response.write(part);
      response.end(request.url?.includes("large") ? "x".repeat(200_000) : "done");
    });
  });
  server.on("checkContinue", (request, response) => {
    response.writeContinue();
    server.emit("request", request, response);
  });
  const port = await listening(server);
  const { proxy, connections } = await watchedProxy(port);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const got: { status: number; headers: IncomingHttpHeaders; body: string }[] = [];
  const ask = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const request = http.request({ port: proxy.port, host: "127.0.0.1", agent, method, path, headers });
    if (headers["Expect"]) {
      request.flushHeaders();
      await once(request, "continue");
    }
    request.end(body);
    const [response] = await once(request, "response");
    let text = "";
    for await (const part of response.setEncoding("utf8")) text += part;
    got.push({ status: response.statusCode, headers: response.headers, body: text });
  };
  await ask("GET", "/");
  await ask("GET", "/?status=204");
  await ask("POST", "/chunks", "안녕", { "Transfer-Encoding": "chunked" });
  await ask("HEAD", "/large");
  await ask("POST", "/large", "y".repeat(100_000));
  await ask("GET", "/?status=304");
  await ask("POST", "/", "later", { Expect: "100-continue", "Content-Length": "5" });
  await ask("DELETE", "/chunks?status=404");

  // Node's client may close a connection and go on with the next one.
  const all = [...connections.values()].map((pieces) => decode(pieces, false));
  const units = all.flatMap((each) => each.units);
  const answered = all.flatMap((each) => each.answered);
  const plain = (headers: ReadonlyMap<string, string>) => Object.fromEntries(headers);
  expect(units.filter(({ problem }) => problem)).toEqual([]);
  expect(
    answered.map(({ method, target, headers }) => ({ method, url: target, headers: plain(headers) })),
  ).toEqual(served.map(({ method, url, headers }) => ({ method, url, headers })));
  expect(
    answered.map(({ response }) => ({
      status: response?.status,
      headers: plain(response?.headers ?? new Map()),
    })),
  ).toEqual(got.map(({ status, headers }) => ({ status, headers })));
  expect(all.map(({ contents }) => contents.upstream).join("")).toBe(served.map(({ body }) => body).join(""));
  expect(all.map(({ contents }) => contents.downstream).join("")).toBe(got.map(({ body }) => body).join(""));
});

test("event streams: what a reader written from the standard alone dispatches is what was decoded", () => {
  const piece = fc.constantFrom(
    "data",
    "id",
    "event",
    "retry",
    "x",
    ":",
    ": ",
    " ",
    "안",
    "\0",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, fc.boolean(), (said, hasMark) => {
      const bytes = Buffer.from(`${hasMark ? "\ufeff" : ""}${said}`);
      const expected: ParsedEvent[] = [];
      streamParser((event) => expected.push(event))(bytes);
      const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
      const { units } = decode([up("GET / HTTP/1.1\r\n\r\n"), down(head), down(bytes)]);
      let lastEventId = "";
      const found: ParsedEvent[] = [];
      for (const { block } of units) {
        if (block?.id !== undefined) lastEventId = block.id;
        if (block?.data !== undefined) found.push({ type: block.type, data: block.data, lastEventId });
      }
      expect(found).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
