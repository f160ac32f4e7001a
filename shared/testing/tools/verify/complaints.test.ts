import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ChapterName } from "../../../html-renderer/chapters.ts";
import { brokenIn, ROOT, saidIn, verify } from "./command.ts";

/** What `verify` makes of a chapter's server in which something is changed. */
async function verifyChanged(chapter: ChapterName, find: string, replacement: string, only: string) {
  const built = readFileSync(join(ROOT, "dist", chapter, "server.js"), "utf8");
  expect(built).toContain(find);
  const script = `dist/${chapter}/changed-${process.pid}-${only}.js`;
  onTestFinished(() => rmSync(join(ROOT, script), { force: true }));
  writeFileSync(
    join(ROOT, script),
    built.replace(find, () => replacement),
  );
  const start = `"${process.execPath}" ${script} --port {port} --store {store}`;
  const technique = chapter.slice(5);
  return verify(["--start", start, "--technique", technique, "--lang", "en", "--json", "--only", only]);
}

/** What it says of one, by promise. */
async function complaintsOf(...changed: Parameters<typeof verifyChanged>): Promise<Record<string, string>> {
  return brokenIn(await verifyChanged(...changed));
}

test("a 204 that describes a body is seen", async () => {
  const said = await complaintsOf(
    "ch09-polling",
    "answer(response, 204);",
    "answer(response, 204, []);",
    "opens",
  );
  expect(said["opens"]).toMatch(/^the 204 of GET \/poll has “Content-Length: 2”/);
});

test("a text frame that is not JSON is named by the first check", async () => {
  const said = await complaintsOf("ch12-websocket", "if (reply && ", 'ws.send(""); if (reply && ', "opens");
  expect(said["opens"]).toBe("a text frame came that is not JSON: “”");
});

test("a stream that does not wait for its writes while a client catches up fills the memory", async () => {
  const said = await complaintsOf(
    "ch11-sse",
    "await new Promise((sent) => response.write(textOf(message), sent));",
    "response.write(textOf(message));",
    "slow-reader",
  );
  expect(said["slow-reader"]).toMatch(
    /^\d+ clients that are [\d.]+ MB behind and do not read cost [\d.]+ MB of memory/,
  );
});

test("a message that is too large and leaves the connection open is said to, whatever the answer was", async () => {
  const said = await complaintsOf("ch12-websocket", "maxPayload: MAX_BODY,", "", "too-large");
  expect(said["too-large"]).toBe(
    "after a message of 16 KiB and a byte the connection stayed open; it should close with 1009",
  );
});

test("a client that has nothing is tried before one whose cursor is beyond the log", async () => {
  const said = await complaintsOf(
    "ch09-polling",
    "await log.after(cursor)",
    "(await log.after(cursor)).slice(0, 2)",
    "cursor",
  );
  expect(said["cursor"]).toMatch(/^a client with cursor 0 got 2 of \d+: ids 1, 2$/);
});

test("a stream that does not begin with the cursor's heartbeat is told what its first block is made of", async () => {
  const said = await complaintsOf("ch11-sse", "event: heartbeat\\nid: ", "x: ", "stream");
  expect(said["stream"]).toMatch(
    /^the first block is “retry: 1000.*; it should have the four lines “retry: 1000”/,
  );
});

test("what is shown of a missed message says who was away then, and that it never came", async () => {
  const outcome = await verify(["ch12:first", "--lang", "en", "--json", "--only", "catches-up"]);
  const why = saidIn(outcome).get("catches-up")?.why ?? [];
  expect(why.some((line) => /^ *[\d.]+ s {2}client \d leaves$/.test(line))).toBe(true);
  expect(why.at(-1)).toMatch(/^client \d never got “away in round 1 a”$/);
});

test("what is shown of a message that lacks something is that message", async () => {
  const outcome = await verify(["ch09:first", "--lang", "en", "--json", "--only", "message-fields"]);
  const why = saidIn(outcome).get("message-fields")?.why ?? [];
  expect(why[0]).toContain("안녕");
  expect(why.filter((line) => line.endsWith("204"))).toEqual([]);
});

test("a client that left within its catch-up and stays on the list is seen by the memory that it costs", async () => {
  const said = await complaintsOf("ch11-sse", "if (socket.destroyed)\n", "if (false)\n", "clients-forgotten");
  expect(said["clients-forgotten"]).toMatch(
    /^[\d,]+ clients came and left in the middle of their catch-up, and the memory grew from [\d.]+ MB to /,
  );
});

test("a message that comes as a reply before its turn in the catch-up, and then again, is seen", async () => {
  const found = "if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor))";
  const said = await complaintsOf("ch12-websocket", found, "if (reply)", "long-log");
  expect(said["long-log"]).toMatch(
    /^a client that was (\d+) messages behind sent a draft with a known key, and got id \d+ after id \d+: /,
  );
});

test.each([
  [
    "a binary message that is kept",
    "isBinary || ",
    "",
    "frames",
    "the-chat",
    "did not close the connection with 1003",
  ],
  [
    "a frame that ends the server",
    'ws.on("error", () => { });',
    "",
    "too-large",
    "the-chat",
    "the server ended when",
  ],
])("%s points to where the notes tell of it", async (_, find, replacement, only, anchor, seen) => {
  const told = saidIn(await verifyChanged("ch12-websocket", find, replacement, only)).get(only);
  expect(told?.["seen"]).toContain(seen);
  expect(told?.["section"]).toBe(`ch12-websocket/README.md#${anchor}`);
});
