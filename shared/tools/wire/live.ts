// Watching live: proxies, what they record, and the viewer's server.
import type { Source } from "./events.ts";
import { openFeed } from "./feed.ts";
import { probe } from "./probe.ts";
import { openRecorder, type Recorder, type Watch } from "./recorder.ts";
import { linesOf } from "./recording.ts";
import { TrafficStore } from "./store.ts";
import { openViewerServer } from "./viewer-server.ts";

/** A server that does not answer is asked again after so many milliseconds. */
const AGAIN = 1_000;
/** Its user is told when it did not answer so many times: it may be starting beside us. */
const PATIENCE = 4;

export interface LiveOptions {
  readonly sources: readonly Watch[];
  /** The viewer's port; 0 takes a free one. */
  readonly viewer: number;
  /** Told when a source's server has not answered for some seconds, once until it does. */
  readonly onUnreachable?: (port: number) => void;
}

/** What is watched, while it is. */
export interface Live {
  readonly recorder: Recorder;
  readonly store: TrafficStore;
  /** The viewer's address, to be opened in a browser. */
  readonly url: string;
  /** Each server has answered, or is said to be unreachable. */
  readonly asked: Promise<unknown>;
  close(): Promise<void>;
}

/** @throws PortError */
export async function watchLive({ sources, viewer, onUnreachable = () => {} }: LiveOptions): Promise<Live> {
  const store = new TrafficStore();
  const recorder = await openRecorder(sources, store, {
    news: () => feed.notice(),
    unreachable: (source) => seek(source),
  });
  const known: Source[] = sources.map(({ to }, index) => {
    const port = recorder.ports[index] ?? 0;
    return {
      source: index + 1,
      name: `port ${to}`,
      to,
      port,
      url: `http://localhost:${port}`,
      framed: false,
    };
  });
  let isNew = false;
  const feed = openFeed({
    store,
    hello: () => ({ mode: "live", sources: known, now: recorder.now() }),
    news(all) {
      const told = all || isNew;
      if (!all) isNew = false;
      return {
        now: recorder.now(),
        counters: [...recorder.tracker.tallies.values()].map((tally) =>
          tally.counters(store.forgotten.get(tally.source) ?? 0),
        ),
        faults: recorder.faults(),
        ...(told && { sources: known }),
      };
    },
  });

  const server = await openViewerServer(viewer, {
    feed,
    sources: () => known,
    open: (number) => store.open(number),
    recording: () => linesOf({ sources: known, began: recorder.began }, store.records, recorder.now()),
    live: {
      fault(command) {
        recorder.fault(command);
        return recorder.faults();
      },
      clear: () => recorder.clear(),
    },
  }).catch(async (error) => {
    feed.close();
    await recorder.close();
    throw error;
  });
  const url = `http://localhost:${server.port}`;

  // Who a server is, and whether its page may be framed, is asked until it answers, and when it was away.
  const seeking = new Map<number, NodeJS.Timeout | undefined>();
  const seek = (source: number, onAsked = () => {}) => {
    const own = known[source - 1];
    if (own === undefined || seeking.has(source)) return;
    let tries = 0;
    const ask = async () => {
      const found = await probe(own.to, url);
      if (found === undefined) {
        tries += 1;
        if (tries === PATIENCE) {
          onUnreachable(own.to);
          onAsked();
        }
        if (seeking.has(source)) seeking.set(source, setTimeout(ask, AGAIN));
        return;
      }
      seeking.delete(source);
      const { scheme, name = own.name, framed } = found;
      known[source - 1] = { ...own, name, framed, url: `${scheme}://localhost:${own.port}` };
      isNew = true;
      feed.notice();
      onAsked();
    };
    seeking.set(source, undefined);
    void ask();
  };
  const asked = Promise.all(known.map(({ source }) => new Promise<void>((resolve) => seek(source, resolve))));

  return {
    recorder,
    store,
    url,
    asked,
    async close() {
      for (const timer of seeking.values()) clearTimeout(timer);
      seeking.clear();
      server.close();
      await recorder.close();
    },
  };
}
