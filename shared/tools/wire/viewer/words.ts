// The words of the viewer's page, Korean beside English, so that neither can be forgotten.
import type { EventKind } from "../events.ts";
import type { Language, Words } from "../words.ts";

/** The texts of `index.html`: an element with `data-word` shows one, one with `data-label` is named by one. */
export const PAGE = {
  title: { en: "The wire, live", ko: "실시간으로 보는 네트워크" },
  language: { en: "Language", ko: "언어" },
  diagram: { en: "Sequence diagram", ko: "시퀀스 다이어그램" },
  keys: {
    en: "Arrow keys choose a mark, Enter opens it, End goes to now, Escape closes.",
    ko: "방향 키로 고르고, Enter로 열고, End로 지금으로 가고, Esc로 닫습니다.",
  },
  tools: { en: "The picture", ko: "그림" },
  pause: { en: "Pause", ko: "일시 정지" },
  clear: { en: "Clear", ko: "비우기" },
  connection: { en: "Connection", ko: "연결" },
  all: { en: "all connections", ko: "모든 연결" },
  scale: { en: "Scale", ko: "배율" },
  larger: { en: "More room for a second", ko: "1초를 더 넓게" },
  smaller: { en: "Less room for a second", ko: "1초를 더 좁게" },
  labels: { en: "Labels", ko: "설명" },
  table: { en: "Table", ko: "표" },
  save: { en: "Save", ko: "저장" },
  chat: { en: "Chat", ko: "채팅" },
  faults: { en: "Break it", ko: "고장 내 보기" },
  toNow: { en: "Go to now", ko: "지금으로" },
  details: { en: "Bytes", ko: "바이트" },
  close: { en: "Close", ko: "닫기" },
  newer: { en: "Newer", ko: "더 최신" },
  older: { en: "Older", ko: "더 이전" },
  rows: { en: "What crossed, newest first", ko: "오간 것, 최신순" },
} as const satisfies Readonly<Record<string, Words>>;

/** What the page's script says. */
export const SAYS = {
  resume: { en: "Go on", ko: "계속" },
  lost: {
    en: "The viewer has lost its server. If you stopped it, start it again: npm run wire",
    ko: "서버와 연결이 끊겼습니다. 직접 종료했다면 다시 시작하세요: npm run wire",
  },
  recording: {
    en: "A recording: nothing more happens in it.",
    ko: "녹화된 기록입니다. 더 진행되지 않습니다.",
  },
  waiting: {
    en: "Nothing has crossed yet. Open the chat, or send a request through the proxy:",
    ko: "아직 오간 것이 없습니다. 채팅을 열거나 프록시로 요청을 보내 보세요:",
  },
  framesRefused: {
    en: "This server does not allow its page in a frame here.",
    ko: "이 서버는 페이지를 이 프레임에 넣는 것을 허용하지 않습니다.",
  },
  openBeside: { en: "Open it in a window beside", ko: "옆에 새 창으로 열기" },
  noAnswer: { en: "The viewer's server does not answer.", ko: "서버가 응답하지 않습니다." },
  gone: {
    en: "These bytes are not kept any more: only the newest are.",
    ko: "이 바이트는 더 이상 보관하지 않습니다. 최신 것만 보관합니다.",
  },
  noBytes: { en: "This has no bytes of its own.", ko: "바이트가 없는 사건입니다." },
  time: { en: "Time", ko: "시각" },
  way: { en: "Way", ko: "방향" },
  what: { en: "What", ko: "종류" },
  said: { en: "Content", ko: "내용" },
  size: { en: "Bytes", ko: "바이트" },
  server: { en: "Server", ko: "서버" },
  upstream: { en: "browser → server", ko: "브라우저 → 서버" },
  downstream: { en: "server → browser", ko: "서버 → 브라우저" },
  bits: {
    en: (high: number, low: number) => (high === low ? `bit ${high}` : `bits ${high} to ${low}`),
    ko: (high: number, low: number) => (high === low ? `비트 ${high}` : `비트 ${high}~${low}`),
  },
  missing: {
    en: (count: number) => `${count} more bytes are not kept.`,
    ko: (count: number) => `나머지 ${count}바이트는 보관하지 않습니다.`,
  },
  moreBytes: {
    en: (count: number) => `Show ${count} more bytes`,
    ko: (count: number) => `${count}바이트 더 보기`,
  },
  hexadecimal: { en: "The bytes in hexadecimal, and as text", ko: "16진수와 텍스트로 본 바이트" },
  meanings: { en: "What they mean", ko: "바이트의 뜻" },
  of: {
    en: (connection: number) => `connection ${connection}`,
    ko: (connection: number) => `연결 ${connection}`,
  },
  previous: { en: "Before it on this connection", ko: "이 연결에서 앞의 것" },
  next: { en: "After it on this connection", ko: "이 연결에서 뒤의 것" },
  only: { en: "Only this connection", ko: "이 연결만" },
  requests: { en: "Requests", ko: "요청" },
  connections: { en: "Connections", ko: "연결" },
  openNow: {
    en: (open: number) => `${open} open`,
    ko: (open: number) => `${open}개 열림`,
  },
  bytes: { en: "Bytes", ko: "바이트" },
  messages: { en: "Messages", ko: "메시지" },
  arrived: {
    en: (sent: number, arrived: number) => `${sent} sent, ${arrived} arrived`,
    ko: (sent: number, arrived: number) => `보냄 ${sent}, 도착 ${arrived}`,
  },
  median: { en: "Median time", ko: "시간(중앙값)" },
  milliseconds: { en: (ms: string) => `${ms} ms`, ko: (ms: string) => `${ms} ms` },
  share: {
    en: (payload: string, header: string) => `${payload} of payload, ${header} around it`,
    ko: (payload: string, header: string) => `페이로드 ${payload}, 그 밖(헤더 등) ${header}`,
  },
  pageBytes: {
    en: (page: string) => `(and ${page} for the page)`,
    ko: (page: string) => `(페이지는 따로 ${page})`,
  },
  cut: { en: "Cut all", ko: "모두 끊기" },
  refuse: { en: "Refuse for 5 s", ko: "5초 동안 거부" },
  delay: { en: "Delay 500 ms", ko: "500 ms 지연" },
  stallUp: { en: "Stall →", ko: "→ 멈춤" },
  stallDown: { en: "Stall ←", ko: "← 멈춤" },
  split: { en: "Single bytes", ko: "1바이트씩" },
  everywhere: { en: "in all columns", ko: "모든 열에" },
  where: { en: "Where", ko: "어디에" },
  refusing: {
    en: (seconds: number) => `Refusing, ${seconds} s`,
    ko: (seconds: number) => `거부 중, ${seconds}초`,
  },
  newEvents: {
    en: (count: number) => `Go to now, ${count} new`,
    ko: (count: number) => `지금으로, 새로 ${count}개`,
  },
  shown: {
    en: (first: number, last: number, all: number) => `${first} to ${last} of ${all}`,
    ko: (first: number, last: number, all: number) => `전체 ${all}개 중 ${first}~${last}`,
  },
  perSecond: {
    en: (pixels: number) => `${pixels} px/s`,
    ko: (pixels: number) => `${pixels} px/초`,
  },
  inAll: {
    en: (count: number) => `${count} together`,
    ko: (count: number) => `함께 ${count}개`,
  },
  forgotten: {
    en: (count: string) => `${count} older events are counted, but not kept.`,
    ko: (count: string) => `오래된 이벤트 ${count}개는 세기만 하고 보관하지 않습니다.`,
  },
  line: { en: (line: number) => `line ${line}`, ko: (line: number) => `${line}번째 줄` },
} as const;

/** What happened, by its kind. */
export const KINDS = {
  open: { en: "Connection accepted", ko: "연결 수락" },
  close: { en: "Connection closed", ko: "연결 종료" },
  refused: { en: "Connection refused", ko: "연결 거부" },
  request: { en: "Request, head", ko: "요청 헤더" },
  response: { en: "Response, head", ko: "응답 헤더" },
  body: { en: "Body", ko: "본문" },
  chunk: { en: "Chunk of the body", ko: "본문 청크" },
  trailer: { en: "End of the body", ko: "본문의 끝" },
  sse: { en: "Server-sent event", ko: "서버 전송 이벤트" },
  frame: { en: "WebSocket frame", ko: "웹소켓 프레임" },
  tls: { en: "TLS record", ko: "TLS 레코드" },
  raw: { en: "Bytes, not decoded", ko: "해석하지 못한 바이트" },
  fault: { en: "Fault", ko: "고장" },
} as const satisfies Readonly<Record<EventKind, Words>>;

/** @returns the language that `?lang=` asks for, or else the reader's first one that the page has */
export function pickLanguage(search: string, preferred: readonly string[]): Language {
  const asked = new URLSearchParams(search).get("lang")?.toLowerCase();
  const all = [...(asked === undefined ? [] : [asked]), ...preferred.map((tag) => tag.toLowerCase())];
  for (const tag of all) {
    if (tag === "ko" || tag.startsWith("ko-")) return "ko";
    if (tag === "en" || tag.startsWith("en-")) return "en";
  }
  return "en";
}
