// What piles up in a server's memory, or among its files, for a client that asks for much and takes nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { requestOf } from "../../clients/ask.ts";
import { frameOf, upgradeOf } from "../../clients/frames.ts";
import { broken, megabytes, type Said } from "../said.ts";
import { memoryOf, socketsOf } from "../server.ts";
import { DATA, type Trial, times, within } from "../trial.ts";

const OPEN = { Connection: undefined };

/** The bytes with which a client begins to receive what came after a cursor; a socket's own bytes may follow. */
export function receiving(
  trial: Trial,
  after: number | undefined,
  headers: Record<string, string> = {},
): Buffer {
  const query = after === undefined ? "" : `?after=${after}`;
  const { host } = trial.server;
  if (trial.chapter === "ch12-websocket") return Buffer.from(upgradeOf(host, `/${query}`, headers));
  return requestOf(host, `GET ${DATA[trial.chapter]}${query}`, { headers: { ...OPEN, ...headers } });
}

/** The most memory that the server has while this many more requests of others are answered. */
async function mostMemory(trial: Trial, requests: number): Promise<number> {
  let most = 0;
  for (const _ of times(requests, (it) => it)) {
    await trial.fetch("GET /", { headOnly: true, isUnnoted: true });
    most = Math.max(most, memoryOf(trial.server) ?? 0);
    if (trial.server.exit()) break;
    await sleep(50);
  }
  return most;
}

/** Clients that are far behind, and do not read. @param bytes what each of them has to catch up, as JSON */
export async function unreadCatchUps(trial: Trial, after: number | undefined, bytes: number): Promise<void> {
  const before = memoryOf(trial.server);
  if (before === undefined || after === undefined) return;
  const count = 8;
  trial.sending({
    en: `${count} clients that are ${megabytes(bytes)} behind and do not read`,
    ko: `${megabytes(bytes)}만큼 뒤처진 채 읽지 않는 클라이언트 ${count}개`,
  });
  for (const _ of times(count, (it) => it))
    trial
      .raw(receiving(trial, after), {
        en: `a client that is ${megabytes(bytes)} behind, and does not read`,
        ko: `${megabytes(bytes)}만큼 뒤처진 채 읽지 않는 클라이언트`,
      })
      .socket.pause();
  const grown = (await mostMemory(trial, 20)) - before;
  if (grown < (count * bytes) / 2) return;
  broken(
    `${count} clients that are ${megabytes(bytes)} behind and do not read cost ${megabytes(grown)} of memory`,
    `${megabytes(bytes)}만큼 뒤처진 채 읽지 않는 클라이언트 ${count}개에 메모리가 ${megabytes(grown)} 들었습니다`,
    undefined,
    "read", // It is how a catch-up is written.
  );
}

/**
 * A client that sends one draft again and again, and does not read what it is answered: the message, which is large.
 *
 * @param after the cursor that it begins with
 * @param how how it is called, so long as it begins there
 */
export async function repeatsAndDoesNotRead(
  trial: Trial,
  after: number | undefined,
  draft: { readonly text: string; readonly key: string },
  how: Said,
): Promise<void> {
  const count = 4_000;
  trial.sending(how);
  const connection = trial.raw(receiving(trial, after), how);
  connection.socket.pause();
  const frame = frameOf(JSON.stringify({ text: "again", key: draft.key }));
  const before = memoryOf(trial.server);
  let cut = false;
  connection.socket.on("close", () => {
    cut = true;
  });
  for (let left = count; left > 0 && !cut && !trial.server.exit(); left -= 100) {
    connection.socket.write(Buffer.concat(times(100, () => frame)));
    await sleep(5);
  }
  const most = await mostMemory(trial, 10);
  connection.socket.write(frame); // What the other side closed shows where something is written to it.
  await sleep(20);
  connection.socket.write(frame);
  await sleep(20);
  if (cut || trial.server.exit()) return;
  const read = connection.socket.bytesRead;
  connection.socket.resume();
  await within(trial.patience, connection.ended());
  if (connection.isOver()) return;
  // Whoever keeps no message under the key answers with less, and nothing piles up.
  const taken = connection.socket.bytesRead - read;
  if (taken < 20_000_000) return;
  const grown = before === undefined ? 0 : Math.max(0, most - before);
  broken(
    `${how.en} was not cut off: ${megabytes(taken)} were waiting for it${grown > 0 ? `; the server's memory grew by ${megabytes(grown)}` : ""}`,
    `${how.ko}의 연결을 끊지 않고 ${megabytes(taken)}를 모아 두었습니다${grown > 0 ? `. 서버의 메모리는 ${megabytes(grown)} 늘었습니다` : ""}`,
  );
}

/** Thousands of requests on one connection, behind some whose answers are large and are not read. */
export async function requestsInLine(trial: Trial, large: Buffer): Promise<void> {
  const before = memoryOf(trial.server);
  if (before === undefined) return;
  const count = 30_000;
  const said: Said = {
    en: `${count.toLocaleString("en")} requests on one connection, of which no answer is read`,
    ko: `응답을 하나도 읽지 않고 한 연결로 보낸 요청 ${count.toLocaleString("en")}개`,
  };
  trial.sending(said);
  const connection = trial.raw("", said);
  connection.socket.pause();
  connection.socket.write(Buffer.concat(times(20, () => large)));
  const small = requestOf(trial.server.host, "GET /nowhere", { headers: OPEN });
  connection.socket.write(Buffer.concat(times(count, () => small)));
  const grown = (await mostMemory(trial, 20)) - before;
  if (grown < 100_000_000 || trial.server.exit()) return;
  broken(
    `${said.en}, cost ${megabytes(grown)} of memory`,
    `${said.ko}에 메모리가 ${megabytes(grown)} 들었습니다`,
  );
}

/** Who is refused an upgrade and does not close is closed: each connection is a file. */
export async function refusedAreClosed(trial: Trial): Promise<void> {
  const before = socketsOf(trial.server);
  if (before === undefined) return;
  const count = 20;
  const refused = Buffer.from(upgradeOf(trial.server.host, "/", { Origin: "http://evil.example" }));
  const connections = times(count, () => trial.raw(refused));
  trial.note({
    en: `→ ${count} upgrades with a foreign Origin, which are not closed by their clients`,
    ko: `→ 다른 Origin의 업그레이드 ${count}개. 클라이언트는 연결을 닫지 않음`,
  });
  await Promise.all(
    connections.map(({ until }) =>
      within(
        trial.patience,
        until((received) => received.includes("\r\n\r\n")),
      ).catch(() => {}),
    ),
  );
  if (connections.some(({ received }) => received().startsWith("HTTP/1.1 101"))) return; // Let in: that is another promise.
  const held = () => (socketsOf(trial.server) ?? 0) - before;
  for (const end = performance.now() + trial.patience; performance.now() < end && held() > 2; )
    await sleep(50);
  if (held() > 2)
    broken(
      `${trial.patience / 1_000} s after ${count} upgrades were refused, the server still held ${held()} of their connections`,
      `업그레이드 ${count}개를 거절하고 ${trial.patience / 1_000}초 뒤에도 서버에 그 연결 ${held()}개가 남아 있었습니다`,
    );
}
