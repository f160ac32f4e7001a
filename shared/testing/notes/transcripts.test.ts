import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readPage, SECTIONS } from "../../tools/notes/pages.ts";
import { markersOf } from "../../tools/notes/weave.ts";
import { temporaryFolder } from "../chapter-process.ts";
import { openReader, type Reader } from "./terminal.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** Only a guard against hanging, in milliseconds: a page has dozens of commands, and some of them try a whole server. */
const WHOLE_PAGE = 300_000;

function hasPosixTools(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v curl && command -v nc"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function reader(): Reader {
  const opened = openReader(ROOT, temporaryFolder());
  onTestFinished(() => opened.close());
  return opened;
}

describe.runIf(hasPosixTools())("a reader who types the commands of a page, in its order", () => {
  for (const folder of Object.keys(SECTIONS)) {
    const page = readPage(ROOT, folder, "en");
    const transcripts = markersOf(page?.text ?? "").filter(
      ({ kind, argument }) => kind === "lines" && argument.startsWith("test/transcripts/"),
    );
    if (transcripts.length === 0) continue;
    test(`sees what the page of ${folder} shows`, { timeout: WHOLE_PAGE }, async () => {
      const { follow } = reader();
      for (const { argument } of transcripts) {
        await follow(readFileSync(join(ROOT, folder, argument), "utf8"));
      }
    });
  }
});

const START = "$ npm run ch09 -- --store memory:\nch09-polling  http://localhost:3000\n";

/** One transcript behind the chapter's start. @returns what is wrong with it */
async function faultOf(transcript: string): Promise<string> {
  const { follow } = reader();
  await follow(START);
  return follow(transcript).then(
    () => "",
    (error) => String(error),
  );
}

describe.runIf(hasPosixTools())("a transcript", () => {
  test("that promises another text, less, or more than is printed does not pass", async () => {
    const { follow } = reader();
    await follow(START);
    const poll = "$ curl -s -o /dev/null -w '%{http_code}\\nend\\n' 'http://localhost:3000/poll?after=0'\n";
    await follow(`${poll}204\nend\n`);
    await expect(follow(`${poll}200\nend\n`)).rejects.toThrow("expected: 200\n  printed:  204");
    await expect(follow(`${poll}204\n`)).rejects.toThrow("it also printed:\nend");
    await expect(follow(`${poll}204\nend\nmore\n`)).rejects.toThrow("nothing was printed");
    await expect(follow(poll)).rejects.toThrow("it also printed:\n204\nend");
  });

  test("may end a program that does not end by itself, and must", async () => {
    expect(await faultOf("$ cat\n>> a\na\n^C\n$ echo b\nb\n")).toBe("");
    expect(await faultOf("$ cat\n>> a\nb\n^C\n")).toContain("expected: b\n  printed:  a");
  });

  test("names what varies, and each name is checked against its form", async () => {
    const line = (name: string) => `$ echo 'Fri, 09 Jul 2021 22:40:00 GMT'\n{${name}}\n`;
    expect(await faultOf(line("date"))).toContain("not the present time");
    expect(await faultOf(line("timestamp"))).toContain("another text");
    expect(await faultOf(line("anything"))).toContain("{anything} is none of date, timestamp");
  });

  test("with a WebSocket key is answered by what follows from that key alone", async () => {
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    expect(await faultOf(`$ echo '${key}' s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n${key} {accept}\n`)).toBe("");
    expect(await faultOf(`$ echo '${key}' s3pPLMBiTxaQ9kYGzzhZRbK+x0o=\n${key} {accept}\n`)).toContain(
      "it is s3pP",
    );
    expect(await faultOf("$ echo s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n{accept}\n")).toContain(
      "no Sec-WebSocket-Key was",
    );
  });

  test("uses a label where two values must be the same", async () => {
    const [one, two] = ["7af7f869-35ba-479b-8ca3-c273018513f7", "7af7f869-35ba-479b-8ca3-c273018513f8"];
    expect(await faultOf(`$ echo ${one} ${one}\n{key a} {key a}\n$ echo ${two}\n{key b}\n`)).toBe("");
    expect(await faultOf(`$ echo ${one} ${two}\n{key a} {key a}\n`)).toContain("{key a} was");
  });
});
