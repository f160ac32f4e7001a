import type { Breaks } from "../exercises.ts";

/** What a message that is lost now and then may break: chance decides which of these it is. */
export const LOST: Breaks = [
  "every-message-once",
  "one-order",
  "message-fields",
  "text-as-sent",
  "cut-character",
  "catches-up",
  "in-the-moment",
];
