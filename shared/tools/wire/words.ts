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
  closeCode: { en: "close code", ko: "닫기 코드" },
  closeReason: { en: "close reason", ko: "닫기 이유" },
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
  methodGet: {
    en: "asks for something and changes nothing",
    ko: "무언가를 요청하며, 아무것도 바꾸지 않습니다",
  },
  methodHead: {
    en: "asks for the head of the answer alone",
    ko: "응답의 헤더만 요청합니다",
  },
  methodPost: {
    en: "sends something to be processed",
    ko: "처리할 내용을 보냅니다",
  },
  status100: {
    en: "go on: send the body",
    ko: "계속: 본문을 보내세요",
  },
  status101: {
    en: "from here on, both sides speak another protocol",
    ko: "이 뒤로는 양쪽이 다른 프로토콜로 말합니다",
  },
  status200: {
    en: "here it is",
    ko: "요청한 내용입니다",
  },
  status201: {
    en: "it was created",
    ko: "만들어졌습니다",
  },
  status204: {
    en: "done, and there is nothing to say",
    ko: "처리했고, 보낼 내용이 없습니다",
  },
  status304: {
    en: "unchanged: the browser's copy is still good",
    ko: "그대로입니다: 브라우저의 사본을 쓰면 됩니다",
  },
  status400: {
    en: "the request is wrong",
    ko: "요청이 잘못되었습니다",
  },
  status403: {
    en: "not allowed",
    ko: "허용되지 않습니다",
  },
  status404: {
    en: "there is nothing at this path",
    ko: "이 경로에는 아무것도 없습니다",
  },
  status405: {
    en: "the path does not support this method",
    ko: "이 경로는 이 메서드를 지원하지 않습니다",
  },
  status408: {
    en: "the request took too long to come",
    ko: "요청이 너무 늦게 도착했습니다",
  },
  status413: {
    en: "the body is too large",
    ko: "본문이 너무 큽니다",
  },
  status415: {
    en: "the body has the wrong content type",
    ko: "본문의 콘텐츠 타입이 맞지 않습니다",
  },
  status426: {
    en: "another protocol version is needed",
    ko: "다른 프로토콜 버전이 필요합니다",
  },
  status500: {
    en: "the server failed",
    ko: "서버에서 오류가 났습니다",
  },
  status503: {
    en: "the server cannot do it now",
    ko: "지금은 서버가 처리할 수 없습니다",
  },
  fieldAccept: {
    en: "content types that the client takes",
    ko: "클라이언트가 받을 수 있는 콘텐츠 타입",
  },
  fieldAcceptEncoding: {
    en: "compressions that the client takes",
    ko: "클라이언트가 받을 수 있는 압축 방법",
  },
  fieldAcceptLanguage: {
    en: "languages that the reader prefers",
    ko: "사용자가 선호하는 언어",
  },
  fieldCacheControl: {
    en: "what a cache may keep",
    ko: "캐시가 저장해도 되는지",
  },
  fieldChatState: {
    en: "this chat's own: its page's version, its log, and the newest id",
    ko: "이 채팅 자체의 헤더: 페이지 버전, 로그, 최신 ID",
  },
  fieldConnection: {
    en: "what becomes of this connection",
    ko: "이 연결을 어떻게 할지",
  },
  fieldContentLength: {
    en: "the body has so many bytes",
    ko: "본문의 바이트 수",
  },
  fieldContentSecurityPolicy: {
    en: "what the page may load, and who may frame it",
    ko: "페이지가 불러올 수 있는 것, 프레임에 넣을 수 있는 곳",
  },
  fieldContentType: {
    en: "what the body is",
    ko: "본문의 종류",
  },
  fieldDate: {
    en: "when the answer was made",
    ko: "응답을 만든 시각",
  },
  fieldEtag: {
    en: "names this version of the file",
    ko: "파일의 이 버전을 가리키는 이름",
  },
  fieldHost: {
    en: "the name that the server was called by",
    ko: "클라이언트가 부른 서버의 이름",
  },
  fieldIfNoneMatch: {
    en: "only if it is not this version",
    ko: "이 버전이 아닐 때만 보내 달라는 뜻",
  },
  fieldKeepAlive: {
    en: "how long an idle connection stays open",
    ko: "유휴 연결을 열어 두는 시간",
  },
  fieldLastEventId: {
    en: "the cursor: the last event that the browser has",
    ko: "커서: 브라우저가 마지막으로 받은 이벤트",
  },
  fieldOrigin: {
    en: "the site whose page sent this",
    ko: "이 요청을 보낸 페이지의 출처",
  },
  fieldReferer: {
    en: "the page that the request comes from",
    ko: "요청이 시작된 페이지",
  },
  fieldSecFetchDest: {
    en: "what the browser wants it for",
    ko: "브라우저가 어디에 쓰려는지",
  },
  fieldSecFetchMode: {
    en: "how the browser asks",
    ko: "브라우저가 요청하는 모드",
  },
  fieldSecFetchSite: {
    en: "whether the asking page is of the same site",
    ko: "요청한 페이지가 같은 사이트인지",
  },
  fieldSecWebSocketAccept: {
    en: "computed from the key: proof that the server speaks WebSocket",
    ko: "키로 계산한 값: 서버가 웹소켓을 안다는 증거",
  },
  fieldSecWebSocketExtensions: {
    en: "extensions, such as compression",
    ko: "압축 같은 확장",
  },
  fieldSecWebSocketKey: {
    en: "16 random bytes in base64, for this handshake alone",
    ko: "이 핸드셰이크에만 쓰는 무작위 16바이트(base64)",
  },
  fieldSecWebSocketProtocol: {
    en: "the subprotocol of the application",
    ko: "애플리케이션의 서브프로토콜",
  },
  fieldSecWebSocketVersion: {
    en: "the version of WebSocket",
    ko: "웹소켓 버전",
  },
  fieldTransferEncoding: {
    en: "how the body is written",
    ko: "본문을 적는 방법",
  },
  fieldUpgrade: {
    en: "the protocol to go on with",
    ko: "바꾸려는 프로토콜",
  },
  fieldUserAgent: {
    en: "the program that asks",
    ko: "요청하는 프로그램",
  },
  fieldXContentTypeOptions: {
    en: "the content type is to be believed",
    ko: "콘텐츠 타입을 그대로 믿으라는 뜻",
  },
  eventStream: {
    en: "an answer made of events, which need not end",
    ko: "이벤트로 이루어진, 끝나지 않아도 되는 응답",
  },
  chunked: {
    en: "in chunks, each with its size: the length need not be known",
    ko: "크기를 앞에 적은 청크 단위: 길이를 미리 몰라도 됩니다",
  },
  finLast: {
    en: "the last frame of its message",
    ko: "메시지의 마지막 프레임",
  },
  finMore: {
    en: "more frames of this message follow",
    ko: "이 메시지의 프레임이 더 옵니다",
  },
  rsvNone: {
    en: "no extension",
    ko: "확장 없음",
  },
  rsvDeflate: {
    en: "RSV1: the message is compressed",
    ko: "RSV1: 압축된 메시지",
  },
  rsvUnknown: {
    en: "no extension was agreed on that would use these",
    ko: "이 비트를 쓰는 확장을 합의하지 않았습니다",
  },
  opcode0: {
    en: "continues a message",
    ko: "앞 메시지에 이어짐",
  },
  opcode1: {
    en: "text, in UTF-8",
    ko: "텍스트(UTF-8)",
  },
  opcode2: {
    en: "bytes",
    ko: "바이너리",
  },
  opcode8: {
    en: "says goodbye, and why",
    ko: "연결을 닫겠다는 말과 그 이유",
  },
  opcode9: {
    en: "are you alive? A pong with the same payload must follow",
    ko: "살아 있는지 묻습니다. 같은 페이로드의 퐁(pong)으로 응답해야 합니다",
  },
  opcode10: {
    en: "alive: answers a ping with its payload",
    ko: "살아 있음: 핑(ping)과 같은 페이로드로 응답합니다",
  },
  opcodeReserved: {
    en: "reserved: no frame may have it yet",
    ko: "예약됨: 아직 쓸 수 없는 값입니다",
  },
  maskedYes: {
    en: "masked, as all frames from a client must be",
    ko: "마스킹됨: 클라이언트의 프레임은 모두 그래야 합니다",
  },
  maskedNo: {
    en: "not masked, as no frame from a server may be",
    ko: "마스킹 안 됨: 서버의 프레임은 마스킹하지 않습니다",
  },
  length126: {
    en: "126: the length is in the next 2 bytes",
    ko: "126: 다음 2바이트에 길이가 있습니다",
  },
  length127: {
    en: "127: the length is in the next 8 bytes",
    ko: "127: 다음 8바이트에 길이가 있습니다",
  },
  compressed: {
    en: "compressed by permessage-deflate (RFC 7692)",
    ko: "permessage-deflate로 압축됨(RFC 7692)",
  },
  close1000: {
    en: "normal: its purpose is fulfilled",
    ko: "정상: 목적을 다했습니다",
  },
  close1001: {
    en: "going away: the server shuts down, or the page is left",
    ko: "떠남: 서버가 종료되거나 페이지를 벗어났습니다",
  },
  close1002: {
    en: "protocol error",
    ko: "프로토콜 오류",
  },
  close1003: {
    en: "a type of data that is not accepted",
    ko: "받을 수 없는 종류의 데이터",
  },
  close1007: {
    en: "data that does not fit its type, such as text that is not UTF-8",
    ko: "형식에 맞지 않는 데이터(UTF-8이 아닌 텍스트 등)",
  },
  close1008: {
    en: "a message that breaks the server's rules",
    ko: "규칙에 어긋난 메시지",
  },
  close1009: {
    en: "a message that is too large",
    ko: "너무 큰 메시지",
  },
  close1010: {
    en: "an extension is missing that the client needs",
    ko: "클라이언트에게 필요한 확장이 없습니다",
  },
  close1011: {
    en: "the server failed",
    ko: "서버에서 오류가 났습니다",
  },
  close1012: {
    en: "the server restarts",
    ko: "서버가 재시작합니다",
  },
  close1013: {
    en: "try again later",
    ko: "나중에 다시 시도하세요",
  },
  closeUnknown: {
    en: "a code of the application's own, or not known",
    ko: "애플리케이션이 정한 코드이거나 알 수 없는 코드",
  },
} as const satisfies Readonly<Record<string, Words>>;

export type MeaningKey = keyof typeof MEANINGS;

/** Why something could not be decoded, or a recording could not be opened whole. */
export const PROBLEMS = {
  notHttp: {
    en: "This is not HTTP/1.1.",
    ko: "HTTP/1.1이 아닙니다.",
  },
  badLength: {
    en: "How long the body or frame is cannot be told.",
    ko: "본문이나 프레임의 길이를 알 수 없습니다.",
  },
  badChunk: {
    en: "A chunk does not begin or end as it must (RFC 9112 §7.1).",
    ko: "청크의 시작이나 끝이 규칙과 다릅니다(RFC 9112 §7.1).",
  },
  cutBody: {
    en: "The connection ended in the middle of the body.",
    ko: "본문 중간에 연결이 끝났습니다.",
  },
  cutBlock: {
    en: "The stream ended in the middle of an event, which is then dropped (HTML §9.2.6).",
    ko: "이벤트 중간에 스트림이 끝나, 그 이벤트는 버려집니다(HTML §9.2.6).",
  },
  cutFrame: {
    en: "The connection ended in the middle of a frame.",
    ko: "프레임 중간에 연결이 끝났습니다.",
  },
  cutRecord: {
    en: "The connection ended in the middle of a TLS record.",
    ko: "TLS 레코드 중간에 연결이 끝났습니다.",
  },
  badRecord: {
    en: "This is not a TLS record.",
    ko: "TLS 레코드가 아닙니다.",
  },
  badAccept: {
    en: "Sec-WebSocket-Accept does not fit the key (RFC 6455 §4.2.2).",
    ko: "Sec-WebSocket-Accept가 키와 맞지 않습니다(RFC 6455 §4.2.2).",
  },
  badControl: {
    en: "A control frame must be whole and have at most 125 bytes (RFC 6455 §5.5).",
    ko: "제어 프레임은 나눌 수 없고 125바이트 이하여야 합니다(RFC 6455 §5.5).",
  },
  badText: {
    en: "The text is not UTF-8 (RFC 6455 §8.1).",
    ko: "텍스트가 UTF-8이 아닙니다(RFC 6455 §8.1).",
  },
  reservedBit: {
    en: "A reserved bit is set that no extension uses (RFC 6455 §5.2).",
    ko: "확장이 쓰지 않는 예약 비트가 켜져 있습니다(RFC 6455 §5.2).",
  },
  reservedOpcode: {
    en: "The opcode is reserved (RFC 6455 §5.2).",
    ko: "예약된 opcode입니다(RFC 6455 §5.2).",
  },
  notMasked: {
    en: "A client's frame must be masked (RFC 6455 §5.1).",
    ko: "클라이언트의 프레임은 마스킹해야 합니다(RFC 6455 §5.1).",
  },
  masked: {
    en: "A server's frame must not be masked (RFC 6455 §5.1).",
    ko: "서버의 프레임은 마스킹하면 안 됩니다(RFC 6455 §5.1).",
  },
  longLength: {
    en: "The length could be written shorter, and so must be (RFC 6455 §5.2).",
    ko: "길이를 더 짧게 적을 수 있으면 그렇게 해야 합니다(RFC 6455 §5.2).",
  },
  otherProtocol: {
    en: "HTTP was left for a protocol that is not decoded here.",
    ko: "여기서 해석하지 않는 프로토콜로 바뀌었습니다.",
  },
  torn: {
    en: "Bytes before these are missing, so that these cannot be decoded.",
    ko: "이 앞의 바이트가 없어서 해석할 수 없습니다.",
  },
  failed: {
    en: "The decoder failed here, which is a mistake of this tool.",
    ko: "여기서 해석에 실패했습니다. 이 도구의 잘못입니다.",
  },
  badLine: {
    en: "This line of the recording cannot be read: it was cut short or edited.",
    ko: "녹화의 이 줄을 읽을 수 없습니다. 잘렸거나 편집되었습니다.",
  },
  misplacedLine: {
    en: "This line of the recording does not fit those before it.",
    ko: "녹화의 이 줄이 앞의 줄과 맞지 않습니다.",
  },
  noEnd: {
    en: "The recording was cut short: its last line is missing.",
    ko: "녹화가 잘렸습니다. 마지막 줄이 없습니다.",
  },
} as const satisfies Readonly<Record<string, Words>>;

export type ProblemKey = keyof typeof PROBLEMS;
