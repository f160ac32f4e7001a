// Opening a recording: what was seen then is made of its records again.
import { readFileSync, statSync } from "node:fs";
import type { Counters, Source, Time } from "./events.ts";
import { openFeed } from "./feed.ts";
import { type Beginning, linesOf, type RecordingProblem, readRecording } from "./recording.ts";
import { TrafficStore } from "./store.ts";
import { type Tracker, trackTraffic } from "./tracker.ts";
import { openViewerServer, type ViewerServer } from "./viewer-server.ts";

/** A file that is longer is no recording of this tool: it keeps 64 MiB. */
const FILE_LIMIT = 256 * 1024 * 1024;

/** A recording that was opened. */
export interface Replayed extends Beginning {
  readonly store: TrafficStore;
  /** When it was saved, or as far as it goes. */
  readonly now: Time;
  readonly counters: readonly Counters[];
  readonly problems: readonly RecordingProblem[];
}

/** @throws Error a sentence, where the file cannot be read or is no recording */
export function openRecording(path: string): Replayed {
  return replay(readText(path));
}

function readText(path: string): string {
  try {
    if (statSync(path).size <= FILE_LIMIT) return readFileSync(path, "utf8");
  } catch (error) {
    const code = Object(error).code;
    throw new Error(
      `${path} cannot be read (${code}): give the path of a recording that the viewer has saved.`,
    );
  }
  throw new Error(`${path} is too large for a recording: give one that the viewer has saved.`);
}

/** @throws Error a sentence, where the text is no recording */
export function replay(text: string): Replayed {
  const store = new TrafficStore();
  let tracker: Tracker | undefined;
  let beginning: Beginning = { sources: [], began: 0 };
  const { now, problems } = readRecording(
    text,
    (first) => {
      beginning = first;
      tracker = trackTraffic(
        first.sources.map(({ source }) => source),
        store,
      );
    },
    (record) => {
      if (!tracker?.apply(record)) return false;
      store.record(record);
      if (record.type === "clear") {
        store.clear();
        tracker.clear();
      }
      return true;
    },
  );
  const counters = [...(tracker?.tallies.values() ?? [])].map((tally) =>
    tally.counters(store.forgotten.get(tally.source) ?? 0),
  );
  return { ...beginning, store, now, counters, problems };
}

/** Shows a recording in the viewer. @throws PortError */
export function showRecording(replayed: Replayed, viewer: number): Promise<ViewerServer> {
  const { sources, began, now, store, counters, problems } = replayed;
  const feed = openFeed({
    store,
    hello: () => ({ mode: "recording", sources, now }),
    news: () => ({ now, counters, faults: [] }),
    end: { problems },
  });
  return openViewerServer(viewer, {
    feed,
    sources: (): readonly Source[] => sources,
    open: (number) => store.open(number),
    recording: () => linesOf({ sources, began }, store.records, now),
  });
}
