// Chapter 9, polling: ask, show what came, wait, ask again.

import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { messagesOf } from "../shared/html-renderer/browser/messages.ts";
import { pause } from "../shared/html-renderer/browser/pause.ts";
import { post } from "../shared/html-renderer/browser/post.ts";
import { keepReceiving } from "../shared/html-renderer/browser/receive.ts";
import { MAX_ANSWER } from "../shared/message-store/message.ts";

const chat = openChat(post);
const interval = chat.setting("poll-interval");

/** Receives what came after the newest message that the page shows. */
async function receive(): Promise<void> {
  const response = await fetch(chat.url("/poll"), { signal: AbortSignal.timeout(10_000) });
  const messages = await messagesOf(response);
  chat.connected();
  chat.show(messages);
  // A full answer says that there is more, so the next question follows at once.
  if (messages.length < MAX_ANSWER) await pause(interval);
}

await keepReceiving(chat, receive);
