import { expect, test } from "vitest";
import { runTool, sharedChapter } from "../chapter-process.ts";

const say = (...args: string[]) => runTool("tools/say/say.js", ...args);

const polling = sharedChapter("ch09-polling");
const socket = sharedChapter("ch12-websocket");

test.each([
  ["by a request", polling],
  ["by a socket where that is the way", socket],
])("say sends %s, and prints the message", async (_, chapter) => {
  const { code, stdout, stderr } = await say("--url", chapter().url, "--author", "앤", "안녕 👋", "둘");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ id: 1, author: "앤", text: "안녕 👋 둘" });
});

test.each([
  ["by a request", polling],
  ["by a socket", socket],
])("a draft that is refused %s: the server's sentence, and code 1", async (_, chapter) => {
  const { code, stdout, stderr } = await say("--url", chapter().url, "x".repeat(2_001));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^The field "text" is too long: .*\.\n$/);
});

test.each([
  ["by a request", polling],
  ["by a socket", socket],
])("what is said twice with one key %s is one message, printed twice", async (way, chapter) => {
  const key = way.replaceAll(" ", "-");
  const first = await say("--url", chapter().url, "--key", key, "once");
  const second = await say("--url", chapter().url, "--key", key, "twice?");
  expect(JSON.parse(first.stdout)).toMatchObject({ text: "once", key });
  expect(second.stdout).toBe(first.stdout);
});

test("where nobody answers it says which command starts a chapter, and ends with code 1", async () => {
  const { code, stderr } = await say("--port", "1", "Hello");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^No chapter answers at http:\/\/localhost:1\/ .*npm run ch09.*\n$/);
});

test.each([[[]], [["--nonsense", "Hello"]]])(
  "a command that cannot be right is said how to use: %j",
  async (args) => {
    const { code, stdout, stderr } = await say(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain('Use: npm run say -- "Hello"');
  },
);

test("--help says how to use it, and sends nothing", async () => {
  const { code, stdout } = await say("--help", "Hello");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout:
      'npm run say -- "Hello" [--author NAME] [--key KEY] [--port 3000] [--url http://localhost:3000]\n',
  });
});
