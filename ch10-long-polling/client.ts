// Chapter 10, long polling: ask, show what came, ask again at once. The waiting is the server's.
import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { messagesOf } from "../shared/html-renderer/browser/messages.ts";
import { post } from "../shared/html-renderer/browser/post.ts";

const chat = openChat(post);

/** Receiving: one request, and its response, which may take 25 s. */
await chat.receive(async (round) => {
  round.held(); // No response is the normal state here.
  const response = await fetch(round.url("/longpoll"), { cache: "no-store", signal: round.signal });
  if (response.status >= 502 && round.age() > 10_000) return; // A proxy gave up: the end of a hold.
  round.show(await messagesOf(response));
});
