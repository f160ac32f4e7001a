// Chapter 12, WebSocket: connect once, then send and receive on the one connection.

import { openChat } from "../shared/html-renderer/browser/chat.ts";
import { keepReceiving } from "../shared/html-renderer/browser/receive.ts";
import type { Draft } from "../shared/message-store/message.ts";

let connection: WebSocket;
const chat = openChat(send);

/** Sends now. Where the connection is not open, `onopen` sends the draft. */
function send(draft: Draft): void {
  if (connection.readyState === WebSocket.OPEN) connection.send(JSON.stringify(draft));
}

/** Receives what came after the newest message that the page shows. */
function receive(): Promise<never> {
  return new Promise((_, giveUp) => {
    connection = new WebSocket(chat.url("/").replace(/^http/, "ws"));
    connection.onopen = () => {
      chat.connected();
      for (const draft of chat.unseen()) send(draft); // Perhaps a second time: the key makes that harmless.
    };
    connection.onmessage = ({ data }) => {
      const received = JSON.parse(data);
      if ("error" in received) chat.refused(received.key, received.error);
      if ("id" in received) chat.show([received]);
    };
    connection.onerror = (event) => chat.waiting(event);
    connection.onclose = (event) => giveUp(event);
  });
}

await keepReceiving(chat, receive);
