// Chapter 11, server-sent events: ask once, show what comes. The browser reconnects by itself.
import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { post } from "../shared/html-renderer/browser/post.ts";

const chat = openChat(post);

/** Receiving: one stream, until it is given up. */
await chat.receive((round) => {
  return new Promise((_, giveUp) => {
    const connection = new EventSource(round.url("/subscribe"));
    connection.onopen = () => round.connected();
    connection.onmessage = ({ data }) => round.show([JSON.parse(data)]);
    connection.addEventListener("heartbeat", () => round.heartbeat());
    connection.onerror = (event) => {
      if (connection.readyState === EventSource.CONNECTING) round.waiting(event);
      else giveUp(event);
    };
    round.signal.onabort = () => {
      connection.close();
      giveUp(round.signal.reason);
    };
  });
});
