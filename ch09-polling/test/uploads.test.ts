// The worked answer of "Apply it": an upload is interrupted, by either side, and goes on where it was.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Answer, ask, expectRefusal, requestOf } from "../../shared/testing/ask.ts";
import { temporaryFolder } from "../../shared/testing/chapter-process.ts";
import { rawConnection } from "../../shared/testing/raw.ts";
import { freePort } from "../../shared/tools/scale/parts.ts";

const SCRIPTS = join(import.meta.dirname, "../../dist/ch09-polling/apply-it");
const PARTIAL = { "Content-Type": "application/partial-upload" };

/** The server, and what it has on its disk. */
async function startUploads(folder = temporaryFolder(), port = 0) {
  const child = spawn(process.execPath, [join(SCRIPTS, "uploads.js")], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  const bound = Number(/^ch09-polling\/uploads {2}http:\/\/localhost:(\d+)\n$/.exec(String(line))?.[1]);
  const send = (line: string, headers: Record<string, string>, body?: string | Uint8Array) =>
    ask(bound, line, { headers, ...(body !== undefined && { body }) });
  return {
    port: bound,
    send,
    /** @returns the upload's path */
    async create(length: number): Promise<string> {
      const created = await send("POST /files", { "Upload-Complete": "?0", "Upload-Length": String(length) });
      expect(created).toMatchObject({ status: 201, body: "" });
      return created.headers.get("location") ?? "";
    },
    async kill() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
    file: (path: string, isComplete = true) =>
      join(folder, ".data/uploads", `${path.replace("/files?id=", "")}${isComplete ? "" : ".part"}`),
  };
}

/** The bytes of a `PATCH` that has more to send than it sends. */
function halfOf(port: number, path: string, sent: Uint8Array, offset = 0): Buffer {
  const headers = {
    ...PARTIAL,
    Connection: undefined,
    "Upload-Complete": "?1",
    "Upload-Offset": String(offset),
    "Content-Length": String(sent.length * 2),
  };
  return Buffer.concat([requestOf(port, `PATCH ${path}`, { headers }), sent]);
}

async function untilItHolds(path: string, bytes: number): Promise<void> {
  while (!statSync(path, { throwIfNoEntry: false }) || statSync(path).size < bytes) await setTimeout(5);
}

/** The client, as a learner starts it. */
function startClient(file: string, address: string, ...flags: string[]) {
  const child = spawn(process.execPath, [join(SCRIPTS, "upload.js"), file, address, ...flags]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      child.emit("printed");
    });
  return {
    output: () => output,
    async until(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found[1] ?? "";
        await once(child, "printed");
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
    async end(): Promise<number> {
      const [code] = await exit;
      return Number(code);
    },
  };
}

function stateIn({ status, headers }: Answer) {
  return [status, ...["offset", "complete", "length"].map((name) => headers.get(`upload-${name}`))];
}

test("an upload that breaks off in the middle goes on behind the last byte that the server has", async () => {
  const { port, create, send, file } = await startUploads();
  const content = randomBytes(600_000);
  const path = await create(content.length);
  expect(stateIn(await send(`HEAD ${path}`, {}))).toEqual([204, "0", "?0", "600000"]);
  const connection = rawConnection(port, halfOf(port, path, content.subarray(0, 300_000)));
  await untilItHolds(file(path, false), 300_000);
  connection.socket.destroy();
  expect(stateIn(await send(`HEAD ${path}`, {}))).toEqual([204, "300000", "?0", "600000"]);
  const headers = { ...PARTIAL, "Upload-Complete": "?1", "Upload-Offset": "300000" };
  const last = await send(`PATCH ${path}`, headers, content.subarray(300_000));
  expect(last.status).toBe(200);
  expect(last.headers.get("upload-complete")).toBe("?1");
  expect(JSON.parse(last.body)).toMatchObject({ bytes: 600_000 });
  expect(readFileSync(file(path)).equals(content)).toBe(true);
  const state = await send(`HEAD ${path}`, {});
  expect(stateIn(state)).toEqual([204, "600000", "?1", "600000"]);
  expect(state.headers.get("cache-control")).toBe("no-store");
  expect(state.headers.get("upload-limit")).toBe("max-size=1073741824");
});

test("an upload may come in parts, each told by 204 that there is more to come", async () => {
  const { create, send, file } = await startUploads();
  const path = await create(6);
  for (const [offset, part] of ["안", "녕"].entries()) {
    const headers = { ...PARTIAL, "Upload-Complete": "?0", "Upload-Offset": String(offset * 3) };
    const answer = await send(`PATCH ${path}`, headers, part);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("upload-complete")).toBe("?0");
  }
  const headers = { ...PARTIAL, "Upload-Complete": "?1", "Upload-Offset": "6" };
  expect((await send(`PATCH ${path}`, headers, "")).status).toBe(200);
  expect(readFileSync(file(path), "utf8")).toBe("안녕");
});

test("a request for the same upload ends the one before it, which its client has given up on", async () => {
  const { port, create, send, file } = await startUploads();
  const path = await create(200);
  const stalled = rawConnection(port, halfOf(port, path, Buffer.alloc(100, "a")));
  await untilItHolds(file(path, false), 100);
  expect(stateIn(await send(`HEAD ${path}`, {}))).toEqual([204, "100", "?0", "200"]);
  expect(await stalled.ended()).toBe("");
  expect(statSync(file(path, false)).size).toBe(100);
});

test("a server that was killed in the middle knows after its restart how far the upload got, and its client goes on", async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const content = randomBytes(420);
  writeFileSync(join(folder, "photo"), content);
  const server = await startUploads(folder, port);
  const client = startClient(join(folder, "photo"), `http://localhost:${port}/files`, "--slow");
  const address = await client.until(/^http:\/\/localhost:\d+(\/files\?id=\S+)$/m);
  await untilItHolds(server.file(address, false), 100);
  await server.kill();
  await client.until(/interrupted/);
  await startUploads(folder, port);
  expect(await client.end()).toBe(0);
  expect(client.output()).toMatch(
    /interrupted\n(?:.*\n)*the server has [1-4]00 of 420 bytes\nthe server has 420 of 420 bytes\n$/,
  );
  expect(readFileSync(server.file(address)).equals(content)).toBe(true);
});

test("a client that was killed in the middle is started again with the upload's address, and sends the rest", async () => {
  const folder = temporaryFolder();
  const content = randomBytes(250);
  writeFileSync(join(folder, "photo"), content);
  const { port, file } = await startUploads(folder);
  const client = startClient(join(folder, "photo"), `http://localhost:${port}/files`, "--slow");
  const address = await client.until(/^(http:\S+)$/m);
  const path = address.replace(/^.*(?=\/files)/, "");
  await untilItHolds(file(path, false), 100);
  await client.kill();
  const again = startClient(join(folder, "photo"), address);
  expect(await again.end()).toBe(0);
  expect(again.output()).toMatch(
    /^http\S+\nthe server has [12]00 of 250 bytes\nthe server has 250 of 250 bytes\n$/,
  );
  expect(readFileSync(file(path)).equals(content)).toBe(true);
});

test("a wrong offset is refused with the right one, and an upload that is complete, unknown, too long or too large for good", async () => {
  const folder = temporaryFolder();
  const { create, send } = await startUploads(folder);
  const path = await create(3);
  const part = (offset: number, complete = "?1") => ({
    ...PARTIAL,
    "Upload-Complete": complete,
    "Upload-Offset": String(offset),
  });
  const wrong = await send(`PATCH ${path}`, part(2), "c");
  expectRefusal(wrong, 409);
  expect(wrong.headers.get("upload-offset")).toBe("0");
  expectRefusal(await send(`PATCH ${path}`, { ...part(0), "Content-Type": "text/plain" }, "abc"), 415);
  expect((await send(`PATCH ${path}`, part(0), "abc")).status).toBe(200);
  expectRefusal(await send(`PATCH ${path}`, part(3), "d"), 400);
  for (const content of ["abcd", "ab"]) {
    const other = await create(3);
    expectRefusal(await send(`PATCH ${other}`, part(0), content), 400);
    expectRefusal(await send(`PATCH ${other}`, part(0), "abc"), 404);
  }
  const head = await send("HEAD /files?id=../../../etc/passwd", {});
  expect(head.status).toBe(404);
  const tooLarge = await send("POST /files", { "Upload-Complete": "?0", "Upload-Length": String(2 ** 31) });
  expectRefusal(tooLarge, 413);
  expect(tooLarge.headers.get("upload-limit")).toBe("max-size=1073741824");
  expectRefusal(await send("POST /files", { "Upload-Complete": "?0" }), 400);
  expect(readdirSync(join(folder, ".data/uploads"))).toEqual([path.replace("/files?id=", "")]);
});
