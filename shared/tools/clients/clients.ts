// Four clients as good as the contract allows, for tests and for `verify`. None of the pages' own code is in them.
// Whatever happens to a connection, each comes back with its cursor, and sends again with the same key what was not
// answered. What a server sends against the contract is taken as it is: to judge it is not the client's matter.
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ChapterName } from "../../html-renderer/chapters.ts";
import { type Draft, MAX_ANSWER, type Message } from "../../message-store/message.ts";
import { streamParser } from "./stream-parser.ts";

export interface ClientOptions {
  /** The cursor to begin with; without it, the newest 100 messages. */
  readonly after?: number;
  /** The certificate to trust, as PEM, where the url is https. */
  readonly ca?: string;
  /** Between two polls, in milliseconds. */
  readonly interval?: number;
  /** A connection on which nothing moves for so long is given up, in milliseconds; more than a hold and a heartbeat. */
  readonly patience?: number;
  /** Whether a draft is sent again where it was not answered; it is, unless told. */
  readonly insists?: boolean;
  /** Told of what goes over the wire, and when. */
  readonly trace?: (direction: "sent" | "received", text: string) => void;
}

export interface ChatClient {
  /** Every message received, in the order of receiving. What a server sends twice is here twice. */
  readonly messages: readonly Message[];
  /** The id of the message received last; of a stream, also the one that it said to start from. */
  readonly cursor: number | undefined;
  /** Why the last connection failed; it helps where a test hangs. */
  readonly problem: unknown;
  /** Waits until the messages satisfy `enough`. Rejects where the client is stopped first. */
  until(enough: (messages: readonly Message[]) => boolean): Promise<readonly Message[]>;
  /**
   * Sends a draft, again and again with one key until it is answered.
   *
   * @returns the message that the log keeps under the key
   * @throws Refused where the server refuses it
   */
  send(draft: Draft): Promise<Message>;
  /** Stops reading, and keeps the connection. */
  freeze(): void;
  thaw(): void;
  /** Leaves: politely, with FIN or a close frame, or else without a word. What is being sent waits for `reconnect`. */
  disconnect(how?: "politely" | "abruptly"): void;
  /** Comes back with the cursor; to another url from now on, where one is given. */
  reconnect(url?: string): void;
  /** Ends everything; whoever still waits for something is told. */
  stop(): void;
}

/** The server's answer to a draft, where it is one that sending again would not change. */
export class Refused extends Error {
  override name = "Refused";
}

/** From one `reconnect` to the next `disconnect`. */
interface Stay {
  readonly url: string;
  readonly agent: http.Agent;
  readonly options: ClientOptions;
  /** Aborted by `disconnect`, with how to leave as its reason. Nothing that comes later counts: it will come again. */
  readonly left: AbortSignal;
  cursor(): number | undefined;
  /** @param cursor the last message's id, unless told */
  received(messages: readonly Message[], cursor?: number): void;
  isFrozen(): boolean;
  thawed(): Promise<void>;
}

/** A draft on its way. */
interface Sending {
  readonly draft: Draft & { readonly key: string };
  answer?: Message | Refused;
}

/** How a technique receives: one round, which rejects where the connection fails. */
type Receive = (stay: Stay) => Promise<void>;
/** How a technique sends; undefined where it could not. */
type Send = (stay: Stay, draft: Sending["draft"]) => Promise<Message | undefined>;

/** Opens a client for a chapter that listens at `url`. */
export function openClient(chapter: ChapterName, url: string, options: ClientOptions = {}): ChatClient {
  const messages: Message[] = [];
  const watchers = new Set<() => void>();
  const underWay = new Set<Sending>();
  let cursor = options.after;
  let problem: unknown;
  let frozen = false;
  let stopped = false;
  let stay: Stay | undefined;
  let leave = (_how: string) => {};
  let address = url;

  const tell = () => {
    for (const watcher of [...watchers]) watcher();
  };
  /** Resolves as soon as `check` returns something. */
  const waiting = <Value>(check: () => Value | undefined) => {
    const promise = new Promise<Value>((resolve, reject) => {
      const watcher = () => {
        const value = check();
        if (value !== undefined) resolve(value);
        else if (stopped) reject(new Error("the client was stopped", { cause: problem }));
        else return;
        watchers.delete(watcher);
      };
      watchers.add(watcher);
      watcher();
    });
    promise.catch(() => {}); // A test that is over may have left it alone.
    return promise;
  };
  const webSocket = webSocketTechnique(underWay, tell);
  const receive = {
    "ch09-polling": poll,
    "ch10-long-polling": longPoll,
    "ch11-sse": listen,
    "ch12-websocket": webSocket.receive,
  };
  const send: Send = chapter === "ch12-websocket" ? webSocket.send : post;

  const deliver = async (sending: Sending): Promise<Message> => {
    underWay.add(sending);
    try {
      for (let failures = 0; sending.answer === undefined; failures += 1) {
        const here = await waiting(() => stay);
        try {
          const answer = await Promise.race([
            send(here, sending.draft),
            waiting(() => sending.answer ?? (here === stay ? undefined : "left")),
          ]);
          if (typeof answer === "object") sending.answer = answer;
        } catch (error) {
          if (error instanceof Refused || options.insists === false) throw error;
          problem = error;
        }
        if (sending.answer === undefined) await backOff(failures, here.left);
      }
    } finally {
      underWay.delete(sending);
    }
    if (sending.answer instanceof Refused) throw sending.answer;
    return sending.answer;
  };

  const client: ChatClient = {
    messages,
    get cursor() {
      return cursor;
    },
    get problem() {
      return problem;
    },
    until: (enough) => waiting(() => (enough(messages) ? messages : undefined)),
    send(draft) {
      const answer = deliver({ draft: { ...draft, key: draft.key ?? randomUUID() } });
      answer.catch(() => {}); // As above.
      return answer;
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      tell();
    },
    disconnect(how = "abruptly") {
      stay = undefined;
      leave(how);
      tell();
    },
    reconnect(other = address) {
      if (stay?.url === other) return;
      if (stay) client.disconnect();
      address = other;
      const leaving = new AbortController();
      setMaxListeners(0, leaving.signal);
      const secure = other.startsWith("https:");
      const here: Stay = {
        url: other,
        agent: secure
          ? new https.Agent({ keepAlive: true, ca: options.ca })
          : new http.Agent({ keepAlive: true }),
        options,
        left: leaving.signal,
        cursor: () => cursor,
        received(news, at = news.at(-1)?.id) {
          if (leaving.signal.aborted) return;
          messages.push(...news);
          cursor = at ?? cursor;
          tell();
        },
        isFrozen: () => frozen,
        thawed: () => (frozen ? waiting(() => !frozen || undefined).then(() => {}) : Promise.resolve()),
      };
      leave = (how) => {
        leaving.abort(how);
        letGo(here.agent, how);
      };
      stay = here;
      void keepReceiving(receive[chapter], here, (error) => {
        problem = error;
      });
      tell();
    },
    stop() {
      stopped = true;
      frozen = false;
      client.disconnect();
    },
  };
  client.reconnect();
  return client;
}

async function keepReceiving(
  receive: Receive,
  stay: Stay,
  onProblem: (error: unknown) => void,
): Promise<void> {
  for (let failures = 0; !stay.left.aborted; ) {
    const before = stay.cursor();
    try {
      await receive(stay);
      failures = 0;
    } catch (error) {
      if (stay.left.aborted) return;
      onProblem(error);
      failures = stay.cursor() === before ? failures + 1 : 0;
      await backOff(failures, stay.left);
    }
  }
}

/** Waits up to 10 ms, 20, 40 … 320: with jitter, so that those who were cut off together do not come back together. */
async function backOff(failures: number, left: AbortSignal): Promise<void> {
  await pause(Math.random() * 10 * 2 ** Math.min(failures, 5), left);
}

async function pause(milliseconds: number, left: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: left }).catch(() => {});
}

function letGo(agent: http.Agent, how: string): void {
  if (how !== "politely") agent.destroy();
  for (const lists of [agent.sockets, agent.freeSockets]) {
    for (const sockets of Object.values(lists)) for (const socket of sockets ?? []) socket.end();
  }
}

/** What stands in a query: nothing, or the cursor. */
function afterIn(cursor: number | undefined): string {
  return cursor === undefined ? "" : `?after=${cursor}`;
}

interface Question {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

function ask({ url, agent, options }: Stay, path: string, question: Question = {}): Promise<IncomingMessage> {
  const { method = "GET", headers = {}, body } = question;
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    options.trace?.("sent", [`${method} ${path}`, ...fieldsOf(headers), body ?? ""].join(" ").trim());
    const asked = request(new URL(path, url), { agent, method, headers, ...familyOf(url) });
    asked.on("response", resolve).on("error", reject);
    asked.on("close", () => reject(new Error("the connection closed before an answer")));
    asked.setTimeout(options.patience ?? 40_000, () => asked.destroy(new Error("nothing moved")));
    asked.end(body);
  });
}

function fieldsOf(headers: http.OutgoingHttpHeaders): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value};`);
}

/** A chapter that goes by the name of localhost is at its IPv4 address. */
function familyOf(url: string): { family?: 4 } {
  return new URL(url).hostname === "localhost" ? { family: 4 } : {};
}

async function textOf(response: IncomingMessage, { options }: Stay): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk); // Throws where the connection ends before the body.
  const text = Buffer.concat(chunks).toString();
  options.trace?.("received", `${response.statusCode} ${text}`.trim());
  return text;
}

/** What was sent for a message: an object, or, against the contract, something else, which then counts as its text. */
function messageIn(text: string): Message {
  try {
    return asMessage(JSON.parse(text));
  } catch {
    return asMessage(text);
  }
}

function asMessage(value: unknown): Message {
  return Object.assign({}, typeof value === "object" ? value : { text: String(value) }) as Message;
}

/** @returns the messages of an answer; none where there was nothing new */
async function messagesOf(response: IncomingMessage, stay: Stay): Promise<Message[]> {
  const text = await textOf(response, stay);
  if (response.statusCode === 204) return [];
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${text}`);
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.map(asMessage) : [asMessage(list)];
}

async function poll(stay: Stay): Promise<void> {
  await stay.thawed();
  const messages = await messagesOf(await ask(stay, `/poll${afterIn(stay.cursor())}`), stay);
  stay.received(messages);
  if (messages.length < MAX_ANSWER) await pause(stay.options.interval ?? 5, stay.left);
}

async function longPoll(stay: Stay): Promise<void> {
  await stay.thawed();
  stay.received(await messagesOf(await ask(stay, `/longpoll${afterIn(stay.cursor())}`), stay));
}

async function listen(stay: Stay): Promise<void> {
  const cursor = stay.cursor();
  // As EventSource does: the address stays as it was, and the header says more.
  const headers =
    cursor === undefined || stay.options.after === cursor ? {} : { "Last-Event-ID": String(cursor) };
  const response = await ask(stay, `/subscribe${afterIn(stay.options.after)}`, { headers });
  const { "content-type": type = "" } = response.headers;
  if (response.statusCode !== 200 || !/^text\/event-stream\b/i.test(type)) {
    throw new Error(`${response.statusCode} ${type}: ${await textOf(response, stay)}`);
  }
  stay.options.trace?.("received", `200 ${type}`);
  const parse = streamParser(({ type, data, lastEventId }) => {
    // Its id is a cursor, even where no message has come yet.
    const cursor = lastEventId === "" ? undefined : Number(lastEventId);
    stay.received(type === "message" ? [messageIn(data)] : [], cursor);
  });
  for await (const chunk of response) {
    await stay.thawed();
    stay.options.trace?.("received", String(chunk));
    parse(chunk);
  }
  throw new Error("the stream ended");
}

async function post(stay: Stay, draft: Sending["draft"]): Promise<Message | undefined> {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(stay, "/update", { method: "POST", headers, body: JSON.stringify(draft) });
  const text = await textOf(response, stay);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return messageIn(text);
  // A refusal is a sentence in JSON. Anything else, as node:http's own 400 for half a request, is worth another try.
  if (status >= 400 && status < 500 && text.startsWith('{"error":'))
    throw new Refused(JSON.parse(text).error);
  throw new Error(`${status}: ${text}`);
}

/** Receiving and sending on one connection. */
function webSocketTechnique(underWay: ReadonlySet<Sending>, tell: () => void) {
  let send = (_draft: Draft): void => {}; // Not open: what is under way is sent when it is.

  const receive: Receive = (stay) =>
    new Promise((_, reject) => {
      const { options, left } = stay;
      const address = new URL(`/${afterIn(stay.cursor())}`, stay.url.replace(/^http/, "ws"));
      const connection = new WebSocket(address, {
        perMessageDeflate: false,
        ca: options.ca,
        ...familyOf(stay.url),
      });
      const watch = setTimeout(() => connection.terminate(), options.patience ?? 40_000);
      /** How often a key was sent on this connection: so often may its message come again, as an answer. */
      const sent = new Map<string, number>();
      const sendHere = (draft: Draft) => {
        if (draft.key !== undefined) sent.set(draft.key, (sent.get(draft.key) ?? 0) + 1);
        options.trace?.("sent", JSON.stringify(draft));
        connection.send(JSON.stringify(draft));
      };
      const goAway = () => (left.reason === "politely" ? connection.close(1000) : connection.terminate());
      left.addEventListener("abort", goAway);
      options.trace?.("sent", `GET ${address.pathname}${address.search} Upgrade: websocket`);
      connection.on("open", () => {
        options.trace?.("received", "101");
        if (left.aborted) return;
        send = sendHere;
        for (const { draft } of underWay) sendHere(draft);
      });
      connection.on("ping", () => watch.refresh());
      connection.on("message", async (data) => {
        watch.refresh();
        if (left.aborted) return;
        options.trace?.("received", String(data));
        const value: Message & { readonly error?: string; readonly heartbeat?: number } = messageIn(
          String(data),
        );
        if (value.heartbeat !== undefined) return;
        for (const sending of underWay) {
          if (value.key === undefined ? sending.draft.text !== value.text : sending.draft.key !== value.key)
            continue;
          sending.answer = value.error === undefined ? value : new Refused(value.error);
        }
        const times = sent.get(value.key) ?? 0;
        const isAnswer = value.error !== undefined || (times > 0 && value.id <= (stay.cursor() ?? 0));
        if (isAnswer) {
          sent.set(value.key, times - 1);
          tell();
        } else stay.received([value]);
        if (!stay.isFrozen()) return;
        connection.pause();
        await stay.thawed();
        connection.resume();
      });
      connection.on("error", () => {}); // "close" follows, and says all.
      connection.on("close", (code) => {
        clearTimeout(watch);
        left.removeEventListener("abort", goAway);
        if (send === sendHere) send = () => {};
        reject(new Error(`closed with ${code}`));
      });
    });
  return {
    receive,
    /** Never settles by itself: its answer is a message, and where the connection breaks it goes out again with the next. */
    send: (_stay: Stay, draft: Draft) => {
      send(draft);
      return new Promise<undefined>(() => {});
    },
  };
}
