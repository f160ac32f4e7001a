// The viewer's own server: its page, the events as they come, an event opened, faults, and the recording.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { answer, HttpError, refuse } from "../../http/answer.ts";
import { admit, PAGE_METHODS } from "../../http/request.ts";
import { readJson } from "../../http/update.ts";
import type { FaultCommand, FaultState, OpenedEvent, Source } from "./events.ts";
import { parseFaultCommand } from "./fault-command.ts";
import type { Feed } from "./feed.ts";
import { PortError } from "./recorder.ts";

// Compiled, this file is at dist/shared/tools/wire; as a source, which newer Node runs unbuilt, at shared/tools/wire.
const UP = "../../..";
const DIST = join(import.meta.dirname, UP, import.meta.filename.endsWith(".ts") ? "dist" : ".");
const ROOT = join(DIST, "..");
const HERE = "shared/tools/wire";
const VIEWER = `${HERE}/viewer`;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** What the viewer's page can ask for. */
export interface Viewed {
  readonly feed: Feed;
  sources(): readonly Source[];
  open(number: number): OpenedEvent | undefined;
  /** The lines of the recording so far. */
  recording(): Iterable<string>;
  /** Missing where a recording is shown: then nothing can be changed. */
  readonly live?: {
    fault(command: FaultCommand): FaultState[];
    clear(): void;
  };
}

export interface ViewerServer {
  readonly port: number;
  close(): void;
}

/**
 * Listens on the loopback interface.
 *
 * @param port 0 takes a free one
 * @throws PortError
 */
export async function openViewerServer(port: number, viewed: Viewed): Promise<ViewerServer> {
  const files = filesOfPage();
  const paths = new Map<string, readonly string[]>([
    ...[...files.keys()].map((path): [string, readonly string[]] => [path, PAGE_METHODS]),
    ["/events", ["GET"]],
    ["/recording", ["GET"]],
    ["/fault", ["POST"]],
    ["/clear", ["POST"]],
  ]);
  const server = createServer(async (request, response) => {
    try {
      const [opened, number] = /^\/event\/(\d{1,12})$/.exec(request.url ?? "") ?? [];
      const known = opened === undefined ? paths : new Map([[opened, ["GET"]]]);
      const path = await admit(request, response, { paths: known, host: "127.0.0.1", allowHosts: [] });
      const file = files.get(path);
      if (file) serveFile(response, path, file, viewed.sources());
      else if (opened !== undefined) answerEvent(response, viewed.open(Number(number)));
      else if (path === "/events") viewed.feed.join(response);
      else if (path === "/recording") sendRecording(response, viewed.recording());
      else await change(request, response, path, viewed);
    } catch (error) {
      refuse(response, error);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new PortError(port, error))).listen(port, "127.0.0.1", resolve);
  });
  server.on("error", (error) => console.error(error));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    close() {
      viewed.feed.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The page's files by their paths: an explicit list, so that no path is computed from what a client sent. */
function filesOfPage(): Map<string, string> {
  const shared = ["drawing.js", "rows.js", "words.js"].map((name) => `${HERE}/${name}`);
  const own = readdirSync(join(DIST, VIEWER)).filter((name) => name.endsWith(".js"));
  const styles = readdirSync(join(ROOT, VIEWER)).filter((name) => name.endsWith(".css"));
  return new Map([
    ["/", join(ROOT, VIEWER, "index.html")],
    [`/${HERE}/drawing.css`, join(ROOT, HERE, "drawing.css")],
    ...styles.map((name): [string, string] => [`/${VIEWER}/${name}`, join(ROOT, VIEWER, name)]),
    ...shared.map((path): [string, string] => [`/${path}`, join(DIST, path)]),
    ...own.map((name): [string, string] => [`/${VIEWER}/${name}`, join(DIST, VIEWER, name)]),
  ]);
}

function serveFile(response: ServerResponse, path: string, file: string, sources: readonly Source[]): void {
  const headers = {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Cache-Control": "no-cache",
    ...(path === "/" && {
      "Content-Security-Policy": contentSecurityPolicy(sources),
      "Referrer-Policy": "no-referrer",
    }),
  };
  answer(response, 200, readFileSync(file), headers);
}

/** The page may load its own files, and show the chats in frames; nothing else, and nobody may show it. */
function contentSecurityPolicy(sources: readonly Source[]): string {
  const frames = sources.flatMap(({ url }) => (url === "" ? [] : [url]));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    `frame-src ${frames.join(" ") || "'none'"}`,
  ].join("; ");
}

function answerEvent(response: ServerResponse, opened: OpenedEvent | undefined): void {
  if (!opened) throw new HttpError(404, "This event is not kept any more: only the newest are.");
  answer(response, 200, opened);
}

function sendRecording(response: ServerResponse, lines: Iterable<string>): void {
  const name = `wire-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.ndjson`;
  response.writeHead(200, {
    "Content-Type": "application/x-ndjson",
    "Content-Disposition": `attachment; filename="${name}"`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  // A part at a time, as fast as it is read: bytes go on through the proxy meanwhile.
  const rest = lines[Symbol.iterator]();
  const step = () => {
    if (response.destroyed) return;
    let part = "";
    while (part.length < 256 * 1024) {
      const next = rest.next();
      if (next.done) return void response.end(part);
      part += next.value;
    }
    if (response.write(part)) setImmediate(step);
    else response.once("drain", step);
  };
  step();
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { live, feed, sources }: Viewed,
): Promise<void> {
  const value = await readJson(request);
  if (!live) throw new HttpError(409, "This is a recording: nothing in it can be changed.");
  if (path === "/clear") {
    live.clear();
    feed.restart();
    answer(response, 204);
    return;
  }
  const faults = live.fault(parseFaultCommand(value, sources().length));
  feed.notice();
  answer(response, 200, { faults });
}
