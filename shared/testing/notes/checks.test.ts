import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Page } from "../../tools/notes/pages.ts";
import { temporaryFolder } from "../chapter-process.ts";
import {
  brokenLinks,
  hiddenTranscripts,
  longLines,
  outlineOf,
  sectionsOf,
  struckOut,
  vagueSources,
  wrongTerms,
  wrongWords,
} from "./checks.ts";
import { countCode, countWords, headingsDue, wordsBeforeCommand } from "./frame.ts";
import { faultsInDiagram } from "./mermaid.ts";

function pageOf(text: string): Page {
  return { folder: "ch09-polling", language: "en", path: "ch09-polling/README.md", text };
}

test("a link leads to a file that is there, and to a heading by GitHub's name for it", () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "ch09-polling"));
  const page = pageOf(
    "# 9.1 The `poll`\n## 9.1 구조: 무엇?\n[a](#91-the-poll) [b](#91-구조-무엇) [c](../b.md#x) [d](https://x.y) [e]\n\n[e]: ../b.md\n",
  );
  writeFileSync(join(root, page.path), page.text);
  writeFileSync(join(root, "b.md"), "# X\n");
  expect(brokenLinks(root, page)).toEqual([]);
  const broken = pageOf('[a](#9.1) [b](gone.md) [c](../b.md#y) ![d](d.png)\n\n<a href="../gone.md">e</a>\n');
  writeFileSync(join(root, broken.path), broken.text);
  expect(
    brokenLinks(root, broken)
      .map((fault) => fault.replace(/:.*/, ""))
      .sort(),
  ).toEqual(["#9.1", "../b.md#y", "../gone.md", "d.png", "gone.md"]);
});

test("a term is spelled in one way, but in code anything may stand", () => {
  expect(wrongTerms(pageOf("TCP, **WebSocket**, **폴링**은, 웹소켓, `TPC`\n\n```\nTPC\n```\n"))).toEqual([]);
  expect(
    wrongTerms(
      pageOf(
        "TPC Web Socket **풀링** [웹 소켓](x) **소켓(socket)**은\n\n| HTTP:1.1 |\n| --- |\n\n<b>sw://</b>\n",
      ),
    ),
  ).toHaveLength(7);
});

test("one word stands for one thing: what the first edition said worst cannot come back", () => {
  const worst = [
    "One can be had for the other, never both for nothing.",
    "What may wait must be able to go.",
    "헛된 질문이라는 값을 치릅니다.",
    "회선에 싣는 방법입니다.",
    "All who wait get the next answer.",
    "Start the server anew.",
    "The browser asks in vain.",
    "The server holds the question.",
    "How the browser hears of news.",
    "네 가지 방식",
    "서버가 답합니다.",
  ];
  for (const sentence of worst) expect(wrongWords(pageOf(`${sentence}\n`)), sentence).not.toEqual([]);
  const fine =
    "## Questions\n\n## 질문\n\nThe server answers a request. “Any news?” A worked answer. “새 소식 있어요?” 응답합니다. 대답, 정답.\n";
  expect(wrongWords(pageOf(`${fine}\nA \`anew\` call.\n\n\`\`\`\nanew\n\`\`\`\n`))).toEqual([]);
  expect(wrongWords(pageOf("<!-- tests: -->\n1. all who wait\n"))).toEqual([]);
});

test("words, code and the way to the first command are counted as a reader meets them", () => {
  const page = pageOf(
    `# One two\n\nthree \`four five\`, six - seven\n\n\`\`\`mermaid\nno\n\`\`\`\n\n\`\`\`ts\na\nb\n\`\`\`\n\n<!-- tests: -->\n1. no\n\n\`\`\`console\n$ no\n\`\`\`\n\n| eight | 9 |\n| --- | --- |\n`,
  );
  expect(wordsBeforeCommand(page)).toBe(7);
  expect(countWords(page)).toBe(8);
  expect(countCode(page)).toBe(2);
});

test("all chapters have the same headings, at the lecture's own numbers", () => {
  expect(headingsDue("ch11-sse", "en").slice(2, 7)).toEqual([
    "11.1 Structure",
    "11.2 The server",
    "11.3 The client",
    "11.4 Reconnection",
    "11.5 Summary",
  ]);
  expect(headingsDue("ch09-polling", "ko").slice(0, 6)).toEqual([
    "첫 구현",
    "무엇이 잘못되나",
    "9.1 구조",
    "9.2 서버",
    "9.3 클라이언트",
    "9.4 정리",
  ]);
});

test("a transcript is shown, with commands for Windows where its own do not work there", () => {
  const path = "test/transcripts/a.txt";
  const [plain, posix] = [() => ['curl "http://localhost:3000/"'], () => ["curl 'http://localhost:3000/'"]];
  const shown = pageOf(`<!-- lines: ${path} -->\n`);
  expect(hiddenTranscripts(shown, [path], plain)).toEqual([]);
  expect(hiddenTranscripts(pageOf(""), [path], plain)).toHaveLength(1);
  expect(hiddenTranscripts(shown, [path], posix)).toHaveLength(1);
  expect(hiddenTranscripts(pageOf(`${shown.text}\n<!-- windows: ${path} -->\n`), [path], posix)).toEqual([]);
});

test("a line of prose has at most 120 characters; code, tables and links' definitions may be longer", () => {
  const long = "가".repeat(121);
  expect(
    longLines(
      pageOf(`\`\`\`\n${long}\n\`\`\`\n\n| ${long} |\n| --- |\n\n[a]: ${long}\n${"가".repeat(120)}\n`),
    ),
  ).toEqual([]);
  expect(longLines(pageOf(`a\n${long}\n\n- ${long}\n`))).toEqual([
    "line 2: 121 characters",
    "line 4: 123 characters",
  ]);
});

test("an RFC is named with its section, and a link leads to that section", () => {
  const at = (label: string, anchor: string) =>
    `[${label}](https://www.rfc-editor.org/rfc/rfc9110.html#${anchor})`;
  const right = `RFC 9110 §9.2.1, §9.3 ${at("RFC 9110 §15.5.9", "section-15.5.9")} ${at("RFC 9110 §B.1", "appendix-B.1")}`;
  expect(vagueSources(pageOf(`${right} RFC 6455 §1.3은\n`))).toEqual([]);
  expect(vagueSources(pageOf("RFC 9110 says, RFC 9110 15.5.9, RFC 9110, §9\n"))).toHaveLength(3);
  expect(
    vagueSources(pageOf(`${at("RFC 9110 §15.5.9", "section-15.5")} ${at("here", "section-1")}\n`)),
  ).toHaveLength(2);
});

test("what GitHub would strike out is found", () => {
  expect(struckOut(pageOf("1~2 µs, and\n3~4 KiB\n"))).toEqual(["~2 µs, and\n3~"]);
  const fine = "1~2, 3\\~4, `~/a`, `~/b`\n\n- 1~2\n- 3~4\n\n| a |\n| --- |\n| 1~2 |\n| 3~4 |\n";
  expect(struckOut(pageOf(`${fine}\n\`\`\`sh\n~/a ~/b~\n\`\`\`\n`))).toEqual([]);
});

test("sections are counted, and the two languages are compared by them and by their blocks", () => {
  const page = pageOf(
    "# 9 Polling\n\n## 9.1 a\n\n```ts\nx\n```\n\n## Q\n\n<details>\n<summary>s</summary>\n\na\n\n</details>\n\n| a |\n| --- |\n",
  );
  expect(sectionsOf(page)).toEqual(["9.1"]);
  expect(outlineOf(page)).toEqual([
    "# 9",
    "## 9.1",
    "a block of ts",
    "##",
    "a fold",
    "the end of a fold",
    "a table",
  ]);
});

test("a sequence diagram that Mermaid can draw is understood", () => {
  const diagram = `%%{init: {"sequence": {"mirrorActors": false}}}%%
sequenceDiagram
    autonumber
    participant B as Browser
    actor 사람
    사람->>B: Hello, world: 200 (OK) [1]
    loop every second
        B-->>B: GET /poll?after=0
        alt news
            Note over B,사람: 소식
        else none
            B-)사람: 204
        end
    end
    Note right of B: x
`;
  expect(faultsInDiagram(diagram)).toEqual([]);
});

test.each([
  ["graph TD", "must begin"],
  ["sequenceDiagram\nA->>B: x", "no participant A"],
  ["sequenceDiagram\nparticipant A\nA->>A: x; y", "no ; #"],
  ["sequenceDiagram\nparticipant A\nA->>A: the end", "word end"],
  ["sequenceDiagram\nparticipant A\nA=>A: x", "not understood"],
  ["sequenceDiagram\nparticipant A\nA->>A", "not understood"],
  ["sequenceDiagram\nloop x", "has no end"],
  ["sequenceDiagram\nend", "nothing to end"],
  ["%%{init: {sequence: {}}}%%\nsequenceDiagram", "settings are not JSON"],
])("a diagram such as %j is refused", (diagram, fault) => {
  expect(faultsInDiagram(diagram).join("\n")).toContain(fault);
});
