// The chat as a chapter's client sees it: rounds of receiving, and how a draft is sent.
import { type Draft, type Message, NEWEST } from "../../message-store/message.ts";
import { WORDS } from "../words.ts";
import { createBackoff } from "./backoff.ts";
import { openBreaks } from "./breaks.ts";
import { checkServer, initialState, watchForNewerPage } from "./check.ts";
import { openComposer } from "./composer.ts";
import { openCopy } from "./copy.ts";
import { openEntries } from "./entries.ts";
import { openNumbers } from "./numbers.ts";
import { wait } from "./pause.ts";
import { pageLanguage, reasonOf } from "./reason.ts";
import { type Receive, type Round, watchSilence } from "./round.ts";
import { createSending } from "./sending.ts";
import { pageNumber } from "./settings.ts";
import { openStatus } from "./status.ts";
import { openStrip } from "./strip.ts";
import { openWire } from "./wire.ts";

/** The page's chat. */
export interface Chat {
  /** The number that the server gave the page as `data-NAME`. @throws Error if there is none */
  setting(name: string): number;
  /** Receives for as long as the page is open: one round after another. */
  receive(technique: Receive): Promise<never>;
}

/** A held request that lasts so long after a failure is a connection, in milliseconds. */
const LASTING = 2_000;
/** A server that ends a hold without a message before this, in milliseconds, is shutting down. */
const HOLD = 20_000;
/** A page that polls checks the log so often, in milliseconds. */
const CHECK_INTERVAL = 15_000;
/** How long to wait after a failure, at most at first and at most ever, in milliseconds. */
const BACKOFF = { first: 1_000, max: 15_000, random: Math.random };

/** Rejects when the signal is aborted. */
function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** Why a round was ended by the page itself. */
class Ended extends Error {}

/**
 * Connects the chat to the page that the server rendered.
 *
 * @param post sends a draft by a request of its own, and resolves to the message; without it, drafts are sent on the
 *   connection, see `Round.connected`
 */
export function openChat(post?: (draft: Draft) => Promise<Message>): Chat {
  const language = pageLanguage();
  const wire = openWire();
  openStrip(wire);
  openNumbers(wire);
  openCopy();
  watchForNewerPage();
  const status = openStatus();
  const backoff = createBackoff(BACKOFF);
  const state = initialState();
  const entries = openEntries({
    cursor: Math.max(0, state.newest - NEWEST),
    wire,
    retry: (draft) => sending.retry(draft),
    discarded: () => composer.focus(),
    earlier: loadEarlier,
  });
  const sending = createSending(entries, wire, post);
  const composer = openComposer(async (draft) => {
    if (status.state === "connected") status.note("");
    await sending.send(draft);
  });
  const breaks = openBreaks({
    drop: () => end?.(new Ended(WORDS.droppedByYou[language])),
    repeat: sending.repeat,
  });
  let log = state.log;
  let technique: Receive | undefined;
  /** Ends the round that is under way. */
  let end: ((why: Error) => void) | undefined;
  /** While the log is being checked after a reconnection, messages wait here: they may be of another log. */
  let unchecked: Message[] | undefined;
  let checks = 0;
  /** Settles when the check that was begun last is over. */
  let checked = Promise.resolve();
  /** `Date.now()` when the last check began, or the page was opened. */
  let lastCheck = Date.now();
  /** The last check had no answer from this page's server. */
  let isUnsure = false;
  /** What is to be said once the page is connected again. */
  let news = "";
  /** When the round before was answered: a pause after it is silence too, and long in a hidden tab. */
  let answered: number | undefined;
  /** The last round failed, and nothing came since. */
  let hasFailed = false;

  function setConnected(): void {
    backoff.reset();
    if (status.state === "connected") return;
    status.set("connected", news);
    news = "";
    makeSure();
  }

  function makeSure(): void {
    if (isUnsure && checks === 0) void check();
  }

  /** Repeats a failed check while the page is connected; when it is connected again, `setConnected` does so at once. */
  async function checkAgain(): Promise<void> {
    const pace = createBackoff(BACKOFF);
    while (isUnsure) {
      await wait(pace.next());
      if (status.state === "connected") makeSure();
    }
  }

  function show(messages: readonly Message[]): void {
    if (unchecked !== undefined) {
      unchecked.push(...messages);
      return;
    }
    if (log === "" && messages[0]?.id === 1) log = messages[0].key;
    if (!entries.show(messages)) void check();
    wire.record({ type: "cursor", cursor: entries.cursor });
  }

  /** Finds out whether the server has another log than before. If so, the list starts again, and so does the round. */
  function check(): Promise<void> {
    checks += 1;
    lastCheck = Date.now();
    unchecked ??= [];
    checked = compare();
    return checked;
  }

  async function compare(): Promise<void> {
    const now = await checkServer();
    checks -= 1;
    const wasUnsure = isUnsure;
    isUnsure = now === undefined;
    if (isUnsure && !wasUnsure) void checkAgain();
    const isOurs = now === undefined || now.log === log || (log === "" && entries.cursor === 0);
    if (now !== undefined) log = now.log;
    if (!isOurs) {
      unchecked = [];
      entries.reset(Math.max(0, now.newest - NEWEST));
      wire.record({ type: "cursor", cursor: entries.cursor });
      if (status.state === "connected") status.note(WORDS.reset[language]);
      else news = WORDS.reset[language];
      end?.(new Ended());
    }
    // Several checks may be under way; the last of them lets the messages through.
    if (checks > 0) return;
    const waiting = unchecked ?? [];
    unchecked = undefined;
    if (waiting.length > 0) show(waiting);
  }

  function openRound(): { round: Round; close(): void } {
    const controller = new AbortController();
    const began = performance.now();
    const giveUp = () => controller.abort(new DOMException("", "TimeoutError"));
    const silence = watchSilence(giveUp, answered ?? Date.now());
    answered = undefined;
    let isOpen = false;
    let isHeld = false;
    let isOver = false;
    let isLost = false;
    end = (why) => controller.abort(why);
    /** A proxy may keep its connection to the page while the server behind it restarts, perhaps with another log. */
    const mayHideRestart = (count: number) => {
      if (isOpen) return false;
      return isHeld ? count === 0 && round.age() < HOLD : Date.now() - lastCheck >= CHECK_INTERVAL;
    };
    const round: Round = {
      signal: controller.signal,
      url(path) {
        const url = new URL(`${path}?after=${entries.cursor}`, location.origin).href;
        wire.record({ type: "request", url });
        return url;
      },
      async held() {
        isHeld = true;
        if (status.state === "connected") return;
        const pace = createBackoff(BACKOFF);
        let wasThere = true;
        while (!isOver && (await checkServer()) === undefined) {
          wasThere = false;
          await wait(pace.next());
        }
        if (!wasThere) return controller.abort(new Ended()); // Sent when nobody was there, it may be lost: ask again.
        // A proxy in front of a server that is away answers soon: after a failure, the request has to last.
        if (hasFailed) await new Promise((resolve) => setTimeout(resolve, LASTING));
        if (!isOver) setConnected();
      },
      age: () => performance.now() - began,
      connected(send) {
        silence.heard();
        isOpen = true;
        wire.record({ type: "open" });
        if (isLost) void check(); // The browser reconnected by itself.
        isLost = false;
        hasFailed = false;
        setConnected();
        sending.open(send);
      },
      show(messages) {
        silence.heard();
        answered = Date.now();
        hasFailed = false;
        setConnected();
        if (mayHideRestart(messages.length) && checks === 0) void check();
        wire.record({ type: isOpen ? "message" : "answer", messages: messages.length });
        show(messages);
      },
      heartbeat() {
        silence.heard();
        wire.record({ type: "heartbeat" });
      },
      refused(key, reason) {
        if (key === undefined || !entries.failed(key, reason)) status.note(reason);
      },
      waiting(reason) {
        isLost = true;
        wire.record({ type: "break" });
        status.set("reconnecting", reasonOf(reason));
        void checkServer();
      },
    };
    const close = () => {
      isOver = true;
      silence.end();
      sending.close();
      end = undefined;
    };
    return { round, close };
  }

  /** Reads the 100 messages before the oldest that is shown, in a round of its own. */
  function loadEarlier(oldest: number): Promise<readonly Message[]> {
    const after = Math.max(0, oldest - 1 - NEWEST);
    const controller = new AbortController();
    const found: Message[] = [];
    return new Promise((resolve, reject) => {
      const round: Round = {
        signal: AbortSignal.any([controller.signal, AbortSignal.timeout(10_000)]),
        url: (path) => new URL(`${path}?after=${after}`, location.origin).href,
        held() {},
        age: () => 0,
        connected() {},
        heartbeat() {},
        refused() {},
        waiting: reject,
        show(messages) {
          found.push(...messages.filter(({ id }) => id < oldest));
          if ((messages.at(-1)?.id ?? 0) < oldest - 1) return;
          resolve(found);
          controller.abort();
        },
      };
      technique?.(round).catch(reject);
    });
  }

  // A kept-alive connection is replaced without a word: then the server may have been restarted with another log.
  new PerformanceObserver((list) => {
    const isNew = (entry: PerformanceEntry) =>
      entry instanceof PerformanceResourceTiming && entry.connectEnd > entry.connectStart;
    const isData = ({ name }: PerformanceEntry) => name.includes("?after=");
    if (list.getEntries().some((entry) => isData(entry) && isNew(entry))) void check();
    performance.clearResourceTimings();
  }).observe({ type: "resource" });

  return {
    setting: pageNumber,
    async receive(next) {
      technique = next;
      sending.restore(entries.restored());
      for (;;) {
        const { round, close } = openRound();
        let problem: unknown;
        try {
          await breaks.online();
          await Promise.race([next(round), endOf(round.signal)]); // Some only wait, and hear of no end.
        } catch (error) {
          problem = error;
        }
        if (round.signal.aborted) problem = round.signal.reason;
        close();
        if (problem === undefined && answered === undefined) void check(); // A proxy ended the hold, perhaps in a restart.
        if (problem === undefined || (problem instanceof Ended && problem.message === "")) {
          await checked; // The next request needs the cursor of what waits, or of another log.
          continue;
        }
        hasFailed = true;
        answered = undefined;
        wire.record({ type: "break" });
        void checkServer(); // Another chapter may be there now.
        const reason = problem instanceof Ended ? problem.message : reasonOf(problem);
        await status.countDown(backoff.next(), reason);
        await check();
      }
    },
  };
}
