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
      ko: "브라우저가 묻고 또 묻습니다. 서버는 소식이 있든 없든 바로 답합니다.",
    },
    request: "GET /poll?after=ID",
  },
  "ch10-long-polling": {
    name: { en: "Long polling", ko: "롱 폴링" },
    analogy: { en: "“Any news?” “Wait a moment…”", ko: "“새 소식 있어요?” “잠깐만요…”" },
    line: {
      en: "The browser asks, and the server holds its answer until there is news.",
      ko: "브라우저가 물으면, 서버는 소식이 생길 때까지 답을 미룹니다.",
    },
    request: "GET /longpoll?after=ID",
  },
  "ch11-sse": {
    name: { en: "Server-sent events (SSE)", ko: "서버 전송 이벤트(SSE)" },
    analogy: { en: "“Tell me when there is news.”", ko: "“소식이 생기면 알려 주세요.”" },
    line: {
      en: "The browser asks once, and the answer never ends: each message is one more piece of it.",
      ko: "브라우저는 한 번만 묻습니다. 응답은 끝나지 않고, 메시지가 생길 때마다 이어집니다.",
    },
    request: "GET /subscribe?after=ID",
  },
  "ch12-websocket": {
    name: { en: "WebSocket", ko: "웹소켓" },
    analogy: { en: "“Hello?” “Speaking!”", ko: "“여보세요?” “네, 말씀하세요!”" },
    line: {
      en: "A telephone: on one connection both sides speak whenever they like.",
      ko: "전화와 같습니다. 연결 하나로 양쪽이 아무 때나 말합니다.",
    },
    request: "GET /?after=ID\nUpgrade: websocket",
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
