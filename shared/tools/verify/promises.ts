// What a server promises whose browsers are to hear each other: every promise with its check, from easy to hard.
import { slug } from "github-slugger";
import type { ChapterName } from "../../html-renderer/chapters.ts";
import type { Language } from "../../html-renderer/words.ts";
import {
  catchesUp,
  cutCharacter,
  everyMessageOnce,
  inTheMoment,
  messageFields,
  oneOrder,
  textAsSent,
} from "./checks/delivery.ts";
import { fullDisk } from "./checks/disk.ts";
import { foreignHost, foreignOrigin, foreignSite, notCached, opens, paths } from "./checks/doors.ts";
import { badDrafts, sentTwice, tooLarge } from "./checks/drafts.ts";
import { brokenOff, busyNeighbour, clientsForgotten, slowReader } from "./checks/hostile.ts";
import { keptOverKill, oneLog, stops } from "./checks/life.ts";
import { cursor, longLog } from "./checks/log.ts";
import { heartbeat, hold, silentPeer } from "./checks/slow.ts";
import { badFrames, frames, handshake } from "./checks/socket.ts";
import { lastEventId, stream } from "./checks/stream.ts";
import type { Said, Topic } from "./said.ts";
import type { Trial } from "./trial.ts";

/** A promise and its check. */
export interface VerifiedPromise {
  readonly name: string;
  readonly title: Said;
  readonly topic: Topic;
  /** The chapters that make it; all, unless told. */
  readonly chapters?: readonly ChapterName[];
  /**
   * What server it is tried on. `shared`: one on which others are tried too, one after another. `own`: one of its own, as
   * it fills, kills or measures it. `quiet`: one of its own as well, on which it waits, for half a minute at most.
   */
  readonly server: "shared" | "own" | "quiet";
  /** Whether the memory of its server is measured. */
  readonly isMeasured?: boolean;
  /** @throws Broken, Untried */
  readonly check: (trial: Trial) => Promise<void>;
}

const [POLLING, LONG_POLLING, SSE, WEBSOCKET] = [
  "ch09-polling",
  "ch10-long-polling",
  "ch11-sse",
  "ch12-websocket",
] as const;

export const PROMISES: readonly VerifiedPromise[] = [
  {
    name: "opens",
    title: { en: "the page opens, and a client is let in", ko: "페이지가 열리고 클라이언트가 들어옵니다" },
    topic: "open",
    server: "shared",
    check: opens,
  },
  {
    name: "every-message-once",
    title: {
      en: "every client sees every message, once",
      ko: "모든 클라이언트가 모든 메시지를 한 번씩 봅니다",
    },
    topic: "read",
    server: "shared",
    check: everyMessageOnce,
  },
  {
    name: "one-order",
    title: { en: "all clients see one order", ko: "모든 클라이언트가 같은 순서로 봅니다" },
    topic: "read",
    server: "shared",
    check: oneOrder,
  },
  {
    name: "message-fields",
    title: {
      en: "a message has an id, an author, a text, a time and a key",
      ko: "메시지에 id, 작성자, 텍스트, 시각, 키가 있습니다",
    },
    topic: "send",
    server: "shared",
    check: messageFields,
  },
  {
    name: "text-as-sent",
    title: {
      en: "Korean, emoji, markup and line breaks arrive exactly as sent",
      ko: "한글, 이모지, 마크업, 줄바꿈이 보낸 그대로 옵니다",
    },
    topic: "text",
    server: "shared",
    check: textAsSent,
  },
  {
    name: "cut-character",
    title: {
      en: "a Korean character cut in two on the way arrives whole",
      ko: "도중에 바이트가 둘로 나뉘어도 한글이 깨지지 않습니다",
    },
    topic: "pieces",
    server: "shared",
    check: cutCharacter,
  },
  {
    name: "catches-up",
    title: {
      en: "a client that was away gets what it missed, and nothing twice",
      ko: "자리를 비웠던 클라이언트가 놓친 것을 받고, 두 번 받지 않습니다",
    },
    topic: "return",
    server: "shared",
    check: catchesUp,
  },
  {
    name: "in-the-moment",
    title: {
      en: "a message sent in the very moment of a request or a reconnection is not lost",
      ko: "요청하거나 재연결하는 바로 그 순간에 보낸 메시지를 잃지 않습니다",
    },
    topic: "read",
    server: "shared",
    check: inTheMoment,
  },
  {
    name: "cursor",
    title: {
      en: "a cursor gets what came after it, and what is no cursor is refused",
      ko: "커서 뒤에 온 것을 받고, 커서가 아닌 값은 거절합니다",
    },
    topic: "read",
    server: "shared",
    check: cursor,
  },
  {
    name: "long-log",
    title: {
      en: "a long log comes whole, and an answer has its limit",
      ko: "긴 로그가 빠짐없이 오고, 응답 하나의 크기에는 한도가 있습니다",
    },
    topic: "read",
    server: "own",
    check: longLog,
  },
  {
    name: "sent-twice",
    title: {
      en: "a draft sent twice with one key is one message",
      ko: "같은 키로 두 번 보낸 초안은 메시지 하나가 됩니다",
    },
    topic: "send",
    server: "shared",
    check: sentTwice,
  },
  {
    name: "bad-drafts",
    title: {
      en: "a bad draft is refused, shown to nobody, and ends nothing",
      ko: "잘못된 초안은 거절하고, 아무에게도 보이지 않고, 서버도 멈추지 않습니다",
    },
    topic: "send",
    server: "shared",
    check: badDrafts,
  },
  {
    name: "too-large",
    title: {
      en: "more than 16 KiB is refused, and the sender is told",
      ko: "16 KiB가 넘으면 거절하고 알려 줍니다",
    },
    topic: "large",
    server: "shared",
    check: tooLarge,
  },
  {
    name: "paths",
    title: { en: "another path is 404, another method 405", ko: "없는 경로는 404, 다른 메서드는 405입니다" },
    topic: "paths",
    server: "shared",
    check: paths,
  },
  {
    name: "foreign-origin",
    title: {
      en: "a page of another origin is kept out (Origin)",
      ko: "다른 출처의 페이지가 보낸 요청은 거절합니다 (Origin)",
    },
    topic: "door",
    server: "shared",
    check: foreignOrigin,
  },
  {
    name: "foreign-site",
    title: {
      en: "another site's page gets no data (Sec-Fetch-Site)",
      ko: "다른 사이트의 페이지에 데이터를 주지 않습니다 (Sec-Fetch-Site)",
    },
    topic: "door",
    server: "shared",
    check: foreignSite,
  },
  {
    name: "foreign-host",
    title: {
      en: "a name that is not ours is refused (Host)",
      ko: "Host가 우리 서버의 이름이 아니면 거절합니다",
    },
    topic: "door",
    server: "shared",
    check: foreignHost,
  },
  {
    name: "not-cached",
    title: { en: "no cache may keep the data", ko: "캐시가 데이터를 저장하지 못합니다" },
    topic: "cache",
    chapters: [POLLING, LONG_POLLING, SSE],
    server: "shared",
    check: notCached,
  },
  {
    name: "stream",
    title: {
      en: "the stream says when to come back and from where, and each event has its id",
      ko: "스트림이 언제, 어디서부터 다시 연결할지 알려 주고, 이벤트마다 id가 있습니다",
    },
    topic: "format",
    chapters: [SSE],
    server: "shared",
    check: stream,
  },
  {
    name: "last-event-id",
    title: {
      en: "Last-Event-ID goes on where the stream broke",
      ko: "Last-Event-ID로 스트림이 끊긴 곳부터 이어집니다",
    },
    topic: "return",
    chapters: [SSE],
    server: "shared",
    check: lastEventId,
  },
  {
    name: "handshake",
    title: {
      en: "the handshake is RFC 6455's, and what is none is refused",
      ko: "RFC 6455에 맞는 핸드셰이크만 받아들입니다",
    },
    topic: "handshake",
    chapters: [WEBSOCKET],
    server: "shared",
    check: handshake,
  },
  {
    name: "frames",
    title: {
      en: "pieces, pings and closes are answered as RFC 6455 says",
      ko: "나뉜 메시지, 핑, 닫기 프레임에 RFC 6455대로 응답합니다",
    },
    topic: "frames",
    chapters: [WEBSOCKET],
    server: "shared",
    check: frames,
  },
  {
    name: "bad-frames",
    title: {
      en: "a bad frame closes its connection with the right code, and nobody else's",
      ko: "잘못된 프레임이 오면 그 연결만 알맞은 코드로 닫습니다",
    },
    topic: "codes",
    chapters: [WEBSOCKET],
    server: "shared",
    check: badFrames,
  },
  {
    name: "broken-off",
    title: {
      en: "a connection that breaks off in the middle harms nobody else",
      ko: "중간에 끊긴 연결이 다른 클라이언트에 영향을 주지 않습니다",
    },
    topic: "broken",
    server: "shared",
    check: brokenOff,
  },
  {
    name: "clients-forgotten",
    title: { en: "a client that left is forgotten", ko: "나간 클라이언트의 흔적을 남기지 않습니다" },
    topic: "leave",
    server: "own",
    isMeasured: true,
    check: clientsForgotten,
  },
  {
    name: "slow-reader",
    title: {
      en: "a client that does not read does not fill the memory",
      ko: "읽지 않는 클라이언트가 메모리를 채우지 않습니다",
    },
    topic: "slow",
    server: "own",
    isMeasured: true,
    check: slowReader,
  },
  {
    name: "busy-neighbour",
    title: {
      en: "while one client sends without end, another is still heard",
      ko: "한 클라이언트가 끝없이 보내도 다른 클라이언트의 메시지가 제때 전달됩니다",
    },
    topic: "turns",
    server: "own",
    check: busyNeighbour,
  },
  {
    name: "kept-over-kill",
    title: {
      en: "what was answered before a kill -9 is there after it, once",
      ko: "kill -9 전에 응답한 메시지는 다시 시작해도 한 번씩 있습니다",
    },
    topic: "kept",
    server: "own",
    check: keptOverKill,
  },
  {
    name: "one-log",
    title: {
      en: "two servers on one log show one conversation",
      ko: "로그 하나를 쓰는 두 서버가 같은 대화를 보여 줍니다",
    },
    topic: "logs",
    server: "own",
    check: oneLog,
  },
  {
    name: "full-disk",
    title: {
      en: "what a full disk does not keep is refused, and shown to nobody",
      ko: "가득 찬 디스크에 저장하지 못한 초안은 거절하고, 아무에게도 보이지 않습니다",
    },
    topic: "kept",
    server: "own",
    check: fullDisk,
  },
  {
    name: "stops",
    title: {
      en: "a stop closes everything well, within 2 s",
      ko: "종료하면 2초 안에 모두 제대로 닫습니다",
    },
    topic: "stop",
    server: "own",
    check: stops,
  },
  {
    name: "hold",
    title: { en: "a hold ends after 25 s with 204", ko: "보류한 요청은 25초 뒤 204로 끝납니다" },
    topic: "hold",
    chapters: [LONG_POLLING],
    server: "quiet",
    check: hold,
  },
  {
    name: "heartbeat",
    title: {
      en: "a heartbeat that a page can see comes every 15 s",
      ko: "페이지가 볼 수 있는 하트비트가 15초마다 옵니다",
    },
    topic: "beat",
    chapters: [SSE, WEBSOCKET],
    server: "quiet",
    check: heartbeat,
  },
  {
    name: "silent-peer",
    title: {
      en: "a peer that answers no ping is dropped by the next one",
      ko: "핑에 퐁을 보내지 않는 상대는 다음 핑에서 끊습니다",
    },
    topic: "beat",
    chapters: [WEBSOCKET],
    server: "quiet",
    check: silentPeer,
  },
];

/** The promises that a chapter makes, from easy to hard. */
export function promisesOf(chapter: ChapterName): VerifiedPromise[] {
  return PROMISES.filter(({ chapters }) => chapters?.includes(chapter) ?? true);
}

/** A heading of the chapter's own notes, unless another one is named. */
interface Heading extends Said {
  readonly chapter?: ChapterName;
}

type Headings = Readonly<Partial<Record<Topic, Heading>>>;

const PROMISED: Heading = { en: "Promises and sources", ko: "약속과 출처" };

// What chapters 9 to 11 have in common is told in the first of them.
const SERVER: Heading = { chapter: POLLING, en: "9.2 The server", ko: "9.2 서버" };
const SENDING: Heading = { chapter: POLLING, en: "Sending a message", ko: "메시지 보내기" };
const SHARED: Headings = {
  send: SENDING,
  text: SENDING,
  pieces: SENDING,
  large: SENDING,
  kept: SENDING,
  door: SERVER,
  paths: SERVER,
  broken: SERVER,
};
const ADDING: Heading = { chapter: LONG_POLLING, en: "Adding a message", ko: "메시지 추가하기" };

/** The headings of each chapter's notes. */
const HEADINGS: Readonly<Record<ChapterName, Headings>> = {
  [POLLING]: {
    ...SHARED,
    open: { en: "Reading messages", ko: "메시지 읽기" },
    read: { en: "Reading messages", ko: "메시지 읽기" },
    return: { en: "Reading messages", ko: "메시지 읽기" },
    cache: { en: "Reading messages", ko: "메시지 읽기" },
    leave: { en: "9.1 Structure", ko: "9.1 구조" },
    logs: SENDING,
  },
  [LONG_POLLING]: {
    ...SHARED,
    open: { en: "Reading messages", ko: "메시지 읽기" },
    read: { en: "Reading messages", ko: "메시지 읽기" },
    return: { en: "Reading messages", ko: "메시지 읽기" },
    leave: { en: "Reading messages", ko: "메시지 읽기" },
    logs: ADDING,
    hold: { en: "The end of a hold", ko: "보류의 끝" },
    cache: { en: "The end of a hold", ko: "보류의 끝" },
    stop: { en: "10.4 Summary", ko: "10.4 정리" },
  },
  [SSE]: {
    ...SHARED,
    open: { en: "11.1 Structure", ko: "11.1 구조" },
    read: { en: "Subscribing", ko: "구독" },
    cache: { en: "Subscribing", ko: "구독" },
    return: { en: "By itself", ko: "스스로 연결할 때" },
    leave: { en: "The waiting list", ko: "대기 목록" },
    slow: { en: "The waiting list", ko: "대기 목록" },
    text: { en: "The waiting list", ko: "대기 목록" },
    logs: ADDING,
    broken: { en: "Adding a message", ko: "메시지 추가하기" },
    beat: { en: "The heartbeat", ko: "하트비트" },
    format: { en: "11.1 Structure", ko: "11.1 구조" },
    stop: { en: "11.1 Structure", ko: "11.1 구조" },
  },
  [WEBSOCKET]: {
    open: { en: "The chat", ko: "채팅" },
    read: { en: "The chat", ko: "채팅" },
    return: { en: "The chat", ko: "채팅" },
    leave: { en: "The chat", ko: "채팅" },
    send: { en: "The chat", ko: "채팅" },
    broken: { en: "The chat", ko: "채팅" },
    turns: { en: "The chat", ko: "채팅" },
    slow: { en: "The waiting list", ko: "대기 목록" },
    logs: ADDING,
    door: { en: "The door", ko: "연결 허용" },
    paths: { en: "The door", ko: "연결 허용" },
    beat: { en: "The heartbeat", ko: "하트비트" },
    kept: SENDING,
    text: { en: "12.1 Structure", ko: "12.1 구조" },
    pieces: { en: "12.1 Structure", ko: "12.1 구조" },
    frames: { en: "12.1 Structure", ko: "12.1 구조" },
    handshake: { en: "12.1 Structure", ko: "12.1 구조" },
    large: { en: "`ws` beside the HTTP server", ko: "HTTP 서버와 `ws`" },
    codes: { en: "Events", ko: "이벤트" },
    stop: { en: "Events", ko: "이벤트" },
  },
};

/**
 * Where the notes tell of a chapter's promise, as a path with an anchor.
 *
 * @param topic what of it, where that is told elsewhere
 */
export function sectionOf(
  chapter: ChapterName,
  promise: VerifiedPromise,
  language: Language,
  topic: Topic = promise.topic,
): string {
  const heading = HEADINGS[chapter][topic] ?? PROMISED;
  return `${heading.chapter ?? chapter}/README${language === "ko" ? ".ko" : ""}.md#${slug(heading[language])}`;
}
