// One check's means: clients, requests and bytes, all noted, and all cleared away when it is over.
import { setTimeout as sleep } from "node:timers/promises";
import type { ChapterName } from "../../html-renderer/chapters.ts";
import type { Language } from "../../html-renderer/words.ts";
import type { Draft, Message } from "../../message-store/message.ts";
import { type AskOptions, partialAnswerIn, requestOf } from "../clients/ask.ts";
import { type ChatClient, type ClientOptions, openClient } from "../clients/clients.ts";
import { type RawWebSocket, upgraded, upgradeOf } from "../clients/frames.ts";
import { openRaw, type RawConnection } from "../clients/raw.ts";
import { broken, type Said, shortened, withRo } from "./said.ts";
import type { Server, StartOptions, Target } from "./server.ts";

/** Where each technique receives. */
export const DATA: Readonly<Record<ChapterName, string>> = {
  "ch09-polling": "/poll",
  "ch10-long-polling": "/longpoll",
  "ch11-sse": "/subscribe",
  "ch12-websocket": "/",
};

/** A client of a check, by its number. */
export interface Member {
  readonly number: number;
  readonly client: ChatClient;
  /** What went over its wire, with the time in milliseconds. */
  readonly wire: readonly Moment[];
}

interface Moment {
  readonly at: number;
  readonly direction: "sent" | "received";
  readonly text: string;
}

/** What became of one request. */
export interface Fetched {
  /** 0 where no answer came. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** How the answer was: whole, more to come, or none, as the connection ended, or as nothing came in time. */
  readonly came: "whole" | "in part" | "ended" | "nothing";
  /** The line of `--why` that shows it. */
  readonly noted: string;
}

export interface FetchOptions extends AskOptions {
  /** Whether the head is enough: the body may never end. */
  readonly headOnly?: boolean;
  /** How long to wait, in milliseconds. */
  readonly limit?: number;
  /** Whether `--why` is not to show it. */
  readonly isUnnoted?: boolean;
}

/** What a check works with. */
export interface Trial {
  readonly chapter: ChapterName;
  readonly target: Target;
  readonly server: Server;
  /** The language of the lines that `--why` shows. */
  readonly language: Language;
  /** How long something that should come is waited for, in milliseconds. */
  readonly patience: number;
  /** Lets a client in. */
  enter(options?: ClientOptions): Member;
  /** Sends one request on a connection of its own. Never rejects. */
  fetch(line: string, options?: FetchOptions): Promise<Fetched>;
  /** Opens a connection. @param what names the bytes, for whoever is told */
  raw(bytes: string | Uint8Array, what?: string | Said): RawConnection;
  /** Opens a WebSocket by hand. @throws Broken where there is none */
  socket(target?: string, first?: Uint8Array): Promise<RawWebSocket>;
  /** Names what is sent next, for the case that it ends the server. */
  sending(what: Said): void;
  /** What was named last. */
  readonly input: Said | undefined;
  /** Milliseconds since the check began. */
  elapsed(): number;
  /** Adds a line to what `--why` shows. @returns it, with its time */
  note(line: string | Said): string;
  /** What was noted, and what went over the clients' wires, in the order of time. */
  lines(): string[];
  /** Starts another server of the same kind; it ends with the check. */
  startAnother(options?: StartOptions): Promise<Server>;
  /** Calls it when the check is over. */
  onEnd(clear: () => void | Promise<void>): void;
}

/** @returns the trial, and what ends it */
export function openTrial(
  target: Target,
  server: Server,
  patience: number,
  language: Language = "en",
): { trial: Trial; close: () => Promise<void> } {
  const clears: (() => void | Promise<void>)[] = [];
  const members: Member[] = [];
  const notes: { at: number; text: string }[] = [];
  const began = performance.now();
  let input: Said | undefined;
  const inWords = (text: string | Said) => (typeof text === "string" ? text : text[language]);
  const note = (line: string | Said) => {
    const noted = { at: performance.now() - began, text: inWords(line) };
    notes.push(noted);
    return timed(noted.at, noted.text);
  };
  const raw = (bytes: string | Uint8Array, what?: string | Said) => {
    const connection = openRaw(server.address, bytes);
    clears.push(() => void connection.socket.destroy());
    if (what !== undefined) note(`→ ${inWords(what)}`);
    return connection;
  };
  const trial: Trial = {
    chapter: target.chapter,
    target,
    server,
    language,
    patience,
    enter(options = {}) {
      const wire: Moment[] = [];
      const client = openClient(target.chapter, server.url, {
        interval: 20,
        insists: false,
        ...options,
        trace(direction, text) {
          wire.push({ at: performance.now() - began, direction, text: text.slice(0, 400) });
        },
      });
      clears.push(() => client.stop());
      const member = { number: members.length + 1, client, wire };
      members.push(member);
      return member;
    },
    async fetch(line, { headOnly = false, limit = patience, isUnnoted = false, ...options } = {}) {
      const connection = openRaw(server.address, requestOf(server.host, line, options));
      const method = line.split(" ")[0] ?? "GET";
      const read = () => partialAnswerIn(connection.received(), connection.isOver(), method);
      const enough = () => {
        const answer = read();
        return answer !== undefined && (answer.complete || headOnly);
      };
      await within(limit, connection.until(enough)).catch(() => {});
      const answer = read();
      const over = connection.isOver();
      connection.socket.destroy();
      const came = answer ? (answer.complete ? "whole" : "in part") : over ? "ended" : "nothing";
      const fetched: Fetched = {
        status: answer?.status ?? 0,
        headers: answer?.headers ?? new Map(),
        body: answer?.body ?? "",
        came,
        noted: "",
      };
      if (came === "ended") await within(150, server.ended); // Was that its end?
      if (isUnnoted) return fetched;
      return {
        ...fetched,
        noted: note(`${requestLine(line, options)} → ${outcome(fetched, limit)[language]}`),
      };
    },
    raw,
    async socket(target = "/", first = Buffer.of()) {
      const bytes = Buffer.concat([Buffer.from(upgradeOf(server.host, target)), first]);
      const connection = raw(bytes, `GET ${target} Upgrade: websocket`);
      const socket = await within(patience, upgraded(connection)).catch(() => undefined);
      if (!socket) {
        const said = shortened(connection.received(), 80) || "nothing";
        broken(
          `an upgrade of GET ${target} was answered with ${said}`,
          `GET ${target} 업그레이드에 ${said === "nothing" ? "응답하지 않았습니다" : `${withRo(said)} 응답했습니다`}`,
        );
      }
      return socket;
    },
    sending(what) {
      if (!server.exit()) input = what;
    },
    get input() {
      return input;
    },
    elapsed: () => performance.now() - began,
    note,
    lines() {
      const all = members.flatMap(({ number, wire }) =>
        wire.map(({ at, direction, text }) => ({
          at,
          text: `${clientNamed(number)[language]} ${direction === "sent" ? "→" : "←"} ${text}`,
        })),
      );
      return [...notes, ...all].sort((a, b) => a.at - b.at).map(({ at, text }) => timed(at, text));
    },
    async startAnother(options) {
      const another = await target.start(options);
      clears.push(async () => void (another.exit() ?? (await another.end("SIGKILL"))));
      return another;
    },
    onEnd(clear) {
      clears.push(clear);
    },
  };
  const close = async () => {
    for (const clear of clears.reverse()) await clear();
  };
  return { trial, close };
}

/** What a client is called in a line of `--why`. */
export function clientNamed(number: number): Said {
  return { en: `client ${number}`, ko: `클라이언트 ${number}번` };
}

/** A line of `--why`: when, since the check began, and what. */
export function timed(at: number, text: string): string {
  return `${(at / 1_000).toFixed(3).padStart(7)} s  ${shortened(text)}`;
}

function requestLine(line: string, { headers = {}, body }: AskOptions): string {
  const all = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${shortened(value, 40)}`.trim(),
  );
  const fields = all.length > 6 ? [`${all.length} fields, the last: ${all.at(-1)}`] : all;
  const content = body === undefined ? [] : [shortened(Buffer.from(body).toString(), 60)];
  return [line, ...fields, ...content].join("  ");
}

/** What became of a request, in words. */
export function outcome({ status, body, came }: Fetched, limit?: number): Said {
  if (came === "nothing") {
    const within = limit === undefined ? "" : ` within ${limit / 1_000} s`;
    const withinKo = limit === undefined ? "" : `${limit / 1_000}초 안에 `;
    return { en: `no answer${within}`, ko: `${withinKo}응답 없음` };
  }
  if (came === "ended") return { en: "the connection closed without an answer", ko: "응답 없이 연결이 닫힘" };
  const text = `${status}${body === "" ? "" : ` ${shortened(body, status >= 500 ? 80 : 60)}`}`;
  return { en: text, ko: text };
}

/** What became of a request, as the end of a Korean sentence. */
export function answeredKo(fetched: Fetched): string {
  if (fetched.came === "nothing") return "응답하지 않았습니다";
  if (fetched.came === "ended") return "응답 없이 연결이 닫혔습니다";
  const { status, body } = fetched;
  return `${withRo(`${status}`)} 응답했습니다${body === "" ? "" : `: ${shortened(body, status >= 500 ? 80 : 60)}`}`;
}

/** @returns what the promise resolves with; undefined where it takes longer */
export async function within<Value>(limit: number, promise: Promise<Value>): Promise<Value | undefined> {
  const timer = new AbortController();
  const late = sleep(limit, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    promise.catch(() => {}); // Of one that comes too late nothing more is asked.
  }
}

/** How long an answer is waited for that a broken server may never give, in milliseconds. */
export function brief({ patience }: Trial): number {
  return patience / 2;
}

/** Waits until the server has dealt with what it was sent: it answers, or it has ended. */
export async function dealtWith(trial: Trial): Promise<void> {
  const { came } = await trial.fetch("GET /", { headOnly: true, limit: brief(trial), isUnnoted: true });
  if (came === "ended") await within(brief(trial), trial.server.ended);
}

/** Calls `make` as often as `count` says. */
export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A number that may be an id. */
export function idOf(message: Partial<Message> | undefined): number | undefined {
  const id: unknown = message?.id;
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 1 ? id : undefined;
}

/** Sends a draft. @throws Broken where it is not accepted */
export async function send(trial: Trial, { client }: Member, draft: Draft): Promise<Message> {
  const shown = JSON.stringify(draft);
  trial.sending({ en: `the draft ${shortened(shown, 60)}`, ko: `초안 ${shortened(shown, 60)}` });
  const why: unknown[] = [];
  const message = await within(
    trial.patience,
    client.send(draft).catch((error: unknown) => {
      why.push(error);
      return undefined;
    }),
  );
  if (message) return message;
  const reason = why[0] instanceof Error ? shortened(why[0].message, 80) : "";
  const seconds = trial.patience / 1_000;
  if (reason === "" && trial.chapter === "ch12-websocket")
    // A frame has no answer.
    broken(
      `a good draft did not come back as a message within ${seconds} s: ${shortened(shown, 60)}`,
      `올바른 초안이 ${seconds}초 안에 메시지로 돌아오지 않았습니다: ${shortened(shown, 60)}`,
    );
  return broken(
    `a good draft was not accepted: ${shortened(shown, 60)} ${reason ? `(${reason})` : `got no answer within ${seconds} s`}`,
    `올바른 초안을 받지 않았습니다: ${shortened(shown, 60)} (${reason || `${seconds}초 안에 응답 없음`})`,
  );
}

/** Begins at the end of the conversation. @returns the newest id; undefined where messages have none */
export async function beginning(trial: Trial): Promise<number | undefined> {
  const first = trial.enter();
  const message = await send(trial, first, { text: "A check begins." });
  first.client.stop();
  return idOf(message);
}

/** Clients that begin together, now, and are ready to hear the next message. */
export async function together(
  trial: Trial,
  count: number,
): Promise<{ now: number | undefined; members: Member[] }> {
  const now = await beginning(trial);
  const members = times(count, () => trial.enter(now === undefined ? {} : { after: now }));
  await Promise.all(members.map((member) => ready(trial, member)));
  return { now, members };
}

/** Waits until a client listens: a poll was answered, a held request is out, a stream or socket is open. */
export async function ready(trial: Trial, { wire }: Member): Promise<void> {
  const isHeld = trial.chapter === "ch10-long-polling";
  const end = performance.now() + trial.patience;
  const isReady = () => wire.some(({ direction }) => direction === (isHeld ? "sent" : "received"));
  while (!isReady() && performance.now() < end) await sleep(5);
  // The last piece of the way: the request is sent, but is it there?
  if (isHeld) await sleep(50);
}
