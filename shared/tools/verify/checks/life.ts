// A server's end, and its next life.
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../../../message-store/message.ts";
import { partialAnswerIn, requestOf } from "../../clients/ask.ts";
import { openClient } from "../../clients/clients.ts";
import { CLOSE, closing } from "../../clients/frames.ts";
import { broken, quoted, seconds, Untried, withRo } from "../said.ts";
import { exitText } from "../server.ts";
import { DATA, idOf, type Trial, times, together, within } from "../trial.ts";

const NOT_STARTED = {
  en: "only where verify starts the server itself: --start",
  ko: "verify가 서버를 직접 시작할 때만 검사할 수 있습니다: --start",
};

/** What was answered before kill -9 is there after it, once, and what was not is sent again with its key. */
export async function keptOverKill(trial: Trial): Promise<void> {
  if (!trial.target.starts) throw new Untried(NOT_STARTED);
  const store = trial.target.newStore();
  const before = await trial.startAnother({ store });
  const options = { insists: true, interval: 20, after: 0 };
  const senders = times(3, () => openClient(trial.chapter, before.url, options));
  trial.onEnd(() => {
    for (const sender of senders) sender.stop();
  });
  const texts = times(60, (index) => `over the kill ${index + 1}`);
  const answered = new Map<string, Message>();
  let enough = () => {};
  const some = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const sending = texts.map(async (text, index) => {
    const message = await senders[index % 3]?.send({ text });
    if (message) answered.set(text, message);
    if (answered.size === 15) enough();
  });
  await within(2 * trial.patience, some);
  const early = [...answered.keys()];
  trial.note({
    en: `${early.length} drafts are answered; kill -9`,
    ko: `초안 ${early.length}개가 응답을 받음; kill -9`,
  });
  await before.end("SIGKILL");
  const after = await trial.startAnother({ store });
  for (const sender of senders) sender.reconnect(after.url);
  await within(2 * trial.patience, Promise.all(sending));
  const reader = openClient(trial.chapter, after.url, options);
  trial.onEnd(() => reader.stop());
  const missing = () => early.filter((text) => !reader.messages.some((message) => message.text === text));
  await within(
    trial.patience,
    reader.until(() => missing().length === 0),
  );
  const lost = missing();
  if (early.length === 0)
    broken("no draft was answered before the kill", "죽이기 전에 응답받은 초안이 없습니다");
  if (lost.length > 0)
    broken(
      `of ${early.length} messages that were answered before kill -9, ${lost.length} are gone after the restart`,
      `kill -9 전에 응답받은 메시지 ${early.length}개 중 ${lost.length}개가 다시 시작한 뒤 사라졌습니다`,
      [
        `answered: ${JSON.stringify(answered.get(lost[0] ?? ""))}`,
        `after the restart: ${reader.messages.length} messages`,
      ],
    );
  await within(
    trial.patience,
    reader.until((messages) => texts.every((text) => messages.some((message) => message.text === text))),
  );
  for (const text of texts) {
    const seen = reader.messages.filter((message) => message.text === text);
    if (seen.length === 1) continue;
    const ids = seen.map(idOf).join(", ");
    broken(
      `${quoted(text)}, sent again with its key after the restart, is there ${seen.length === 0 ? "not at all" : `${seen.length} times (ids ${ids})`}`,
      `다시 시작한 뒤 같은 키로 다시 보낸 메시지가 ${seen.length === 0 ? "없습니다" : `${seen.length}번 있습니다 (id ${ids})`}: ${quoted(text)}`,
    );
  }
}

/** Two servers on one log show one conversation, in one order. */
export async function oneLog(trial: Trial): Promise<void> {
  if (!trial.target.stores)
    throw new Untried({
      en: "only where the server can be told where its log is: {store} in --start",
      ko: "로그의 위치를 서버에 알려 줄 수 있을 때만 검사할 수 있습니다: --start에 {store}",
    });
  const store = trial.target.newStore();
  const servers = await Promise.all([trial.startAnother({ store }), trial.startAnother({ store })]);
  const clients = servers.flatMap(({ url }) =>
    times(2, () => openClient(trial.chapter, url, { insists: false, interval: 20, after: 0 })),
  );
  trial.onEnd(() => {
    for (const client of clients) client.stop();
  });
  const texts = clients.flatMap((_, sender) => times(10, (turn) => `shared ${sender + 1}-${turn + 1}`));
  const problems: string[] = [];
  await within(
    2 * trial.patience,
    Promise.all(
      clients.map(async (client, sender) => {
        for (const text of texts.filter((it) => it.startsWith(`shared ${sender + 1}-`)))
          await client.send({ text }).catch((error: unknown) => problems.push(String(error)));
      }),
    ),
  );
  const [problem] = problems;
  if (problem)
    broken(
      `with two servers on one log a draft was not accepted: ${problem}`,
      `로그 하나를 두 서버가 쓸 때 초안을 받지 않았습니다: ${problem}`,
    );
  const hasAll = (messages: readonly Message[]) =>
    texts.every((text) => messages.some((message) => message.text === text));
  await within(2 * trial.patience, Promise.all(clients.map((client) => client.until(hasAll))));
  const [first] = clients;
  for (const [index, client] of clients.entries()) {
    const missed = texts.filter((text) => !client.messages.some((message) => message.text === text));
    if (missed.length > 0)
      broken(
        `a client of server ${index < 2 ? 1 : 2} missed ${missed.length} of ${texts.length} that were sent to two servers on one log`,
        `로그 하나를 쓰는 두 서버에 보낸 ${texts.length}개 중 ${missed.length}개를 서버 ${index < 2 ? 1 : 2}의 클라이언트가 받지 못했습니다`,
      );
    const ids = client.messages.map(({ id }) => id);
    const wrong = ids.findIndex((id, at) => at > 0 && id !== (ids[at - 1] ?? 0) + 1);
    if (wrong !== -1)
      broken(
        `a client of server ${index < 2 ? 1 : 2} got id ${ids[wrong]} after id ${ids[wrong - 1]}`,
        `서버 ${index < 2 ? 1 : 2}의 클라이언트가 id ${ids[wrong - 1]} 다음에 받은 것이 id ${ids[wrong]}입니다`,
      );
    const different = client.messages.findIndex(({ text }, at) => text !== first?.messages[at]?.text);
    if (different !== -1)
      broken(
        `two servers on one log show two orders: id ${client.messages[different]?.id} is ${quoted(client.messages[different]?.text ?? "")} to one client and ${quoted(first?.messages[different]?.text ?? "")} to another`,
        `로그 하나를 쓰는 두 서버의 순서가 다릅니다: 한쪽의 id ${client.messages[different]?.id} ${quoted(client.messages[different]?.text ?? "")}, 다른 쪽의 같은 자리 ${quoted(first?.messages[different]?.text ?? "")}`,
      );
  }
  await comesOver(trial, servers[0].url, servers[1].url);
  const key = `shared-${process.pid}-${Math.trunc(performance.now())}`;
  const twice = await within(
    trial.patience,
    Promise.all(clients.map((client) => client.send({ text: "once for both", key }).catch(() => undefined))),
  );
  const ids = new Set((twice ?? []).map((message) => idOf(message)));
  if (ids.size !== 1)
    broken(
      `one key, sent to both servers at once, was answered with ${ids.size} ids: ${[...ids].join(", ")}`,
      `같은 키를 두 서버에 동시에 보내니 응답의 id가 ${ids.size}가지입니다: ${[...ids].join(", ")}`,
    );
}

/** A client that takes its cursor from one server to the other, which may have yet to read so far, gets nothing again. */
async function comesOver(trial: Trial, from: string, to: string): Promise<void> {
  const writer = openClient(trial.chapter, from, { insists: false, interval: 20, after: 0 });
  trial.onEnd(() => writer.stop());
  for (const turn of times(8, (it) => it + 1)) {
    const answer = await within(
      trial.patience,
      writer.send({ text: `over ${turn}` }).catch(() => undefined),
    );
    const id = idOf(answer);
    if (id === undefined) continue;
    const client = openClient(trial.chapter, to, { insists: false, interval: 20, after: id });
    await within(
      150,
      client.until(({ length }) => length > 0),
    );
    const [first] = client.messages;
    client.stop();
    if (first && (idOf(first) ?? 0) <= id)
      broken(
        `a client that came from one server to the other with the cursor ${id} was sent id ${first.id} again`,
        `커서 ${id}번을 가지고 다른 서버로 옮긴 클라이언트에 id ${first.id} 메시지가 다시 왔습니다`,
      );
  }
}

/** How long a stop may take, in milliseconds, and a little for this machine. */
const STOP = 2_000;
const GRACE = 500;

/** SIGTERM: whoever is waiting is answered, streams and sockets are closed as they should be, and the process ends. */
export async function stops(trial: Trial): Promise<void> {
  if (!trial.target.starts) throw new Untried(NOT_STARTED);
  if (process.platform === "win32")
    throw new Untried({ en: "Windows has no SIGTERM", ko: "Windows에는 SIGTERM이 없습니다" });
  const { now } = await together(trial, 1);
  const query = now === undefined ? "" : `?after=${now}`;
  const { server } = trial;
  const half = trial.raw(
    requestOf(server.host, "POST /update", {
      headers: { "Content-Type": "application/json", "Content-Length": "100" },
    }),
    { en: "half a POST /update", ko: "반만 보낸 POST /update" },
  );
  const idle = trial.raw("", {
    en: "a connection on which nothing is sent",
    ko: "아무것도 보내지 않는 연결",
  });
  const seen = await openBefore(trial, query);
  trial.note("SIGTERM");
  const began = trial.elapsed();
  const exit = await within(STOP + GRACE, server.end("SIGTERM"));
  const took = trial.elapsed() - began;
  for (const { socket } of [half, idle]) socket.destroy();
  if (!exit)
    broken(
      `${seconds(STOP)} s after SIGTERM the server was still running, with a held, a half-sent and a silent connection`,
      `SIGTERM을 보내고 ${seconds(STOP)}초가 지나도 서버가 종료되지 않았습니다 (응답을 기다리는 연결, 반만 보낸 연결, 조용한 연결이 있었습니다)`,
    );
  trial.note({
    en: `it ended after ${seconds(took)} s with ${exitText(exit)}`,
    ko: `${seconds(took)}초 뒤 종료: ${exitText(exit)}`,
  });
  await seen(exit);
  if (exit.code !== 0)
    broken(
      `SIGTERM ended it with ${exitText(exit)}, not with exit code 0`,
      `SIGTERM을 받으면 종료 코드 0으로 끝나야 하는데, ${exit.signal ? `신호 ${exit.signal} 때문에 죽었습니다` : `${withRo(`종료 코드 ${exit.code}`)} 끝났습니다`}`,
    );
}

/** Opens what is to be closed well. @returns what looks, after the stop, at how it was closed */
async function openBefore(trial: Trial, query: string): Promise<(exit: unknown) => Promise<void>> {
  if (trial.chapter === "ch12-websocket") {
    const socket = await trial.socket(`/${query}`);
    const close = () => socket.frames().find(({ first }) => (first & 0x0f) === CLOSE);
    void socket.connection
      .until(() => close() !== undefined)
      .then(() => socket.send(closing(1001), { opcode: CLOSE }))
      .catch(() => {});
    return async () => {
      await within(500, socket.connection.ended());
      const payload = close()?.payload;
      const code = payload && payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
      if (code === 1001) return;
      const en = code === undefined ? "without a close frame (a browser says 1006)" : `with ${code}`;
      const ko =
        code === undefined
          ? "닫기 프레임 없이 끊었습니다(브라우저에서는 1006)"
          : `닫기 코드 ${withRo(`${code}`)} 닫았습니다`;
      broken(
        `a stop closed a socket ${en}, not with close code 1001`,
        `종료할 때 소켓을 닫기 코드 1001로 닫아야 하는데, ${ko}`,
      );
    };
  }
  if (trial.chapter === "ch09-polling") return async () => {};
  const line = `GET ${DATA[trial.chapter]}${query}`;
  const waiting = trial.raw(requestOf(trial.server.host, line, { headers: { Connection: undefined } }), line);
  await sleep(150); // A held request has no sign that it is held.
  return async () => {
    await within(500, waiting.ended());
    const answer = partialAnswerIn(waiting.received(), waiting.isOver());
    if (trial.chapter === "ch10-long-polling" && answer?.status !== 204)
      broken(
        `a stop cut off a held request ${answer ? `with ${answer.status}` : "without an answer"}, not with 204`,
        `종료할 때 보류한 요청에 204로 응답해야 하는데, ${answer ? `${withRo(`${answer.status}`)} 응답했습니다` : "응답 없이 연결을 끊었습니다"}`,
      );
    if (
      trial.chapter === "ch11-sse" &&
      waiting.received().toLowerCase().includes("chunked") &&
      !waiting.received().endsWith("0\r\n\r\n")
    )
      broken(
        "a stop cut a stream off in the middle of its answer, without its last chunk",
        "종료할 때 스트림을 마지막 청크 없이 중간에 끊었습니다",
      );
  };
}
