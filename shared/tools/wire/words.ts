// The words of the labels, Korean beside English: the names of the bytes, what they mean, and what went wrong.

/** A text in the languages of the notes. */
export interface Words {
  readonly en: string;
  readonly ko: string;
}

export type Language = keyof Words;

/** What a byte, or a few, are called. */
export const LABELS = {
  method: { en: "method", ko: "메서드" },
  target: { en: "request target", ko: "요청 대상" },
  version: { en: "HTTP version", ko: "HTTP 버전" },
  status: { en: "status code", ko: "상태 코드" },
  reason: { en: "reason phrase", ko: "상태 설명" },
  fieldName: { en: "header name", ko: "헤더 이름" },
  fieldValue: { en: "header value", ko: "헤더 값" },
  folded: { en: "header value, continued", ko: "이어진 헤더 값" },
  separator: { en: "separator", ko: "구분 문자" },
  lineEnd: { en: "line end", ko: "줄 끝" },
  headEnd: { en: "empty line: the head ends", ko: "빈 줄: 헤더 끝" },
  body: { en: "body", ko: "본문" },
  chunkSize: { en: "chunk size, hexadecimal", ko: "청크 크기(16진수)" },
  chunkExtension: { en: "chunk extension", ko: "청크 확장" },
  chunkData: { en: "chunk data", ko: "청크 데이터" },
  chunkEnd: { en: "chunk end", ko: "청크 끝" },
  lastChunk: { en: "last chunk", ko: "마지막 청크" },
  bodyEnd: { en: "empty line: the body ends", ko: "빈 줄: 본문 끝" },
  bom: { en: "byte order mark", ko: "바이트 순서 표시" },
  comment: { en: "comment", ko: "주석" },
  eventField: { en: "field name", ko: "필드 이름" },
  eventId: { en: "id: becomes the last event ID", ko: "id: 마지막 이벤트 ID가 됩니다" },
  eventType: { en: "event: the event's type", ko: "event: 이벤트 타입" },
  eventData: { en: "data: what the page receives", ko: "data: 페이지가 받는 내용" },
  eventRetry: { en: "retry: reconnection time in ms", ko: "retry: 재연결 대기 시간(ms)" },
  eventUnknown: { en: "unknown field", ko: "알 수 없는 필드" },
  dispatch: { en: "empty line: the event is dispatched", ko: "빈 줄: 이벤트를 내보냅니다" },
  fin: { en: "FIN", ko: "FIN" },
  rsv: { en: "RSV1 to RSV3", ko: "RSV1~RSV3" },
  opcode: { en: "opcode", ko: "opcode" },
  masked: { en: "MASK", ko: "MASK" },
  length7: { en: "payload length", ko: "페이로드 길이" },
  length16: { en: "payload length, 16 bits", ko: "페이로드 길이(16비트)" },
  length64: { en: "payload length, 64 bits", ko: "페이로드 길이(64비트)" },
  maskKey: { en: "masking key", ko: "마스킹 키" },
  payload: { en: "payload", ko: "페이로드" },
  maskedPayload: { en: "payload, masked", ko: "마스킹된 페이로드" },
  closeCode: { en: "close code", ko: "종료 코드" },
  closeReason: { en: "close reason", ko: "종료 사유" },
  tlsType: { en: "TLS content type", ko: "TLS 콘텐츠 타입" },
  tlsVersion: { en: "TLS record version", ko: "TLS 레코드 버전" },
  tlsLength: { en: "TLS record length", ko: "TLS 레코드 길이" },
  tlsHandshake: { en: "TLS handshake", ko: "TLS 핸드셰이크" },
  ciphertext: { en: "ciphertext", ko: "암호문" },
  raw: { en: "bytes that were not decoded", ko: "해석하지 못한 바이트" },
} as const satisfies Readonly<Record<string, Words>>;

export type LabelKey = keyof typeof LABELS;

/** What a value means. */
export const MEANINGS = {
  todo: { en: "", ko: "" },
} as const satisfies Readonly<Record<string, Words>>;

export type MeaningKey = keyof typeof MEANINGS;

/** Why something could not be decoded, or a recording could not be opened whole. */
export const PROBLEMS = {
  todo: { en: "", ko: "" },
} as const satisfies Readonly<Record<string, Words>>;

export type ProblemKey = keyof typeof PROBLEMS;
