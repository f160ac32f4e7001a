// Chapter 12, WebSocket: connect once, then send and receive on the one connection.
import { openChat } from "../shared/html-renderer/browser/chat.ts";

const chat = openChat();

/** Receiving, and sending: one connection, until it is closed. */
await chat.receive((round) => {
  return new Promise((_, giveUp) => {
    const connection = new WebSocket(round.url("/").replace(/^http/, "ws"));
    connection.onopen = () => round.connected((draft) => connection.send(JSON.stringify(draft)));
    connection.onmessage = ({ data }) => {
      const received = JSON.parse(data);
      if ("heartbeat" in received) round.heartbeat();
      else if ("error" in received) round.refused(received.key, received.error);
      else round.show([received]);
    };
    connection.onclose = (event) => giveUp(event);
    round.signal.onabort = () => {
      connection.close();
      giveUp(round.signal.reason);
    };
  });
});
