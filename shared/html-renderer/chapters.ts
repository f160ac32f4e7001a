// What the page tells of the four chapters.
import type { Language } from "./words.ts";

/** One chapter, as the page tells of it. */
export interface Chapter {
  readonly name: Readonly<Record<Language, string>>;
  /** What the browser says to the server, in everyday words. */
  readonly analogy: Readonly<Record<Language, string>>;
  /** What that means for the two of them. */
  readonly line: Readonly<Record<Language, string>>;
  /** The technique's request, one header line a line. */
  readonly request: string;
  /** How to read the strip on which the technique draws itself. */
  readonly strip: Readonly<Record<Language, string>>;
  /** What to look for in the browser's developer tools. */
  readonly devTools: Readonly<Record<Language, string>>;
}

/** The chapters' folders, in the order in which they are read. */
export const CHAPTER_NAMES = ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"] as const;
export type ChapterName = (typeof CHAPTER_NAMES)[number];

/** The chapters by their folders. */
export const CHAPTERS: Readonly<Record<ChapterName, Chapter>> = {
  "ch09-polling": {
    name: { en: "Polling", ko: "폴링" },
    analogy: { en: "“Any news?”", ko: "“새 소식 있어요?”" },
    line: {
      en: "The browser asks again and again, and the server answers at once, news or not.",
      ko: "브라우저가 계속 다시 요청합니다. 서버는 새 메시지가 있든 없든 바로 응답합니다.",
    },
    request: "GET /poll?after=ID",
    strip: {
      en: "Each tick is a request, answered at once. Tall ones brought messages.",
      ko: "눈금 하나가 요청 하나이고, 바로 응답을 받습니다. 긴 눈금이 메시지를 가져왔습니다.",
    },
    devTools: {
      en: "Network, filter “poll”: a row a second, nearly all 204.",
      ko: "Network 탭의 필터에 poll을 입력하세요. 1초에 한 줄씩 쌓이고 거의 모두 204입니다.",
    },
  },
  "ch10-long-polling": {
    name: { en: "Long polling", ko: "롱 폴링" },
    analogy: { en: "“Any news?” “Wait a moment…”", ko: "“새 소식 있어요?” “잠깐만요…”" },
    line: {
      en: "The browser asks, and the server holds its answer until there is news.",
      ko: "브라우저가 요청하면, 서버는 새 메시지가 생길 때까지 응답을 보류합니다.",
    },
    request: "GET /longpoll?after=ID",
    strip: {
      en: "Each bar is a request, held until its response. A dot at its end: messages.",
      ko: "막대 하나가 응답을 기다린 요청 하나입니다. 끝의 점은 받은 메시지입니다.",
    },
    devTools: {
      en: "Network, filter “longpoll”: one row is always “pending”.",
      ko: "Network 탭의 필터에 longpoll을 입력하세요. “pending”인 줄이 언제나 하나 있습니다.",
    },
  },
  "ch11-sse": {
    name: { en: "Server-sent events (SSE)", ko: "서버 전송 이벤트(SSE)" },
    analogy: { en: "“Tell me when there is news.”", ko: "“소식이 생기면 알려 주세요.”" },
    line: {
      en: "The browser asks once, and the answer never ends: each message is one more piece of it.",
      ko: "브라우저는 한 번만 요청합니다. 응답은 끝나지 않고, 메시지가 생길 때마다 이어집니다.",
    },
    request: "GET /subscribe?after=ID",
    strip: {
      en: "One response that never ends: a bead is a message, a faint one a heartbeat.",
      ko: "끝나지 않는 응답 하나입니다. 구슬은 메시지, 흐린 구슬은 하트비트입니다.",
    },
    devTools: {
      en: "Network, filter “subscribe”: one row that never ends. Its EventStream (Firefox: Response) tab grows.",
      ko: "Network 탭의 필터에 subscribe를 입력하세요. 끝나지 않는 줄이 하나 있고, 그 EventStream(Firefox는 응답) 탭이 늘어납니다.",
    },
  },
  "ch12-websocket": {
    name: { en: "WebSocket", ko: "웹소켓" },
    analogy: { en: "“Hello?” “Speaking!”", ko: "“여보세요?” “네, 말씀하세요!”" },
    line: {
      en: "A telephone: on one connection both sides speak whenever they like.",
      ko: "전화와 같습니다. 연결 하나로 양쪽이 아무 때나 말합니다.",
    },
    request: "GET /?after=ID\nUpgrade: websocket",
    strip: {
      en: "One connection, both ways: ↑ sent, ↓ received. A faint bead is a heartbeat.",
      ko: "연결 하나로 주고받습니다. ↑ 보냄, ↓ 받음, 흐린 구슬은 하트비트입니다.",
    },
    devTools: {
      en: "Network, filter “WS”: one row, 101. Its Messages (Firefox: Response) tab shows each frame.",
      ko: "Network 탭에서 WS 필터를 누르세요. 101인 줄 하나가 있고, 그 Messages(Firefox는 응답) 탭에 프레임이 하나씩 나옵니다.",
    },
  },
};

/** The chapter's number: 9 to 12. */
export function numberOf(chapter: ChapterName): number {
  return Number(chapter.slice(2, 4));
}

/** What starts the chapter, such as `npm run ch09`. */
export function commandOf(chapter: ChapterName): string {
  return `npm run ${chapter.slice(0, 4)}`;
}

/** The chapters before and after: undefined before the first and after the last. */
export function neighboursOf(chapter: ChapterName): Record<"before" | "after", ChapterName | undefined> {
  const place = CHAPTER_NAMES.indexOf(chapter);
  return { before: CHAPTER_NAMES[place - 1], after: CHAPTER_NAMES[place + 1] };
}
