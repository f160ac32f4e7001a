// Sending: twice, badly, too much.
import { randomUUID } from "node:crypto";
import { partialAnswerIn, requestOf } from "../../clients/ask.ts";
import { CLOSE, type Frame, frameOf } from "../../clients/frames.ts";
import { broken, quoted, type Said, shortened, withRo } from "../said.ts";
import {
  answeredKo,
  beginning,
  brief,
  dealtWith,
  idOf,
  outcome,
  send,
  type Trial,
  together,
  within,
} from "../trial.ts";

const JSON_BODY = { "Content-Type": "application/json" };

/** A draft that is sent again with its key, later and at the same moment, is one message. */
export async function sentTwice(trial: Trial): Promise<void> {
  const { members } = await together(trial, 3);
  const [one, two, three] = members;
  if (!one || !two || !three) return;
  const count = (text: string) => {
    const seen = two.client.messages.filter((message) => message.text === text);
    // One that comes twice, with one id, is another promise's matter.
    const ids = [...new Set(seen.map(idOf).filter((id) => id !== undefined))];
    return { number: ids.length > 0 ? ids.length : seen.length, ids };
  };
  const complain = (text: string, how: string, ko: string) => {
    const { number, ids } = count(text);
    const named = ids.length > 1 ? ` (ids ${ids.join(" and ")})` : "";
    if (number > 1)
      broken(
        `a draft that was sent ${how} with one key became ${number} messages${named}`,
        `같은 키로 ${ko} 보낸 초안이 메시지 ${number}개가 되었습니다${named}`,
      );
  };
  const lastWord = async (text: string) => {
    await send(trial, three, { text });
    await within(
      trial.patience,
      two.client.until((messages) => messages.some((message) => message.text === text)),
    );
  };
  const key = randomUUID();
  const first = await send(trial, one, { text: "twice", key });
  const again = await send(trial, one, { text: "twice", key });
  await lastWord("twice: that is all");
  complain("twice", "twice", "두 번");
  if (idOf(first) !== undefined && idOf(again) !== idOf(first))
    broken(
      `sent again with its key, it was answered with id ${again.id}, not with the first message, id ${first.id}`,
      `같은 키로 다시 보낸 초안에 첫 메시지(id ${first.id})가 아니라 id ${again.id} 메시지로 응답했습니다`,
    );
  const race = randomUUID();
  const answers = await Promise.all(
    members.map((member) => send(trial, member, { text: "race", key: race })),
  );
  await lastWord("race: that is all");
  complain("race", "three times at once", "동시에 세 번");
  const ids = new Set(answers.map(idOf));
  if (ids.size > 1)
    broken(
      `three drafts with one key at once were answered with the ids ${[...ids].join(", ")}`,
      `같은 키로 동시에 보낸 초안 셋의 응답 id가 ${[...ids].join(", ")}입니다`,
    );
  // Names that an object has by itself: whoever keeps keys in one finds them there.
  for (const name of ["__proto__", "constructor", "toString"]) {
    const own = `${name}`;
    const message = await send(trial, one, { text: `key ${name} ${race}`, key: own });
    if (message.key !== undefined && message.key !== own)
      broken(
        `the key ${quoted(own)} came back as ${quoted(String(message.key))}`,
        `키가 바뀌어 돌아왔습니다: ${quoted(own)} → ${quoted(String(message.key))}`,
      );
    if (message.text === undefined)
      broken(
        `a draft with the key ${quoted(own)} was answered with ${shortened(JSON.stringify(message), 60)}`,
        `키가 ${quoted(own)}인 초안에 이렇게 응답했습니다: ${shortened(JSON.stringify(message), 60)}`,
      );
  }
  const status = await statusOfRepeated(trial, key);
  if (status !== undefined && status !== 200)
    broken(
      `a draft that was sent again with its key was answered with ${status}, not with 200`,
      `같은 키로 다시 보낸 초안에 200이 아니라 ${withRo(`${status}`)} 응답했습니다`,
    );
}

/** Where drafts are sent by POST: how the repeated one is answered. */
async function statusOfRepeated(trial: Trial, key: string): Promise<number | undefined> {
  if (trial.chapter === "ch12-websocket") return undefined;
  const body = JSON.stringify({ text: "twice", key });
  return (await trial.fetch("POST /update", { headers: JSON_BODY, body })).status;
}

/** A body that is no draft: what it is called, its bytes, how it is to be answered. */
interface Bad {
  readonly what: Said;
  readonly body: string | Uint8Array;
  readonly status?: number;
  readonly type?: string | undefined;
  /** Whether a socket takes it for text. */
  readonly isText?: boolean;
}

/** What is the same in both languages. */
function same(text: string): Said {
  return { en: text, ko: text };
}

const BAD: readonly Bad[] = [
  { what: same("{half"), body: "{half", isText: true },
  { what: { en: "an empty body", ko: "빈 본문" }, body: "" },
  { what: same("[1, 2]"), body: "[1, 2]", isText: true },
  { what: same("null"), body: "null", isText: true },
  { what: same("{}"), body: "{}" },
  { what: same('{"text": 5}'), body: '{"text": 5}' },
  { what: same('{"text": null}'), body: '{"text": null}' },
  { what: { en: "a blank text", ko: "공백뿐인 텍스트" }, body: '{"text": " \\n "}' },
  {
    what: { en: "a text of 2,001 characters", ko: "2,001자 텍스트" },
    body: JSON.stringify({ text: "x".repeat(2_001) }),
  },
  {
    what: { en: "an author of 33 characters", ko: "33자 작성자" },
    body: JSON.stringify({ text: "x", author: "x".repeat(33) }),
  },
  { what: { en: "an author that is a number", ko: "숫자인 작성자" }, body: '{"text": "x", "author": 5}' },
  { what: { en: "a key with a blank", ko: "공백이 있는 키" }, body: '{"text": "x", "key": "no key"}' },
  {
    what: { en: "a key of 65 characters", ko: "65자 키" },
    body: JSON.stringify({ text: "x", key: "k".repeat(65) }),
  },
  { what: { en: "a key that is a number", ko: "숫자인 키" }, body: '{"text": "x", "key": 7}' },
  { what: { en: "half an emoji", ko: "반쪽짜리 이모지" }, body: '{"text": "\\ud83d"}' },
  {
    what: { en: "a text that is inherited", ko: "상속받은 텍스트" },
    body: '{"__proto__": {"text": "inherited"}}',
  },
  {
    what: { en: "bytes that are not UTF-8", ko: "UTF-8이 아닌 바이트" },
    body: Buffer.concat([Buffer.from('{"text": "'), Buffer.of(0xc3, 0x28), Buffer.from('"}')]),
  },
  { what: same("Content-Type: text/plain"), body: '{"text": "plain"}', status: 415, type: "text/plain" },
  {
    what: { en: "no Content-Type", ko: "Content-Type 없음" },
    body: '{"text": "none"}',
    status: 415,
    type: undefined,
  },
  {
    what: { en: "a form", ko: "폼" },
    body: "text=form",
    status: 415,
    type: "application/x-www-form-urlencoded",
  },
];

/** What is no draft is refused, shown to nobody, and harms nobody. */
export async function badDrafts(trial: Trial): Promise<void> {
  const { members } = await together(trial, 1);
  const [witness] = members;
  if (!witness) return;
  const isSocket = trial.chapter === "ch12-websocket";
  const wrong = isSocket ? await badOnSocket(trial) : await badByPost(trial);
  if (trial.server.exit()) return;
  const text = `still alive ${randomUUID()}`;
  await send(trial, witness, { text });
  await within(
    trial.patience,
    witness.client.until((messages) => messages.some((message) => message.text === text)),
  );
  if (wrong.length > 0) {
    const [first] = wrong;
    const more = wrong.length - 1;
    const all = BAD.filter(({ type, isText }) => !isSocket || !(type !== undefined || isText)).length;
    broken(
      `${first?.en}${more > 0 ? `; and ${more} more of ${all} like it` : ""}`,
      `${first?.ko}${more > 0 ? `. ${all}개 중 ${wrong.length}개가 이렇습니다` : ""}`,
      wrong.flatMap(({ why }) => why).slice(0, 14),
    );
  }
  const shown = witness.client.messages.filter(
    (message) => message.text !== text && message.text !== "A check begins.",
  );
  const [bad] = shown;
  if (bad)
    broken(
      `a refused draft was shown: ${shortened(JSON.stringify(bad), 80)}`,
      `거절한 초안이 보였습니다: ${shortened(JSON.stringify(bad), 80)}`,
    );
}

/** A complaint, and the lines that show it. */
interface Wrong extends Said {
  readonly why: readonly string[];
}

async function badByPost(trial: Trial): Promise<Wrong[]> {
  const wrong: Wrong[] = [];
  for (const { what, body, status = 400, ...rest } of BAD) {
    const type = "type" in rest ? rest.type : "application/json";
    trial.sending(what);
    const answer = await trial.fetch("POST /update", {
      headers: { "Content-Type": type },
      body,
      limit: brief(trial),
    });
    if (trial.server.exit()) return [];
    if (answer.status === status) continue;
    wrong.push({
      en: `POST /update with ${what.en} was answered with ${outcome(answer).en}, not with ${status}`,
      ko: `POST /update(${what.ko})에 ${withRo(`${status}`)} 응답해야 하는데, ${answeredKo(answer)}`,
      why: [answer.noted],
    });
  }
  return wrong;
}

async function badOnSocket(trial: Trial): Promise<Wrong[]> {
  const now = await beginning(trial);
  const socket = await trial.socket(now === undefined ? "/" : `/?after=${now}`);
  const wrong: Wrong[] = [];
  const sent = BAD.filter(
    ({ status, isText, body }) => !status && !isText && typeof body === "string" && body !== "",
  );
  const frames = () => socket.frames().filter(({ first }) => first === 0x81);
  for (const { what, body } of sent) {
    const before = frames().length;
    trial.sending(what);
    const why = [trial.note(`→ ${shortened(String(body), 80)}`)];
    socket.send(body);
    await within(
      brief(trial),
      socket.connection.until(() => frames().length > before),
    ).catch(() => {});
    const answer = frames()[before]?.payload.toString();
    const none = socket.connection.isOver()
      ? { en: "closed", ko: "닫힘" }
      : { en: "nothing", ko: "오지 않음" };
    why.push(trial.note({ en: `← ${answer ?? none.en}`, ko: `← ${answer ?? none.ko}` }));
    if (socket.connection.isOver()) await dealtWith(trial);
    if (trial.server.exit()) return [];
    if (socket.connection.isOver()) {
      wrong.push({
        en: `${what.en} closed the connection: it is to be answered with {"error": …}`,
        ko: `${what.ko}에 연결이 닫혔습니다. {"error": …}로 응답해야 합니다`,
        why,
      });
      return wrong;
    }
    if (answer !== undefined && typeof objectIn(answer)["error"] === "string") continue;
    wrong.push({
      en: `${what.en.startsWith("{") ? "the draft " : ""}${what.en} was answered with ${answer === undefined ? "nothing" : shortened(answer, 60)}, not with {"error": …}`,
      ko: `${what.ko}에 {"error": …}${answer === undefined ? "로 응답해야 하는데, 아무것도 보내지 않았습니다" : `가 아니라 ${shortened(answer, 60)}로 응답했습니다`}`,
      why,
    });
  }
  return wrong;
}

function objectIn(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const LIMIT = 16 * 1_024;
/** More than the kernel buffers, in bytes. */
const WHOLE = 8_000_000;

/** 16 KiB is read, one byte more is refused, and the refusal can be read. */
export async function tooLarge(trial: Trial): Promise<void> {
  if (trial.chapter === "ch12-websocket") return tooLargeFrames(trial);
  const { host } = trial.server;
  const draft = (size: number) => '{"text": "as large as may be"}'.padEnd(size);
  const post = async (what: Said, head: Record<string, string>, body: string, wanted: number[]) => {
    trial.sending(what);
    const connection = trial.raw(
      requestOf(host, "POST /update", { headers: { ...JSON_BODY, ...head } }),
      what,
    );
    connection.socket.write(body);
    const read = () => partialAnswerIn(connection.received(), connection.isOver());
    await within(
      trial.patience,
      connection.until(() => read()?.complete ?? false),
    ).catch(() => {});
    const answer = read();
    const said = answer ? `${answer.status}` : connection.isOver() ? "a closed connection" : "nothing";
    const saidKo = answer ? `${answer.status}` : connection.isOver() ? "닫힌 연결" : "오지 않음";
    trial.note({ en: `← ${said} (${what.en})`, ko: `← ${saidKo} (${what.ko})` });
    if (trial.server.exit()) return connection;
    if (!answer || !wanted.includes(answer.status))
      broken(
        `${what.en} was answered with ${said}, not with ${wanted.join(" / ")}`,
        `${what.ko}에 ${withRo(wanted.join(" / "))} 응답해야 하는데, ${answer ? `${withRo(said)} 응답했습니다` : connection.isOver() ? "응답 없이 연결이 닫혔습니다" : "응답하지 않았습니다"}`,
      );
    return connection;
  };
  const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  await post(
    { en: "a body of 16 KiB", ko: "16 KiB 본문" },
    { "Content-Length": String(LIMIT) },
    draft(LIMIT),
    [200, 201],
  );
  await post(
    { en: "a body of 16 KiB and a byte", ko: "16 KiB보다 1바이트 큰 본문" },
    { "Content-Length": String(LIMIT + 1) },
    draft(LIMIT + 1),
    [413],
  );
  await post(
    { en: "16 KiB and a byte in chunks", ko: "청크로 보낸 16 KiB + 1바이트" },
    { "Transfer-Encoding": "chunked" },
    chunked(draft(LIMIT + 1)),
    [413],
  );
  await post(
    { en: "a body that says it has 100 MB", ko: "100 MB라고 하는 본문" },
    { "Content-Length": "100000000" },
    "x".repeat(100_000),
    [413],
  );
  const asked = trial.raw(
    requestOf(host, "POST /update", {
      headers: { ...JSON_BODY, "Content-Length": "20000", Expect: "100-continue" },
    }),
    "POST /update of 20,000 bytes with Expect: 100-continue",
  );
  const first = await within(
    trial.patience,
    asked.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => asked.received());
  if (first?.startsWith("HTTP/1.1 100"))
    broken(
      "a body of 20,000 bytes was asked for with 100 Continue, though it is too large",
      "너무 큰 20,000바이트 본문을 100 Continue로 요청했습니다",
    );
  // Written whole, before anything is read: a connection that is closed at once loses the answer.
  const whole = trial.raw("", "POST /update of 8 MB, written whole before anything is read");
  whole.socket.pause();
  whole.socket.write(
    requestOf(host, "POST /update", { headers: { ...JSON_BODY, "Content-Length": String(WHOLE) } }),
  );
  await within(
    trial.patience,
    new Promise((resolve) => whole.socket.write(Buffer.alloc(WHOLE, "x"), resolve)),
  );
  whole.socket.resume();
  const text = await within(
    trial.patience,
    whole.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => whole.received());
  if (!/^HTTP\/1\.[01] 413/.test(text ?? ""))
    broken(
      `a body of 8 MB, written whole before the answer was read: the answer was ${shortened(text ?? "", 40) || "lost"}`,
      `8 MB 본문을 다 보낸 뒤 응답을 읽으니 ${shortened(text ?? "", 40) || "응답이 사라졌습니다"}`,
    );
  await endsForWhoGoesOn(trial);
}

/** Who goes on sending behind the refusal is disconnected. */
async function endsForWhoGoesOn(trial: Trial): Promise<void> {
  const connection = trial.raw(
    requestOf(trial.server.host, "POST /update", {
      headers: { ...JSON_BODY, "Content-Length": "1000000000", Connection: undefined },
    }),
    "POST /update of 1 GB, sent on and on",
  );
  const timer = setInterval(() => {
    if (connection.socket.writableLength < 65_536) connection.socket.write("x".repeat(1_024));
  }, 50);
  trial.onEnd(() => clearInterval(timer));
  const over = await within(trial.patience + 2_000, connection.ended());
  clearInterval(timer);
  if (over === undefined)
    broken(
      `${(trial.patience + 2_000) / 1_000} s after the refusal a client could still send on: it is to be disconnected`,
      `거절하고 ${(trial.patience + 2_000) / 1_000}초가 지나도 계속 보낼 수 있었습니다. 연결을 끊어야 합니다`,
    );
}

const codeOf = (frames: readonly Frame[]) => {
  const close = frames.find(({ first }) => (first & 0x0f) === CLOSE);
  return close && close.payload.length >= 2 ? close.payload.readUInt16BE(0) : undefined;
};

async function tooLargeFrames(trial: Trial): Promise<void> {
  const large = await trial.socket();
  const before = large.frames().length;
  trial.note({ en: "→ a text message of 16,384 bytes", ko: "→ 16,384바이트 텍스트 메시지" });
  large.send("x".repeat(LIMIT)); // Longer than a text may be, and so refused; but read.
  await within(
    trial.patience,
    large.connection.until(() => large.frames().length > before),
  ).catch(() => {});
  if (large.connection.isOver())
    broken(
      `a message of 16 KiB closed the connection${codeOf(large.frames()) ? ` with ${codeOf(large.frames())}` : ""}: it is to be read`,
      `16 KiB 메시지에 연결이 닫혔습니다${codeOf(large.frames()) ? ` (${codeOf(large.frames())})` : ""}`,
    );
  for (const [what, frames] of [
    [
      { en: "a message of 16 KiB and a byte", ko: "16 KiB보다 1바이트 큰 메시지" },
      [frameOf("x".repeat(LIMIT + 1))],
    ],
    [
      { en: "pieces of more than 16 KiB together", ko: "합쳐서 16 KiB가 넘는 조각들" },
      [frameOf("x".repeat(LIMIT), { fin: false }), frameOf("y", { opcode: 0 })],
    ],
    [
      { en: "a frame that says it has 2^63 bytes", ko: "2^63바이트라고 하는 프레임" },
      [Buffer.from("81ffffffffffffffffff00000000", "hex")],
    ],
  ] as const) {
    trial.sending(what);
    const socket = await trial.socket();
    trial.note({ en: `→ ${what.en}`, ko: `→ ${what.ko}` });
    socket.connection.socket.write(Buffer.concat(frames));
    await within(
      brief(trial),
      socket.connection.until(() => codeOf(socket.frames()) !== undefined),
    ).catch(() => {});
    const code = codeOf(socket.frames());
    if (trial.server.exit()) return;
    if (code === 1009) continue;
    const seen = code ?? "no close frame";
    if (code === undefined && !socket.connection.isOver())
      broken(
        `after ${what.en} the connection stayed open; it should close with 1009`,
        `${what.ko}를 보낸 뒤에도 연결이 열려 있었습니다. 코드 1009로 닫아야 합니다`,
      );
    broken(
      `${what.en} was answered with ${code === undefined ? seen : `close code ${code}`}, not with close code 1009`,
      `${what.ko}에 닫기 코드 1009로 응답해야 하는데, ${code === undefined ? "닫기 프레임 없이 끊었습니다" : `${withRo(`${code}`)} 응답했습니다`}`,
    );
  }
  await expectAlive(trial);
}

/** A good draft goes through. */
async function expectAlive(trial: Trial): Promise<void> {
  await beginning(trial);
}
