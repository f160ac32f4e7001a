// Chapter 9, polling: ask, show what came, wait, ask again.
import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { messagesOf } from "../shared/html-renderer/browser/messages.ts";
import { pause } from "../shared/html-renderer/browser/pause.ts";
import { post } from "../shared/html-renderer/browser/post.ts";
import { CUT_ANSWER } from "../shared/message-store/message.ts";

const chat = openChat(post);
const interval = chat.setting("poll-interval");

/** Receiving: one request, and its response. */
await chat.receive(async (round) => {
  const response = await fetch(round.url("/poll"), { cache: "no-store", signal: round.signal });
  const messages = await messagesOf(response);
  round.show(messages);
  // If the response was cut, there is more: ask again at once.
  if (messages.length < CUT_ANSWER) await pause(interval);
});
