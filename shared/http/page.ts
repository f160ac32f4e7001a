// The page's own files: an explicit list, so that no path is ever computed from what a client sent.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { ChapterName } from "../html-renderer/chapters.ts";
import { contentSecurityPolicy, PAGE_FILES, renderPage } from "../html-renderer/page.ts";
import { pickLanguage } from "../html-renderer/words.ts";
import type { MessageStore } from "../message-store/store.ts";
import { answer } from "./answer.ts";
import { PAGE_METHODS, queryOf } from "./request.ts";

// Compiled, this file is at dist/shared/http; as a source, which newer Node runs unbuilt, at shared/http.
const DIST = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../dist" : "../..");
const ROOT = join(DIST, "..");

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
};

/** A chapter's page: its name, what the server tells the page's script, and who may show it in a frame. */
export interface Page {
  readonly name: ChapterName;
  readonly settings: Readonly<Record<string, number>>;
  readonly allowFrames: readonly string[];
  readonly log: MessageStore;
}

/** @returns the paths of a chapter's page and its files, with their methods; the files are read now */
export function pagePaths(name: ChapterName): [string, readonly string[]][] {
  const notes = [`/${name}/README.md`, `/${name}/README.ko.md`];
  const files = [...filesOf(name), ...notes];
  for (const path of files) read(path);
  return ["/", ...files].map((path) => [path, PAGE_METHODS]);
}

function filesOf(name: ChapterName): string[] {
  return [`/${name}/client.js`, ...PAGE_FILES.map((path) => `/${path}`)];
}

/**
 * Answers with the page or one of its files, as they are now. `no-cache` makes the browser ask each time, so that a
 * chapter never runs another's script; the ETag makes that cheap (RFC 9110 §8.8.3, §13.1.2).
 *
 * @param path one of `pagePaths`
 */
export async function servePage(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  page: Page,
): Promise<void> {
  const headers: Record<string, string> = { "Cache-Control": "no-cache" };
  let file: PageFile;
  if (path === "/") {
    const language = pickLanguage(queryOf(request, "lang") ?? null, request.headers["accept-language"]);
    // Both are in the page, and in a header: so an open page can tell that there is a newer one, or another log.
    const etags = filesOf(page.name).map((file) => read(file).etag);
    const version = hash(JSON.stringify([page.settings, ...etags]));
    const state = { log: await identityOf(page.log), newest: page.log.newest };
    headers["Chat-State"] = `${version} ${state.log} ${state.newest}`;
    const settings = { ...page.settings, ...state };
    file = fileOf(Buffer.from(renderPage({ chapter: page.name, language, version, settings })));
    headers["Content-Type"] = "text/html; charset=utf-8";
    headers["Content-Language"] = language;
    headers["Content-Security-Policy"] = contentSecurityPolicy(page.allowFrames);
    headers["Referrer-Policy"] = "no-referrer";
    headers["Vary"] = "Accept-Language";
  } else {
    file = read(path);
    headers["Content-Type"] = TYPES[extname(path)] ?? "application/octet-stream";
  }
  headers["ETag"] = file.etag;
  const known = (request.headers["if-none-match"] ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(file.etag) || known.includes("*")) answer(response, 304, undefined, headers);
  else answer(response, 200, file.content, headers);
}

const identities = new WeakMap<MessageStore, string>();

/** @returns what tells a log from any other: the key of its first message; empty while there is none */
async function identityOf(log: MessageStore): Promise<string> {
  const known = identities.get(log);
  if (known !== undefined) return known;
  const [first] = log.newest > 0 ? await log.after(0, 1) : [];
  if (first !== undefined) identities.set(log, first.key);
  return first?.key ?? "";
}

interface PageFile {
  readonly content: Buffer;
  readonly etag: string;
}

const cache = new Map<string, { readonly changed: number; readonly file: PageFile }>();

/** A file from memory, read again only when it has changed: so a page load opens no file. */
function read(path: string): PageFile {
  const name = join(path.endsWith(".js") ? DIST : ROOT, path);
  const { mtimeMs: changed } = statSync(name);
  const cached = cache.get(name);
  if (cached?.changed === changed) return cached.file;
  const file = fileOf(readFileSync(name));
  cache.set(name, { changed, file });
  return file;
}

function fileOf(content: Buffer): PageFile {
  return { content, etag: `"${hash(content)}"` };
}

function hash(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 16);
}
