import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { type Answer, answerIn, ask, expectRefusal, requestOf } from "../ask.ts";
import { CHAPTERS, runChapter, startChapter, temporaryFolder } from "../chapter-process.ts";
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

  test("speaks https with a certificate, and says so", async () => {
    const { cert, key, pem } = makeCertificate(temporaryFolder());
    const chapter = await startChapter(name, { args: ["--tls-cert", cert, "--tls-key", key] });
    const { port } = chapter;
    expect(chapter.url).toBe(`https://localhost:${port}`);
    const secure = async (
      line: string,
      headers: Record<string, string> = {},
      body?: string,
    ): Promise<Answer> => {
      const request = requestOf(port, line, body === undefined ? { headers } : { headers, body });
      return answerIn(await secureExchange(port, pem, request));
    };
    const page = await secure("GET /");
    expect(page.status).toBe(200);
    expect(page.body).toContain(`data-chapter="${name}"`);
    // An Origin is ours with its scheme only.
    const headers = {
      "Content-Type": "application/json",
      Connection: "Upgrade, close",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const [line, body, status] =
      name === "ch12-websocket"
        ? (["GET /", undefined, 400] as const)
        : (["POST /update", "{", 400] as const);
    const target = name === "ch12-websocket" ? `${line}?after=x` : line;
    expectRefusal(await secure(target, { ...headers, Origin: `http://localhost:${port}` }, body), 403);
    expectRefusal(await secure(target, { ...headers, Origin: `https://localhost:${port}` }, body), status);
    // Who speaks plain http there is not answered, and does no harm.
    await expect(ask(port, "GET /")).rejects.toThrow("no HTTP answer");
    expect((await secure("GET /")).status).toBe(200);
    expect(await chapter.stop()).toMatchObject({ code: 0, stderr: "" });
  });

  test("lists its flags with --help, whatever else is said, and does not start", async () => {
    for (const args of [["--help"], ["--nonsense", "--help", "--port", "x"]]) {
      const { code, stdout, stderr } = await runChapter(name, { args });
      expect([code, stderr]).toEqual([0, ""]);
      const flags = [...stdout.matchAll(/^ {2}--([a-z-]+) .*$/gm)].map(([, flag]) => flag);
      const own = name === "ch09-polling" ? ["poll-interval"] : [];
      expect(flags).toEqual([
        "port",
        "host",
        "allow-host",
        "allow-frame",
        "store",
        "tls-cert",
        "tls-key",
        ...own,
        "help",
      ]);
      for (const variable of ["PORT", "HOST", "CHAT_STORE", "TLS_CERT", "TLS_KEY"])
        expect(stdout).toContain(variable);
    }
  });
});

describe("a command that cannot be right is said in one line, exit 2:", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["a flag that is not known", ["--nonsense"], /Unknown option '--nonsense'\. --help lists the flags\.$/],
    ["a flag of another chapter", ["--poll-interval", "5"], /Unknown option '--poll-interval'/],
    ["a flag that is no flag", ["3000"], /Unexpected argument '3000'/],
    ["a flag of one letter", ["-p", "3000"], /Unknown option '-p'/],
    ["a flag of two lines", ["--a\nb"], /Unknown option/],
    ["a flag without its value", ["--port"], /'--port <value>' argument missing/],
    ["a flag whose value looks like a flag", ["--port", "--host"], /'--port' argument is ambiguous/],
    ["a host that is empty", ["--host", ""], /--host needs a value/],
    ["a name that is empty", ["--allow-host="], /--allow-host needs a value/],
    [
      "a frame's origin with a path",
      ["--allow-frame", "http://a.example/"],
      /--allow-frame takes an origin such as/,
    ],
    [
      "a port that is a word",
      ["--port", "http"],
      /The port must be a whole number from 0 to 65535, not "http"\.$/,
    ],
    ["a port that is too large", ["--port", "65536"], /The port must be .* not "65536"\.$/],
    ["a port that is negative", ["--port=-1"], /The port must be .* not "-1"\.$/],
    ["a port with a fraction", ["--port", "80.5"], /The port must be/],
    ["a port that is empty", ["--port", ""], /--port needs a value/],
    ["a port of two lines", ["--port", "1\n2"], /The port must be .* not "1\\n2"\.$/],
    ["a certificate without its key", ["--tls-cert", "x"], /--tls-cert and --tls-key belong together/],
    ["a key without its certificate", ["--tls-key", "x"], /--tls-cert and --tls-key belong together/],
  ])("%s", async (_, args, sentence) => {
    const { code, stdout, stderr } = await runChapter("ch10-long-polling", {
      args: ["--store", "memory:", ...args],
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ch10-long-polling: [^\n]+\.\n$/);
    expect(stderr.trim()).toMatch(sentence);
  });

  test.each(["0", "-1", "x", "1.5", "2147483648", "99999999999"])("a poll interval of %s", async (value) => {
    const { code, stdout, stderr } = await runChapter("ch09-polling", { args: [`--poll-interval=${value}`] });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      `ch09-polling: --poll-interval must be a whole number from 1 to 2147483647, not "${value}".\n`,
    );
  });

  test("a port in the environment that is none", async () => {
    const { code, stderr } = await runChapter("ch11-sse", { env: { PORT: "x" } });
    expect([code, stderr]).toEqual([
      2,
      'ch11-sse: The port must be a whole number from 0 to 65535, not "x".\n',
    ]);
  });

  test("one of the two TLS variables alone", async () => {
    for (const variable of ["TLS_CERT", "TLS_KEY"]) {
      const { code, stderr } = await runChapter("ch11-sse", { env: { [variable]: "x" } });
      expect([code, stderr]).toEqual([
        2,
        "ch11-sse: --tls-cert and --tls-key belong together: give both, or none.\n",
      ]);
    }
  });
});

describe("what this machine cannot carry out is said in one line, exit 1:", () => {
  async function expectFailure(args: readonly string[], sentence: RegExp) {
    const { code, stdout, stderr } = await runChapter("ch12-websocket", { args });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^ch12-websocket: [^\n]+\.\n$/);
    expect(stderr.trim()).toMatch(sentence);
  }
  const memory = ["--store", "memory:", "--port", "0"];

  test.each([
    ["a store of no kind", "chat.ndjson"],
    ["a store of an unknown kind", "postgres://localhost"],
    ["an empty path", "file:"],
    ["a folder", "file:/"],
    ["a folder that nobody can make", "file:/proc/x/y"],
    ["a file below a file", "file:/dev/null/x"],
  ])("%s as the store", async (_, store) => {
    await expectFailure(["--port", "0", "--store", store], /: (say|name) /);
  });

  test("a host that is no address of this machine", async () => {
    await expectFailure(
      [...memory, "--host", "192.0.2.1"],
      /192\.0\.2\.1 is not an address of this machine: /,
    );
  });

  test("a certificate that is missing, or is none", async () => {
    const folder = temporaryFolder();
    const { cert, key } = makeCertificate(folder);
    const text = join(folder, "text.pem");
    writeFileSync(text, "no certificate");
    const missing = join(folder, "missing.pem");
    for (const [one, other] of [
      [missing, key],
      [cert, missing],
      [folder, key],
      [text, key],
      [cert, text],
      [key, cert],
    ] as const) {
      const args = [...memory, "--tls-cert", one, "--tls-key", other];
      await expectFailure(args, /: The certificate \S+ with the key \S+ cannot be used \(.+\): give two PEM/);
    }
  });

  test("a key that is another certificate's", async () => {
    const folder = temporaryFolder();
    const [{ cert }, { key }] = [makeCertificate(folder, "one"), makeCertificate(folder, "two")];
    await expectFailure(
      [...memory, "--tls-cert", cert, "--tls-key", key],
      /cannot be used \(.*mismatch\): give/,
    );
  });
});

describe("where it listens and what it keeps", () => {
  test("is said by the environment too, where a variable is not empty; a flag wins", async () => {
    const folder = temporaryFolder();
    const env = { PORT: `${await takenPort()}`, HOST: "192.0.2.1", CHAT_STORE: "nonsense:" };
    const chapter = await startChapter("ch09-polling", { env, args: ["--host", "127.0.0.1"] });
    await chapter.stop();

    const stored = await runChapter("ch09-polling", { env: { CHAT_STORE: "nonsense:" }, cwd: folder });
    expect([stored.code, stored.stderr]).toEqual([1, expect.stringContaining('"nonsense:"')]);
    const port = await runChapter("ch09-polling", {
      env: { PORT: env.PORT, HOST: "", CHAT_STORE: "memory:" },
    });
    expect([port.code, port.stderr]).toEqual([1, expect.stringContaining(`Port ${env.PORT} is in use`)]);
    const host = await runChapter("ch09-polling", {
      env: { PORT: "0", HOST: "192.0.2.1", CHAT_STORE: "memory:" },
    });
    expect([host.code, host.stderr]).toEqual([1, expect.stringContaining("192.0.2.1 is not an address")]);

    const { cert, key } = makeCertificate(folder);
    const secure = await startChapter("ch09-polling", {
      env: { TLS_CERT: cert, TLS_KEY: key, PORT: "", HOST: "" },
    });
    expect(secure.url).toMatch(/^https:/);
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

  test("is a file that may be anywhere, whose folders are made", async () => {
    const file = join(temporaryFolder(), "a/b/log");
    await startChapter("ch09-polling", { args: ["--store", `file:${file}`] });
    expect(readFileSync(file, "utf8")).toBe("");
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

  test("with --port 0 is a free port, another for each", async () => {
    const [one, two] = [await startChapter("ch09-polling"), await startChapter("ch09-polling")];
    expect(one.port).toBeGreaterThan(0);
    expect(one.port).not.toBe(two.port);
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

  test("the page is told the poll interval", async () => {
    const { port } = await startChapter("ch09-polling", {
      args: ["--poll-interval", "50", "--poll-interval", "250"],
    });
    expect((await ask(port, "GET /")).body).toContain('data-poll-interval="250"');
  });
});
