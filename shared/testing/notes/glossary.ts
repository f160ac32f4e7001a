// Words that are spelled in one way only.

export interface Term {
  /** How it must not be spelled, in a page's prose (code is exempt). */
  readonly wrong: RegExp;
  readonly right: string;
}

export const TERMS: readonly Term[] = [
  // Emphasis that Markdown does not see, as in **a(b)**이: a sign before the ** and a letter behind it.
  { wrong: /\*\*/, right: "emphasis so that its ** stands at a letter" },
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
];
