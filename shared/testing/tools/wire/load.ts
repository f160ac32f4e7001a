// node dist/shared/testing/tools/wire/load.js [--connections 200] [--rate 1000] [--seconds 20]: what the wire costs.
// A server, clients and `npm run wire` in processes of their own; each connection is a WebSocket, each message a frame
// that the server sends back. First straight to the server, then through the wire with a viewer at it.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { frameOf, SAMPLE_KEY } from "../../frames.ts";

const WIRE = join(import.meta.dirname, "../../../tools/wire/wire.js");
const UPGRADE = `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${SAMPLE_KEY}\r\n\r\n`;
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/** Sends back each byte that comes after the head, and at the end says what it has read. */
async function serve(): Promise<void> {
  const hashes = new Map<string, Hash>();
  const server = createServer({ noDelay: true }, (socket) => {
    let head = "";
    let hash: Hash | undefined;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (hash) {
        hash.update(bytes);
        socket.write(bytes);
        return;
      }
      head += bytes.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      hash = createHash("sha256");
      hashes.set(/\?(\d+)/.exec(head)?.[1] ?? "", hash);
      socket.write(SWITCHED);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.(Object(server.address()).port);
  process.on("message", () => {
    process.send?.(Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.copy().digest("hex")])));
    hashes.clear();
  });
}

interface Client {
  readonly socket: Socket;
  readonly sent: Hash;
  readonly received: Hash;
  size: number;
  /** When what is on its way was sent, and the place behind its last byte. */
  readonly waiting: { readonly at: number; readonly end: number }[];
}

interface Round {
  /** Milliseconds from sending to the last byte of the answer, sorted. */
  readonly times: number[];
  readonly sent: Readonly<Record<string, string>>;
  readonly received: Readonly<Record<string, string>>;
  readonly messages: number;
}

async function talk(port: number, connections: number, rate: number, seconds: number): Promise<Round> {
  const times: number[] = [];
  const open = async (name: number): Promise<Client> => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client: Client = {
      socket,
      sent: createHash("sha256"),
      received: createHash("sha256"),
      size: 0,
      waiting: [],
    };
    socket.write(UPGRADE.replace("/ ", `/?${name} `));
    const [head] = await once(socket, "data");
    if (String(head) !== SWITCHED) throw new Error(`the handshake was changed: ${head}`);
    let read = 0;
    socket.on("data", (bytes) => {
      client.received.update(bytes);
      read += bytes.length;
      for (let [first] = client.waiting; first && first.end <= read; [first] = client.waiting) {
        times.push(performance.now() - first.at);
        client.waiting.shift();
      }
    });
    return client;
  };
  const clients: Client[] = [];
  for (let name = 0; name < connections; name += 1) clients.push(await open(name));
  const begin = performance.now();
  const total = rate * seconds;
  let messages = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, ((performance.now() - begin) / 1_000) * rate);
      for (; messages < due; messages += 1) {
        const client = clients[messages % clients.length];
        if (!client) break;
        const frame = frameOf(
          JSON.stringify({ id: messages, text: "안녕하세요 ".repeat(4), key: `k${messages}` }),
        );
        client.sent.update(frame);
        client.size += frame.length;
        client.waiting.push({ at: performance.now(), end: client.size });
        client.socket.write(frame);
      }
      if (messages < total || clients.some(({ waiting }) => waiting.length > 0)) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  for (const { socket } of clients) socket.destroy();
  const digests = (kind: "sent" | "received") =>
    Object.fromEntries(clients.map((client, name) => [name, client[kind].digest("hex")]));
  const sorted = times.sort((a, b) => a - b);
  return { times: sorted, sent: digests("sent"), received: digests("received"), messages };
}

const part = ({ times }: Round, share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);

function memoryOf({ pid }: ChildProcess): string {
  try {
    const [, kilobytes = ""] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return `${Math.round(Number(kilobytes) / 1024)} MiB`;
  } catch {
    return "not known here";
  }
}

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      connections: { type: "string", default: "200" },
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "20" },
    },
  });
  const [connections, rate, seconds] = [values.connections, values.rate, values.seconds].map(Number);
  const server = fork(import.meta.filename, ["serve"]);
  process.on("exit", () => server.kill());
  const [port] = await once(server, "message");
  const wire = spawn(process.execPath, [WIRE, "--to", String(port), "--port", "0", "--viewer", "0"]);
  process.on("exit", () => wire.kill());
  wire.stderr.pipe(process.stderr);
  const [line] = await once(wire.stdout.setEncoding("utf8"), "data");
  const viewer = /http:\S+/.exec(line)?.[0] ?? "";
  let told = 0;
  let proxy = 0;
  const isTold = new Promise<void>((resolve) => {
    get(`${viewer}/events`, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => {
        told += text.length;
        proxy ||= Number(/"url":"http:\/\/localhost:(\d+)"/.exec(text)?.[1] ?? 0);
        if (proxy > 0) resolve();
      });
    });
  });
  await isTold;
  const memory = [memoryOf(wire)];
  for (const [name, to] of [
    ["straight", port],
    ["through the wire", proxy],
    ["straight", port],
    ["through the wire", proxy],
  ] as const) {
    const round = await talk(to, connections ?? 0, rate ?? 0, seconds ?? 0);
    server.send("digests");
    const [read] = await once(server, "message");
    const same = Object.keys(round.sent).every(
      (each) => round.sent[each] === read[each] && round.sent[each] === round.received[each],
    );
    memory.push(memoryOf(wire));
    console.log(
      `${name.padEnd(17)} ${round.messages} messages there and back, p50 ${part(round, 0.5)} ms, p99 ${part(round, 0.99)} ms, ${same ? "every byte the same" : "BYTES CHANGED"}`,
    );
    if (!same) process.exitCode = 1;
  }
  console.log(`memory of the wire: ${memory.join(", ")}; the viewer was told ${Math.round(told / 1e6)} MB`);
  process.exit();
}

await (process.argv[2] === "serve" ? serve() : measure());
