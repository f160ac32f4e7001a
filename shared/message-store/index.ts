// What the rest of the project may know of the log. The browser's code imports `message.ts`, which needs no
// Node.
export {
  ANONYMOUS,
  type Draft,
  DraftError,
  MAX_ANSWER,
  MAX_AUTHOR,
  MAX_TEXT,
  type Message,
  NEWEST,
  parseDraft,
} from "./message.ts";
export { openStore } from "./open-store.ts";
export { type Kept, type Listener, type MessageStore, StoreError } from "./store.ts";
