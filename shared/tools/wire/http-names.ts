// What methods, statuses and header fields mean, and where that is written.
import type { MeaningKey } from "./words.ts";

export const METHODS: ReadonlyMap<string, MeaningKey> = new Map([
  ["GET", "methodGet"],
  ["HEAD", "methodHead"],
  ["POST", "methodPost"],
]);

type Named = ReadonlyMap<string, readonly [meaning: MeaningKey, spec: string]>;

export const STATUSES: Named = new Map([
  ["100", ["status100", "RFC 9110 §15.2.1"]],
  ["101", ["status101", "RFC 9110 §15.2.2"]],
  ["200", ["status200", "RFC 9110 §15.3.1"]],
  ["201", ["status201", "RFC 9110 §15.3.2"]],
  ["204", ["status204", "RFC 9110 §15.3.5"]],
  ["304", ["status304", "RFC 9110 §15.4.5"]],
  ["400", ["status400", "RFC 9110 §15.5.1"]],
  ["403", ["status403", "RFC 9110 §15.5.4"]],
  ["404", ["status404", "RFC 9110 §15.5.5"]],
  ["405", ["status405", "RFC 9110 §15.5.6"]],
  ["408", ["status408", "RFC 9110 §15.5.9"]],
  ["413", ["status413", "RFC 9110 §15.5.14"]],
  ["415", ["status415", "RFC 9110 §15.5.16"]],
  ["426", ["status426", "RFC 9110 §15.5.22"]],
  ["500", ["status500", "RFC 9110 §15.6.1"]],
  ["503", ["status503", "RFC 9110 §15.6.4"]],
] as const);

export const FIELDS: Named = new Map([
  ["accept", ["fieldAccept", "RFC 9110 §12.5.1"]],
  ["accept-encoding", ["fieldAcceptEncoding", "RFC 9110 §12.5.3"]],
  ["accept-language", ["fieldAcceptLanguage", "RFC 9110 §12.5.4"]],
  ["cache-control", ["fieldCacheControl", "RFC 9111 §5.2"]],
  ["chat-state", ["fieldChatState", ""]],
  ["connection", ["fieldConnection", "RFC 9110 §7.6.1"]],
  ["content-length", ["fieldContentLength", "RFC 9110 §8.6"]],
  ["content-security-policy", ["fieldContentSecurityPolicy", "CSP Level 3"]],
  ["content-type", ["fieldContentType", "RFC 9110 §8.3"]],
  ["date", ["fieldDate", "RFC 9110 §6.6.1"]],
  ["etag", ["fieldEtag", "RFC 9110 §8.8.3"]],
  ["host", ["fieldHost", "RFC 9110 §7.2"]],
  ["if-none-match", ["fieldIfNoneMatch", "RFC 9110 §13.1.2"]],
  ["keep-alive", ["fieldKeepAlive", "RFC 2068 §19.7.1"]],
  ["last-event-id", ["fieldLastEventId", "HTML §9.2.4"]],
  ["origin", ["fieldOrigin", "RFC 6454 §7"]],
  ["referer", ["fieldReferer", "RFC 9110 §10.1.3"]],
  ["sec-fetch-dest", ["fieldSecFetchDest", "Fetch Metadata"]],
  ["sec-fetch-mode", ["fieldSecFetchMode", "Fetch Metadata"]],
  ["sec-fetch-site", ["fieldSecFetchSite", "Fetch Metadata"]],
  ["sec-websocket-accept", ["fieldSecWebSocketAccept", "RFC 6455 §4.2.2"]],
  ["sec-websocket-extensions", ["fieldSecWebSocketExtensions", "RFC 6455 §9.1"]],
  ["sec-websocket-key", ["fieldSecWebSocketKey", "RFC 6455 §4.1"]],
  ["sec-websocket-protocol", ["fieldSecWebSocketProtocol", "RFC 6455 §1.9"]],
  ["sec-websocket-version", ["fieldSecWebSocketVersion", "RFC 6455 §4.1"]],
  ["transfer-encoding", ["fieldTransferEncoding", "RFC 9112 §6.1"]],
  ["upgrade", ["fieldUpgrade", "RFC 9110 §7.8"]],
  ["user-agent", ["fieldUserAgent", "RFC 9110 §10.1.5"]],
  ["x-content-type-options", ["fieldXContentTypeOptions", "Fetch §3.6"]],
] as const);
