// WebSocket as RFC 6455 has it: the handshake, frames, close codes.
import { requestOf } from "../../clients/ask.ts";
import {
  BINARY,
  CLOSE,
  closing,
  type Frame,
  frameOf,
  PING,
  PONG,
  type RawWebSocket,
  SAMPLE_KEY,
  upgradeOf,
} from "../../clients/frames.ts";
import { broken, type Said, shortened, withIga, withRo } from "../said.ts";
import { beginning, brief, dealtWith, idOf, send, type Trial, within } from "../trial.ts";
import { expectUpgradeRefusals, upgradeWith } from "./doors.ts";

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; // RFC 6455 §1.3: the answer to its sample key.

export async function handshake(trial: Trial): Promise<void> {
  const { head } = await trial.socket();
  const accept = /^sec-websocket-accept: *(.*)\r$/im.exec(head)?.[1];
  if (accept !== ACCEPT)
    broken(
      `the key ${SAMPLE_KEY} was answered with ${accept ?? "no Sec-WebSocket-Accept"}, not with ${ACCEPT}`,
      `키 ${SAMPLE_KEY}에 ${accept ? `${ACCEPT}가 아니라 ${accept}로` : "Sec-WebSocket-Accept 없이"} 응답했습니다`,
    );
  const offered = {
    "Sec-WebSocket-Protocol": "chat, superchat",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
  };
  const connection = trial.raw(upgradeOf(trial.server.host, "/", offered), {
    en: "an upgrade that offers subprotocols",
    ko: "서브프로토콜을 제안하는 업그레이드",
  });
  const answer = await within(
    trial.patience,
    connection.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => "");
  const chosen = /^sec-websocket-protocol: .*$/im.exec(answer ?? "")?.[0].trim();
  if (chosen)
    broken(
      `a subprotocol was agreed on that nobody here speaks: ${chosen}`,
      `아무도 쓰지 않는 서브프로토콜에 동의했습니다: ${chosen}`,
    );
  await expectUpgradeRefusals(trial, [
    [
      { en: "an upgrade without a key", ko: "키가 없는 업그레이드" },
      "/",
      { "Sec-WebSocket-Key": undefined },
      [400],
    ],
    [upgradeWith("a key that is too short", "너무 짧은 키"), "/", { "Sec-WebSocket-Key": "c2hvcnQ=" }, [400]],
    [
      { en: "an upgrade of version 8", ko: "버전 8 업그레이드" },
      "/",
      { "Sec-WebSocket-Version": "8" },
      [426],
    ],
    [{ en: "an upgrade by POST", ko: "POST로 한 업그레이드" }, "POST /", { "Content-Length": "0" }, [405]],
  ]);
  await expectOneProtocol(trial);
}

/** An upgrade in one piece with the request before it: two protocols must not meet on one connection. */
async function expectOneProtocol(trial: Trial): Promise<void> {
  const { host } = trial.server;
  for (const headers of [{}, { Origin: "http://evil.example" }, { "Sec-WebSocket-Version": "8" }]) {
    const what = {
      en: `GET / and, in one piece, an upgrade ${JSON.stringify(headers)}`,
      ko: `GET /와 한 덩어리로 보낸 업그레이드 ${JSON.stringify(headers)}`,
    };
    trial.sending(what);
    const before = requestOf(host, "GET /", { headers: { Connection: undefined } });
    const connection = trial.raw(Buffer.concat([before, Buffer.from(upgradeOf(host, "/", headers))]), what);
    await within(
      brief(trial),
      connection.until((received) => received.includes("</html>") || received.includes(" 101 ")),
    ).catch(() => {});
    const received = connection.received();
    const [page, upgrade] = [received.search(/^HTTP\/1\.1 200/m), received.indexOf(" 101 ")];
    if (upgrade !== -1 && (page === -1 || upgrade < page || !received.slice(0, upgrade).includes("</html>")))
      broken(
        "an upgrade in one piece with the request before it was let in before that request's answer",
        "앞 요청과 함께 온 업그레이드를 앞 요청의 응답보다 먼저 받아들였습니다",
      );
    await beginning(trial);
  }
}

const shownFrames = (socket: RawWebSocket) =>
  socket
    .frames()
    .map(({ first, payload }) =>
      (first & 0x0f) === CLOSE
        ? `close ${payload.length >= 2 ? payload.readUInt16BE(0) : "without a code"}`
        : shortened(payload.toString(), 40),
    );

const jsonIn = (frame: Frame | undefined): Record<string, unknown> => {
  try {
    return frame?.first === 0x81 ? Object(JSON.parse(frame.payload.toString())) : {};
  } catch {
    return {};
  }
};

/** Pieces, pings, text without JSON, a close: each as the RFC says. */
export async function frames(trial: Trial): Promise<void> {
  const now = await beginning(trial);
  const target = now === undefined ? "/" : `/?after=${now}`;
  const texts = (socket: RawWebSocket) => socket.frames().map((frame) => jsonIn(frame)["text"]);
  const expect = async (
    socket: RawWebSocket,
    what: string,
    ko: string,
    enough: () => boolean,
    [wanted, wantedKo] = ["a message with this text", "이 텍스트의 메시지가"],
  ) => {
    trial.note({ en: `→ ${what}`, ko: `→ ${ko}` });
    const came = await within(
      trial.patience,
      socket.connection.until(() => enough()),
    ).catch(() => undefined);
    trial.note(`← ${shownFrames(socket).join(" | ")}`);
    if (came !== undefined) return;
    const isOver = socket.connection.isOver();
    const seen = shortened(shownFrames(socket).join(", "), 80);
    broken(
      `${what}: what came back was ${seen || (isOver ? "a closed connection" : "nothing")}, not ${wanted}`,
      `${ko}에 ${wantedKo} ${seen ? `아니라 ${seen} 프레임이 왔습니다` : `오지 않${isOver ? "고 연결이 닫혔습니다" : "았습니다"}`}`,
    );
  };
  const sample = await trial.socket(target);
  trial.sending({ en: "RFC 6455's own masked “Hello”", ko: "RFC 6455의 마스킹된 “Hello”" });
  sample.connection.socket.write(Buffer.from("818537fa213d7f9f4d5158", "hex"));
  await expect(sample, "the text “Hello”, as a console sends it", "콘솔에서 보내는 텍스트 “Hello”", () =>
    texts(sample).includes("Hello"),
  );
  const early = await trial.socket(
    target,
    Buffer.concat([frameOf('{"text":"early one"}'), frameOf('{"text":"early two"}')]),
  );
  await expect(
    early,
    "two messages in one piece with the upgrade",
    "업그레이드와 한 덩어리로 보낸 메시지 둘",
    () => {
      const seen = texts(early);
      return seen.indexOf("early one") !== -1 && seen.indexOf("early one") < seen.indexOf("early two");
    },
  );
  const pieces = await trial.socket(target);
  const bytes = Buffer.from('{"text":"in pieces"}');
  trial.sending({
    en: "a message in three frames, with a ping between them",
    ko: "핑이 사이에 낀 세 프레임 메시지",
  });
  pieces.send(bytes.subarray(0, 5), { fin: false });
  pieces.send("still there?", { opcode: PING });
  pieces.send(bytes.subarray(5, 9), { opcode: 0, fin: false });
  pieces.send(bytes.subarray(9), { opcode: 0 });
  const isPong = ({ first, payload }: Frame) =>
    first === (0x80 | PONG) && payload.toString() === "still there?";
  await expect(
    pieces,
    "a message in three frames, with a ping between them",
    "핑이 사이에 낀 세 프레임 메시지",
    () => pieces.frames().some(isPong) && texts(pieces).includes("in pieces"),
    ["a pong and the message", "퐁과 그 메시지가"],
  );
  const leaving = await trial.socket(target);
  leaving.send(closing(1000, "bye"), { opcode: CLOSE });
  await expect(
    leaving,
    "a close frame with 1000",
    "코드가 1000인 닫기 프레임",
    () =>
      leaving
        .frames()
        .some(
          ({ first, payload }) =>
            first === (0x80 | CLOSE) && payload.length >= 2 && payload.readUInt16BE(0) === 1000,
        ),
    ["the same close", "같은 닫기 프레임이"],
  );
  const ended = await within(trial.patience, leaving.connection.ended());
  if (ended === undefined)
    broken(
      "a client's close frame was answered, but the connection was not closed",
      "클라이언트의 닫기 프레임에 응답했지만 연결을 닫지 않았습니다",
    );
  await expectNothingBehindClose(trial, target);
}

/** What a client sends after it was told to go is not kept. */
async function expectNothingBehindClose(trial: Trial, target: string): Promise<void> {
  const witness = await trial.socket(target);
  const told = await trial.socket(target);
  trial.note({ en: "→ a binary message, and a draft behind it", ko: "→ 바이너리 메시지, 그 뒤에 초안" });
  told.connection.socket.write(
    Buffer.concat([frameOf("x", { opcode: BINARY }), frameOf('{"text":"too late"}')]),
  );
  await within(brief(trial), told.connection.ended());
  await send(trial, trial.enter(), { text: "the last word" });
  await within(
    trial.patience,
    witness.connection.until(() =>
      witness.frames().some((frame) => jsonIn(frame)["text"] === "the last word"),
    ),
  ).catch(() => {});
  const isClosed = told.frames().some(({ first }) => first === (0x80 | CLOSE));
  if (witness.frames().some((frame) => jsonIn(frame)["text"] === "too late"))
    broken(
      isClosed
        ? "a binary message closed the connection, and what came behind it was still kept"
        : "a binary message did not close the connection with 1003: what came behind it was kept",
      isClosed
        ? "바이너리 메시지가 와서 연결을 닫기로 한 뒤에 온 초안까지 저장했습니다"
        : "바이너리 메시지가 왔는데 닫기 코드 1003으로 연결을 닫지 않고, 그 뒤에 온 초안을 저장했습니다",
      undefined,
      "send",
    );
}

const part = { fin: false };
/** What is bad, the code that it is closed with, and its bytes. */
const BAD_FRAMES: readonly (readonly [what: Said, code: number, frames: readonly Buffer[]])[] = [
  [{ en: "a binary message", ko: "바이너리 메시지" }, 1003, [frameOf("x", { opcode: BINARY })]],
  [
    { en: "a frame that is not masked", ko: "마스킹하지 않은 프레임" },
    1002,
    [frameOf("x", { mask: undefined })],
  ],
  [{ en: "RSV1, which says compressed", ko: "RSV1(압축) 비트" }, 1002, [frameOf("x", { reserved: 0x40 })]],
  [{ en: "RSV2", ko: "RSV2 비트" }, 1002, [frameOf("x", { reserved: 0x20 })]],
  [
    { en: "an opcode that is not defined", ko: "정의되지 않은 opcode" },
    1002,
    [frameOf("x", { opcode: 0x3 })],
  ],
  [
    { en: "a control opcode that is not defined", ko: "정의되지 않은 제어 opcode" },
    1002,
    [frameOf("x", { opcode: 0xb })],
  ],
  [
    { en: "a continuation of nothing", ko: "시작 프레임 없이 온 연속 프레임" },
    1002,
    [frameOf("x", { opcode: 0 })],
  ],
  [
    { en: "a new message within a message", ko: "메시지가 끝나기 전에 온 새 메시지" },
    1002,
    [frameOf("x", part), frameOf("y")],
  ],
  [{ en: "a ping of 126 bytes", ko: "126바이트 핑" }, 1002, [frameOf("x".repeat(126), { opcode: PING })]],
  [{ en: "a ping in pieces", ko: "조각난 핑" }, 1002, [frameOf("x", { opcode: PING, fin: false })]],
  [
    { en: "a close frame with half a code", ko: "코드가 반쪽인 닫기 프레임" },
    1002,
    [frameOf("x", { opcode: CLOSE })],
  ],
  [
    { en: "a close code that may not be sent", ko: "보내면 안 되는 닫기 코드" },
    1002,
    [frameOf(closing(1005), { opcode: CLOSE })],
  ],
  [{ en: "text that is not UTF-8", ko: "UTF-8이 아닌 텍스트" }, 1007, [frameOf(Buffer.of(0xc3, 0x28))]],
  [{ en: "half a character", ko: "반쪽짜리 글자" }, 1007, [frameOf(Buffer.from("안").subarray(0, 2))]],
];

/** Each bad frame closes its connection with the RFC's code (§7.4), is no message, and harms nobody else. */
export async function badFrames(trial: Trial): Promise<void> {
  const wrong: Said[] = [];
  const why: string[] = [];
  for (const [what, code, bytes] of BAD_FRAMES) {
    trial.sending(what);
    const socket = await trial.socket();
    const all = Buffer.concat([...bytes]);
    const sent = trial.note(`→ ${what[trial.language]}: ${all.subarray(0, 16).toString("hex")}`);
    socket.connection.socket.write(all);
    const close = () => socket.frames().find(({ first }) => (first & 0x0f) === CLOSE);
    await within(
      brief(trial),
      socket.connection.until(() => close() !== undefined),
    ).catch(() => {});
    const frame = close();
    const seen = frame && frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : undefined;
    const isOver = socket.connection.isOver();
    const came = trial.note({
      en: `← ${seen === undefined ? (isOver ? "closed without a code" : "nothing") : `close ${seen}`}`,
      ko: `← ${seen === undefined ? (isOver ? "코드 없이 닫힘" : "오지 않음") : `닫기 ${seen}`}`,
    });
    // A server may send the close frame first and end then: it is this frame that ended it, and not the next one.
    await dealtWith(trial);
    if (trial.server.exit()) return;
    if (seen === code) {
      socket.send(closing(code), { opcode: CLOSE });
      continue;
    }
    const en = seen === undefined ? (isOver ? "a close without a code" : "nothing") : `close code ${seen}`;
    const ko =
      seen === undefined
        ? `${withRo(`닫기 코드 ${code}`)} 응답해야 하는데, ${isOver ? "코드 없이 끊었습니다" : "아무것도 보내지 않았습니다"}`
        : `${withIga(`닫기 코드 ${code}`)} 아니라 ${withRo(`${seen}`)} 응답했습니다`;
    wrong.push({
      en: `${what.en} was answered with ${en}, not with close code ${code}`,
      ko: `${what.ko}에 ${ko}`,
    });
    why.push(sent, came);
  }
  const [first] = wrong;
  const more = wrong.length > 1 ? wrong.length - 1 : 0;
  if (first)
    broken(
      `${first.en}${more ? `; and ${more} more of ${BAD_FRAMES.length} like it` : ""}`,
      `${first.ko}${more ? `. ${BAD_FRAMES.length}개 중 ${wrong.length}개가 이렇습니다` : ""}`,
      why.slice(0, 14),
    );
  if (idOf(await send(trial, trial.enter(), { text: "Nothing happened." })) === undefined) return;
}
