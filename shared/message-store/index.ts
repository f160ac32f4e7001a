// What the rest of the project may know of the log. The browser's code imports `message.ts`, which needs no
// Node.
export { DraftError, parseDraft } from "./draft.ts";
export {
  ANONYMOUS,
  type Draft,
  MAX_ANSWER,
  MAX_AUTHOR,
  MAX_TEXT,
  type Message,
  NEWEST,
} from "./message.ts";
export { openStore } from "./open-store.ts";
export { type Kept, type Listener, type MessageStore, StoreError } from "./store.ts";
