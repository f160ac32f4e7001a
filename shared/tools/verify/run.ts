// Trying promises: which at once, which one after another, and on which server.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Language } from "../../html-renderer/words.ts";
import type { VerifiedPromise } from "./promises.ts";
import { Broken, type Said, shortened, type Topic, Untried } from "./said.ts";
import { lastError, type Server, StartError, type Target } from "./server.ts";
import { openTrial, type Trial, within } from "./trial.ts";

/** What became of a promise. */
export interface Verdict {
  readonly promise: VerifiedPromise;
  /** null: it could not be tried. */
  readonly kept: boolean | null;
  /** What was seen, or why it could not be tried. */
  readonly said?: Said;
  /** The lines that show it. */
  readonly why: readonly string[];
  /** What that is about, where it is not its promise's own topic. */
  readonly topic?: Topic;
  /** What the server printed meanwhile, where it is broken. */
  readonly printed?: readonly string[];
}

export interface RunOptions {
  /** How long something that should come is waited for, in milliseconds. */
  readonly patience: number;
  /** The language of the lines that show it; English, unless told. */
  readonly language?: Language;
  readonly onVerdict: (verdict: Verdict) => void;
  readonly onBegin?: (promise: VerifiedPromise) => void;
  /** Whether nothing more is tried behind the first broken one. */
  readonly first?: boolean;
}

/** Where this process itself was held up for longer, in milliseconds, no complaint is to be trusted. */
const BUSY = 400;

/** How many lines of the wire are shown. */
const LINES = 14;

/**
 * Tries one promise on a server that runs.
 *
 * @returns what was seen: each complaint is a fact of the wire, or of the process
 */
export async function tryPromise(
  promise: VerifiedPromise,
  target: Target,
  server: Server,
  patience: number,
  language: Language = "en",
  attempts = 2,
): Promise<Verdict> {
  const { trial, close } = openTrial(target, server, patience, language);
  const delays = monitorEventLoopDelay();
  delays.enable();
  server.takePrinted();
  try {
    const verdict = await judged(promise, trial);
    delays.disable();
    // A late answer may have been our own fault: then it counts for nothing.
    if (
      verdict.kept === false &&
      delays.max / 1e6 > BUSY &&
      attempts > 1 &&
      !server.exit() &&
      promise.server !== "quiet"
    ) {
      const again = target.several ? await target.start({ isLean: promise.isMeasured ?? false }) : server;
      try {
        return await tryPromise(promise, target, again, patience, language, attempts - 1);
      } finally {
        if (again !== server && !again.exit()) await again.end("SIGKILL");
      }
    }
    // A server that was to end ends with code 0, and by us.
    if (promise.name === "stops" || promise.name === "clients-forgotten") return verdict;
    await within(20, server.ended);
    const found = server.exit() ? { promise, kept: false, ...ending(trial) } : verdict;
    return found.kept === false ? { ...found, printed: server.takePrinted() } : found;
  } finally {
    await close();
  }
}

async function judged(promise: VerifiedPromise, trial: Trial): Promise<Verdict> {
  try {
    await promise.check(trial);
    return { promise, kept: true, why: [] };
  } catch (error) {
    if (error instanceof Broken) {
      const { seen: said, why = trial.lines().slice(-LINES), topic } = error;
      return { promise, kept: false, said, why, ...(topic && { topic }) };
    }
    if (error instanceof Untried) return { promise, kept: null, said: error.reason, why: [] };
    if (error instanceof StartError)
      return { promise, kept: false, said: { en: error.message, ko: error.ko }, why: [] };
    // Whatever else went wrong went wrong here, and is no server's fault.
    const message = error instanceof Error ? error.message : String(error);
    return { promise, kept: null, said: { en: message, ko: message }, why: [] };
  }
}

/** A server that ended by itself: how, by which input, and what it said. */
function ending(trial: Trial): { said: Said; why: string[]; topic: Topic } {
  const { server, input } = trial;
  const last = lastError(server.stderr());
  const error = shortened(last, 100);
  const because = error ? ` (${error})` : "";
  return {
    said: {
      en: `the server ended${input ? ` when it was sent ${input.en}` : ""}${because}`,
      ko: `서버가 종료되었습니다${input ? `. 마지막으로 보낸 것: ${input.ko}` : ""}${because}`,
    },
    why: [...trial.lines().slice(-8), ...linesFrom(server.stderr(), last, 6)],
    topic: "broken",
  };
}

/** Of what a program printed, the line that says what went wrong, and those behind it. */
function linesFrom(printed: string, said: string, most: number): string[] {
  const lines = printed.split(/\r?\n/).filter((line) => line.trim() !== "");
  const at = lines.findLastIndex((line) => line.trim() === said);
  return lines.slice(Math.max(0, at), Math.max(0, at) + most);
}

const GONE: Said = {
  en: "the server is gone, and was not started here",
  ko: "서버가 사라졌는데, verify가 시작한 서버가 아닙니다",
};

/**
 * Tries promises: the quick ones in their order, on one server as long as it is well; those that need one of their own
 * meanwhile, one after another; those that wait all at once.
 *
 * @throws StartError where the first server cannot be started, or reached
 */
export async function run(
  promises: readonly VerifiedPromise[],
  target: Target,
  { patience, language = "en", onVerdict, onBegin = () => {}, first = false }: RunOptions,
): Promise<void> {
  let over = false;
  const tell = (verdict: Verdict) => {
    if (over) return;
    onVerdict(verdict);
    if (first && verdict.kept === false) over = true;
  };
  const isShared = ({ server }: VerifiedPromise) => server === "shared";
  const isOwn = ({ server }: VerifiedPromise) => server === "own";
  const isQuiet = ({ server }: VerifiedPromise) => server === "quiet";

  /** On one server, one after another; on a fresh one behind whatever broke. */
  const inTurn = async (some: readonly VerifiedPromise[]) => {
    let server: Server | undefined;
    for (const promise of some) {
      if (over) break;
      onBegin(promise);
      if (server && (server.exit() || isOwn(promise))) {
        await end(server);
        server = undefined;
      }
      try {
        server ??= await target.start({ isLean: promise.isMeasured ?? false });
      } catch (error) {
        if (target.starts || !(error instanceof StartError)) throw error;
        tell({ promise, kept: null, said: GONE, why: [] });
        continue;
      }
      const verdict = await tryPromise(promise, target, server, patience, language);
      tell(verdict);
      if (target.starts && (verdict.kept === false || isOwn(promise))) {
        await end(server);
        server = undefined;
      } else if (!target.starts) server = undefined; // It is looked for again: it may have gone.
    }
    if (server) await end(server);
  };
  const onItsOwn = async (promise: VerifiedPromise, before: readonly Promise<void>[]) => {
    onBegin(promise);
    const server = await target.start();
    try {
      const verdict = await tryPromise(promise, target, server, patience, language);
      await Promise.all(before);
      tell(verdict);
    } finally {
      await end(server);
    }
  };
  const end = async (server: Server) => {
    if (target.starts && !server.exit()) await server.end("SIGKILL");
  };

  const quick = promises.filter(isShared);
  const heavy = promises.filter(isOwn);
  const slow = promises.filter(isQuiet);
  const [one] = promises;
  if (!one) return;
  await end(await target.start()); // Said in one line, before anything is tried.
  if (target.several) {
    // The first broken one is to be the same each time: then what waits is told of behind all others.
    const working = first ? [inTurn([...quick, ...heavy])] : [inTurn(quick), inTurn(heavy)];
    const waiting = slow.map((promise) => onItsOwn(promise, first ? working : []));
    await untilOver([...working, ...waiting], () => over);
    return;
  }
  await inTurn([...quick, ...heavy]);
  if (over) return;
  // Where servers may not run at once, or there is but one: those that only wait can share it.
  let server: Server | undefined;
  try {
    server = await target.start();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
  }
  if (!server) {
    for (const promise of slow) tell({ promise, kept: null, said: GONE, why: [] });
    return;
  }
  const there = server;
  await untilOver(
    slow.map(async (promise) => {
      onBegin(promise);
      tell(await tryPromise(promise, target, there, patience, language));
    }),
    () => over,
  );
  await end(there);
}

/** Waits for all; or, where the first broken one is enough, for it alone. */
async function untilOver(all: readonly Promise<void>[], isOver: () => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let left = all.length;
    for (const one of all) {
      one.then(() => {
        left -= 1;
        if (left === 0 || isOver()) resolve();
      }, reject);
    }
    if (left === 0) resolve();
  });
}
