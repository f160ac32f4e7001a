// Everything that is measured: which script, started how, and how its clients talk to it.
import type { TechniqueName } from "./techniques.ts";

/** A kind of server. */
export interface Subject {
  /** Relative to dist/. */
  readonly script: string;
  readonly args: readonly string[];
  /** The arguments that have it keep its messages in a file, where it can. */
  readonly file?: (path: string) => readonly string[];
  readonly technique: TechniqueName;
  /** Milliseconds between two heartbeats of an idle connection. */
  readonly heartbeat?: number;
}

const IN_MEMORY = ["--port", "0", "--store", "memory:"];
const inFile = (path: string) => ["--port", "0", "--store", `file:${path}`];
const FLOORS = "shared/tools/compare/floors.js";
const RIVALS = "shared/tools/compare/rivals.js";

export { CHAPTER_NAMES as CHAPTERS, type ChapterName } from "../../html-renderer/chapters.ts";

const SUBJECTS = {
  "ch09-polling": { script: "ch09-polling/server.js", args: IN_MEMORY, technique: "polling" },
  "ch09-asked": { script: "ch09-polling/server.js", args: IN_MEMORY, technique: "polling asked" },
  "ch10-long-polling": {
    script: "ch10-long-polling/server.js",
    args: IN_MEMORY,
    technique: "long polling",
    heartbeat: 25_000,
  },
  "ch11-sse": {
    script: "ch11-sse/server.js",
    args: IN_MEMORY,
    file: inFile,
    technique: "events",
    heartbeat: 15_000,
  },
  "ch12-websocket": {
    script: "ch12-websocket/server.js",
    args: IN_MEMORY,
    file: inFile,
    technique: "socket",
    heartbeat: 15_000,
  },
  "floor http": { script: FLOORS, args: ["http"], technique: "constant asked" },
  "floor nothing": { script: FLOORS, args: ["http"], technique: "nothing asked" },
  "floor events": {
    script: FLOORS,
    args: ["events"],
    file: (path: string) => ["events", path],
    technique: "floor events",
    heartbeat: 15_000,
  },
  "floor socket": {
    script: FLOORS,
    args: ["socket"],
    file: (path: string) => ["socket", path],
    technique: "floor socket",
    heartbeat: 15_000,
  },
  "better-sse": { script: RIVALS, args: ["better-sse"], technique: "events", heartbeat: 10_000 },
  "socket.io socket": {
    script: RIVALS,
    args: ["socket.io"],
    technique: "socket.io socket",
    heartbeat: 25_000,
  },
  "socket.io polling": {
    script: RIVALS,
    args: ["socket.io"],
    technique: "socket.io polling",
    heartbeat: 25_000,
  },
} as const satisfies Record<string, Subject>;

export type SubjectName = keyof typeof SUBJECTS;

/** What people would use instead of a chapter, with the same technique. */
export const RIVAL_OF: Readonly<Partial<Record<SubjectName, SubjectName>>> = {
  "ch10-long-polling": "socket.io polling",
  "ch11-sse": "better-sse",
  "ch12-websocket": "socket.io socket",
};

export function subjectOf(name: SubjectName): Subject {
  return SUBJECTS[name];
}
