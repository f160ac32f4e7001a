// Who hears what: lost, doubled, out of order, changed.
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../../../message-store/message.ts";
import { partialAnswerIn, requestOf } from "../../clients/ask.ts";
import { frameOf } from "../../clients/frames.ts";
import { broken, quoted, shortened } from "../said.ts";
import {
  beginning,
  clientNamed,
  DATA,
  idOf,
  type Member,
  outcome,
  ready,
  send,
  type Trial,
  timed,
  times,
  together,
  within,
} from "../trial.ts";

/** A message that was sent, and when. */
interface Sent {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Waits until each client has all the texts; or the last word, behind which nothing older can come; or time is up. */
async function settled(trial: Trial, members: readonly Member[], texts: readonly string[]): Promise<void> {
  const hasAll = (messages: readonly Message[]) => {
    const seen = new Set(messages.map(({ text }) => text));
    return texts.every((text) => seen.has(text));
  };
  const all = Promise.all(members.map(({ client }) => client.until(hasAll)));
  await within(trial.patience, all);
}

/** Sends, and notes when. */
async function sendTimed(trial: Trial, member: Member, text: string): Promise<Sent> {
  const from = trial.elapsed();
  await send(trial, member, { text });
  return { text, from, to: trial.elapsed() };
}

/** Where a client's texts are those that were sent, each once; else the complaint of the one that missed most. */
function expectEachOnce(
  trial: Trial,
  members: readonly Member[],
  texts: readonly string[],
  because: (member: Member, missed: readonly string[]) => { en: string; ko: string } | undefined,
): void {
  const counts = members.map((member) => {
    const times = new Map<string, number>(texts.map((text) => [text, 0]));
    for (const { text } of member.client.messages) {
      const count = times.get(text);
      if (count !== undefined) times.set(text, count + 1);
    }
    const missed = texts.filter((text) => times.get(text) === 0);
    const doubled = texts.filter((text) => (times.get(text) ?? 0) > 1);
    return { member, missed, doubled };
  });
  const of = texts.length;
  const [worst] = [...counts].sort((a, b) => b.missed.length - a.missed.length);
  if (worst && worst.missed.length > 0) {
    const { member, missed } = worst;
    const reason = because(member, missed);
    broken(
      `client ${member.number} missed ${missed.length} of ${of}${reason ? ` (${reason.en})` : ""}`,
      `클라이언트 ${member.number}번이 ${of}개 중 ${missed.length}개를 받지 못했습니다${reason ? ` (${reason.ko})` : ""}`,
      [
        ...showing(trial, member, missed[0] ?? "").slice(0, 13),
        {
          en: `client ${member.number} never got ${quoted(missed[0] ?? "")}`,
          ko: `클라이언트 ${member.number}번은 ${quoted(missed[0] ?? "")}를 받지 못함`,
        }[trial.language],
      ],
    );
  }
  const [twice] = [...counts].sort((a, b) => b.doubled.length - a.doubled.length);
  if (twice && twice.doubled.length > 0) {
    const { member, doubled } = twice;
    broken(
      `client ${member.number} got ${doubled.length} of ${of} more than once`,
      `클라이언트 ${member.number}번이 ${of}개 중 ${doubled.length}개를 두 번 이상 받았습니다`,
      showing(trial, member, doubled[0] ?? ""),
    );
  }
}

/** The lines of one client's wire, and those that name the text. */
function showing(trial: Trial, member: Member, text: string): string[] {
  const own = `${clientNamed(member.number)[trial.language]} `;
  const lines = trial.lines().filter((line) => line.includes(own) || line.includes(text));
  const at = Math.max(0, lines.findIndex((line) => line.includes(text)) - 4);
  return lines.slice(at, at + 14);
}

/** How long bytes are on their way on one machine, with its event loops, in milliseconds. */
const TRANSIT = 15;

/** Why a client missed what it missed, as far as the wire shows it. */
function reasonFor(trial: Trial, members: readonly Member[], sent: readonly Sent[]) {
  return (member: Member, missed: readonly string[]) => {
    const others = members.filter((it) => it !== member);
    const heard = missed.filter((text) =>
      others.some(({ client }) => client.messages.some((message) => message.text === text)),
    );
    if (trial.chapter === "ch10-long-polling") {
      const polls = member.wire.filter(({ text }) => !text.startsWith("POST") && !text.startsWith("201 {"));
      const asked = polls.filter(({ direction }) => direction === "sent").map(({ at }) => at);
      const answered = polls.filter(({ direction }) => direction === "received").map(({ at }) => at);
      // At some moment of its way the last answer had left and the next request had not come.
      const between = sent.filter(({ text, from, to }) => {
        if (!missed.includes(text)) return false;
        return answered.some((end) => {
          const next = asked.find((at) => at >= end) ?? Number.POSITIVE_INFINITY;
          return end - TRANSIT <= to && next + TRANSIT >= from;
        });
      });
      if (between.length === missed.length)
        return { en: "sent while it was between two requests", ko: "요청과 요청 사이에 보낸 메시지" };
    }
    const nobody = missed.length - heard.length;
    if (nobody === 0) return { en: "another client got them", ko: "다른 클라이언트는 받음" };
    if (heard.length === 0) return { en: "nobody got them", ko: "아무도 받지 못함" };
    return {
      en: `${heard.length} of them another client got, ${nobody} nobody`,
      ko: `그중 ${heard.length}개는 다른 클라이언트가 받고, ${nobody}개는 아무도 받지 못함`,
    };
  };
}

/** Five clients, of whom four send five messages each, at the same time. */
export async function everyMessageOnce(trial: Trial): Promise<void> {
  const { members } = await together(trial, 5);
  const sent = (
    await Promise.all(
      members.slice(0, 4).map(async (member) => {
        const own: Sent[] = [];
        for (const turn of times(5, (it) => it + 1))
          own.push(await sendTimed(trial, member, `${member.number}-${turn} 안녕`));
        return own;
      }),
    )
  ).flat();
  const texts = sent.map(({ text }) => text);
  await settled(trial, members, texts);
  expectEachOnce(trial, members, texts, reasonFor(trial, members, sent));
}

/** A burst from several at once, and senders that wait for each answer: one order for all, and the ids tell it. */
export async function oneOrder(trial: Trial): Promise<void> {
  const { members } = await together(trial, 4);
  const texts = (
    await Promise.all(
      members.map(async (member) => {
        const own = times(10, (turn) => `order ${member.number}-${turn + 1}`);
        await Promise.all(own.slice(0, 5).map((text) => send(trial, member, { text })));
        for (const text of own.slice(5)) await send(trial, member, { text });
        return own;
      }),
    )
  ).flat();
  await settled(trial, members, texts);
  const known = new Set(texts);
  const seen = members.map((member) => {
    const own = member.client.messages.filter(({ text }) => known.has(text));
    return { member, own, places: new Map(own.map(({ text }, index) => [text, index])) };
  });
  for (const { member, own } of seen) {
    for (const [index, message] of own.entries()) {
      const [id, before] = [idOf(message), idOf(own[index - 1])];
      if (id === undefined || before === undefined || id === before + 1) continue;
      broken(
        `client ${member.number} got id ${id} after id ${before}`,
        `클라이언트 ${member.number}번이 id ${before} 다음에 받은 것이 id ${id}입니다`,
        showing(trial, member, message.text),
      );
    }
    for (const sender of members) {
      const turns = own
        .map(({ text }) => new RegExp(`^order ${sender.number}-(\\d+)$`).exec(text)?.[1])
        .flatMap((turn) => (turn === undefined ? [] : [Number(turn)]))
        .filter((turn) => turn > 5);
      const late = turns.findIndex((turn, index) => turn < (turns[index - 1] ?? 0));
      if (late === -1) continue;
      broken(
        `client ${member.number} saw message ${turns[late]} of a sender after message ${turns[late - 1]}, though each was sent only when the one before it was answered`,
        `보낸 쪽은 앞 메시지의 응답을 받고 다음을 보냈는데, 클라이언트 ${member.number}번은 ${turns[late - 1]}번째 다음에 ${turns[late]}번째를 보았습니다`,
      );
    }
  }
  const [first, ...others] = seen;
  for (const { member, places } of others) {
    const common = (first?.own ?? []).map(({ text }) => text).filter((text) => places.has(text));
    const at = common.findIndex(
      (text, index) => (places.get(text) ?? 0) < (places.get(common[index - 1] ?? text) ?? 0),
    );
    if (at === -1) continue;
    const [before, after] = [common[at - 1] ?? "", common[at] ?? ""];
    broken(
      `client ${first?.member.number} saw ${quoted(before)} before ${quoted(after)}, client ${member.number} the other way round`,
      `클라이언트 ${first?.member.number}번은 ${quoted(before)}, ${quoted(after)} 순서로, 클라이언트 ${member.number}번은 반대로 보았습니다`,
    );
  }
}

/** A text with nothing beside it, kept as it is. */
const BARE = "  no name, no key  ";

/** What a message is made of, and what the server adds. */
export async function messageFields(trial: Trial): Promise<void> {
  const { members } = await together(trial, 2);
  const [one, other] = members;
  if (!one || !other) return;
  const key = `fields-${process.pid}-${Math.trunc(performance.now())}`;
  const answer = await send(trial, one, { author: "ann", text: "안녕", key });
  const bare = await (async () => {
    if (trial.chapter === "ch12-websocket") {
      const socket = await trial.socket(afterOf(answer));
      socket.send(JSON.stringify({ text: BARE }));
      trial.note(`→ ${JSON.stringify({ text: BARE })}`);
    } else {
      await trial.fetch("POST /update", {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ text: BARE }),
      });
    }
    const isBare = ({ text }: Message) => text?.trim() === BARE.trim();
    await within(
      trial.patience,
      other.client.until((messages) => messages.some(isBare)),
    );
    return other.client.messages.find(isBare);
  })();
  const received = other.client.messages.find(({ text }) => text === "안녕");
  const missing = (message: Partial<Message> | undefined, fields: readonly (keyof Message)[]) =>
    fields.filter((field) => {
      if (field === "id") return idOf(message) === undefined;
      if (field === "timestamp")
        return !(Math.abs(Number(message?.timestamp) - Date.now()) < 24 * 3_600 * 1_000);
      return typeof message?.[field] !== "string" || message[field] === "";
    });
  for (const [what, ko, message] of [
    ["a message", "메시지", answer],
    ["a received message", "받은 메시지", received],
    ["a message that was sent with a text alone", "text만 보낸 메시지", bare],
  ] as const) {
    if (!message && what !== "a message") {
      const text = what === "a received message" ? "안녕" : BARE;
      broken(`${quoted(text)} did not arrive`, `오지 않은 메시지: ${quoted(text)}`);
    }
    const lacks = missing(message, ["id", "author", "text", "timestamp", "key"]);
    if (lacks.length === 0) continue;
    const shown = shortened(JSON.stringify(message ?? null), 80);
    broken(
      `${what} has no ${lacks.join(", no ")}: ${shown}`,
      `${ko}에 없는 것: ${lacks.join(", ")}. 온 것: ${shown}`,
      trial.lines().filter((line) => /안녕|no name, no key/.test(line)),
    );
  }
  const shown = shortened(JSON.stringify(received), 100);
  if (received?.author !== "ann" || received.key !== key)
    broken(
      `the ${received?.key !== key ? "key" : "author"} is not the one that was sent: ${shown}`,
      `${received?.key !== key ? "key" : "author"}가 보낸 것과 다릅니다: ${shown}`,
    );
  if (JSON.stringify(Object.entries(received).sort()) !== JSON.stringify(Object.entries(answer).sort())) {
    const said = shortened(JSON.stringify(answer), 100);
    broken(
      `the sender was answered ${said}, but others got ${shown}`,
      `보낸 쪽이 받은 응답과 다른 쪽이 받은 메시지가 다릅니다: ${said} / ${shown}`,
    );
  }
  if (bare?.author !== "anonymous")
    broken(
      `without a name the author is ${quoted(String(bare?.author))}, not “anonymous”`,
      `이름 없이 보낸 메시지의 author가 “anonymous”가 아니라 ${quoted(String(bare?.author))}입니다`,
    );
  expectText(bare?.text, BARE);
  const [first, second] = [idOf(answer), idOf(bare)];
  if (first !== undefined && second !== first + 1)
    broken(
      `behind id ${first} comes id ${second}: the ids are 1, 2, 3 … without a gap`,
      `id ${first} 다음이 id ${second}입니다. id는 1, 2, 3 … 빠짐없이 이어져야 합니다`,
    );
}

/** The target of an upgrade, or a query, that begins behind this message. */
function afterOf(message: Partial<Message> | undefined): string {
  const id = idOf(message);
  return id === undefined ? "/" : `/?after=${id}`;
}

const TEXTS = [
  "안녕하세요 👋🏽 👩‍👩‍👧‍👦",
  "<script>alert('안녕')</script> & \"quotes\" \\ $&",
  "one\ntwo\r\nthree\rfour\n\nid: 7\ndata: forged\n\n",
  "\u0000 \u2028 \u2029 \ufeff \u001b[31m \u202e",
  "  blank around  ",
  "한".repeat(2_000),
];

/** Each text comes as it was sent, one at a time. */
export async function textAsSent(trial: Trial): Promise<void> {
  const { members } = await together(trial, 1);
  const [one] = members;
  if (!one) return;
  for (const text of TEXTS) {
    const before = one.client.messages.length;
    await ready(trial, one);
    // What had come before may come again: that is another promise.
    const old = new Set(one.client.messages.map((message) => message.text));
    await send(trial, one, { text });
    const isNew = (message: Message) => !old.has(message.text);
    await within(
      trial.patience,
      one.client.until((messages) => messages.slice(before).some(isNew)),
    );
    expectText(one.client.messages.slice(before).find(isNew)?.text, text);
  }
}

function expectText(arrived: string | undefined, sent: string): void {
  if (arrived === sent) return;
  if (arrived === undefined) broken(`${quoted(sent)} did not arrive`, `오지 않은 메시지: ${quoted(sent)}`);
  const at = [...sent].findIndex((character, index) => [...arrived][index] !== character);
  const from = Math.max(0, at - 10);
  const [expected, seen] = [sent, arrived].map((text) => quoted([...text].slice(from).join(""), 40));
  broken(`${expected} arrived as ${seen}`, `보낸 것과 온 것이 다릅니다: ${expected} → ${seen}`);
}

/** A pause between two pieces on one connection, so that they are read one by one, in milliseconds. */
const PIECES = 60;

/** A Korean character in two segments of TCP, in two chunks of a body, or in two frames. */
export async function cutCharacter(trial: Trial): Promise<void> {
  const { members } = await together(trial, 1);
  const [one] = members;
  if (!one) return;
  const receives = async (text: string) => {
    const isIt = (message: Message) => message.text?.endsWith(text.slice(-6));
    await within(
      trial.patience,
      one.client.until((messages) => messages.some(isIt)),
    );
    expectText(one.client.messages.find(isIt)?.text, text);
  };
  const cutBytes = (text: string) => {
    const bytes = Buffer.from(JSON.stringify({ text }));
    const cut = bytes.indexOf(Buffer.from("안")) + 1;
    return [bytes.subarray(0, cut), bytes.subarray(cut)] as const;
  };
  if (trial.chapter === "ch12-websocket") {
    const socket = await trial.socket(afterOf(one.client.messages.at(-1)));
    const [first, second] = cutBytes("안녕 frames");
    trial.note({
      en: "→ a text message in two frames, cut within 안",
      ko: "→ ‘안’의 가운데에서 두 프레임으로 나눈 텍스트 메시지",
    });
    socket.send(first, { fin: false });
    socket.send(second, { opcode: 0 });
    await receives("안녕 frames");
    const bytes = frameOf(JSON.stringify({ text: "안녕 pieces" }));
    trial.note({
      en: "→ a frame in two pieces of TCP, cut within 안",
      ko: "→ ‘안’의 가운데에서 TCP 조각 둘로 나눈 프레임",
    });
    socket.connection.socket.write(bytes.subarray(0, 19));
    await sleep(PIECES);
    socket.connection.socket.write(bytes.subarray(19));
    return receives("안녕 pieces");
  }
  const json = { "Content-Type": "application/json" };
  for (const kind of ["pieces", "chunks"]) {
    const text = `안녕 ${kind}`;
    const [first, second] = cutBytes(text);
    await ready(trial, one);
    const isChunked = kind === "chunks";
    const chunk = (bytes: Buffer) =>
      isChunked
        ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")])
        : bytes;
    const head = requestOf(trial.server.host, "POST /update", {
      headers: {
        ...json,
        ...(isChunked
          ? { "Transfer-Encoding": "chunked" }
          : { "Content-Length": String(first.length + second.length) }),
      },
    });
    trial.sending({ en: `a body in two ${kind}`, ko: "둘로 나눈 본문" });
    const connection = trial.raw(Buffer.concat([head, chunk(first)]), {
      en: `POST /update, its body in two ${kind}, cut within 안`,
      ko: `POST /update, 본문을 ‘안’의 가운데에서 둘로 나눔(${kind})`,
    });
    await sleep(PIECES);
    connection.socket.write(Buffer.concat([chunk(second), Buffer.from(isChunked ? "0\r\n\r\n" : "")]));
    const read = () => partialAnswerIn(connection.received(), connection.isOver());
    await within(
      trial.patience,
      connection.until(() => read()?.complete ?? false),
    ).catch(() => {});
    const answer = read();
    const none = connection.isOver()
      ? { en: "a closed connection", ko: "닫힌 연결" }
      : { en: "nothing", ko: "응답 없음" };
    const whole = answer ? `${answer.status} ${answer.body}` : undefined;
    const said = whole === undefined ? none : { en: whole, ko: whole };
    trial.note({ en: `← ${said.en}`, ko: `← ${said.ko}` });
    if (!answer || answer.status >= 300)
      broken(
        `a body in two ${kind} was answered with ${shortened(said.en, 60)}`,
        `둘로 나뉜 본문(${kind})을 받아들이지 않았습니다: ${shortened(said.ko, 60)}`,
      );
    await receives(text);
  }
}

function leave(trial: Trial, { client, number }: Member, how: "abruptly" | "politely"): void {
  trial.note({
    en: `client ${number} leaves${how === "abruptly" ? " abruptly" : ""}`,
    ko: `클라이언트 ${number}번 나감${how === "abruptly" ? " (갑자기)" : ""}`,
  });
  client.disconnect(how);
}

function comeBack(trial: Trial, { client, number }: Member): void {
  trial.note({ en: `client ${number} comes back`, ko: `클라이언트 ${number}번 돌아옴` });
  client.reconnect();
}

/** Three rounds in which some are away while a message comes. */
export async function catchesUp(trial: Trial): Promise<void> {
  const { members } = await together(trial, 3);
  const [one, ...away] = members;
  if (!one) return;
  const texts: string[] = [];
  const missedWhile: string[] = [];
  for (const round of [1, 2]) {
    texts.push(`all hear round ${round}`);
    await Promise.all(members.map((member) => ready(trial, member)));
    await send(trial, one, { text: `all hear round ${round}` });
    await settled(trial, members, texts.slice(-1));
    for (const member of away) leave(trial, member, round === 2 ? "abruptly" : "politely");
    await sleep(50);
    for (const part of ["a", "b"]) {
      const text = `away in round ${round} ${part}`;
      texts.push(text);
      missedWhile.push(text);
      await send(trial, one, { text });
    }
    for (const member of away) comeBack(trial, member);
    await settled(trial, members, texts);
  }
  expectEachOnce(trial, members, texts, (_, missed) =>
    missed.every((text) => missedWhile.includes(text))
      ? { en: "sent while it was away", ko: "연결이 끊긴 동안 보낸 메시지" }
      : undefined,
  );
}

/** Clients that leave and come back again and again while messages flow. */
export async function inTheMoment(trial: Trial): Promise<void> {
  const { now, members } = await together(trial, 4);
  const [one, ...restless] = members;
  if (!one) return;
  const texts = times(45, (turn) => `moment ${turn + 1}`);
  for (const [turn, text] of texts.entries()) {
    const sending = send(trial, one, { text });
    const member = restless[turn % 3];
    if (member) {
      if (turn % 2 === 0) leave(trial, member, turn % 4 === 0 ? "abruptly" : "politely");
      comeBack(trial, member);
    }
    await sending;
  }
  await settled(trial, members, texts);
  expectEachOnce(trial, members, texts, () => ({
    en: "sent while clients left and came back",
    ko: "클라이언트가 나갔다 돌아오는 동안 보낸 메시지",
  }));
  if (now !== undefined && trial.chapter !== "ch12-websocket") await draftBesideRequest(trial);
}

/** A draft and a request on two connections, in the same moment: the message is in that answer, or in the next. */
async function draftBesideRequest(trial: Trial): Promise<void> {
  const path = DATA[trial.chapter];
  let cursor = await beginning(trial);
  for (const round of times(25, (it) => it + 1)) {
    if (cursor === undefined) return;
    const text = `beside ${round}`;
    const body = JSON.stringify({ text });
    const headers = { "Content-Type": "application/json" };
    const posted = trial.fetch("POST /update", { headers, body });
    const isStream = trial.chapter === "ch11-sse";
    const connection = trial.raw(requestOf(trial.server.host, `GET ${path}?after=${cursor}`));
    const holds = (received: string) => Buffer.from(received, "latin1").toString().includes(`"${text}"`);
    const answer = () => partialAnswerIn(connection.received(), connection.isOver());
    const seen = await within(
      trial.patience,
      connection.until((received) => holds(received) || (!isStream && (answer()?.complete ?? false))),
    ).catch(() => undefined);
    const status = answer()?.status;
    const poll = trial.chapter === "ch09-polling" && status === 204;
    const kept = JSON.parse((await posted).body || "{}");
    const found = seen !== undefined && holds(seen);
    const next = poll ? await trial.fetch(`GET ${path}?after=${cursor}`) : undefined;
    connection.socket.destroy();
    if (!found && !(next?.body.includes(`"${text}"`) ?? false)) {
      const what = seen === undefined ? "nothing" : shortened(answer()?.body ?? "", 60);
      broken(
        `GET ${path}?after=${cursor}, asked in the same moment as ${quoted(text)} was sent, was answered with ${what || status}`,
        `${quoted(text)} 메시지를 보낸 바로 그 순간에 요청한 GET ${path}?after=${cursor}에 메시지가 없는 응답이 왔습니다: ${what || status}`,
        [
          timed(0, `POST /update ${body} → ${outcome(await posted).en}`),
          timed(0, `GET ${path}?after=${cursor} → ${what || status}`),
        ],
      );
    }
    cursor = idOf(kept);
  }
}
