// Reading a request: who may send it (Host, path, method, Origin, in this order), and its cursor.
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { NEWEST } from "../message-store/message.ts";
import type { MessageStore } from "../message-store/store.ts";
import { HttpError } from "./answer.ts";
import { waitTurn } from "./pipelining.ts";

/** The methods that each path knows. */
export type Paths = ReadonlyMap<string, readonly string[]>;

/** The methods of the page and its files. Any site may link to them; everything else is for our own page only. */
export const PAGE_METHODS: readonly string[] = ["GET", "HEAD"];

/** Which names in `Host` are ours, besides the loopback names. */
export interface Names {
  /** The value of `--host`: an address, or `0.0.0.0` or `::` for any. */
  readonly host: string;
  /** The values of `--allow-host`. */
  readonly allowHosts: readonly string[];
}

/** A chapter's paths and names. */
export interface Site extends Names {
  readonly paths: Paths;
}

/**
 * Lets a request in, when it is its turn on its connection.
 *
 * @returns its path, which is one of the site's
 * @throws HttpError see `check`
 */
export async function admit(request: IncomingMessage, response: ServerResponse, site: Site): Promise<string> {
  await waitTurn(request, response);
  return check(request, site);
}

/**
 * Checks the head of a request.
 *
 * @returns its path, which is one of the site's
 * @throws HttpError 403 for a foreign Host, with which a foreign page could reach us under its own name (DNS rebinding);
 *   404; 405 with Allow (RFC 9110 §15.5.6); 403 for a foreign Origin (RFC 6454 §7, RFC 6455 §10.2) or site
 */
export function check(request: IncomingMessage, site: Site): string {
  const { host, path } = targetOf(request);
  if (!isOurs(host, site)) {
    throw new HttpError(
      403,
      "This server does not go by that Host: start it with --allow-host NAME to allow it.",
    );
  }
  const methods = site.paths.get(path);
  if (!methods) throw new HttpError(404, "There is nothing at this path: the page is at /.");
  if (!methods.includes(request.method ?? "")) {
    const allow = methods.join(", ");
    throw new HttpError(405, `This path does not support that method: use ${allow}.`, { Allow: allow });
  }
  if (methods !== PAGE_METHODS && !(isOwnOrigin(request, host) && isSameSite(request))) {
    throw new HttpError(403, "Pages of another origin may not do this: open this server's own page.");
  }
  return path;
}

/** The host that a request is for, in lower case, and the path it asks for. */
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

function isOurs(host: string, { host: bound, allowHosts }: Names): boolean {
  const name = /^(\[[^[\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1];
  if (!name) return false;
  if (["localhost", "127.0.0.1", "[::1]"].includes(name)) return true;
  const address = name.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) !== 0 && (bound === "0.0.0.0" || bound === "::")) return true;
  return [bound, ...allowHosts].some((own) => own.toLowerCase() === name || own.toLowerCase() === address);
}

/** A proxy in front may end TLS, so our own page may be at `https` although this server speaks plain HTTP. */
function isOwnOrigin({ headers: { origin }, socket }: IncomingMessage, host: string): boolean {
  if (origin === undefined) return true; // Browsers send it with every POST and every WebSocket handshake.
  const sent = origin.toLowerCase();
  return sent === `https://${host}` || (!(socket instanceof TLSSocket) && sent === `http://${host}`);
}

/**
 * An `<img>` of another site sends no Origin, and how long its request is held tells whether there is news. Browsers
 * send this header with each request by https or to localhost, other clients do not (Fetch Metadata Request
 * Headers, Sec-Fetch-Site).
 */
function isSameSite({ headers: { "sec-fetch-site": site } }: IncomingMessage): boolean {
  return site === undefined || site === "same-origin" || site === "none";
}

/** @returns the first value of a query parameter; undefined if there is none */
export function queryOf({ url = "" }: IncomingMessage, name: string): string | undefined {
  const start = url.indexOf("?"); // A query may contain a "?" of its own (RFC 3986 §3.4).
  if (start < 0) return undefined;
  return new URLSearchParams(url.slice(start)).get(name) ?? undefined;
}

/**
 * Checks a cursor as it was sent.
 *
 * @param text the value of `after` or of `Last-Event-ID`; undefined if the client sent none
 * @returns an id from 0 to the newest. Without a cursor, or with one beyond the newest id (then the log was reset), it
 *   is the one before the newest 100 messages
 * @throws HttpError 400 for anything but 1 to 15 digits
 */
export async function readCursor(
  text: string | readonly string[] | undefined,
  log: MessageStore,
): Promise<number> {
  if (text !== undefined && !/^[0-9]{1,15}$/.test(String(text))) {
    throw new HttpError(
      400,
      "The cursor must be the id of a message: digits only, at most 15, as in ?after=3.",
    );
  }
  const cursor = Number(text ?? Number.POSITIVE_INFINITY);
  // Another process may have written what this one has not read yet, so read the log to its end first.
  if (text !== undefined && cursor > log.newest) await log.refresh();
  return cursor > log.newest ? Math.max(0, log.newest - NEWEST) : cursor;
}
