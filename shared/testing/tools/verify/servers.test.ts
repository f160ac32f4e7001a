// What is good is told from what is not: the chapters, and servers in another language.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { CHAPTERS } from "../../chapter-process.ts";
import { brokenIn, saidIn, verify } from "./command.ts";

/** Those that the chapters' own tests do not try with this code, but for one that asks how quick the machine is. */
const MORE: Readonly<Record<(typeof CHAPTERS)[number], string>> = {
  "ch09-polling": "not-cached,clients-forgotten,slow-reader,one-log,full-disk",
  "ch10-long-polling": "not-cached,clients-forgotten,slow-reader,one-log,full-disk,hold",
  "ch11-sse": "not-cached,stream,last-event-id,clients-forgotten,slow-reader,one-log,full-disk,heartbeat",
  "ch12-websocket":
    "handshake,frames,bad-frames,clients-forgotten,slow-reader,one-log,full-disk,heartbeat,silent-peer",
};

/** All at once, before the first test waits for its own. */
const runs = new Map(
  CHAPTERS.map((chapter) => [chapter, verify([chapter, "--json", "--only", MORE[chapter]])]),
);

test.each(CHAPTERS)("%s keeps what only time and its memory show", async (chapter) => {
  const outcome = (await runs.get(chapter)) ?? { code: null, stdout: "", stderr: "" };
  expect(brokenIn(outcome)).toEqual({});
  expect([...saidIn(outcome).values()].every(({ kept }) => kept)).toBe(true);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});

/** The Python that has what these servers need; on Debian the system's own has its packages. */
function python(...modules: readonly string[]): string | undefined {
  return ["/usr/bin/python3", "python3"].find((program) => {
    try {
      execFileSync(program, ["-c", modules.map((name) => `import ${name}`).join("\n")], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

const plain = python("asyncio", "fcntl");
const withSockets = python("websockets");
if (process.env["CI"] && !(plain && withSockets)) throw new Error("CI needs python3 and python3-websockets");
const HERE = "shared/testing/tools/verify";

test.skipIf(!plain)("a server in Python that keeps the contract is said to keep all of it", async () => {
  const start = `${plain} ${HERE}/long_polling.py {port} {file}`;
  const outcome = await verify(["--start", start, "--technique", "long-polling", "--json"]);
  expect(brokenIn(outcome)).toEqual({});
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});

test.skipIf(!plain)("of a server in Python that does not, each complaint is true", async () => {
  const only =
    "every-message-once,one-order,text-as-sent,cursor,sent-twice,bad-drafts,foreign-origin,not-cached";
  const start = `${plain} ${HERE}/polling.py`;
  const outcome = await verify(["--start", start, "--technique", "polling", "--json", "--only", only]);
  expect(brokenIn(outcome)).toEqual({
    // Each poll is answered with the whole list.
    "every-message-once": expect.stringMatching(/^client \d got \d+ of 20 more than once$/),
    "one-order": expect.stringMatching(/^client \d got id \d+ after id \d+$/),
    cursor: expect.stringMatching(/^after=(\d+) got ids 1(, 2, 3| … \d+ \(\d+\)), not ids \d+, \d+$/),
    "sent-twice": "a draft that was sent twice with one key became 2 messages (ids 2 and 3)",
    // http.server ends the connection where its handler fails.
    "bad-drafts":
      "POST /update with {half was answered with the connection closed without an answer, not with 400; and 19 more of 20 like it",
    "foreign-origin": expect.stringMatching(
      /^POST \/update with Origin: http:\/\/evil.example was answered with 201\b/,
    ),
    "not-cached": "the 200 of GET /poll?after=0 has no Cache-Control: it needs no-store",
  });
  expect(saidIn(outcome).get("text-as-sent")?.kept).toBe(true);
  expect(outcome).toMatchObject({ code: 1, stderr: "" });
});

test.skipIf(!withSockets)("of one with Python's websockets, each complaint is true", async () => {
  const only =
    "every-message-once,catches-up,in-the-moment,cursor,too-large,foreign-origin,frames,kept-over-kill,stops";
  const start = `${withSockets} ${HERE}/sockets.py`;
  const outcome = await verify(["--start", start, "--technique", "websocket", "--json", "--only", only]);
  expect(brokenIn(outcome)).toEqual({
    cursor: expect.stringMatching(/^\/\?after=x, which is no cursor, was answered with HTTP\/1.1 101 /),
    "foreign-origin": expect.stringMatching(
      /^an upgrade with Origin: http:\/\/evil.example was answered with HTTP\/1.1 101 /,
    ),
    frames:
      "the text “Hello”, as a console sends it: what came back was close 1011, not a message with this text",
    "kept-over-kill": expect.stringMatching(
      /^of (\d+) messages that were answered before kill -9, \1 are gone after/,
    ),
    stops: expect.stringMatching(/^a stop closed a socket without a close frame/),
  });
  expect(outcome).toMatchObject({ code: 1, stderr: "" });
});
