// The words of the page's script, Korean beside English, so that neither can be forgotten.

export type Language = "en" | "ko";

/** The page's languages; the first is the default. */
export const LANGUAGES: readonly Language[] = ["en", "ko"];

export const WORDS = {
  anonymous: { en: "anonymous", ko: "익명" },
  connecting: { en: "Connecting", ko: "연결하는 중" },
  connected: { en: "Connected", ko: "연결됨" },
  reconnecting: { en: "Reconnecting", ko: "다시 연결하는 중" },
  stopped: { en: "Stopped", ko: "멈춤" },
  reconnectingIn: {
    en: (seconds: number) => `Reconnecting in ${seconds} s`,
    ko: (seconds: number) => `${seconds}초 뒤 다시 연결`,
  },
  newMessages: {
    en: (count: number) => (count === 1 ? "1 new message" : `${count} new messages`),
    ko: (count: number) => `새 메시지 ${count}개`,
  },
  sending: { en: "sending…", ko: "보내는 중…" },
  kept: { en: "✓ kept", ko: "✓ 저장됨" },
  notSent: { en: "Not sent.", ko: "보내지 못했습니다." },
  retry: { en: "Retry", ko: "다시 보내기" },
  discard: { en: "Discard", ko: "지우기" },
  copy: { en: "Copy", ko: "복사" },
  copied: { en: "Copied", ko: "복사됨" },
  lastMinute: { en: "The last 60 seconds", ko: "최근 60초" },
  answeredAtOnce: {
    en: (count: number) => `requests answered at once: ${count}`,
    ko: (count: number) => `바로 응답받은 요청 ${count}개`,
  },
  heldRequests: {
    en: (count: number) => `requests that were held: ${count}`,
    ko: (count: number) => `응답을 기다린 요청 ${count}개`,
  },
  openConnections: {
    en: (count: number) => `connections that stayed open: ${count}`,
    ko: (count: number) => `열려 있던 연결 ${count}개`,
  },
  heartbeats: {
    en: (count: number) => `heartbeats: ${count}`,
    ko: (count: number) => `하트비트 ${count}번`,
  },
  messagesReceived: {
    en: (count: number) => `messages received: ${count}`,
    ko: (count: number) => `받은 메시지 ${count}개`,
  },
  messagesSent: {
    en: (count: number) => `messages sent: ${count}`,
    ko: (count: number) => `보낸 메시지 ${count}개`,
  },
  breaks: {
    en: (count: number) => `times the connection was lost: ${count}`,
    ko: (count: number) => `연결 끊김 ${count}번`,
  },
  // With a no-break space.
  milliseconds: { en: (count: number) => `${count} ms`, ko: (count: number) => `${count} ms` },
  seconds: { en: (count: string) => `${count} s`, ko: (count: string) => `${count}초` },
  heldFor: {
    en: (seconds: number, most: number) => `held for ${seconds} of ${most} s`,
    ko: (seconds: number, most: number) => `${most}초 중 ${seconds}초째 응답 대기`,
  },
  waitedFor: {
    en: (seconds: number) => `waiting for ${seconds} s`,
    ko: (seconds: number) => `${seconds}초째 응답 대기`,
  },
  answeredAgo: {
    en: (seconds: number) => `answer ${seconds} s ago`,
    ko: (seconds: number) => `${seconds}초 전에 응답`,
  },
  heardAgo: {
    en: (seconds: number) => `heard ${seconds} s ago`,
    ko: (seconds: number) => `${seconds}초 전에 받음`,
  },
  lostAgo: {
    en: (seconds: number) => `lost ${seconds} s ago`,
    ko: (seconds: number) => `${seconds}초 전에 끊김`,
  },
  noAnswer: { en: "No answer from the server.", ko: "서버가 응답하지 않습니다." },
  timeout: { en: "The server took too long to answer.", ko: "서버의 응답이 너무 늦습니다." },
  broken: { en: "The connection broke off.", ko: "연결이 끊겼습니다." },
  closed: {
    en: (code: number) => `The server closed the connection (${code}).`,
    ko: (code: number) => `서버가 연결을 닫았습니다(${code}).`,
  },
  status: {
    en: (status: number) => `The server answered with an error (${status}).`,
    ko: (status: number) => `서버가 오류로 응답했습니다(${status}).`,
  },
  you: { en: "(you)", ko: "(나)" },
  guest: { en: (number: number) => `guest ${number}`, ko: (number: number) => `손님 ${number}` },
  reset: {
    en: "The log was reset: this is another conversation.",
    ko: "로그가 초기화되어 새 대화를 보여 줍니다.",
  },
  droppedByYou: { en: "You dropped the connection.", ko: "직접 연결을 끊었습니다." },
  dropped: { en: "Dropped. Watch it come back.", ko: "끊었습니다. 다시 연결되는 과정을 지켜보세요." },
  offlineFor: {
    en: (seconds: number) => `Offline for ${seconds} s.`,
    ko: (seconds: number) => `${seconds}초 동안 오프라인입니다.`,
  },
  repeated: {
    en: "Sent again with the same key: it comes once.",
    ko: "같은 키로 다시 보냈습니다. 한 번만 나타납니다.",
  },
  nothingToRepeat: { en: "Send a message first.", ko: "먼저 메시지를 보내세요." },
  shown: {
    en: (count: number, all: number) => `The newest ${count} of ${all} are shown.`,
    ko: (count: number, all: number) => `전체 ${all}개 중 최근 ${count}개를 보여 줍니다.`,
  },
} as const;

/**
 * Chooses the page's language.
 *
 * @param search the value of `?lang=`, null if there is none; a language that the page has wins
 * @param acceptLanguage the request's Accept-Language: the known language with the highest weight, the first
 *   of equals; `*` stands for what is not named (RFC 9110 §12.5.4, RFC 4647 §3.3.1); malformed ranges are ignored
 */
export function pickLanguage(search: string | null, acceptLanguage: string | undefined): Language {
  const asked = LANGUAGES.find((language) => language === search?.toLowerCase());
  if (asked !== undefined) return asked;
  const ranges = (acceptLanguage ?? "").split(",").flatMap((range) => {
    const match = /^([a-z]{1,8}|\*)(?:-[a-z0-9-]+)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?$/i.exec(range.trim());
    return match ? [{ name: match[1]?.toLowerCase(), weight: Number(match[2] ?? 1) }] : [];
  });
  const isNamed = (language: Language) => ranges.some(({ name }) => name === language);
  for (const { name } of ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight)) {
    const found = LANGUAGES.find((language) => (name === "*" ? !isNamed(language) : name === language));
    if (found !== undefined) return found;
  }
  return "en";
}
