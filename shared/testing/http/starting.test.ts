import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { answerIn, ask, expectRefusal, requestOf } from "../ask.ts";
import { CHAPTERS, runChapter, startChapter, temporaryFolder } from "../chapter-process.ts";
import { upgradeOf } from "../frames.ts";
import { secureExchange } from "../raw.ts";

/** A port that somebody else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

describe.each(CHAPTERS)("%s", (name) => {
  test("says in one line that it is ready, and where", async () => {
    const chapter = await startChapter(name);
    expect((await ask(chapter.port, "GET /")).status).toBe(200);
    const { stdout, stderr } = await chapter.stop();
    expect(stdout).toBe(`${name}  http://localhost:${chapter.port}\n`);
    expect(stderr).toBe("");
  });

  test("says that its port is in use, and what to do, exit 1", async () => {
    const port = await takenPort();
    expect(await runChapter(name, { args: ["--store", "memory:", "--port", `${port}`] })).toEqual({
      code: 1,
      signal: null,
      stdout: "",
      stderr: `${name}: Port ${port} is in use: stop the program that uses it, or take a free one with -- --port 0.\n`,
    });
  });

  test("speaks https with a certificate, and says so: an Origin of http is then another's", async () => {
    const { cert, key, pem } = makeCertificate(temporaryFolder());
    const { port, url } = await startChapter(name, { args: ["--tls-cert", cert, "--tls-key", key] });
    expect(url).toBe(`https://localhost:${port}`);
    for (const [scheme, status] of [
      ["http", 403],
      ["https", 400], // Let in, and then refused for a cursor, or a body, that is none.
    ] as const) {
      const headers = { "Content-Type": "application/json", Origin: `${scheme}://localhost:${port}` };
      const request =
        name === "ch12-websocket"
          ? upgradeOf(port, "/?after=x", headers)
          : requestOf(port, "POST /update", { headers, body: "{" });
      expectRefusal(answerIn(await secureExchange(port, pem, Buffer.from(request))), status);
    }
  });
});

// Each flag, and each sentence, has its test in open.test.ts.
test.each<[string, readonly string[], RegExp]>([
  ["a flag of another chapter", ["--poll-interval", "5"], /Unknown option '--poll-interval'/],
  ["a flag of two lines", ["--a\nb"], /Unknown option/],
  ["a port that is a word", ["--port", "http"], /The port must be .*, not "http"\.$/],
])("a command that cannot be right is said in one line, exit 2: %s", async (_, args, sentence) => {
  const { code, stdout, stderr } = await runChapter("ch10-long-polling", {
    args: ["--store", "memory:", ...args],
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^ch10-long-polling: [^\n]+\.\n$/);
  expect(stderr.trim()).toMatch(sentence);
});

describe("where it listens and what it keeps", () => {
  test("is said by the environment too; a flag wins", async () => {
    const env = { PORT: `${await takenPort()}`, HOST: "192.0.2.1", CHAT_STORE: "memory:" };
    const host = await runChapter("ch09-polling", { env: { ...env, PORT: "0" } });
    expect([host.code, host.stderr]).toEqual([1, expect.stringContaining("192.0.2.1 is not an address")]);
    const port = await runChapter("ch09-polling", { env, args: ["--host", "127.0.0.1"] });
    expect([port.code, port.stderr]).toEqual([1, expect.stringContaining(`Port ${env.PORT} is in use`)]);
  });

  test("is .data/chat.ndjson in the working folder where nothing is said", async () => {
    const cwd = temporaryFolder();
    const port = await takenPort();
    const { code } = await runChapter("ch09-polling", {
      cwd,
      args: ["--port", `${port}`],
      env: { CHAT_STORE: "" },
    });
    expect(code).toBe(1);
    expect(existsSync(join(cwd, ".data/chat.ndjson"))).toBe(true);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === "::1"),
  );
  const addresses: [string, string][] = [
    ["0.0.0.0", "localhost"],
    ["127.0.0.1", "localhost"],
    ["localhost", "localhost"],
  ];
  if (hasIPv6) addresses.push(["::", "localhost"], ["::1", "[::1]"]);
  test.each(addresses)("with --host %s the line says %s", async (host, name) => {
    const { url, port } = await startChapter("ch09-polling", { args: ["--host", host] });
    expect(url).toBe(`http://${name}:${port}`);
  });

  test.each(CHAPTERS)(
    "the page of %s may be shown in a frame by whom --allow-frame names, and by nobody else",
    async (name) => {
      const frames = ["http://localhost:3200", "https://course.example"];
      for (const [args, ancestors] of [
        [[], "'none'"],
        [frames.flatMap((frame) => ["--allow-frame", frame]), frames.join(" ")],
      ] as const) {
        const { headers } = await ask((await startChapter(name, { args })).port, "GET /");
        expect(headers.get("content-security-policy")).toMatch(new RegExp(`; frame-ancestors ${ancestors}$`));
      }
    },
  );
});
