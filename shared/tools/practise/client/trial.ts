// Tries a client without a browser: a server that says what a script tells it to, and a page that only takes notes.
// `verify` looks at servers; this prints, for a client, lines of the same form.
//
//   node trial.js CLIENT polling|long-polling|sse|websocket en|ko
import { EventEmitter, once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { WebSocket, WebSocketServer } from "ws";
import type { Receive, Round } from "../../../html-renderer/browser/round.ts";
import { CUT_ANSWER, type Message } from "../../../message-store/message.ts";
import type { Technique } from "../exercises.ts";
import type { Told } from "../words.ts";
import { INTERVAL, taken } from "./chat.ts";

/** How long anything may take that a client has to do at once, in milliseconds. */
const PATIENCE = 5_000;

const [, , client = "", technique = "", language = "en"] = process.argv;

/** What a client owes to its page. */
interface ClientPromise {
  readonly promise: string;
  readonly title: Told;
  /** @returns what is wrong; nothing where the promise is kept */
  readonly broken: () => Promise<Told | undefined>;
}

function messagesFrom(first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index;
    return { id, author: "ann", text: `안녕 ${id}`, timestamp: id, key: `key-${id}` };
  });
}

/** The server's side: what was asked, and how it is answered. */
const seen = new EventEmitter();
type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;
let handle: Handler = () => {};
let greet: (socket: WebSocket) => void = () => {};
let asked: string[] = [];
const server = http.createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.setHeader("Connection", "close"); // No round uses the connection of another.
  response.on("close", () => seen.emit("left"));
  handle(request, response);
  seen.emit("asked", request);
});
new WebSocketServer({ server }).on("connection", (socket, request) => {
  asked.push(`${request.method} ${request.url}`);
  socket.on("error", () => {});
  socket.on("close", () => seen.emit("left"));
  greet(socket);
  seen.emit("asked", request);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

// What a client, and what it imports, may look for in a page.
const nothing = () => {};
/** A socket that fails is closed, and a page that listens to its end alone hears of that: unlike Node, where an error ends the process. */
class BrowserSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    this.on("error", nothing);
  }
}
Object.assign(globalThis, {
  WebSocket: BrowserSocket,
  location: { origin: `http://127.0.0.1:${port}` },
  addEventListener: nothing,
  document: {
    hidden: false,
    addEventListener: nothing,
    documentElement: { lang: language, getAttribute: () => "" },
  },
});

/**
 * The requests under way of which a cache may keep the answer. Chromium lets another one of the same address, from
 * another window, wait until such a request is over.
 */
const cacheable = new Map<string, Promise<unknown>>();
globalThis.fetch = new Proxy(globalThis.fetch, {
  async apply(fetch, self, [input, init]) {
    const { url, method, cache } = new Request(input, init);
    if (cache === "no-store" || method !== "GET") return Reflect.apply(fetch, self, [input, init]);
    const before = cacheable.get(url);
    const answer = Promise.resolve(before).then(() => Reflect.apply(fetch, self, [input, init]));
    cacheable.set(url, answer.catch(nothing));
    return answer;
  },
});

/** How often the client waited for the interval. Such a wait is over at once. */
let pauses = 0;
globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
  apply(target, self, [task, ms, ...more]) {
    if (ms === INTERVAL) pauses += 1;
    return Reflect.apply(target, self, [task, ms === INTERVAL ? 0 : ms, ...more]);
  },
});

/** Resolves to whether it became true in time. */
function inTime(condition: () => boolean, ...emitters: readonly EventEmitter[]): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      for (const emitter of emitters) emitter.off("any", look);
      resolve(condition());
    };
    const look = () => {
      if (condition()) finish();
    };
    const timer = setTimeout(finish, PATIENCE);
    for (const emitter of emitters) emitter.on("any", look);
    look();
  });
}

const emit = seen.emit.bind(seen);
seen.emit = (name, ...args) => {
  emit(name, ...args);
  return emit("any");
};

/** What the client threw in its last round, unless the page had ended that. */
let thrown: unknown;

/** One round of the client, with notes of what it tells the page. */
function openRound(receive: Receive, { cursor = 7, age = 0 } = {}) {
  const notes = new EventEmitter();
  const controller = new AbortController();
  const told: string[] = [];
  const shown: number[] = [];
  let send: ((draft: { text: string; key: string }) => void) | undefined;
  let end: "returned" | "failed" | undefined;
  const note = (what: string) => {
    told.push(what);
    notes.emit("any");
  };
  const round: Round = {
    signal: controller.signal,
    url: (path) => `http://127.0.0.1:${port}${path}?after=${cursor}`,
    held: () => note("held"),
    age: () => age,
    connected(sending) {
      send = sending;
      note("connected");
    },
    show(messages) {
      shown.push(...messages.map(({ id }) => id));
      note("shown");
    },
    heartbeat: () => note("heartbeat"),
    refused: (key, reason) => note(`refused ${key} ${reason}`),
    waiting: () => note("waiting"),
  };
  asked = [];
  pauses = 0;
  thrown = undefined;
  void (async () => {
    try {
      await receive(round);
      end = "returned";
    } catch (error) {
      end = "failed";
      if (!controller.signal.aborted) thrown = error;
    }
    notes.emit("any");
  })();
  return {
    told,
    shown,
    end: () => end,
    send: (draft: { text: string; key: string }) => send?.(draft),
    abort: () => controller.abort(new Error("the page ends the round")),
    until: (condition: () => boolean) => inTime(condition, notes, seen),
  };
}

function json(messages: readonly Message[], status = 200): Handler {
  return (_request, response) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(messages));
  };
}

function promisesOf(receive: Receive): ClientPromise[] {
  const path = { polling: "/poll", "long-polling": "/longpoll", sse: "/subscribe", websocket: "/" }[
    technique as Technique
  ];
  const isRequest = technique === "polling" || technique === "long-polling";
  const eventOf = (message: Message) => `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;
  const stream: Handler = (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("retry: 10\nevent: heartbeat\nid: 7\ndata:\n\n");
  };
  const all = [8, 9, 10];

  /** Gives 8, 9 and 10, in the technique's way. */
  function give(): void {
    const messages = messagesFrom(8, 3);
    handle = isRequest
      ? json(messages)
      : (request, response) => {
          stream(request, response);
          for (const message of messages) response.write(eventOf(message));
        };
    greet = (socket) => {
      for (const message of messages) socket.send(JSON.stringify(message));
    };
  }
  /** Answers nothing, or, where that is how it begins, only that the connection is open. */
  function hold(): void {
    handle = isRequest ? nothing : stream;
    greet = nothing;
  }

  const asks: ClientPromise = {
    promise: "client-asks",
    title: { en: "the page asks, with its cursor", ko: "페이지는 커서와 함께 요청합니다" },
    async broken() {
      give();
      const round = openRound(receive);
      const isThere = await round.until(() => asked.length > 0 || round.end() === "failed");
      round.abort();
      const wanted = `GET ${path}?after=7`;
      if (!isThere || asked.length === 0)
        return { en: `no request came within 5 s`, ko: "5초 안에 요청이 오지 않았습니다" };
      if (asked[0] === wanted) return undefined;
      return { en: `it asked ${asked[0]}, not ${wanted}`, ko: `${wanted} 대신 ${asked[0]} 요청이 왔습니다` };
    },
  };
  const shows: ClientPromise = {
    promise: "client-shows",
    title: {
      en: "the page shows every message that it is given, once and in order",
      ko: "페이지는 받은 메시지를 모두, 한 번씩, 차례대로 보여 줍니다",
    },
    async broken() {
      give();
      const round = openRound(receive);
      const isOver = () => round.end() !== undefined || (!isRequest && round.shown.length >= all.length);
      await round.until(isOver);
      const shown = String(round.shown);
      round.abort();
      if (shown === String(all)) return undefined;
      const what = shown || "-";
      return {
        en: `it was given ${all}, and showed ${what}`,
        ko: `${all}번을 받아 ${what}번을 보여 주었습니다`,
      };
    },
  };
  const ends: ClientPromise = {
    promise: "client-ends",
    title: {
      en: "where the page ends a round, its request or connection is closed",
      ko: "페이지가 그만두면 요청이나 연결도 닫힙니다",
    },
    async broken() {
      hold();
      const round = openRound(receive);
      await round.until(() => asked.length > 0);
      let hasLeft = false;
      seen.once("left", () => {
        hasLeft = true;
      });
      round.abort();
      if (await round.until(() => hasLeft)) return undefined;
      return {
        en: "5 s after round.signal was aborted it was still open",
        ko: "round.signal이 중단되고 5초가 지나도 열려 있었습니다",
      };
    },
  };
  const windows: ClientPromise = {
    promise: "client-windows",
    title: {
      en: "a second window of the same browser does not wait for the first",
      ko: "같은 브라우저의 두 번째 창이 첫 번째 창을 기다리지 않습니다",
    },
    async broken() {
      hold();
      const first = openRound(receive);
      await first.until(() => asked.length > 0);
      const second = openRound(receive);
      const isThere = await second.until(() => asked.length > 0);
      first.abort();
      second.abort();
      if (isThere) return undefined;
      return {
        en: 'while a request of one window was held, another window\'s did not come: without cache: "no-store", Chromium lets a second request of one address wait for the first',
        ko: '한 창의 요청이 응답을 기다리는 동안 다른 창의 요청이 오지 않았습니다. cache: "no-store"가 없으면 Chromium은 주소가 같은 두 번째 요청을 첫 요청이 끝날 때까지 기다리게 합니다',
      };
    },
  };
  /** @param refuse how the server refuses; @param how in words */
  const fails = (refuse: () => void, how: Told): ClientPromise => ({
    promise: "client-fails",
    title: {
      en: "a round that fails tells the page so, which then reconnects",
      ko: "실패하면 예외로 페이지에 알립니다. 그래야 페이지가 다시 연결합니다",
    },
    async broken() {
      refuse();
      const round = openRound(receive);
      await round.until(() => round.end() !== undefined);
      const end = round.end();
      round.abort();
      if (end === "failed") return undefined;
      return end === "returned"
        ? {
            en: `${how.en}, and the round ended as if all were well`,
            ko: `${how.ko} 그런데 예외 없이 끝났습니다`,
          }
        : {
            en: `${how.en}, and nothing happened for 5 s`,
            ko: `${how.ko} 그런데 5초 동안 아무 일도 없었습니다`,
          };
    },
  });
  /** @param begin the server's part; @param isTold what the page must be told */
  const tells = (
    promise: string,
    title: Told,
    begin: () => void,
    isTold: (round: ReturnType<typeof openRound>) => boolean,
    missing: Told,
    options: { cursor?: number; age?: number } = {},
  ): ClientPromise => ({
    promise,
    title,
    async broken() {
      begin();
      const round = openRound(receive, options);
      const isKept = await round.until(() => isTold(round) || round.end() === "failed");
      const kept = isKept && isTold(round);
      round.abort();
      return kept ? undefined : missing;
    },
  });

  const error: Told = { en: "the server answered 500", ko: "서버가 500으로 응답했습니다." };
  const refuse500 = () => {
    handle = (_request, response) => void response.writeHead(500).end();
  };
  const noNews = tells(
    "client-no-news",
    {
      en: "an answer without news is one, too: the page is told",
      ko: "새 메시지가 없는 응답도 응답입니다. 페이지에 알립니다",
    },
    () => {
      handle = (_request, response) => void response.writeHead(204).end();
    },
    ({ told, end }) => told.includes("shown") && end() === "returned",
    { en: "204 came, and round.show was not called", ko: "204가 왔지만 round.show를 부르지 않았습니다" },
  );
  const heartbeat = (begin: () => void) =>
    tells(
      "client-heartbeat",
      { en: "the page is told of a heartbeat", ko: "페이지에 하트비트를 알립니다" },
      begin,
      ({ told }) => told.includes("heartbeat"),
      {
        en: "a heartbeat came, and round.heartbeat was not called",
        ko: "하트비트가 왔지만 round.heartbeat를 부르지 않았습니다",
      },
    );
  const connected = tells(
    "client-connected",
    { en: "the page is told that the connection is open", ko: "연결이 열리면 페이지에 알립니다" },
    hold,
    ({ told }) => told.includes("connected"),
    {
      en: "it was open for 5 s, and round.connected was not called",
      ko: "5초 동안 열려 있었지만 round.connected를 부르지 않았습니다",
    },
  );

  if (technique === "polling") {
    const pausing = (count: number, wanted: number, missing: Told): ClientPromise => ({
      promise: count < CUT_ANSWER ? "client-pauses" : "client-goes-on",
      title:
        count < CUT_ANSWER
          ? {
              en: "the page waits for the interval between two polls",
              ko: "페이지는 폴링 사이에 간격을 둡니다",
            }
          : {
              en: "behind an answer that was cut, the page asks again at once",
              ko: "잘린 응답 뒤에는 바로 다시 요청합니다",
            },
      async broken() {
        handle = json(messagesFrom(8, count));
        const round = openRound(receive);
        await round.until(() => round.end() !== undefined);
        round.abort();
        return pauses === wanted ? undefined : missing;
      },
    });
    return [
      asks,
      shows,
      noNews,
      pausing(1, 1, {
        en: "it did not wait for the setting poll-interval before it asked again",
        ko: "poll-interval 설정만큼 기다리지 않고 다시 요청했습니다",
      }),
      pausing(CUT_ANSWER, 0, {
        en: `an answer held ${CUT_ANSWER} messages, so there are more; and it waited for the interval`,
        ko: `응답에 메시지가 ${CUT_ANSWER}개이면 더 있다는 뜻인데, 간격만큼 기다렸습니다`,
      }),
      fails(refuse500, error),
      ends,
      windows,
    ];
  }
  if (technique === "long-polling") {
    const refuse504 = () => {
      handle = (_request, response) => void response.writeHead(504).end();
    };
    return [
      asks,
      shows,
      noNews,
      tells(
        "client-held",
        {
          en: "the page is told that the request may be held",
          ko: "응답을 기다리는 것이 정상임을 페이지에 알립니다",
        },
        hold,
        ({ told }) => told.includes("held"),
        { en: "round.held was not called", ko: "round.held를 부르지 않았습니다" },
      ),
      tells(
        "client-gateway",
        {
          en: "a proxy that gives up after a long hold is no failure",
          ko: "오래 기다린 뒤 프록시가 포기한 것은 실패가 아닙니다",
        },
        refuse504,
        ({ end }) => end() === "returned",
        {
          en: "504 came after 26 s, and the round failed; it has to return, so that the page asks again at once",
          ko: "26초 뒤에 504가 오자 예외를 던졌습니다. 바로 다시 요청하도록 예외 없이 끝나야 합니다",
        },
        { age: 26_000 },
      ),
      fails(refuse504, { en: "the proxy answered 504 at once", ko: "프록시가 곧바로 504로 응답했습니다." }),
      fails(refuse500, error),
      ends,
      windows,
    ];
  }
  if (technique === "sse") {
    return [
      asks,
      connected,
      shows,
      heartbeat(hold),
      tells(
        "client-waiting",
        {
          en: "while the browser reconnects by itself, the page says so, and goes on",
          ko: "브라우저가 스스로 다시 연결하는 동안 페이지는 그렇게 알리고 계속합니다",
        },
        () => {
          handle = (request, response) => {
            stream(request, response);
            if (request.headers["last-event-id"] === undefined) response.end();
          };
        },
        ({ told, end }) => told.includes("waiting") && end() === undefined && asked.length > 1,
        {
          en: "the stream ended, and round.waiting was not called, or the round was given up",
          ko: "스트림이 끝났는데 round.waiting을 부르지 않았거나 giveUp을 불렀습니다",
        },
      ),
      fails(refuse500, error),
      ends,
    ];
  }
  const saying = (text: string) => () => {
    greet = (socket) => socket.send(text);
  };
  return [
    asks,
    connected,
    shows,
    {
      promise: "client-sends",
      title: { en: "a draft is sent on the connection, as JSON", ko: "초안을 그 연결로, JSON으로 보냅니다" },
      async broken() {
        const draft = { text: "안녕", key: "k-1" };
        let received = "";
        greet = (socket) => {
          socket.on("message", (data) => {
            received = String(data);
            seen.emit("received");
          });
        };
        const round = openRound(receive);
        await round.until(() => round.told.includes("connected"));
        round.send(draft);
        await round.until(() => received !== "");
        round.abort();
        if (received === JSON.stringify(draft)) return undefined;
        const what = received || "-";
        return {
          en: `for the draft ${JSON.stringify(draft)} the server received ${what}`,
          ko: `초안 ${JSON.stringify(draft)} 대신 서버가 받은 것: ${what}`,
        };
      },
    },
    heartbeat(saying('{"heartbeat": 15000}')),
    tells(
      "client-refused",
      {
        en: "a draft that is refused is no message: the page is told whose it is, and why",
        ko: "거절된 초안은 메시지가 아닙니다. 어느 초안인지, 왜인지 페이지에 알립니다",
      },
      saying('{"error": "Too long.", "key": "k-1"}'),
      ({ told }) => told.includes("refused k-1 Too long."),
      {
        en: 'the server said {"error": …, "key": …}, and round.refused was not called with the key and the error',
        ko: '서버가 {"error": …, "key": …}를 보냈지만 round.refused(key, error)를 부르지 않았습니다',
      },
    ),
    fails(
      () => {
        greet = (socket) => socket.close(1001);
      },
      { en: "the server closed the connection", ko: "서버가 연결을 닫았습니다." },
    ),
    ends,
  ];
}

const told = (text: Told) => (language === "ko" ? text.ko : text.en);
import(pathToFileURL(client).href).catch((error) => {
  console.log(
    JSON.stringify({ error: error instanceof Error ? error.message.split("\n")[0] : String(error) }),
  );
  process.exit(2);
});
const receive = await Promise.race([
  taken,
  new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE, undefined)),
]);
if (receive === undefined) {
  console.log(JSON.stringify({ error: "client.ts did not call chat.receive." }));
  process.exit(2);
}
const summary = { kept: 0, broken: 0, untried: 0 };
const promises = promisesOf(receive);
for (const { promise, title, broken } of promises) {
  const wrong = await broken();
  if (wrong && thrown !== undefined) console.error(thrown);
  console.log(
    JSON.stringify({
      promise,
      title: told(title),
      kept: wrong === undefined,
      ...(wrong && { seen: told(wrong) }),
      why: [],
      section: "",
    }),
  );
  summary[wrong === undefined ? "kept" : "broken"] += 1;
  if (wrong) break; // What comes after it may be broken by the same.
}
summary.untried = promises.length - summary.kept - summary.broken;
console.log(JSON.stringify({ summary }));
process.exit(summary.broken === 0 ? 0 : 1);
