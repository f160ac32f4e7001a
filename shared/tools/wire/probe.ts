// What a source is: asked of the server itself, not through the proxy, so that it is not seen there.
import { get } from "node:http";
import { get as getSecurely } from "node:https";
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";

/** What a server says of itself. */
export interface Probed {
  /** The chapter's folder, or else the page's title; undefined where there is neither. */
  readonly name: string | undefined;
  readonly scheme: "http" | "https";
  /** Whether a page of this origin may show its page in a frame. */
  readonly framed: boolean;
}

const PATIENCE = 3_000;
/** So much of the page is read. */
const READ = 8 * 1024;

/**
 * @param origin the viewer's
 * @returns undefined where no server answers
 */
export async function probe(port: number, origin: string): Promise<Probed | undefined> {
  return (await ask("http", port, origin)) ?? (await ask("https", port, origin));
}

function ask(scheme: "http" | "https", port: number, origin: string): Promise<Probed | undefined> {
  return new Promise((resolve) => {
    // Whoever it is, nothing secret is sent: its certificate, most often a try's own, need not be checked.
    const options = { host: "127.0.0.1", port, agent: false, headers: { Host: `localhost:${port}` } };
    const request = scheme === "http" ? get(options) : getSecurely({ ...options, rejectUnauthorized: false });
    const timer = setTimeout(() => request.destroy(), PATIENCE);
    request.on("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    request.on("error", () => {});
    request.on("response", (response) => {
      let text = "";
      const done = () => {
        const chapter = CHAPTER_NAMES.find((name) => text.includes(`data-chapter="${name}"`));
        const [, title] = /<title>([^<]{1,60})<\/title>/i.exec(text) ?? [];
        const { "content-security-policy": policy, "x-frame-options": option } = response.headers;
        const framed = mayBeFramed(String(policy ?? ""), String(option ?? ""), origin);
        resolve({ name: chapter ?? title?.trim(), scheme, framed });
        request.destroy();
      };
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
        if (text.length > READ) done();
      });
      response.on("end", done);
      response.on("error", () => {});
    });
  });
}

/** By the policy if it says who may, or else by the older header (CSP Level 3 §6.4.2, RFC 7034). */
function mayBeFramed(policy: string, frameOptions: string, origin: string): boolean {
  const lists = [...policy.matchAll(/(?:^|[;,])\s*frame-ancestors\s+([^;,]*)/gi)];
  if (lists.length === 0) return frameOptions === "";
  return lists.every(([, list = ""]) => list.split(/\s+/).some((entry) => entry === origin || entry === "*"));
}
