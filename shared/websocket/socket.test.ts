import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { checkPulse, draftIn, framesOf } from "./socket.ts";

test.each([
  ["an object", '{"text": "안녕", "key": "k"}', { text: "안녕", key: "k" }],
  ["an object with other fields", '{"texts": 5}', { texts: 5 }],
  ["an empty object", "{}", {}],
  ["an object with blanks around it", ' {"text": "x"}\n', { text: "x" }],
  ["a list", '[{"text": "x"}]', { text: '[{"text": "x"}]' }],
  ["a string", '"x"', { text: '"x"' }],
  ["a number", "42", { text: "42" }],
  ["null", "null", { text: "null" }],
  ["half an object", '{"text": "x"', { text: '{"text": "x"' }],
  ["no JSON", "Hello", { text: "Hello" }],
  ["nothing", "", { text: "" }],
])("a text message that is %s", (_, text, draft) => {
  expect(draftIn(text)).toEqual(draft);
});

test("messages that were kept together are one buffer of frames, one a message", () => {
  const messages = [1, 2].map((id) => ({ id, author: "앤", text: "안녕", timestamp: 1, key: "k" }));
  const [first, second] = messages.map((message) => Buffer.from(JSON.stringify(message)));
  const expected = [Buffer.of(0x81, first?.length ?? 0), first, Buffer.of(0x81, second?.length ?? 0), second];
  expect(framesOf(messages)).toEqual(Buffer.concat(expected.flatMap((bytes) => bytes ?? [])));
});

/** One real connection, of which the server's side is `ws`. */
async function connected(options: { readonly autoPong: boolean }) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => server.close());
  await once(server, "listening");
  const address = server.address();
  const joined = once(server, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${Object(address).port}`, options);
  onTestFinished(() => client.terminate());
  const [ws]: WebSocket[] = await joined;
  await once(client, "open");
  if (!ws) throw new Error("nobody connected");
  return { ws, client };
}

test("who still catches up is pinged too, and lives as long as it answers", async () => {
  const { ws, client } = await connected({ autoPong: true });
  for (let beat = 0; beat < 3; beat += 1) {
    const heard = Promise.all([once(client, "ping"), once(ws, "pong")]);
    checkPulse(ws, undefined);
    await heard;
  }
  expect(ws.readyState).toBe(WebSocket.OPEN);
});

test("who still catches up and does not answer is dropped at the next ping", async () => {
  const { ws, client } = await connected({ autoPong: false });
  const pinged = once(client, "ping");
  checkPulse(ws, undefined);
  await pinged;
  const closed = once(client, "close");
  checkPulse(ws, undefined);
  expect((await closed)[0]).toBe(1006);
});
