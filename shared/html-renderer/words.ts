// Every word of the page, Korean beside English, so that neither can be forgotten.

export type Language = "en" | "ko";

/** The page's languages; the first is the default. */
export const LANGUAGES: readonly Language[] = ["en", "ko"];

export const WORDS = {
  subject: { en: "One chat, four techniques", ko: "채팅 하나, 기법 넷" },
  chapter: { en: (number: number) => `Chapter ${number}`, ko: (number: number) => `${number}장` },
  language: { en: "Language", ko: "언어" },
  request: { en: "The request", ko: "요청" },
  before: { en: "Before", ko: "이전" },
  after: { en: "Next", ko: "다음" },
  conversation: { en: "Conversation", ko: "대화" },
  messages: { en: "Messages", ko: "메시지" },
  unsent: { en: "Messages on their way", ko: "보내는 중인 메시지" },
  empty: { en: "No messages yet. Say hello!", ko: "아직 메시지가 없습니다. 먼저 인사해 보세요!" },
  name: { en: "Name", ko: "이름" },
  anonymous: { en: "anonymous", ko: "익명" },
  text: { en: "Message", ko: "메시지" },
  write: { en: "Write a message", ko: "메시지를 입력하세요" },
  send: { en: "Send", ko: "보내기" },
  keys: {
    en: "Enter sends, Shift + Enter starts a new line.",
    ko: "Enter로 보내고, Shift + Enter로 줄을 바꿉니다.",
  },
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
  stale: {
    en: "The server has a newer page than this one.",
    ko: "서버에 이 페이지보다 새로운 페이지가 있습니다.",
  },
  reload: { en: "Reload", ko: "새로 고침" },
  noScript: {
    en: "This chat needs JavaScript. Allow it for this page, then reload.",
    ko: "이 채팅에는 자바스크립트가 필요합니다. 이 페이지에서 허용한 뒤 새로 고쳐 주세요.",
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
} as const;

/**
 * Chooses the page's language.
 *
 * @param search the value of `?lang=`, null if there is none; a language that the page has wins
 * @param acceptLanguage the request's Accept-Language: the known language with the highest weight, the first
 *   of equals; `*` stands for what is not named (RFC 9110 §12.5.4, RFC 4647 §3.4); malformed ranges are ignored
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
