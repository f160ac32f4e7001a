// The command, as it is typed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pictures } from "../../../tools/wire/pictures.ts";
import { probe } from "../../../tools/wire/probe.ts";
import { linesOf } from "../../../tools/wire/recording.ts";
import { exitOf, startChapter, temporaryFolder } from "../../chapter-process.ts";
import { rawConnection } from "../../raw.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const SCRIPT = join(ROOT, "dist/shared/tools/wire/wire.js");

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
      child.emit("said");
    });
  }
  const until = async (find: () => RegExpExecArray | null) => {
    for (;;) {
      const found = find();
      if (found) return found[1] ?? "";
      await once(child, "said");
    }
  };
  return { child, output, until };
}

/** Runs it where it is expected to end by itself. */
function run(...args: readonly string[]) {
  const { child, output } = start(...args);
  return exitOf(child, output);
}

const url = (output: { stdout: string }) => /^wire {2}(http:\/\/localhost:\d+)\n$/.exec(output.stdout);

test("in front of a chapter it prints one address, and the viewer there knows the chapter", async () => {
  const chapter = await startChapter("ch12-websocket");
  const { child, output, until } = start("--to", String(chapter.port), "--port", "0", "--viewer", "0");
  const viewer = await until(() => url(output));
  const response = await fetch(`${viewer}/events`);
  let text = "";
  for await (const part of response.body ?? []) {
    text += Buffer.from(part);
    if (text.includes("ch12-websocket")) break;
  }
  const port = Number(/"url":"http:\/\/localhost:(\d+)"/.exec(text)?.[1]);
  await rawConnection(port, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").until((page) =>
    page.startsWith("HTTP/1.1 200 "),
  );
  expect(output.stderr).toBe("");
  const exit = exitOf(child);
  child.kill("SIGINT");
  expect(await exit).toMatchObject({ code: 0, signal: null });
});

test("where nothing listens yet it says so once, waits, and learns who it is", async () => {
  const server = createServer((_, response) => {
    response.end("<title>My first try</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = Object(server.address());
  await new Promise((resolve) => server.close(resolve));
  const { output, until } = start("--to", String(port), "--port", "0", "--viewer", "0");
  await until(() => /^(wire: nothing answers on port \d+ yet: [^\n]+\.)\n$/.exec(output.stderr));
  const viewer = await until(() => url(output));
  server.listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  const response = await fetch(`${viewer}/events`);
  let text = "";
  for await (const part of response.body ?? []) {
    text += Buffer.from(part);
    if (text.includes("My first try")) break;
  }
  expect(text).toContain('"name":"My first try"');
});

test("a port in use is said in one line, exit code 1: the proxy's and the viewer's", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = Object(server.address());
  for (const args of [
    ["--port", String(port), "--viewer", "0"],
    ["--port", "0", "--viewer", String(port)],
  ]) {
    expect(await run("--to", "9", ...args)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `wire: Port ${port} is in use: end what listens there, or take others with --port and --viewer.\n`,
    });
  }
});

test("a command that cannot be right is said in one line, exit code 2", async () => {
  const wrong: [string[], string][] = [
    [["--to", "0"], '--to must be a port, or several with commas between them, not "0".'],
    [["--to", "3000,x"], '--to must be a port, or several with commas between them, not "3000,x".'],
    [["--to", "3000,3001", "--port", "65535"], '--port must be a whole number from 0 to 65534, not "65535".'],
    [["--picture", "a.svg"], "--picture needs a recording: --open FILE."],
    [["--slow"], "Unknown option '--slow'. --help lists the flags."],
  ];
  for (const [args, sentence] of wrong) {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: "", stderr: `wire: ${sentence}\n` });
  }
});

test("--help names each flag on a line, exit code 0", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  const flags = stdout.match(/^ {2}--[a-z]+/gm)?.map((flag) => flag.trim());
  expect(flags).toEqual(
    ["to", "port", "viewer", "open", "picture", "lang", "help"].map((name) => `--${name}`),
  );
});

const BEGINNING = {
  sources: [{ source: 1, name: "ch09-polling", to: 3000, port: 3100, url: "", framed: false }],
  began: 0,
};
const HOSTILE = "<script>alert(1)</script>&\u0000\ud800";
const RECORDING = [
  ...linesOf(
    BEGINNING,
    [
      { type: "open", at: 1, connection: 1, source: 1 },
      {
        type: "bytes",
        at: 2,
        connection: 1,
        direction: "upstream",
        bytes: Buffer.from(
          `POST /update?${encodeURIComponent("<b>")} HTTP/1.1\r\nContent-Length: 100\r\n\r\n${JSON.stringify({ text: HOSTILE }).padEnd(100)}`,
        ),
        late: false,
        skipped: 0,
      },
      {
        type: "bytes",
        at: 900,
        connection: 1,
        direction: "downstream",
        bytes: Buffer.from("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
        late: false,
        skipped: 0,
      },
    ],
    1_000,
  ),
].join("");

test("--open shows a recording in the viewer; one that is cut short opens as far as it goes, and it says so", async () => {
  const file = join(temporaryFolder(), "cut.ndjson");
  writeFileSync(file, RECORDING.slice(0, -5));
  const { output, until } = start("--open", file, "--viewer", "0");
  const viewer = await until(() => url(output));
  const lines = RECORDING.split("\n").length - 1;
  expect(output.stderr).toBe(
    `wire: ${file}:${lines}: This line of the recording cannot be read: it was cut short or edited.\n`,
  );
  const response = await fetch(`${viewer}/events`);
  let text = "";
  for await (const part of response.body ?? []) {
    text += Buffer.from(part);
    if (text.includes("event: end\n") && text.endsWith("\n\n")) break;
  }
  expect(text).toContain('"mode":"recording"');
  expect(text).toContain(`event: end\ndata: {"problems":[{"key":"badLine","line":${lines}}]}`);
  expect(text).toContain('"summary":"201 Created"');
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${viewer}/fault`, { method: "POST", headers, body: '{"fault":"cut"}' });
  expect(answer.status).toBe(409);
});

test("a file that is not there, or is no recording, is said in one line, exit code 1", async () => {
  const file = join(temporaryFolder(), "other.ndjson");
  writeFileSync(file, "{}\n");
  const cases = [
    [
      `${file}.gone`,
      `${file}.gone cannot be read (ENOENT): give the path of a recording that the viewer has saved.`,
    ],
    [file, "This is no recording: give a file that the viewer has saved."],
  ] as const;
  for (const [path, sentence] of cases) {
    expect(await run("--open", path)).toMatchObject({ code: 1, stdout: "", stderr: `wire: ${sentence}\n` });
  }
});

test("--picture draws a recording as SVG, in either language, and what others wrote is text in it", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "chat.ndjson");
  writeFileSync(file, RECORDING);
  for (const [lang, word] of [
    ["en", "Browser"],
    ["ko", "브라우저"],
  ] as const) {
    const picture = join(folder, `${lang}.svg`);
    expect(await run("--open", file, "--picture", picture, "--lang", lang)).toMatchObject({
      code: 0,
      stderr: "",
    });
    const svg = readFileSync(picture, "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain(word);
    expect(svg).toContain("color-scheme: light dark");
    expect(svg).toContain("&#60;script&#62;");
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("\u0000");
    expect(svg.isWellFormed()).toBe(true);
  }
});

test("the pictures in the notes are what is drawn from their recordings", () => {
  const drawn = pictures();
  expect(drawn.size).toBe(8);
  for (const [path, svg] of drawn)
    expect({ path, svg: readFileSync(join(ROOT, path), "utf8") }).toEqual({ path, svg });
});

test("each command of package.json names files that are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const wire = Object.entries<string>(scripts).filter(([name]) => /^wire(:|$)/.test(name));
  expect(wire.map(([name]) => name)).toEqual([
    "wire",
    ...["ch09", "ch10", "ch11", "ch12", "all", "pictures"].map((name) => `wire:${name}`),
  ]);
  for (const [, command] of wire) {
    for (const [path] of command.matchAll(/dist\/\S+\.js/g))
      expect({ path, isThere: existsSync(join(ROOT, path)) }).toEqual({ path, isThere: true });
  }
});

test("whether a page may be framed is read off its headers: its own policy first, then the older one", async () => {
  const origin = "http://localhost:3200";
  const cases: [Record<string, string>, boolean][] = [
    [{}, true],
    [{ "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'" }, false],
    [{ "Content-Security-Policy": `frame-ancestors http://localhost:1 ${origin}` }, true],
    [{ "Content-Security-Policy": `frame-ancestors ${origin}`, "X-Frame-Options": "DENY" }, true],
    [{ "X-Frame-Options": "SAMEORIGIN" }, false],
  ];
  for (const [headers, framed] of cases) {
    const server = createServer((_, response) => {
      response.writeHead(200, headers);
      response.end("hello");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    expect(await probe(Object(server.address()).port, origin)).toEqual({
      name: undefined,
      scheme: "http",
      framed,
    });
    server.close();
  }
});
