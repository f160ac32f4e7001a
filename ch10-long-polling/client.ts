// Chapter 10, long polling: ask, show what came, ask again at once. The waiting is the server's.

import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { messagesOf } from "../shared/html-renderer/browser/messages.ts";
import { pause } from "../shared/html-renderer/browser/pause.ts";
import { post } from "../shared/html-renderer/browser/post.ts";
import { keepReceiving } from "../shared/html-renderer/browser/receive.ts";

const chat = openChat(post);

/** Receives what came after the newest message that the page shows. */
async function receive(): Promise<void> {
  chat.held(); // No response is the normal state here.
  const response = await fetch(chat.url("/longpoll"), { signal: AbortSignal.timeout(35_000) });
  if ([502, 503, 504].includes(response.status)) return pause(1_000); // A proxy gave up: the end of a hold.
  const messages = await messagesOf(response);
  chat.connected();
  chat.show(messages);
}

await keepReceiving(chat, receive);
