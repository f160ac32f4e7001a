// Which of the bugs can be seen from outside: each of these `verify` must find, by itself.
import type { ChapterName } from "../../html-renderer/chapters.ts";
import type { Mutation } from "../../tools/bugs/bugs.ts";
import { ROOT, runNode } from "../../tools/proof/run-tests.ts";

/** What no client and no restart shows within the contract, and why. */
export const INSIDE: Readonly<Record<string, string>> = {
  "answered-twice": "a message and the end of a hold must come in one turn of the event loop",
  "all-that-was-kept-together":
    "only another program that writes a thousand lines into the file at once shows it",
  "catch-up-without-a-turn": "the contract allows a second, and only a log of some hundred MB takes so long",
  "catch-ups-in-one-turn": "the contract allows a second, and only a log of some hundred MB takes so long",
  "reads-faster-than-it-keeps": "only a disk that is slower than its client shows it",
  "resumes-too-early": "only a disk that is slower than its client shows it",
  "drafts-side-by-side": "the contract allows a second, and thousands of drafts are kept within it",
  "no-pipelining-limit": "node:http stops reading where answers pile up: by itself this fills no memory",
  "message-of-many-pieces":
    "the contract names no limit for pieces: what they hold is seen in the process alone",
  "hangs-with-its-disk": "only a disk that hangs shows it",
  "no-limit-for-slow-heads": "the contract names no time for a head",
  "opens-files-for-each-load": "only a process that may open few files shows it",
  "endless-handshake": "verify does not speak TLS",
  "no-flush": "only a power cut shows it",
  "publish-before-flush": "only a power cut shows it",
  "new-folder-not-flushed": "only a power cut shows it",
  "reads-what-is-not-flushed": "only a power cut shows it",
  "forgets-a-failed-flush": "only a flush that fails shows it",
  "glues-torn-lines": "only half a line that is written into the file from outside shows it",
  "writes-on-to-a-moved-log": "only a file that is moved away shows it",
  "inherited-fields": "no JSON gives an object another prototype",
  "batch-in-characters": "it is in the log in memory, and verify's servers keep a file",
};

/** The chapter that shows a bug of what all chapters share; without one, the first. */
const SHOWN_BY: Readonly<Record<string, ChapterName>> = {
  "answered-twice": "ch10-long-polling",
  "all-that-was-kept-together": "ch10-long-polling",
  "catch-up-without-a-turn": "ch11-sse",
  "catch-ups-in-one-turn": "ch11-sse",
  "reads-faster-than-it-keeps": "ch12-websocket",
  "resumes-too-early": "ch12-websocket",
  "drafts-side-by-side": "ch12-websocket",
};

/** The chapter on which a bug is looked for. */
function chapterOf({ name, file }: Mutation): ChapterName {
  const [folder = ""] = file.split("/");
  switch (folder) {
    case "ch09-polling":
    case "ch10-long-polling":
    case "ch11-sse":
    case "ch12-websocket":
      return folder;
    default:
      return SHOWN_BY[name] ?? (file.endsWith("/upgrade.ts") ? "ch12-websocket" : "ch09-polling");
  }
}

/** What `verify` says of a copy in which a bug is. */
export interface Seen {
  /** `found`; `inside`, where it is known that it cannot be seen; `missed`; `broken`: it could not be tried. */
  readonly result: "found" | "inside" | "missed" | "broken";
  readonly by: string;
}

/** Tries a copy that is built, with the `verify` of this project. */
export async function seenFromOutside(folder: string, mutation: Mutation): Promise<Seen> {
  const chapter = chapterOf(mutation);
  const script = `${folder}/dist/${chapter}/server.js`;
  const start = `"${process.execPath}" "${script}" --port {port} --store {store}`;
  const { code, text } = await runNode(ROOT, [
    "dist/shared/tools/verify/verify.js",
    ...["--start", start, "--technique", chapter.slice(5), "--first", "--json", "--lang", "en"],
  ]);
  for (const line of text.split("\n")) {
    const { promise, kept, seen } = objectIn(line);
    if (kept === false) return { result: "found", by: `${promise}: ${seen}` };
  }
  const reason = INSIDE[mutation.name];
  if (code !== 0) return { result: "broken", by: text.slice(-300) };
  return reason === undefined ? { result: "missed", by: chapter } : { result: "inside", by: reason };
}

function objectIn(line: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
