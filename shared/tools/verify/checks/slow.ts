// What takes its time: the end of a hold, heartbeats, a peer that is gone.
import { requestOf } from "../../clients/ask.ts";
import { frameOf, PING, PONG } from "../../clients/frames.ts";
import type { RawConnection } from "../../clients/raw.ts";
import { broken, megabytes, seconds, withRo } from "../said.ts";
import { beginning, idOf, send, type Trial, times, within } from "../trial.ts";
import { expectNoContent } from "./doors.ts";
import { receiving } from "./piles.ts";

const HOLD = 25_000;
/** How much earlier or later a hold or a heartbeat may be, in milliseconds. */
const TOLERANCE = 1_500;
/** No stream may be silent for so long. */
const SILENCE = 20_000;

/** A hold ends with 204 after 25 s without a message, and not before. */
export async function hold(trial: Trial): Promise<void> {
  const now = await beginning(trial);
  const line = `GET /longpoll${now === undefined ? "" : `?after=${now}`}`;
  const began = trial.elapsed();
  const answer = await trial.fetch(line, { limit: HOLD + TOLERANCE });
  const took = trial.elapsed() - began;
  if (answer.came === "nothing")
    broken(
      `${seconds(took)} s after it was asked, without a message, ${line} was still held`,
      `메시지 없이 ${seconds(took)}초가 지나도 ${line}의 응답이 오지 않았습니다`,
    );
  const said = answer.came === "ended" ? "a closed connection" : `${answer.status}`;
  if (answer.status !== 204 || took < HOLD - TOLERANCE)
    broken(
      `a hold ended after ${seconds(took)} s with ${said}, not after 25 s with 204`,
      `보류한 요청이 25초 뒤 204로 끝나야 하는데, ${seconds(took)}초 만에 ${answer.came === "ended" ? "연결이 닫혔습니다" : `${withRo(said)} 끝났습니다`}`,
    );
  expectNoContent(answer, line);
}

export async function heartbeat(trial: Trial): Promise<void> {
  if (trial.chapter === "ch12-websocket") return socketHeartbeat(trial);
  const now = await beginning(trial);
  const line = `GET /subscribe${now === undefined ? "" : `?after=${now}`}`;
  const connection = trial.raw(requestOf(trial.server.host, line), line);
  await within(
    trial.patience,
    connection.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => {});
  const count = (received: string) => received.match(/^event: ?heartbeat\r?$/gm)?.length ?? 0;
  // The stream may begin with one; two more are to come.
  await within(
    300,
    connection.until((received) => count(received) > 0),
  ).catch(() => {});
  await expectPulse(trial, connection.socket, count, () => connection.received());
}

/** Waits for two signs of life: the time before the first, and between the two. */
async function expectPulse(
  trial: Trial,
  socket: {
    on(event: "data", listener: () => void): unknown;
    off(event: "data", listener: () => void): unknown;
  },
  count: (received: string) => number,
  received: () => string,
): Promise<void> {
  let before = count(received());
  const times: number[] = [];
  let last = trial.elapsed();
  let lastByte = last;
  while (times.length < 2) {
    const something = new Promise<void>((resolve) => {
      const heard = () => {
        socket.off("data", heard);
        resolve();
      };
      socket.on("data", heard);
    }).then(() => true);
    const came = await within(SILENCE - (trial.elapsed() - last), something);
    if (!came) {
      const isSocket = trial.chapter === "ch12-websocket";
      const [what, ko] = isSocket ? ["message", "메시지"] : ["event", "이벤트"];
      const bytes = lastByte > last ? [", though there were bytes", " 바이트는 왔습니다."] : ["", ""];
      broken(
        `for ${seconds(SILENCE)} s no ${what} that a page can see came on a quiet ${isSocket ? "socket" : "stream"}${bytes[0]}`,
        `조용한 ${isSocket ? "소켓" : "스트림"}에 ${seconds(SILENCE)}초 동안 페이지가 볼 수 있는 ${ko}가 오지 않았습니다.${bytes[1]}`,
      );
    }
    const now = count(received());
    const at = trial.elapsed();
    lastByte = at;
    if (now === before) continue;
    before = now;
    trial.note({
      en: `a heartbeat after ${seconds(at - last)} s`,
      ko: `${seconds(at - last)}초 뒤 하트비트`,
    });
    if (times.length > 0 && Math.abs(at - last - 15_000) > TOLERANCE)
      broken(
        `between two heartbeats were ${seconds(at - last)} s, not 15`,
        `하트비트 사이가 15초가 아니라 ${seconds(at - last)}초입니다`,
      );
    times.push(at);
    last = at;
  }
}

const isHeartbeat = (payload: Buffer) => /^\{\s*"heartbeat"\s*:\s*15000\s*\}$/.test(payload.toString());

async function socketHeartbeat(trial: Trial): Promise<void> {
  const now = await beginning(trial);
  const socket = await trial.socket(now === undefined ? "/" : `/?after=${now}`);
  const { connection } = socket;
  let answered = 0;
  connection.socket.on("data", () => {
    const pings = socket.frames().filter(({ first }) => first === (0x80 | PING));
    for (const { payload } of pings.slice(answered))
      connection.socket.write(frameOf(payload, { opcode: PONG }));
    answered = pings.length;
  });
  await expectPulse(
    trial,
    connection.socket,
    () => socket.frames().filter(({ first, payload }) => first === 0x81 && isHeartbeat(payload)).length,
    () => connection.received(),
  );
  if (answered === 0) broken("heartbeats came, but no ping", "하트비트는 왔지만 핑이 오지 않았습니다");
}

/** How far behind a client is that stops reading within its catch-up, in bytes: more than the kernel's buffers hold. */
const BEHIND = 8_000_000;
/** A text that is six times as long as JSON. */
const HEAVY = "\u0001".repeat(2_000);

/** Lets a client in that is far behind, and stops reading. @returns undefined where messages have no id */
async function stalledInCatchUp(trial: Trial): Promise<RawConnection | undefined> {
  const writer = trial.enter();
  const now = idOf(await send(trial, writer, { text: "A catch-up begins." }));
  // Whether drafts are kept, and how soon, is not the matter here.
  const sending = times(Math.ceil(BEHIND / HEAVY.length / 6), () =>
    writer.client.send({ text: HEAVY }).catch(() => {}),
  );
  await within(3 * trial.patience, Promise.all(sending));
  writer.client.stop();
  if (now === undefined) return undefined;
  const connection = trial.raw(receiving(trial, now), {
    en: `a client that is ${megabytes(BEHIND)} behind, and stops reading`,
    ko: `${megabytes(BEHIND)}만큼 뒤처졌고, 도중에 읽기를 멈추는 클라이언트`,
  });
  await within(
    trial.patience,
    connection.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => {});
  connection.socket.pause();
  return connection;
}

/** A peer that answers no ping is dropped by the next one, also where it has yet to catch up. */
export async function silentPeer(trial: Trial): Promise<void> {
  const stalled = await stalledInCatchUp(trial);
  const socket = await trial.socket();
  const began = trial.elapsed();
  const ping = await within(
    SILENCE,
    socket.connection.until(() => socket.frames().some(({ first }) => first === (0x80 | PING))),
  ).catch(() => undefined);
  if (ping === undefined)
    broken(
      `for ${seconds(trial.elapsed() - began)} s no ping came, so a peer that is gone is never noticed`,
      `${seconds(trial.elapsed() - began)}초 동안 핑이 오지 않아, 사라진 상대를 알아챌 수 없습니다`,
    );
  const asked = trial.elapsed();
  const over = await within(15_000 + TOLERANCE, socket.connection.ended());
  if (over === undefined)
    broken(
      `${seconds(trial.elapsed() - asked)} s after a ping that was not answered the connection was still open`,
      `핑에 퐁을 보내지 않고 ${seconds(trial.elapsed() - asked)}초가 지나도 연결이 열려 있었습니다`,
    );
  // It came before the other one, so both of its pings have gone out as well.
  stalled?.socket.resume();
  if (!stalled || (await within(trial.patience, stalled.ended())) !== undefined) return;
  broken(
    `a client that stopped reading within its catch-up, and so answered no ping, was still connected after ${seconds(trial.elapsed() - began)} s`,
    `따라잡는 도중에 읽기를 멈춰 퐁을 보내지 못한 클라이언트가 ${seconds(trial.elapsed() - began)}초 뒤에도 연결되어 있었습니다`,
    trial.lines().filter((line) => !line.includes("u0001")), // Not the log that it had to catch up.
  );
}
