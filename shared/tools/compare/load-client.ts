// The clients of one server: many raw sockets that count bytes and check every message, at little cost of their own.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { seeded } from "../random.ts";
import { delayOf, type Group, type GroupOptions, type Observed } from "./observed.ts";
import { createPoster, httpLength, lineLength, type Open, type Poster } from "./poster.ts";
import { askOf, frameOf, postOf, TECHNIQUES, type Technique } from "./techniques.ts";
import { clientFrame, type Heard, headLength, remembering } from "./wire.ts";

interface Client {
  readonly index: number;
  readonly socket: Socket;
  readonly interval: number;
  readonly delays: number[];
  /** The beginning of a unit whose end has not come. */
  rest: Buffer | undefined;
  /** Whether the head of a stream was read, and Socket.IO's greetings were exchanged. */
  open: boolean;
  streaming: boolean;
  sid: string;
  /** The id that comes next where nothing is lost. */
  next: number;
  /** Those that were passed over: lost, unless they still come. */
  missing: Set<number> | undefined;
  timer: NodeJS.Timeout | undefined;
}

interface Sender {
  /** @returns when the message is accepted */
  send(draft: string, key: string): Promise<void>;
}

/** Connections opened at a time: fewer than a server's backlog of 511. */
const AT_ONCE = 200;
/** Messages that nobody of the run sent: it is what a second sender of the same key would be. */
const AUTHOR = "load";

/** Opens the connections. @returns when all are open, and have asked */
export async function openGroup(options: GroupOptions): Promise<Group> {
  const { port, otherPorts = [], intervals = [0], patience = 15_000 } = options;
  const ports = [port, ...otherPorts];
  const technique: Technique = TECHNIQUES[options.technique];
  const parse = remembering(technique.parse);
  const random = seeded(options.seed ?? 1);
  const clients: Client[] = [];
  const texts = new Map<string, string>();
  const sentAt = new Map<string, number>();
  const accepted = new Map<string, () => void>();
  const onProgress = new Set<() => void>();
  const ioBuffer = new Uint8Array(256 * 1024); // All sockets read into one buffer: what is kept is copied.
  let failure: Error | undefined;
  let everybody = false; // Whether all connections are open.
  let recording = false; // Whether the delay of each message is kept.
  let closed = false;
  let total = 0; // Messages sent since the beginning; the log had none before, so it is the newest id too.
  let reached = 0; // Clients that have everything up to `target`.
  let target = 0;
  let asked = 0;
  let answered = 0;
  let since = performance.now();
  let counted = fresh();

  const fail = (error: Error) => {
    failure ??= error;
    tell();
  };
  const tell = () => {
    for (const check of onProgress) check();
  };

  /** Waits until `done`, or for as long as messages may take. @throws what a connection failed with */
  const until = (done: () => boolean, time = patience) =>
    new Promise<void>((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        onProgress.delete(check);
        if (failure) reject(failure);
        else resolve();
      };
      const check = () => {
        if (failure || done()) finish();
      };
      const timer = setTimeout(finish, time);
      onProgress.add(check);
      check();
    });

  /**
   * Opens one raw connection.
   *
   * @param read called with bytes that are overwritten after the call
   * @param onClosed what a close means; a failure, unless told
   * @param index of the client, which tells its server
   */
  const open = (
    index: number,
    read: (bytes: Buffer) => void,
    onClosed = () => fail(new Error("the server closed a connection")),
  ) => {
    counted.connections += 1;
    const callback = (length: number) => {
      counted.down += length;
      try {
        read(Buffer.from(ioBuffer.buffer, 0, length));
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
      return true;
    };
    const socket = connect({
      port: ports[index % ports.length] ?? port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: ioBuffer, callback },
    });
    socket.on("error", (error) => closed || fail(error));
    socket.on("close", () => closed || onClosed());
    return socket;
  };

  const write = (socket: Socket, bytes: Uint8Array) => {
    counted.up += bytes.length;
    socket.write(bytes);
  };

  // The same cursor gives the same request, and most clients have the same.
  let lastAsk: { target: string; bytes: Buffer } = { target: "", bytes: Buffer.of() };
  const ask = (client: Client) => {
    const sid = client.sid && `&sid=${client.sid}`;
    const path = technique.target.replace("AFTER", String(client.next - 1)).replace("SID", sid);
    if (path !== lastAsk.target) {
      lastAsk = { target: path, bytes: askOf(port, path, technique.send === "frame") };
    }
    counted.requests += 1;
    asked += 1;
    write(client.socket, lastAsk.bytes);
  };

  const arrive = (client: Client, { messages, payload, answers, pings, opening }: Heard) => {
    const now = messages.length > 0 ? performance.now() : 0;
    const before = client.next;
    for (const { id, key, text } of messages) {
      if (texts.get(key) !== text) counted.altered += 1;
      if (id === client.next) client.next += 1;
      else if (id > client.next) {
        client.missing ??= new Set();
        for (; client.next < id; client.next += 1) client.missing.add(client.next);
        client.next += 1;
      } else if (client.missing?.delete(id)) counted.disordered += 1;
      else {
        counted.doubled += 1;
        continue;
      }
      counted.delivered += 1;
      if (recording) client.delays.push(now - (sentAt.get(key) ?? now));
      if (accepted.size > 0) accepted.get(`${client.index} ${key}`)?.();
    }
    counted.payloadDown += payload;
    answered += answers;
    if (before <= target && client.next > target) reached += 1;
    for (const ping of pings) pong(client, ping);
    for (const packet of opening) greet(client, packet);
    if (answers > 0 && technique.shape === "again" && client.open && !closed) {
      if (client.interval === 0) ask(client);
      else client.timer = setTimeout(ask, client.interval, client);
    }
  };

  const pong = (client: Client, ping: Buffer) => {
    if (!technique.socketIo) write(client.socket, clientFrame(ping, 0x8a));
    else if (technique.send === "frame") write(client.socket, clientFrame("3"));
    else void poster.send(postOf(port, sessionOf(client), "3", "text/plain;charset=UTF-8"), 0);
  };
  const sessionOf = (client: Client) => technique.target.replace("SID", `&sid=${client.sid}`);

  /** Socket.IO: the transport's greeting, then the one of its main namespace. */
  const greet = (client: Client, packet: string) => {
    if (packet.startsWith("40")) {
      client.open = true;
      return;
    }
    client.sid = String(JSON.parse(packet.slice(1)).sid);
    if (technique.send === "frame") return write(client.socket, clientFrame("40"));
    const greeting = postOf(port, sessionOf(client), "40", "text/plain;charset=UTF-8");
    poster.send(greeting, 0).then(() => ask(client), fail);
  };

  const read = (client: Client, bytes: Buffer) => {
    let piece = client.rest ? Buffer.concat([client.rest, bytes]) : bytes;
    client.rest = undefined;
    if (technique.shape === "stream" && !client.streaming) {
      const head = headLength(piece);
      if (head > 0) {
        client.streaming = true;
        client.open = !technique.socketIo;
        piece = piece.subarray(head);
      }
    }
    if (client.streaming || technique.shape !== "stream") {
      const heard = parse(piece);
      piece = piece.subarray(heard.used);
      arrive(client, heard);
    }
    if (piece.length > 0) client.rest = Buffer.from(piece);
    if (reached >= clients.length || answered >= asked || !everybody) tell();
  };

  const posters: Poster[] = [];
  const newPoster = (index: number) => {
    const openOwn: Open = (read, onClosed) => open(index, read, onClosed);
    const made = createPoster(
      technique.send === "line" ? lineLength : httpLength,
      openOwn,
      (socket, post) => {
        counted.payloadUp += post.payload;
        if (technique.send === "post") counted.requests += 1;
        write(socket, post.bytes);
      },
    );
    posters.push(made);
    return made;
  };
  const poster = newPoster(0);

  const senderOf = (index: number): Sender => {
    const client = clients[index];
    if (technique.send === "frame" && client) {
      return {
        send: (draft, key) =>
          new Promise((resolve) => {
            const name = `${index} ${key}`;
            accepted.set(name, () => {
              accepted.delete(name);
              resolve();
            });
            counted.payloadUp += Buffer.byteLength(draft);
            write(client.socket, frameOf(technique, draft));
          }),
      };
    }
    const own = index === 0 ? poster : newPoster(index);
    return {
      send: (draft) => {
        const size = Buffer.byteLength(draft);
        if (technique.send === "line") return own.send(Buffer.from(`SEND${draft}\n`), size);
        if (!technique.socketIo || !client) return own.send(postOf(port, "/update", draft), size);
        const packet = `42["send",${draft}]`;
        return own.send(postOf(port, sessionOf(client), packet, "text/plain;charset=UTF-8"), size);
      },
    };
  };
  const senders: Sender[] = [];

  const send = (by: number, text: string) => {
    senders[by] ??= senderOf(by);
    total += 1;
    counted.sent += 1;
    const key = `load-${total}`;
    texts.set(key, text);
    sentAt.set(key, performance.now());
    return senders[by].send(JSON.stringify({ author: AUTHOR, text, key }), key);
  };

  const allAccepted = async (sending: readonly Promise<void>[], time = patience) => {
    let done = false;
    void Promise.all(sending).then(() => {
      done = true;
      tell();
    });
    await until(() => done, time);
  };

  const allHave = (id: number) => {
    target = id;
    reached = clients.filter(({ next }) => next > id).length;
    return until(() => reached >= clients.length);
  };

  /** What polls counted while others were measured is not this measurement's. @returns the time now */
  function begin(): number {
    counted = fresh();
    since = performance.now();
    return since;
  }

  function observe(): Observed {
    const { up, down, payloadUp, payloadDown, ...rest } = counted;
    const late = clients.map(({ next, missing }) => Math.max(0, total + 1 - next) + (missing?.size ?? 0));
    const seconds = (performance.now() - since) / 1_000;
    const observed = {
      ...rest,
      up: { headers: up - payloadUp, payload: payloadUp },
      down: { headers: down - payloadDown, payload: payloadDown },
      lost: late.reduce((sum, count) => sum + count, 0),
      delay: delayOf(clients.flatMap(({ delays }) => delays)),
      delays: Object.fromEntries(
        intervals.map((own) => [
          own,
          delayOf(clients.filter(({ interval }) => interval === own).flatMap(({ delays }) => delays)),
        ]),
      ),
      seconds,
    };
    counted = fresh();
    since = performance.now();
    for (const { delays } of clients) delays.length = 0;
    return observed;
  }

  for (let index = 0; index < options.clients; index += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, options.clients - index) }, (_, at) => {
      const client: Client = {
        index: index + at,
        socket: open(index + at, (bytes) => read(client, bytes)),
        interval: intervals[(index + at) % intervals.length] ?? 0,
        delays: [],
        rest: undefined,
        open: technique.shape !== "stream" && !technique.socketIo,
        streaming: false,
        sid: "",
        next: 1,
        missing: undefined,
        timer: undefined,
      };
      clients.push(client);
      return client;
    });
    await Promise.all(some.map(({ socket }) => once(socket, "connect")));
    for (const client of some) {
      // Polls are spread over the interval: all at once they would be a burst of their own.
      if (client.interval === 0) ask(client);
      else client.timer = setTimeout(ask, client.interval * random(), client);
    }
    if (technique.shape === "stream" || technique.socketIo) await until(() => some.every((it) => it.open));
    if (technique.shape === "asked") await until(() => answered >= asked); // Who asks nothing is closed after 10 s.
  }
  await new Promise((resolve) => setTimeout(resolve, 200)); // Requests that are held are not answered: let them land.
  everybody = true;

  return {
    async play(plan, milliseconds) {
      recording = true;
      const start = begin();
      const pending: Promise<void>[] = [];
      for (const { at, text } of plan) {
        const wait = at - (performance.now() - start);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        pending.push(send(0, text));
      }
      const left = milliseconds - (performance.now() - start);
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      await allAccepted(pending);
      await allHave(total);
      recording = false;
      return observe();
    },
    async waves(count) {
      begin();
      // Awake from the first to the last: whether a write has to wake its reader is chance, and costs as much again.
      let awake = true;
      const stayAwake = () => awake && setImmediate(stayAwake);
      stayAwake();
      for (let wave = 0; wave < count; wave += 1) {
        if (technique.shape === "asked") {
          for (const client of clients) ask(client);
          await until(() => answered >= asked);
          counted.delivered += clients.length;
        } else {
          void send(0, `wave ${total} ${"안녕 hello ".repeat(4)}`);
          await allHave(total);
        }
      }
      awake = false;
      return observe();
    },
    async race(count, milliseconds) {
      const end = begin() + milliseconds;
      const racing = Array.from({ length: count }, async (_, by) => {
        while (performance.now() < end && !failure)
          await send(by, `race ${total} ${"안녕 hello ".repeat(4)}`);
      });
      await allAccepted(racing, milliseconds + patience);
      await allHave(total);
      return observe();
    },
    observe,
    close() {
      closed = true;
      for (const { socket, timer } of clients) {
        clearTimeout(timer);
        socket.destroy();
      }
      for (const { end } of posters) end();
    },
  };
}

function fresh() {
  return {
    requests: 0,
    connections: 0,
    up: 0,
    down: 0,
    payloadUp: 0,
    payloadDown: 0,
    sent: 0,
    delivered: 0,
    doubled: 0,
    disordered: 0,
    altered: 0,
  };
}
