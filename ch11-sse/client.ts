// Chapter 11, server-sent events: ask once, show what comes. The browser reconnects by itself.

import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { post } from "../shared/html-renderer/browser/post.ts";
import { keepReceiving } from "../shared/html-renderer/browser/receive.ts";

const chat = openChat(post);

/** Receives what came after the newest message that the page shows. */
function receive(): Promise<never> {
  return new Promise((_, giveUp) => {
    const connection = new EventSource(chat.url("/subscribe"));
    connection.onopen = () => {
      chat.connected();
    };
    connection.onmessage = ({ data }) => {
      chat.show([JSON.parse(data)]);
    };
    connection.onerror = (event) => {
      if (connection.readyState === EventSource.CONNECTING) chat.waiting(event);
      else giveUp(event);
    };
  });
}

await keepReceiving(chat, receive);
