import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { open, parseOptions, UsageError } from "../../http/open.ts";
import { makeCertificate } from "../../tools/scale/certificate.ts";
import { temporaryFolder } from "../chapter-process.ts";

const OWN = { "poll-interval": [1_000, "milliseconds between two polls"] } as const;

describe("the command line", () => {
  test("may say nothing: port 3000 of this machine alone, a log in .data, no TLS", () => {
    expect(parseOptions([], {})).toEqual({
      port: 3_000,
      host: "127.0.0.1",
      allowHosts: [],
      allowFrames: [],
      store: "file:.data/chat.ndjson",
      tls: undefined,
      settings: {},
    });
  });

  test("says all of it, before the environment does", () => {
    const env = { PORT: "x", HOST: "x", CHAT_STORE: "x", TLS_CERT: "x", TLS_KEY: "x" };
    const args = ["--port", "0", "--host=::", "--allow-host", "a", "--store", "memory:", "--allow-host", "b"];
    args.push("--allow-frame", "http://localhost:3200", "--allow-frame", "https://a.example");
    expect(
      parseOptions([...args, "--tls-cert", "c", "--tls-key", "k", "--poll-interval", "5"], env, OWN),
    ).toEqual({
      port: 0,
      host: "::",
      allowHosts: ["a", "b"],
      allowFrames: ["http://localhost:3200", "https://a.example"],
      store: "memory:",
      tls: { cert: "c", key: "k" },
      settings: { "poll-interval": 5 },
    });
  });

  test("gives a name as browsers send it in Host, or an address", () => {
    for (const [name, host] of [
      ["chat.example", "chat.example"],
      ["CHAT.Example", "chat.example"],
      ["채팅.example", "xn--ou6bo7j.example"],
      ["10.0.0.1", "10.0.0.1"],
      ["fd00::8", "fd00::8"],
      ["[fd00::8]", "[fd00::8]"],
    ] as const) {
      expect(parseOptions(["--allow-host", name], {}).allowHosts).toEqual([host]);
    }
  });

  test("may say a thing twice: the last counts", () => {
    expect(parseOptions(["--port", "1", "--port", "2", "--host", "a", "--host", "b"], {})).toMatchObject({
      port: 2,
      host: "b",
    });
    expect(parseOptions(["--poll-interval", "1", "--poll-interval", "2"], {}, OWN).settings).toEqual({
      "poll-interval": 2,
    });
  });

  test("leaves to the environment what it does not say; an empty variable counts as none", () => {
    const env = {
      PORT: "80",
      HOST: "::1",
      CHAT_STORE: "memory:",
      TLS_CERT: "c",
      TLS_KEY: "k",
      ALLOW_HOST: "x",
    };
    expect(parseOptions([], env, OWN)).toEqual({
      port: 80,
      host: "::1",
      allowHosts: [],
      allowFrames: [],
      store: "memory:",
      tls: { cert: "c", key: "k" },
      settings: { "poll-interval": 1_000 },
    });
    const empty = { PORT: "", HOST: "", CHAT_STORE: "", TLS_CERT: "", TLS_KEY: "" };
    expect(parseOptions([], empty)).toEqual(parseOptions([], {}));
    expect(parseOptions(["--tls-key", "k"], { TLS_CERT: "c" }).tls).toEqual({ cert: "c", key: "k" });
  });

  test("takes each port and each interval that there is", () => {
    for (const port of [0, 1, 65_535]) expect(parseOptions([`--port=${port}`], {}).port).toBe(port);
    for (const interval of [1, 2 ** 31 - 1]) {
      expect(parseOptions([`--poll-interval=${interval}`], {}, OWN).settings["poll-interval"]).toBe(interval);
    }
  });

  test.each<[readonly string[], string]>([
    ...["65536", "-1", "1e3", "80.5", " 80", "80 ", "00000000080", "http", "1\n2"].map(
      (port): [readonly string[], string] => [
        [`--port=${port}`],
        `The port must be a whole number from 0 to 65535, not ${JSON.stringify(port)}.`,
      ],
    ),
    ...["0", "-1", "x", "1.5", "2147483648", "99999999999"].map((interval): [readonly string[], string] => [
      [`--poll-interval=${interval}`],
      `--poll-interval must be a whole number from 1 to 2147483647, not "${interval}".`,
    ]),
    [["--port="], "--port needs a value. --help lists the flags."],
    [["--store", "memory:", "--host="], "--host needs a value. --help lists the flags."],
    [["--allow-host", "a", "--allow-host", ""], "--allow-host needs a value. --help lists the flags."],
    ...["a.example:80", "http://a.example", "a/b", "a b", "user@a.example", "a?b"].map(
      (name): [readonly string[], string] => [
        ["--allow-host", "b.example", "--allow-host", name],
        `--allow-host takes a name without a port, such as chat.example, not ${JSON.stringify(name)}.`,
      ],
    ),
    ...[
      "http://a.example/",
      "http://A.example",
      "http://a.example:80",
      "a.example",
      "*",
      "null",
      "'self'",
      "http://a.example; script-src *",
    ].map((frame): [readonly string[], string] => [
      ["--allow-frame", "http://b.example", "--allow-frame", frame],
      `--allow-frame takes an origin such as http://localhost:3200, not ${JSON.stringify(frame)}.`,
    ]),
    [["--allow-frame="], "--allow-frame needs a value. --help lists the flags."],
    [["--tls-cert", "c"], "--tls-cert and --tls-key belong together: give both, or none."],
    [["--tls-key", "k"], "--tls-cert and --tls-key belong together: give both, or none."],
    [["--nonsense"], "Unknown option '--nonsense'. --help lists the flags."],
    [["--nonsense=1"], "Unknown option '--nonsense'. --help lists the flags."],
    [["--a\nb"], "Unknown option '--a. --help lists the flags."],
    [["word"], "Unexpected argument 'word'. --help lists the flags."],
    [["--port"], "Option '--port <value>' argument missing. --help lists the flags."],
    [["--port", "--host"], "Option '--port' argument is ambiguous. --help lists the flags."],
  ])("that cannot be right is refused with a sentence: %j", (args, sentence) => {
    const parse = () => parseOptions(args, {}, OWN);
    expect(parse).toThrow(UsageError);
    // Node's own words may differ from version to version.
    expect(parse).toThrow(/^Un|^Option/.test(sentence) ? /^[^\n]+\. --help lists the flags\.$/ : sentence);
  });
});

test("the environment that cannot be right is refused with the same sentences", () => {
  expect(() => parseOptions([], { PORT: "x" })).toThrow(
    'The port must be a whole number from 0 to 65535, not "x".',
  );
  for (const env of [{ TLS_CERT: "x" }, { TLS_KEY: "x" }])
    expect(() => parseOptions([], env)).toThrow(
      "--tls-cert and --tls-key belong together: give both, or none.",
    );
});

/** What a command line comes to: the line on standard error and the exit code, or the opened chapter. */
async function opened(args: readonly string[]) {
  const argv = process.argv;
  process.argv = ["node", "server.js", ...args];
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const [stdout, stderr] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
  for (const spy of [stdout, stderr]) spy.mockImplementation(() => {});
  try {
    const chapter = await open("ch09-polling", { "/poll": ["GET"] }, OWN).catch(() => undefined);
    return {
      chapter,
      code: exit.mock.calls[0]?.[0],
      out: stdout.mock.calls[0]?.[0],
      error: stderr.mock.calls[0]?.[0],
    };
  } finally {
    process.argv = argv;
    vi.restoreAllMocks();
  }
}

describe("a chapter opens", () => {
  test("with its store, and limits for those who send slowly", async () => {
    const { chapter } = await opened(["--store", "memory:", "--port", "0"]);
    expect(chapter).toMatchObject({
      name: "ch09-polling",
      port: 0,
      certificate: undefined,
      settings: { "poll-interval": 1_000 },
    });
    expect(chapter?.paths.get("/poll")).toEqual(["GET"]);
    expect(chapter?.paths.get("/")).toEqual(["GET", "HEAD"]);
    expect(chapter?.paths.get("/ch09-polling/client.js")).toEqual(["GET", "HEAD"]);
    expect(chapter?.paths.has("/update")).toBe(false);
    expect(chapter?.log.newest).toBe(0);
    expect(chapter?.serverOptions).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 15_000,
      joinDuplicateHeaders: true,
    });
  });

  test("with a certificate that can be used, and with no other", async () => {
    const folder = temporaryFolder();
    const one = makeCertificate(folder, "one");
    const two = makeCertificate(folder, "two");
    const flags = (cert: string, key: string) => ["--store", "memory:", "--tls-cert", cert, "--tls-key", key];
    const { chapter } = await opened(flags(one.cert, one.key));
    expect(chapter).toMatchObject({ certificate: { cert: Buffer.from(one.pem) } });
    const text = join(folder, "text.pem");
    writeFileSync(text, "text");
    for (const [cert, key] of [
      [one.cert, two.key],
      [text, one.key],
      [one.cert, text],
      [one.key, one.cert],
      [folder, one.key],
      [one.cert, join(folder, "missing")],
    ] as const) {
      const { code, error } = await opened(flags(cert, key));
      expect(code).toBe(1);
      expect(error).toMatch(
        /^ch09-polling: The certificate .+ with the key .+ cannot be used \([^\n]+\): give two PEM files/,
      );
    }
  });

  test("not with a store that is none (1), nor with a flag that is none (2)", async () => {
    expect(await opened(["--store", "nonsense"])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^ch09-polling: .*nonsense.*\.$/),
    });
    expect(await opened(["--port", "x"])).toMatchObject({
      code: 2,
      error: 'ch09-polling: The port must be a whole number from 0 to 65535, not "x".',
    });
  });

  test("not where a URL came without its flag, and the password in it is not printed", async () => {
    const { code, error } = await opened(["redis://ann:Pa55@word@127.0.0.1"]);
    expect(code).toBe(2);
    expect(error).toBe("ch09-polling: Unexpected argument 'redis://***@127.0.0.1'. --help lists the flags.");
  });

  test("not where --help is asked for: that prints every flag, in columns", async () => {
    const { chapter, code, out } = await opened(["--port", "x", "--help"]);
    expect(chapter).toBeUndefined();
    expect(code).toBe(0);
    expect(out).toBe(`ch09-polling: flags, after --
  --port NUMBER           where to listen (3000; 0 takes a free one; environment: PORT)
  --host ADDRESS          on which address (127.0.0.1; 0.0.0.0 for all; environment: HOST)
  --allow-host NAME       a further name by which browsers may call this server; may be repeated
  --allow-frame ORIGIN    who may show the page in a frame; may be repeated
  --store STORE           file:PATH, memory: or redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?log=NAME],
                          rediss: for TLS (file:.data/chat.ndjson; environment: CHAT_STORE)
  --tls-cert FILE         with --tls-key: https and wss (PEM; environment: TLS_CERT)
  --tls-key FILE          the certificate's key (PEM; environment: TLS_KEY)
  --poll-interval NUMBER  milliseconds between two polls (1000)
  --help                  this text`);
  });
});
