// Who may talk to us, and about what: Host, path, method, Origin, in this order.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { HttpError } from "./answer.ts";

/** The methods that each path knows. */
export type Paths = ReadonlyMap<string, readonly string[]>;

/** The page and its files. Anybody's page may link to them; everything else asks for our own Origin. */
export const PAGE_METHODS: readonly string[] = ["GET", "HEAD"];

/** Which names in `Host` are ours, besides the loopback names. */
export interface HostNames {
  /** What `--host` says: an address, or `0.0.0.0` or `::` for any. */
  readonly host: string;
  /** Each `--allow-host`. */
  readonly allowHosts: readonly string[];
}

/**
 * Lets a request in.
 *
 * @returns its path, which is one of `paths`
 * @throws HttpError 403 a foreign Host: it would let a foreign page reach us by a name of its own (DNS rebinding);
 *   404; 405 with Allow (RFC 9110 §15.5.6); 403 a foreign Origin (RFC 6454 §7, RFC 6455 §10.2)
 */
export function admit(request: IncomingMessage, paths: Paths, names: HostNames): string {
  const { host, path } = targetOf(request);
  if (!isOurs(host, names)) {
    throw new HttpError(
      403,
      "This server is not known by that Host: start it with --allow-host NAME to allow it.",
    );
  }
  const methods = paths.get(path);
  if (!methods) throw new HttpError(404, "There is nothing at this path: the page is at /.");
  if (!methods.includes(request.method ?? "")) {
    const allow = methods.join(", ");
    throw new HttpError(405, `This path does not know that method: use ${allow}.`, { Allow: allow });
  }
  const { origin } = request.headers;
  const scheme = request.socket instanceof TLSSocket ? "https" : "http";
  if (origin !== undefined && methods !== PAGE_METHODS && origin.toLowerCase() !== `${scheme}://${host}`) {
    throw new HttpError(403, "Pages of another origin may not do this: open this server's own page.");
  }
  return path;
}

/** Whom a request is for, in lower case, and the path it asks for. */
function targetOf({ url = "/", headers: { host = "" } }: IncomingMessage): { host: string; path: string } {
  const [, authority, path = url] = url.startsWith("/") ? [] : (ABSOLUTE.exec(url) ?? []);
  const end = path.indexOf("?");
  return {
    host: (authority ?? host).toLowerCase(),
    path: (end < 0 ? path : path.slice(0, end)) || "/",
  };
}

/** The absolute form, http://host/path, which a client may send; its host then replaces Host (RFC 9112 §3.2.2). */
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)/i;

/** Whose Host was ours the last time: the next one is nearly always the same, and to take it apart costs 0.5 µs. */
let last: { readonly host: string; readonly names: HostNames } | undefined;

function isOurs(host: string, names: HostNames): boolean {
  if (host === last?.host && names === last.names) return true;
  if (!isName(host, names)) return false;
  last = { host, names };
  return true;
}

function isName(host: string, { host: bound, allowHosts }: HostNames): boolean {
  const name = /^(\[[^[\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1];
  if (!name) return false;
  const address = name.replace(/^\[(.*)\]$/, "$1");
  if (["localhost", "127.0.0.1", "[::1]"].includes(name)) return true;
  if (isIP(address) !== 0 && (bound === "0.0.0.0" || bound === "::")) return true;
  return [bound, ...allowHosts].some((own) => own.toLowerCase() === name || own.toLowerCase() === address);
}
