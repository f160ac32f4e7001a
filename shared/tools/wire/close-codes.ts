// Why a WebSocket was closed (RFC 6455 §7.4.1, and the IANA registry that it created).
import type { MeaningKey } from "./words.ts";

export const CLOSE_CODES: ReadonlyMap<number, readonly [meaning: MeaningKey, spec: string]> = new Map([
  [1000, ["close1000", "RFC 6455 §7.4.1"]],
  [1001, ["close1001", "RFC 6455 §7.4.1"]],
  [1002, ["close1002", "RFC 6455 §7.4.1"]],
  [1003, ["close1003", "RFC 6455 §7.4.1"]],
  [1007, ["close1007", "RFC 6455 §7.4.1"]],
  [1008, ["close1008", "RFC 6455 §7.4.1"]],
  [1009, ["close1009", "RFC 6455 §7.4.1"]],
  [1010, ["close1010", "RFC 6455 §7.4.1"]],
  [1011, ["close1011", "RFC 6455 §7.4.1"]],
  [1012, ["close1012", "IANA WebSocket Close Code Number"]],
  [1013, ["close1013", "IANA WebSocket Close Code Number"]],
] as const);
