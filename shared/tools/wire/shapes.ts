// What an exchange is, read off its heads: loading the page, sending, or the technique by which news comes.
import type { Exchange } from "./decoded.ts";
import type { Shape } from "./events.ts";

/** From so many milliseconds on, a request counts as held. */
const HELD = 100;

const PAGE_TYPES =
  /^(text\/(html|css|javascript)|application\/(javascript|wasm|manifest\+json)|image\/|font\/)/i;
const PAGE_DESTINATIONS = /^(document|iframe|frame|script|style|image|font|manifest|worker)$/;

/** What can be said before there is an answer. */
export function shapeOfRequest({ method, headers }: Exchange): Shape {
  if (headers.get("upgrade")?.toLowerCase() === "websocket") return "socket";
  if (PAGE_DESTINATIONS.test(headers.get("sec-fetch-dest") ?? "")) return "page";
  if (method !== "GET") return "other";
  return /^text\/event-stream\b/i.test(headers.get("accept") ?? "") ? "stream" : "held";
}

/** @param held for how long the answer was held, in milliseconds */
export function shapeOfResponse({ method, response, headers }: Exchange, before: Shape, held: number): Shape {
  const { status = 0, headers: fields = headers } = response ?? {};
  const type = fields.get("content-type") ?? "";
  if (status === 101) return before === "socket" ? "socket" : "other";
  if (/^text\/event-stream\b/i.test(type)) return "stream";
  if (before === "page" || before === "send") return before;
  if (PAGE_TYPES.test(type) || status === 304) return "page";
  if (method !== "GET" || before === "socket") return "other";
  return held < HELD ? "poll" : "held";
}
