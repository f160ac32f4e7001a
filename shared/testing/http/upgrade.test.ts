import { describe, expect, test } from "vitest";
import { answerIn, answersIn, ask, expectRefusal, requestOf } from "../ask.ts";
import { sharedChapter } from "../chapter-process.ts";
import { rawConnection } from "../raw.ts";

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};
// The clock is the test's: a refused client has a second to close its connection.
const chapter = sharedChapter("ch12-websocket", { probe: true });

const upgradeOf = (port: number, line = "GET /", headers: Record<string, string | undefined> = {}) =>
  requestOf(port, line, { headers: { ...UPGRADE, ...headers } });

describe("an upgrade to WebSocket", () => {
  test("is refused by its Host, path, method, Origin, version, key and cursor, in this order", async () => {
    const { port } = chapter();
    const foreign = { Origin: "http://evil.example" };
    const version = { "Sec-WebSocket-Version": "8" };
    const key = { "Sec-WebSocket-Key": "short" };
    const all = { ...foreign, ...version, ...key };
    for (const [status, line, headers] of [
      [403, "POST /nowhere?after=x", { ...all, Host: "evil.example" }],
      [403, "GET http://evil.example/", {}],
      [404, "POST /nowhere?after=x", all],
      [404, "GET /../", {}],
      [405, "POST /?after=x", all],
      [405, "HEAD /", {}],
      [403, "GET /?after=x", all],
      [403, "GET /", { Origin: "" }],
      [426, "GET /?after=x", { ...version, ...key }],
      [426, "GET /", { "Sec-WebSocket-Version": "13, 8" }],
      [400, "GET /?after=x", key],
      [400, "GET /", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==x" }],
      [400, "GET /", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZSE=" }], // 17 bytes.
      [400, "GET /", { "Sec-WebSocket-Key": "****************------==" }],
      [400, "GET /?after=x", {}],
    ] as const) {
      const answer = answerIn(await rawConnection(port, upgradeOf(port, line, headers)).ended());
      expect([line, headers, answer.status]).toEqual([line, headers, status]);
      if (!line.startsWith("HEAD")) expectRefusal(answer, status);
      // A 426 names the protocol to upgrade to (RFC 9110 §15.5.22), and `Connection` names that header (§7.8).
      expect(answer.headers.get("connection")).toBe(status === 426 ? "close, Upgrade" : "close");
      expect(answer.headers.get("upgrade")).toBe(status === 426 ? "websocket" : undefined);
      expect(answer.headers.get("allow")).toBe(status === 405 ? "GET" : undefined);
      // What we speak instead (RFC 6455 §4.4).
      expect(answer.headers.get("sec-websocket-version")).toBe(status === 426 ? "13" : undefined);
    }
  });

  test("that is refused is closed a second later where its client keeps sending", async () => {
    const { port, probe } = chapter();
    const { socket, ended } = rawConnection(port, upgradeOf(port, "GET /nowhere"));
    expectRefusal(answerIn(await ended()), 404);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const sendOn = () => {
      if (!socket.destroyed) socket.write("x".repeat(10_000), () => setImmediate(sendOn));
    };
    sendOn();
    await probe(999);
    await ask(port, "GET /");
    expect(socket.destroyed).toBe(false);
    await probe(1);
    await closed;
  });

  test("behind a request that is not answered yet ends the connection, and not the server, whatever it is", async () => {
    const { port, stderr } = chapter();
    const page = requestOf(port, "GET /", { headers: { Connection: undefined } });
    for (const headers of [{}, { Upgrade: "h2c" }, { "Sec-WebSocket-Version": "8" }, { Origin: "null" }]) {
      const connection = rawConnection(port, Buffer.concat([page, upgradeOf(port, "GET /", headers)]));
      // Two protocols never meet on one connection: it is the page that was asked for first, or nothing.
      expect(await connection.ended()).toMatch(/^(HTTP\/1\.1 200 OK\r\n|$)/);
      expect(connection.received()).not.toContain(" 101 ");
      expect((await ask(port, "GET /")).status).toBe(200);
    }
    expect(stderr()).toBe("");
  });

  test("behind a request that was answered is an upgrade like any other", async () => {
    const { port } = chapter();
    const head = requestOf(port, "HEAD /", { headers: { Connection: undefined } });
    const connection = rawConnection(port, head);
    await connection.until((read) => read.endsWith("\r\n\r\n"));
    connection.socket.write(upgradeOf(port));
    await connection.until((read) => read.includes("HTTP/1.1 101 "));
  });
});

describe("an upgrade to another protocol", () => {
  const h2c = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__" };

  test("is ignored as often as it comes on one connection, and leaves nothing behind each time", async () => {
    const { port, stderr } = chapter();
    const connection = rawConnection(port, Buffer.alloc(0));
    for (let count = 1; count <= 20; count += 1) {
      connection.socket.write(requestOf(port, "GET /nowhere", { headers: h2c }));
      await connection.until((read) => answersIn(read).length === count);
    }
    expect(stderr()).toBe(""); // Node warns of an eleventh listener for one event.
  });

  test("in HTTP/1.0 is ignored too, WebSocket or not", async () => {
    const { port } = chapter();
    for (const headers of [UPGRADE, h2c]) {
      const { status, body } = await ask(port, "GET / HTTP/1.0", { headers });
      expect([status, body.slice(0, 15)]).toEqual([200, "<!doctype html>"]);
    }
  });

  test("keeps what the client sent behind it, and each request is checked as ever", async () => {
    const { port } = chapter();
    const requests = [
      requestOf(port, "GET /?lang=ko", { headers: h2c }),
      requestOf(port, "POST /", { headers: { Connection: undefined }, body: "x" }),
      requestOf(port, "GET /", { headers: { Host: "evil.example" } }),
    ];
    const answers = answersIn(await rawConnection(port, Buffer.concat(requests)).ended());
    expect(answers.map(({ status }) => status)).toEqual([200, 405, 403]);
    expect(answers[0]?.body).toContain('<html lang="ko"');
  });
});
