// `npm run scale`: several servers of a chapter behind one address, with one log that they share.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CHAPTER_NAMES, type ChapterName, numberOf } from "../../html-renderer/chapters.ts";
import { type Flag, fail, helpOf, readFlags, UsageError } from "../command.ts";
import { freePort, killAll, type Part, startNginx, startRedis, startServer, whatIsMissing } from "./parts.ts";

const FLAGS = {
  port: { value: "NUMBER", help: "of the one address (3000; 0 takes a free one)" },
  servers: { value: "NUMBER", help: "how many servers of the chapter (2)" },
  tls: { help: "https and wss, with a certificate that nobody has signed: a browser asks" },
  help: { help: "this text" },
} satisfies Record<string, Flag>;

const TITLE = `scale: several servers of a chapter behind one address; needs redis-server and nginx
  npm run scale -- ch10     ch09, ch10, ch11 (unless told) or ch12; the flags, after --`;

/** A part that has ended by itself is started again after so long, in milliseconds. */
const PAUSE = 2_000;

interface Options {
  readonly chapter: ChapterName;
  readonly port: number;
  readonly servers: number;
  readonly tls: boolean;
}

/** @returns what to do; undefined if help is asked for */
function readCommand(args: readonly string[]): Options | undefined {
  const flags = readFlags(FLAGS, args, 1);
  if (flags.has("help")) return undefined;
  const [word = "ch11"] = flags.words;
  const chapter = CHAPTER_NAMES.find((name) =>
    [name, name.slice(0, 4), String(numberOf(name))].includes(word.replace(/[\\/]$/, "")),
  );
  if (chapter === undefined) {
    throw new UsageError(`There is no chapter ${JSON.stringify(word)}: say ch09, ch10, ch11 or ch12.`);
  }
  return {
    chapter,
    port: flags.number("port", 0, 65_535) ?? 3000,
    servers: flags.number("servers", 1, 64) ?? 2,
    tls: flags.has("tls"),
  };
}

/** @throws Error a sentence, if nginx could not listen there */
async function checkPort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on("error", ({ message, code }: NodeJS.ErrnoException) => {
      const why =
        code === "EADDRINUSE"
          ? `Port ${port} is in use: stop the program that uses it, or take a free one with -- --port 0.`
          : `nginx cannot listen on port ${port} (${message}): take one above 1023 with -- --port 3000.`;
      reject(new Error(why));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

async function run({ chapter, port: wanted, servers: count, tls }: Options): Promise<void> {
  const missing = whatIsMissing("redis-server", "nginx");
  if (missing !== undefined) throw new Error(missing);
  await checkPort(wanted);

  const folder = mkdtempSync(join(tmpdir(), "scale-"));
  const running = new Map<string, Part>();
  let stopping = false;
  process.on("exit", () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  });
  /** Servers first: they answer and close what is open, through nginx; and their log is there until the end. */
  const stop = async () => {
    if (stopping) return; // Ctrl-C under npm arrives twice: from the terminal, and from npm.
    stopping = true;
    const inOrder = [...running.values()].reverse();
    const others = ["nginx", "redis-server"];
    await Promise.all(inOrder.filter(({ name }) => !others.includes(name)).map((part) => part.stop()));
    for (const name of others) await running.get(name)?.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

  const sayOf = (name: string) => (line: string) => {
    if (!stopping) console.error(`${name}: ${line}`);
  };
  /** Starts a part, and again whenever it ends: a server that is killed is the lesson, not the end of it. */
  const keep = async (name: string, start: () => Promise<Part>): Promise<Part> => {
    const first = await start();
    running.set(name, first);
    if (stopping) return new Promise(() => {}); // Nothing is started behind it any more.
    const watch = async () => {
      let part: Part | undefined = first;
      while (!stopping) {
        const how: string | undefined = await part?.ended;
        if (stopping) return;
        if (how !== undefined)
          console.error(`${name} ended (${how}) and is started again in ${PAUSE / 1_000} s.`);
        await sleep(PAUSE);
        if (stopping) return;
        // A server does not start while Redis is away: it is tried again.
        part = await start().catch((error: Error) => void console.error(error.message));
        if (part === undefined) continue;
        running.set(name, part);
        console.error(`${name} is back, process ${part.pid}.`);
      }
    };
    void watch();
    return first;
  };

  const redisPort = await freePort();
  const store = `redis://127.0.0.1:${redisPort}`;
  const redis = await keep("redis-server", () => startRedis(redisPort, join(folder, "redis")));
  const servers = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const name = `server ${index + 1}`;
      let bound = 0;
      return keep(name, async () => {
        const part = await startServer(name, chapter, store, bound, sayOf(name));
        bound = part.port;
        return part;
      });
    }),
  );
  const port = wanted === 0 ? await freePort() : wanted;
  const proxy = { port, servers: servers.map((server) => server.port), tls };
  const nginxFolder = join(folder, "nginx");
  const nginx = await keep("nginx", () => startNginx(proxy, nginxFolder, sayOf("nginx")));

  const row = (name: string, what: string, { pid }: Part) => `  ${name.padEnd(14)}${what}  process ${pid}`;
  console.log(
    [
      `scale  ${tls ? "https" : "http"}://localhost:${port}  nginx in front of ${count} of ${chapter}`,
      row("nginx", join(nginxFolder, "nginx.conf"), nginx),
      ...servers.map((server) => row(server.name, `http://localhost:${server.port}`, server)),
      row("redis-server", store, redis),
      `All servers show one conversation, and so does one that is killed and back. Ctrl-C ends all of it.`,
    ].join("\n"),
  );
}

try {
  const options = readCommand(process.argv.slice(2));
  if (options === undefined) console.log(helpOf(TITLE, FLAGS));
  else await run(options);
} catch (error) {
  fail("scale", error);
}
