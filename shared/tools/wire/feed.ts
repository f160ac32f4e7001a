// The viewers' event stream: everything that is kept, and then what is new.
import type { ServerResponse } from "node:http";
import type { End, Hello, Update } from "./events.ts";
import type { TrafficStore } from "./store.ts";

/** News is collected for so many milliseconds. */
const COLLECTED = 50;
/** So many events, and so many ticks, an update holds at most. */
const MOST = 1_000;
const HEARTBEAT = 15_000;
/** A viewer with more unsent bytes is disconnected; it reconnects and begins again. */
const UNREAD_LIMIT = 32 * 1024 * 1024;

/** What a feed asks for. */
export interface FeedSource {
  readonly store: TrafficStore;
  hello(): Hello;
  /** What else is new: everything where `all` is true. */
  news(all: boolean): Omit<Update, "events" | "marks">;
  /** Of a recording. */
  readonly end?: End;
}

export interface Feed {
  /** Answers a viewer's request, and goes on doing so until it leaves. */
  join(response: ServerResponse): void;
  /** Something may be new. */
  notice(): void;
  /** Everybody begins again. */
  restart(): void;
  close(): void;
}

export function openFeed({ store, hello, news, end }: FeedSource): Feed {
  const viewers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;

  const send = (viewer: ServerResponse, type: "hello" | "update" | "end", data: string) => {
    viewer.write(`event: ${type}\ndata: ${data}\n\n`);
    if (viewer.writableLength > UNREAD_LIMIT) viewer.destroy();
  };

  /** Sends what is kept, a part in each turn of the event loop. What is new meanwhile comes in between. */
  const begin = (viewer: ServerResponse) => {
    send(viewer, "hello", JSON.stringify(hello()));
    const { events, marks } = store.kept;
    const step = () => {
      if (viewer.destroyed) return;
      const part = store.read(events.splice(0, MOST), marks.splice(0, MOST));
      send(viewer, "update", JSON.stringify({ ...news(true), ...part }));
      if (events.length + marks.length > 0) setImmediate(step);
      else if (end) send(viewer, "end", JSON.stringify(end));
    };
    step();
  };
  const tell = () => {
    timer = undefined;
    const changes = store.takeChanges(MOST);
    if (viewers.size === 0) return;
    const data = JSON.stringify({ ...news(false), ...changes });
    for (const viewer of viewers) send(viewer, "update", data);
  };
  const heartbeat = setInterval(() => {
    for (const viewer of viewers) viewer.write(":\n\n");
  }, HEARTBEAT);

  return {
    join(response) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      viewers.add(response);
      response.on("close", () => viewers.delete(response));
      begin(response);
    },
    notice() {
      timer ??= setTimeout(tell, COLLECTED);
    },
    restart() {
      for (const viewer of viewers) begin(viewer);
    },
    close() {
      clearTimeout(timer);
      clearInterval(heartbeat);
      for (const viewer of viewers) viewer.destroy();
    },
  };
}
