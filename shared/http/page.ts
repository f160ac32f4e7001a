// The page's own files: an explicit list, so that no path is ever computed from what a client sent.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { ChapterName } from "../html-renderer/chapters.ts";
import { CONTENT_SECURITY_POLICY, PAGE_FILES, renderPage } from "../html-renderer/page.ts";
import { pickLanguage } from "../html-renderer/words.ts";
import { PAGE_METHODS } from "./admit.ts";
import { answer } from "./answer.ts";
import { queryOf } from "./cursor.ts";

// Compiled, this file is at dist/shared/http; as a source, which newer Node runs unbuilt, at shared/http.
const DIST = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../dist" : "../..");
const ROOT = join(DIST, "..");

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** A chapter's page: its name and what the server tells the page's script. */
export interface Page {
  readonly name: ChapterName;
  readonly settings: Readonly<Record<string, number>>;
}

/** @returns the paths of a chapter's page and its files, with their methods */
export function pagePaths({ name }: Page): [string, readonly string[]][] {
  return ["/", ...filesOf(name)].map((path) => [path, PAGE_METHODS]);
}

function filesOf(name: ChapterName): string[] {
  return [`/${name}/client.js`, ...PAGE_FILES.map((path) => `/${path}`)];
}

/**
 * Answers with the page or one of its files, as they are now. `no-cache` has the browser ask each time, so that a
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
  let content: Buffer;
  if (path === "/") {
    const language = pickLanguage(queryOf(request, "lang") ?? null, request.headers["accept-language"]);
    // The version is in the page, and so in its ETag: a page that was opened before a rebuild can tell.
    const version = hash(Buffer.concat(await Promise.all(filesOf(page.name).map(read))));
    content = Buffer.from(renderPage({ chapter: page.name, language, version, settings: page.settings }));
    headers["Content-Type"] = "text/html; charset=utf-8";
    headers["Content-Language"] = language;
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY;
    headers["Referrer-Policy"] = "no-referrer";
    headers["Vary"] = "Accept-Language";
  } else {
    content = await read(path);
    headers["Content-Type"] = TYPES[extname(path)] ?? "application/octet-stream";
  }
  const etag = `"${hash(content)}"`;
  headers["ETag"] = etag;
  const known = (request.headers["if-none-match"] ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*")) answer(response, 304, undefined, headers);
  else answer(response, 200, content, headers);
}

function read(path: string): Promise<Buffer> {
  return readFile(join(path.endsWith(".js") ? DIST : ROOT, path));
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 16);
}
