// Words that are spelled in one way only, and words that stand for one thing only.

export interface Term {
  /** How it must not be spelled, in a page's prose (code is exempt). */
  readonly wrong: RegExp;
  readonly right: string;
}

export const TERMS: readonly Term[] = [
  // Emphasis that Markdown does not see, as in **a(b)**이: a sign before the ** and a letter behind it.
  { wrong: /\*/, right: "emphasis so that its * stands at a letter" },
  { wrong: /\bTPC\b/, right: "TCP" },
  { wrong: /\bHTTP:1/, right: "HTTP/1.1" },
  { wrong: /\bHTTP 1\.[01]\b/, right: "HTTP/1.1" },
  { wrong: /\b(?:Web Socket|Websocket|web socket|websocket)s?\b/, right: "WebSocket" },
  { wrong: /\bsw:\/\//, right: "ws://" },
  { wrong: /\blong-polling\b/i, right: "long polling" },
  { wrong: /\bserver sent event/i, right: "server-sent events" },
  { wrong: /\b(?:Javascript|Java Script)\b/, right: "JavaScript" },
  { wrong: /\b(?:Typescript|Type Script)\b/, right: "TypeScript" },
  { wrong: /\b(?:NodeJS|node\.js|Node\.JS)\b/, right: "Node.js" },
  { wrong: /\b(?:time-out|timed-out)\b/i, right: "timeout" },
  { wrong: /\b[Hh]eart-beat|\b[Hh]eart beat/, right: "heartbeat" },
  { wrong: /x0o=/, right: "xOo= (a letter O)" },
  { wrong: /\bRFC[-_]?\d/, right: "RFC 9110" },
  { wrong: /풀링/, right: "폴링" },
  { wrong: /롱폴링|롱-폴링|긴 폴링/, right: "롱 폴링" },
  { wrong: /웹 소켓|웹소캣|웹 소캣/, right: "웹소켓" },
  { wrong: /메세지/, right: "메시지" },
  { wrong: /어플리케이션/, right: "애플리케이션" },
  { wrong: /컨텐츠|컨텐트/, right: "콘텐츠" },
  { wrong: /프락시|프록씨/, right: "프록시" },
  { wrong: /써버/, right: "서버" },
  { wrong: /캐쉬/, right: "캐시" },
  { wrong: /헤더스|해더/, right: "헤더" },
  { wrong: /타임 아웃/, right: "타임아웃" },
  { wrong: /핸드 쉐이크|핸드쉐이크|핸드 셰이크/, right: "핸드셰이크" },
  { wrong: /하트 비트/, right: "하트비트" },
  { wrong: /자바 스크립트/, right: "자바스크립트" },
  { wrong: /서버 보낸 이벤트|서버 센트 이벤트/, right: "서버 전송 이벤트(SSE)" },
  { wrong: /트레이드 오프|트레이드-오프/, right: "트레이드오프" },
  { wrong: /되어지|보여지/, right: "되다, 보이다" },
  { wrong: /무리 ?현상|무리\(herd\)/, right: "thundering herd(선더링 허드) 문제" },
];

/**
 * One word for one thing, and plain words. What stands in quotation marks “…” is exempt: there a child or a shop may
 * ask a question and get an answer.
 */
export const WORDS: readonly Term[] = [
  // A browser sends a request, a server sends a response. (“The server answers” as a verb is fine.)
  {
    wrong:
      /\b(?:an?|the|each|every|one|next|first|second|held|quiet|its|that|this|same|no|empty) questions?\b/i,
    right: "request",
  },
  {
    wrong:
      /\b(?:an|the|each|every|one|next|first|second|held|late|its|that|this|same|no|empty|cut) answers?\b/i,
    right: "response (or solution)",
  },
  { wrong: /\bnews\b/i, right: "new messages" },
  { wrong: /\bhears? (?:of|about)\b/i, right: "learns about, or gets" },
  { wrong: /\b(?:who waits?|those who|all who|whoever)\b/i, right: "waiting clients, or any client that …" },
  { wrong: /\b(?:some|any|no|every)body\b/i, right: "someone, anyone, no one, everyone" },
  { wrong: /\banew\b|\bonce more\b/i, right: "again" },
  { wrong: /\bin vain\b|\bfor nothing\b/i, right: "wasted, empty" },
  { wrong: /\bnever both\b|\b(?:be|is|was) had\b/i, right: "a sentence that is read once" },
  { wrong: /\bmust be able to go\b/i, right: "how a request leaves the list, said plainly" },
  { wrong: /\bdear(?:er|est)?\b/i, right: "expensive" },
  { wrong: /\bpatien(?:ce|t|tly)\b/i, right: "timeout" },
  { wrong: /\blateness\b/i, right: "delay" },
  { wrong: /\bon the way\b|\bthe way (?:there|back)\b/i, right: "in transit, between, round trip" },
  { wrong: /\blets? go of\b/i, right: "release" },
  { wrong: /\bgusts?\b/i, right: "burst" },
  { wrong: /\bas ever\b/i, right: "as usual" },
  { wrong: /\b(?:is|are|been) (?:often|usually) taught\b/i, right: "many tutorials say" },
  { wrong: /\bto the letter\b/i, right: "exactly" },
  { wrong: /\bsaw-tooth\b/i, right: "sawtooth" },
  { wrong: /\bseldom\b/i, right: "rarely" },
  { wrong: /\blikewise\b/i, right: "also, in the same way" },
  { wrong: /\b(?:thus|hence|whence|thereby|thereof|therein|wherein)\b/i, right: "so" },
  // 브라우저는 요청을 보내고, 서버는 응답을 보냅니다. 제목 “질문”만 예외입니다.
  { wrong: /질문(?=.)|(?<=.)질문/, right: "요청" },
  { wrong: /(?<![가-힣])답(?:합|하|할|해|한|했|을|이|은)/, right: "응답" },
  { wrong: /소식/, right: "새 메시지" },
  { wrong: /리퀘스트|리스폰스/, right: "요청, 응답" },
  { wrong: /방식/, right: "기법(네 가지 가운데 하나), 방법" },
  { wrong: /붙잡아|붙들/, right: "보류하다" },
  { wrong: /헛된|헛되이|헛수고|헛일/, right: "불필요한, 빈" },
  { wrong: /값을 치/, right: "비용이 듭니다" },
  { wrong: /회선/, right: "네트워크로 보내다, 전송" },
  { wrong: /까닭/, right: "이유" },
  { wrong: /참을성/, right: "타임아웃" },
  { wrong: /되풀이/, right: "반복" },
  { wrong: /기다림/, right: "대기" },
  { wrong: /(?<!그)라운드/, right: "요청 한 번" },
  { wrong: /커넥션/, right: "연결" },
  { wrong: /심장 ?박동/, right: "하트비트" },
  { wrong: /종료 프레임|닫는 (?:코드|프레임|핸드셰이크)/, right: "닫기 코드, 닫기 프레임(close)" },
  { wrong: /하위 프로토콜/, right: "서브프로토콜" },
  { wrong: /상태 비저장/, right: "무상태(stateless)" },
  { wrong: /시험(?:하|합|할|해|한|했)/, right: "검사하다" },
  { wrong: /윈도우/, right: "Windows" },
  { wrong: /우르르/, right: "한꺼번에" },
  { wrong: /말을 걸/, right: "먼저 보내다" },
  { wrong: /HTTP를 떠나/, right: "프로토콜을 바꾸다" },
];
