// From the command line to an open store: flags, environment variables, TLS, and one line for whatever is wrong.
import { readFileSync } from "node:fs";
import type { ServerOptions } from "node:http";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { parseArgs } from "node:util";
import type { ChapterName } from "../html-renderer/chapters.ts";
import { openStore } from "../message-store/open-store.ts";
import type { MessageStore } from "../message-store/store.ts";
import { pagePaths } from "./page.ts";
import type { Paths } from "./request.ts";

/** A chapter's own flag, a whole number: its default, and what `--help` says of it. */
export type NumberFlag = readonly [fallback: number, help: string];

/** What the command line and the environment say. */
export interface Options {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly allowHosts: readonly string[];
  readonly store: string;
  /** Who may show the page in a frame: the values of `--allow-frame`. */
  readonly allowFrames: readonly string[];
  /** Paths of PEM files; both or none. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The chapter's own flags, by name. */
  readonly settings: Readonly<Record<string, number>>;
}

/** An opened chapter: all that its server and its page need to know. */
export interface Chapter extends Omit<Options, "tls"> {
  readonly name: ChapterName;
  /** The page's and the chapter's own. */
  readonly paths: Paths;
  readonly log: MessageStore;
  /** PEM; undefined if it speaks plain http and ws. */
  readonly certificate: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** For `http.createServer`. */
  readonly serverOptions: ServerOptions;
}

/** Time limits, in milliseconds. node:http's own, a minute and more, let half-sent requests pile up. */
const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  /** More than the ten seconds between the polls of a hidden tab, so that these reuse their connection too. */
  keepAliveTimeout: 15_000,
  /** Of two Host headers node:http keeps the first; joined, they match none of our names (RFC 9112 §3.2). */
  joinDuplicateHeaders: true,
};

/** The command is wrong: one line on standard error, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The command cannot be carried out on this machine: one line on standard error, exit code 1. */
export class StartError extends Error {
  override name = "StartError";
}

/**
 * Reads the command line and opens the store. If anything is wrong, it prints one line on standard error and exits: code
 * 2 for a wrong command, 1 for one that cannot be carried out on this machine.
 *
 * @param paths the chapter's own paths besides the page's, each with its methods
 * @param flags the chapter's own flags, by name
 */
export async function open(
  name: ChapterName,
  paths: Readonly<Record<string, readonly string[]>> = {},
  flags: Readonly<Record<string, NumberFlag>> = {},
): Promise<Chapter> {
  try {
    const args = process.argv.slice(2);
    if (args.includes("--help")) {
      console.log(helpOf(name, flags));
      process.exit(0);
    }
    const options = parseOptions(args, process.env, flags);
    const certificate = options.tls && readCertificate(options.tls);
    return {
      ...options,
      name,
      paths: new Map([...pagePaths(name), ...Object.entries(paths)]),
      certificate,
      log: await openStore(options.store),
      serverOptions: SERVER_OPTIONS,
    };
  } catch (error) {
    return fail(name, error);
  }
}

/** Says what is wrong in one line and ends the process. */
export function fail(name: string, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  // A URL may hold a password, and may have come without its flag (RFC 3986 §3.2.1).
  console.error(`${name}: ${message.replace(/:\/\/\S*@/g, "://***@")}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

/**
 * @param args the words after the script's name
 * @param env PORT, HOST, CHAT_STORE, TLS_CERT and TLS_KEY count if the flag is missing; an empty one does not
 * @throws UsageError a sentence
 */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, NumberFlag>> = {},
): Options {
  const values = parseFlags(args, Object.keys(flags));
  const value = (flag: string, variable: string) => values.get(flag)?.at(-1) ?? (env[variable] || undefined);
  const cert = value("tls-cert", "TLS_CERT");
  const key = value("tls-key", "TLS_KEY");
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("--tls-cert and --tls-key belong together: give both, or none.");
  }
  const settings: Record<string, number> = {};
  for (const [flag, [fallback]] of Object.entries(flags)) {
    const most = 2 ** 31 - 1; // The longest that a timer of Node or of a browser can be set to.
    settings[flag] = wholeNumber(`--${flag}`, values.get(flag)?.at(-1) ?? String(fallback), 1, most);
  }
  return {
    port: wholeNumber("The port", value("port", "PORT") ?? "3000", 0, 65_535),
    host: value("host", "HOST") ?? "127.0.0.1",
    allowHosts: (values.get("allow-host") ?? []).map(hostOf),
    allowFrames: (values.get("allow-frame") ?? []).map(originOf),
    store: value("store", "CHAT_STORE") ?? "file:.data/chat.ndjson",
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    settings,
  };
}

function parseFlags(args: readonly string[], own: readonly string[]): Map<string, string[]> {
  const names = ["port", "host", "allow-host", "allow-frame", "store", "tls-cert", "tls-key", ...own];
  const option = { type: "string", multiple: true } as const;
  const found = new Map<string, string[]>();
  try {
    const { values } = parseArgs({
      args: [...args],
      options: Object.fromEntries(names.map((name) => [name, option])),
    });
    for (const [name, list] of Object.entries(values)) {
      if (Array.isArray(list)) found.set(name, list.map(String));
    }
  } catch (error) {
    const [sentence] = error instanceof Error ? error.message.split(/\. |\n/) : ["The command is wrong"];
    throw new UsageError(`${sentence?.replace(/\.$/, "")}. --help lists the flags.`);
  }
  for (const [name, list] of found) {
    // An unset variable in a script, most often; and an empty host would be every address of this machine.
    if (list.includes("")) throw new UsageError(`--${name} needs a value. --help lists the flags.`);
  }
  return found;
}

/** A name as a browser sends it in `Host`: letters beyond ASCII as Punycode (RFC 3492), without a port. */
function hostOf(text: string): string {
  if (isIP(text) !== 0) return text;
  const address = `http://${text}:1`; // A second port would be no URL.
  const { href, hostname } = URL.canParse(address) ? new URL(address) : { href: "", hostname: "" };
  if (href === `http://${hostname}:1/`) return hostname;
  throw new UsageError(
    `--allow-host takes a name without a port, such as chat.example, not ${JSON.stringify(text)}.`,
  );
}

/** A frame's origin goes into a header of the page, so it has to be one. */
function originOf(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new UsageError(
    `--allow-frame takes an origin such as http://localhost:3200, not ${JSON.stringify(text)}.`,
  );
}

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(
    `${what} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}.`,
  );
}

function readCertificate(paths: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(paths.cert), key: readFileSync(paths.key) };
    createSecureContext(pair); // Throws if they are not PEM, or do not belong together.
    return pair;
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : error;
    const pair = `The certificate ${paths.cert} with the key ${paths.key}`;
    throw new StartError(`${pair} cannot be used (${why}): give two PEM files that belong together.`);
  }
}

function helpOf(name: string, flags: Readonly<Record<string, NumberFlag>>): string {
  const rows: [string, string][] = [
    ["--port NUMBER", "where to listen (3000; 0 takes a free one; environment: PORT)"],
    ["--host ADDRESS", "on which address (127.0.0.1; 0.0.0.0 for all; environment: HOST)"],
    ["--allow-host NAME", "a further name by which browsers may call this server; may be repeated"],
    ["--allow-frame ORIGIN", "who may show the page in a frame; may be repeated"],
    ["--store STORE", "file:PATH, memory: or redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?log=NAME],"],
    ["", "rediss: for TLS (file:.data/chat.ndjson; environment: CHAT_STORE)"],
    ["--tls-cert FILE", "with --tls-key: https and wss (PEM; environment: TLS_CERT)"],
    ["--tls-key FILE", "the certificate's key (PEM; environment: TLS_KEY)"],
    ...Object.entries(flags).map(([flag, [fallback, help]]): [string, string] => [
      `--${flag} NUMBER`,
      `${help} (${fallback})`,
    ]),
    ["--help", "this text"],
  ];
  return [`${name}: flags, after --`, ...rows.map(([flag, text]) => `  ${flag.padEnd(24)}${text}`)].join(
    "\n",
  );
}
