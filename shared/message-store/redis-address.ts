// Where a log on Redis is: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?log=NAME]`, or `rediss://` with TLS.
import { StoreError } from "./store.ts";

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** The log's name, and so the names of its keys. */
  readonly name: string;
  /** To be printed: the log and its address, without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;

/** @throws StoreError a sentence without the user and the password */
export function parseAddress(spec: string): RedisAddress {
  const wrong = () =>
    new StoreError(
      `There is no store ${JSON.stringify(withoutPassword(spec))}: ` +
        "say redis://HOST, or all of it: redis://USER:PASSWORD@HOST:PORT/DB?log=NAME.",
    );
  if (!URL.canParse(spec)) throw wrong();
  const { protocol, hostname, port, username, password, pathname, searchParams, hash, host } = new URL(spec);
  const name = searchParams.get("log") ?? "chat";
  const database = /^\/?([0-9]{0,4})$/.exec(pathname)?.[1];
  const isWhole = hostname !== "" && port !== "0" && hash === "" && database !== undefined;
  const isKnown = [...searchParams.keys()].every((key) => key === "log") && searchParams.size <= 1;
  // Braces in the name would move the part of it that decides where on a cluster the keys are.
  if (!isWhole || !isKnown || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw wrong();
  try {
    return {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || DEFAULT_PORT),
      tls: protocol === "rediss:",
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      database: Number(database),
      name,
      shown: `The log ${name} at ${protocol}//${host}${database ? `/${database}` : ""}`,
    };
  } catch {
    throw wrong(); // A "%" that is followed by no two digits.
  }
}

/** What is between `//` and the last `@` may hold a password, however wrong the rest is. */
export function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/s, "//***@");
}
