// Clients that break off, never leave the list, do not read, or talk without end.
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../../../message-store/message.ts";
import { requestOf } from "../../clients/ask.ts";
import { frameOf, upgradeOf } from "../../clients/frames.ts";
import { openRaw, type RawConnection } from "../../clients/raw.ts";
import { broken, megabytes, seconds, Untried } from "../said.ts";
import { memoryOf, socketsOf } from "../server.ts";
import { beginning, DATA, idOf, type Member, send, type Trial, times, together, within } from "../trial.ts";
import {
  receiving,
  refusedAreClosed,
  repeatsAndDoesNotRead,
  requestsInLine,
  unreadCatchUps,
} from "./piles.ts";

const JSON_BODY = { "Content-Type": "application/json" };
const OPEN = { Connection: undefined };

/** Connections that end in the middle of something, by a reset or by an end: nobody else notices. */
export async function brokenOff(trial: Trial): Promise<void> {
  const { now, members } = await together(trial, 1);
  const [witness] = members;
  if (!witness) return;
  const { host } = trial.server;
  const isSocket = trial.chapter === "ch12-websocket";
  const draft = requestOf(host, "POST /update", { headers: JSON_BODY, body: '{"text": "never whole"}' });
  const cases: [what: string, ko: string, bytes: Buffer][] = [
    ["half a head", "헤더를 반만", draft.subarray(0, 40)],
    ["a request to receive", "받기 위한 요청을", receiving(trial, now)],
    ...(isSocket
      ? ([
          ["half an upgrade", "업그레이드 요청을 반만", receiving(trial, now).subarray(0, 60)],
          [
            "half a frame",
            "프레임을 반만",
            Buffer.concat([receiving(trial, now), frameOf("never whole").subarray(0, 8)]),
          ],
          [
            "an upgrade with a foreign Origin",
            "다른 Origin의 업그레이드를",
            Buffer.from(upgradeOf(host, "/", { Origin: "null" })),
          ],
          [
            "an upgrade of another version",
            "다른 버전의 업그레이드를",
            Buffer.from(upgradeOf(host, "/", { "Sec-WebSocket-Version": "8" })),
          ],
        ] satisfies [string, string, Buffer][])
      : ([
          ["half a body", "본문을 반만", draft.subarray(0, -5)],
          ["no HTTP at all", "HTTP가 아닌 것을", Buffer.from("\x16\x03\x01 hello\r\n\r\n", "latin1")],
        ] satisfies [string, string, Buffer][])),
  ];
  // A server that answers another request has seen what was sent before it.
  const seen = async () => {
    const { came } = await trial.fetch("GET /", { headOnly: true, isUnnoted: true });
    if (came === "ended") await within(trial.patience, trial.server.ended);
  };
  for (const [what, ko, bytes] of cases) {
    for (const how of ["reset", "end", "reset at once"] as const) {
      const told = {
        en: `${what}, and then ${how === "end" ? "an end" : `a ${how}`}`,
        ko: `${ko} 보내고 ${how === "end" ? "연결 종료" : how === "reset" ? "연결 리셋" : "곧바로 연결 리셋"}`,
      };
      trial.sending(told);
      const connection = trial.raw("", told);
      await within(trial.patience, new Promise((resolve) => connection.socket.once("connect", resolve)));
      await within(trial.patience, new Promise((resolve) => connection.socket.write(bytes, resolve)));
      if (how !== "reset at once") await seen();
      if (how === "end") connection.socket.end();
      else connection.socket.resetAndDestroy();
      await seen();
      if (trial.server.exit()) return;
    }
    await send(trial, trial.enter(), { text: `after ${what}` });
  }
  const last = cases.at(-1)?.[0] ?? "";
  await within(
    trial.patience,
    witness.client.until((messages) => messages.some(({ text }) => text === `after ${last}`)),
  );
  if (!witness.client.messages.some(({ text }) => text === `after ${last}`))
    broken(
      "after connections that broke off, another client no longer got messages",
      "연결이 중간에 끊긴 뒤, 다른 클라이언트가 메시지를 받지 못했습니다",
    );
}

const CROWD = 600;
const ROUNDS = 10;
/** What each client that comes and goes gives the server to hold, in bytes: three fields of its head. */
const LUGGAGE = 12_000;
/** How many messages a client is behind that leaves while it catches up. */
const MISSED = 1_000;

/** Clients come and go, each with a head of some kilobytes: whoever keeps them keeps that. */
export async function clientsForgotten(trial: Trial): Promise<void> {
  if (memoryOf(trial.server) === undefined)
    throw new Untried({
      en: "the server's memory can be looked at only where verify starts it (--start), and not on Windows",
      ko: "서버의 메모리는 verify가 직접 시작했을 때만(--start) 볼 수 있고, Windows에서는 볼 수 없습니다",
    });
  const now = await beginning(trial);
  if (trial.chapter === "ch12-websocket") await refusedAreClosed(trial);
  await expectRest(trial, now, false);
  if (now === undefined || !isOpenEnded(trial)) return;
  const writer = trial.enter({ after: now });
  for (const part of times(MISSED / 50, (it) => it))
    await Promise.all(times(50, (index) => send(trial, writer, { text: `missed ${50 * part + index}` })));
  await expectRest(trial, now, true);
}

/** Whether a client stays on the list when it was sent something. */
function isOpenEnded({ chapter }: Trial): boolean {
  return chapter === "ch11-sse" || chapter === "ch12-websocket";
}

/**
 * Has rounds of clients come and go until the memory has come to rest.
 *
 * @param isBehind whether they leave while they catch up; else when they are up to date
 * @throws Broken where it goes on growing
 */
async function expectRest(trial: Trial, after: number | undefined, isBehind: boolean): Promise<void> {
  const sizes: number[] = [];
  const sockets = socketsOf(trial.server);
  const how = isBehind
    ? { en: "came and left in the middle of their catch-up", ko: "와서 따라잡는 도중에 나갔" }
    : { en: "came and went", ko: "왔다 갔" };
  for (const round of times(ROUNDS, (it) => it + 1)) {
    await comeAndGo(trial, after, isBehind);
    await expectClosed(trial, sockets, round * CROWD);
    // A held request is answered by a message, and so forgotten: its client must be forgotten in silence as well.
    if (isOpenEnded(trial)) await send(trial, trial.enter(), { text: `round ${round} is over` });
    sizes.push(memoryOf(trial.server) ?? 0);
    const size = megabytes(sizes.at(-1) ?? 0);
    trial.note({
      en: `${round * CROWD} clients ${how.en}: the server holds ${size}`,
      ko: `클라이언트 ${round * CROWD}개가 ${how.ko}음: 서버 메모리 ${size}`,
    });
    if (trial.server.exit()) break;
    // It has come to rest: the last three rounds together added less than two of them brought.
    const [three = 0, , , last = 0] = sizes.slice(-4);
    if (sizes.length >= 5 && last - three < 2 * CROWD * LUGGAGE) return;
  }
  const [first = 0] = sizes;
  const last = sizes.at(-1) ?? 0;
  if (trial.server.exit())
    broken(
      `after ${sizes.length * CROWD} clients ${how.en} the server ended, its memory full`,
      `클라이언트 ${sizes.length * CROWD}개가 ${how.ko}고 서버가 메모리 부족으로 종료되었습니다`,
    );
  const clients = (sizes.length - 1) * CROWD;
  broken(
    `${clients.toLocaleString("en")} clients ${how.en}, and the memory grew from ${megabytes(first)} to ${megabytes(last)}, ${Math.round((last - first) / clients / 1_000)} kB for each`,
    `클라이언트 ${clients.toLocaleString("en")}개가 ${how.ko}는데 메모리가 ${megabytes(first)}에서 ${megabytes(last)}로, 하나에 ${Math.round((last - first) / clients / 1_000)} kB씩 늘었습니다`,
    undefined,
    isBehind ? "read" : undefined,
  );
}

/** A crowd comes, and leaves without a word. */
async function comeAndGo(trial: Trial, after: number | undefined, isBehind: boolean): Promise<void> {
  const luggage = Object.fromEntries(times(3, (index) => [`X-Luggage-${index}`, "x".repeat(LUGGAGE / 3)]));
  const leaving: RawConnection[] = [];
  const leave = async () => {
    for (const { socket } of leaving) {
      // In the middle of a frame, where there are any.
      if (trial.chapter === "ch12-websocket") socket.write(frameOf("x".repeat(LUGGAGE)).subarray(0, LUGGAGE));
    }
    await trial.fetch("GET /", { headOnly: true });
    for (const { socket } of leaving.splice(0)) socket.resetAndDestroy();
  };
  for (let left = CROWD; left > 0; left -= 100) {
    const some = times(100, () => openRaw(trial.server.address, receiving(trial, after, luggage)));
    leaving.push(...some);
    const isIn = (received: string) => received.includes("\r\n\r\n");
    // Of a held request no byte comes: a later one's answer says that it was read.
    if (trial.chapter === "ch10-long-polling")
      await Promise.all([
        ...some.map(({ socket }) => within(trial.patience, new Promise((done) => socket.write("", done)))),
        trial.fetch("GET /", { headOnly: true }),
      ]);
    else await Promise.all(some.map(({ until }) => within(trial.patience, until(isIn)).catch(() => {})));
    if (isBehind) await leave(); // There is much to come.
  }
  await leave();
}

/** Waits until the server has closed what its clients have left. */
async function expectClosed(trial: Trial, before: number | undefined, came: number): Promise<void> {
  if (before === undefined) return;
  let open = 0;
  const end = performance.now() + trial.patience;
  do {
    open = Math.max(0, (socketsOf(trial.server) ?? 0) - before);
    if (open < CROWD / 10) return;
    await sleep(50);
  } while (performance.now() < end);
  broken(
    `${trial.patience / 1_000} s after ${came} clients had left, the server still held ${open} of their connections`,
    `클라이언트 ${came}개가 나가고 ${trial.patience / 1_000}초 뒤에도 서버에 그 연결 ${open}개가 남아 있었습니다`,
  );
}

/** What a slow client is sent before it counts as kept, in bytes: more than what the kernel's buffers hold. */
const FLOOD = 40_000_000;
/** How far behind clients are that do not read, in bytes of JSON: the kernel's buffers hold some of it. */
const BEHIND = 20_000_000;
/** A text that is six times as long as JSON. */
const HEAVY = "\u0001".repeat(2_000);

/** A client that does not read, and what that costs. */
export async function slowReader(trial: Trial): Promise<void> {
  if (trial.chapter === "ch09-polling" || trial.chapter === "ch10-long-polling")
    return asksAndDoesNotRead(trial);
  const { now, members } = await together(trial, 1);
  const [quick] = members;
  if (!quick) return;
  const first = { text: HEAVY, key: `first-${process.pid}-${Math.trunc(performance.now())}` };
  await send(trial, quick, first);
  const slow = trial.raw(receiving(trial, now), {
    en: "a client that begins to receive, and then does not read",
    ko: "받기 시작한 뒤 읽지 않는 클라이언트",
  });
  await within(
    trial.patience,
    slow.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => {});
  slow.socket.pause();
  const read = slow.socket.bytesRead;
  const before = memoryOf(trial.server);
  let sent = 0;
  let cut = false;
  slow.socket.on("close", () => {
    cut = true;
  });
  // What the other side closed shows where something is written to it: an unasked pong, or a blank line.
  const nudge = trial.chapter === "ch12-websocket" ? frameOf("", { opcode: 0xa }) : Buffer.from("\r\n");
  let most = before ?? 0;
  while (sent < FLOOD && !cut && !trial.server.exit()) {
    const count = quick.client.messages.length;
    await Promise.all(times(25, () => send(trial, quick, { text: HEAVY })));
    sent += 25 * HEAVY.length * 6;
    await within(
      trial.patience,
      quick.client.until(({ length }) => length >= count + 25),
    );
    if (quick.client.messages.length < count + 25)
      broken(
        `while a client did not read, another one missed ${count + 25 - quick.client.messages.length} of 25 messages`,
        `읽지 않는 클라이언트가 있는 동안 다른 클라이언트가 25개 중 ${count + 25 - quick.client.messages.length}개를 받지 못했습니다`,
      );
    most = Math.max(most, memoryOf(trial.server) ?? 0);
    slow.socket.write(nudge);
    await sleep(5);
  }
  if (trial.server.exit()) return;
  const wasCut = async () => {
    if (cut) return true;
    // Whoever was cut off while it did not read finds out when it reads.
    slow.socket.resume();
    await within(trial.patience, slow.ended());
    return slow.isOver() && slow.socket.bytesRead - read < 0.75 * sent;
  };
  if (await wasCut()) return othersThatDoNotRead(trial, quick, now, sent, first);
  const grown = before === undefined ? undefined : most - before;
  const memory = grown === undefined ? "" : `; the server's memory grew by ${megabytes(Math.max(0, grown))}`;
  const speicher = grown === undefined ? "" : ` 서버의 메모리는 ${megabytes(Math.max(0, grown))} 늘었습니다.`;
  broken(
    `a client that read nothing was not cut off: ${megabytes(sent)} were waiting for it${memory}`,
    `읽지 않는 클라이언트를 끊지 않고 ${megabytes(sent)}를 모아 두었습니다.${speicher}`,
  );
}

/** Other ways not to read: being far behind, and asking for the same again and again. */
async function othersThatDoNotRead(
  trial: Trial,
  quick: Member,
  now: number | undefined,
  sent: number,
  first: { readonly text: string; readonly key: string },
): Promise<void> {
  let bytes = sent;
  for (; bytes < BEHIND && !trial.server.exit(); bytes += 25 * HEAVY.length * 6)
    await Promise.all(times(25, () => send(trial, quick, { text: HEAVY })));
  if (trial.chapter === "ch12-websocket") {
    const draft = { text: HEAVY, key: `repeated-${process.pid}-${Math.trunc(performance.now())}` };
    const { id } = await send(trial, quick, draft);
    await repeatsAndDoesNotRead(trial, id, draft, {
      en: "a client that sends one draft again and again, and reads nothing,",
      ko: "초안 하나를 반복해서 보내면서 읽지 않는 클라이언트",
    });
    await repeatsAndDoesNotRead(trial, now, first, {
      en: "a client that is far behind, sends one draft again and again, and reads nothing,",
      ko: "많이 뒤처진 채 초안 하나를 계속 다시 보내면서 읽지 않는 클라이언트",
    });
  }
  if (!trial.server.exit()) await unreadCatchUps(trial, now, bytes);
}

/** A client that asks and asks, and reads no answer. */
async function asksAndDoesNotRead(trial: Trial): Promise<void> {
  const memory = memoryOf(trial.server);
  if (memory === undefined)
    throw new Untried({
      en: "the server's memory can be looked at only where verify starts it (--start), and not on Windows",
      ko: "서버의 메모리는 verify가 직접 시작했을 때만(--start) 볼 수 있고, Windows에서는 볼 수 없습니다",
    });
  const one = trial.enter();
  let first: number | undefined;
  for (const _ of times(9, (it) => it)) {
    const ids = (await Promise.all(times(10, () => send(trial, one, { text: HEAVY })))).map(idOf);
    for (const id of ids) if (id !== undefined) first = Math.min(first ?? id, id);
  }
  one.client.stop();
  const after = first === undefined ? "" : `?after=${first - 1}`;
  const ask = requestOf(trial.server.host, `GET ${DATA[trial.chapter]}${after}`, { headers: OPEN });
  await settledMemory(trial);
  const before = memoryOf(trial.server) ?? 0;
  const greedy = trial.raw("", {
    en: `GET ${DATA[trial.chapter]}${after}, 400 times on one connection, and no answer is read`,
    ko: `한 연결로 GET ${DATA[trial.chapter]}${after}를 400번 보내고 응답을 읽지 않음`,
  });
  trial.sending({
    en: "400 requests on one connection, of which no answer is read",
    ko: "응답을 하나도 읽지 않고 한 연결로 보낸 요청 400개",
  });
  greedy.socket.pause();
  greedy.socket.write(Buffer.concat(times(400, () => ask)));
  let most = before;
  for (const _ of times(20, (it) => it)) {
    await within(trial.patience, trial.fetch("GET /", { headOnly: true }));
    most = Math.max(most, memoryOf(trial.server) ?? 0);
    await sleep(50);
  }
  const grown = most - before;
  trial.note({
    en: `the server's memory went from ${megabytes(before)} to ${megabytes(most)}`,
    ko: `서버의 메모리: ${megabytes(before)}에서 ${megabytes(most)}로`,
  });
  if (grown > 150_000_000)
    broken(
      `a client asked 400 times and read no answer: the server's memory grew by ${megabytes(grown)}`,
      `클라이언트가 400번 요청하고 응답을 하나도 읽지 않자 서버의 메모리가 ${megabytes(grown)} 늘었습니다`,
    );
  greedy.socket.destroy();
  if (!trial.server.exit()) await requestsInLine(trial, ask);
}

/** Waits until the server's memory does not grow any more. */
async function settledMemory(trial: Trial): Promise<void> {
  for (let [last, size] = [0, memoryOf(trial.server) ?? 0]; size - last > 1_000_000; ) {
    await sleep(100);
    [last, size] = [size, memoryOf(trial.server) ?? 0];
  }
}

/** How long another's message may take, in milliseconds. The contract says one second; this machine is busy too. */
const NEIGHBOUR = 2_500;

/** How many thousand drafts one client sends: what is sent on to everybody comes to us as well, and has to be read. */
const FLOOD_BLOCKS = 20;

/** Looks for a text, at each message once. */
function holds(text: string): (messages: readonly Message[]) => boolean {
  let looked = 0;
  let found = false;
  return (messages) => {
    for (; looked < messages.length && !found; looked += 1) found = messages[looked]?.text === text;
    return found;
  };
}

/** While one client talks without end, and others catch up, another's message is answered and delivered soon. */
export async function busyNeighbour(trial: Trial): Promise<void> {
  const { now, members } = await together(trial, 2);
  const [sender, reader] = members;
  if (!sender || !reader) return;
  const flooder = trial.raw("", { en: "one client sends without end", ko: "한 클라이언트가 끝없이 보냄" });
  const draft = '{"text": "and another thing"}';
  const piece =
    trial.chapter === "ch12-websocket"
      ? frameOf(draft)
      : requestOf(trial.server.host, "POST /update", { headers: { ...JSON_BODY, ...OPEN }, body: draft });
  if (trial.chapter === "ch12-websocket") flooder.socket.write(receiving(trial, now));
  const block = Buffer.concat(times(1_000, () => piece));
  let blocks = 0;
  const pump = setInterval(() => {
    if (flooder.isOver() || flooder.socket.writableLength >= block.length || blocks >= FLOOD_BLOCKS) return;
    flooder.socket.write(block);
    blocks += 1;
  }, 5);
  trial.onEnd(() => clearInterval(pump));
  await sleep(300);
  for (const turn of times(5, (it) => it + 1)) {
    const text = `am I heard ${turn}`;
    const began = trial.elapsed();
    await sendAmong(trial, sender, text);
    const answered = trial.elapsed() - began;
    await within(NEIGHBOUR, reader.client.until(holds(text)));
    const heard = reader.client.messages.some((message) => message.text === text);
    const took = trial.elapsed() - began;
    const [soon, late] = [Math.round(answered), Math.round(took)];
    trial.note({
      en: `${text}: answered after ${soon} ms, ${heard ? `heard after ${late} ms` : "not heard"}`,
      ko: `${text}: ${soon} ms 뒤 응답, ${heard ? `${late} ms 뒤 전달` : "전달되지 않음"}`,
    });
    if (heard && took <= NEIGHBOUR) continue;
    broken(
      heard
        ? `while one client sent without end, another's message took ${seconds(took)} s`
        : `while one client sent without end, another's message did not arrive within ${seconds(took)} s`,
      heard
        ? `한 클라이언트가 끝없이 보내는 동안 다른 클라이언트의 메시지가 ${seconds(took)}초 걸렸습니다`
        : `한 클라이언트가 끝없이 보내는 동안 다른 클라이언트의 메시지가 ${seconds(took)}초 안에 오지 않았습니다`,
    );
  }
}

async function sendAmong(trial: Trial, member: Member, text: string): Promise<void> {
  const began = trial.elapsed();
  const answer = await within(
    NEIGHBOUR,
    member.client.send({ text }).catch(() => undefined),
  );
  if (answer) return;
  broken(
    `while one client sent without end, another's draft was not answered within ${seconds(trial.elapsed() - began)} s`,
    `한 클라이언트가 끝없이 보내는 동안 다른 클라이언트의 초안이 ${seconds(trial.elapsed() - began)}초 안에 응답받지 못했습니다`,
  );
}
