// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is source text.
// The exercises of chapter 12, WebSocket.
import type { Texts } from "../exercises.ts";
import { LOST } from "./lost.ts";

export const TEXTS12: Texts = {
  write: [
    {
      file: "server.ts",
      holes: [
        { begins: "log.subscribe(" },
        { begins: "setInterval(" },
        { begins: "async function receive(", instead: 'throw new Error("receive is not written yet.");' },
      ],
      task: {
        en: "Write what happens on a WebSocket once it is open: receive listens to it, lets it catch up and joins it to the others; log.subscribe sends to all; setInterval asks who is still there.",
        ko: "웹소켓이 열린 뒤의 일을 직접 쓰세요. receive는 소켓의 이벤트를 받고, 놓친 메시지를 보내고, 대기 목록에 넣습니다. log.subscribe는 모두에게 보내고, setInterval은 누가 아직 연결되어 있는지 확인합니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: 'Begin with the catch-up and the waiting list: they are chapter 11\'s, with a frame for each message in place of an event. Then `ws.on("message", …)`: a text is a draft, for `updateText`. A binary message closes with 1003.',
          ko: '따라잡기와 대기 목록부터 시작하세요. 11장과 같고 이벤트 대신 메시지마다 프레임 하나를 보냅니다. 그다음은 `ws.on("message", …)`입니다. 텍스트는 초안이니 `updateText`에 넘기고, 바이너리 메시지는 1003으로 닫습니다.',
        },
        {
          en: 'The catch-up waits for each frame: `ws.send(JSON.stringify(message), sent)`. Three listeners: `ws.on("error", () => {})`, or one bad frame ends the process; `ws.on("pong", () => silent.delete(ws))`; and "message". Its reply, if there is one, is for the sender alone. `inTurn(ws, () => updateText(…))` keeps the drafts of one socket in order. The interval: terminate a socket that is still in `silent`; then add it, `ping()`, and send `{"heartbeat": 15000}`.',
          ko: '따라잡는 동안에는 프레임마다 기다립니다. `ws.send(JSON.stringify(message), sent)`. 리스너는 셋입니다. `ws.on("error", () => {})`가 없으면 잘못된 프레임 하나에 프로세스가 종료됩니다. `ws.on("pong", () => silent.delete(ws))`, 그리고 "message"입니다. 응답이 있으면 보낸 사람에게만 보냅니다. `inTurn(ws, () => updateText(…))`이 한 소켓의 초안들을 차례대로 처리합니다. 인터벌에서는 아직 `silent`에 있으면 terminate하고, 추가하고, `ping()`을 보내고, `{"heartbeat": 15000}`을 보냅니다.',
        },
        {
          en: 'The message: `if (isBinary || ws.readyState !== ws.OPEN) return ws.close(1003, "Send text."); const reply = await inTurn(ws, () => updateText(String(data), log)); if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor)) ws.send(JSON.stringify(reply));`, and destroy a socket with more than `UNREAD_LIMIT` unsent, here and in `log.subscribe`. Behind the catch-up, without an `await`: `if (!socket.destroyed) clients.set(socket, ws);`, and off the list with `close`. The interval goes over `wss.clients`: those that catch up are pinged as well.',
          ko: '메시지: `if (isBinary || ws.readyState !== ws.OPEN) return ws.close(1003, "Send text."); const reply = await inTurn(ws, () => updateText(String(data), log)); if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor)) ws.send(JSON.stringify(reply));`. 읽지 않은 것이 `UNREAD_LIMIT`을 넘으면 여기서도 `log.subscribe`에서도 소켓을 닫습니다. 따라잡은 뒤에는 `await` 없이 `if (!socket.destroyed) clients.set(socket, ws);`, 목록에서는 `close`에서 뺍니다. 인터벌은 `wss.clients`를 돕니다. 따라잡는 중인 소켓에도 핑을 보내야 합니다.',
        },
      ],
      unseen: {
        en: "drafts that come faster than a slow disk keeps them",
        ko: "느린 디스크가 저장하는 속도보다 빨리 오는 초안",
      },
    },
    {
      file: "client.ts",
      holes: [{ begins: "return new Promise((_, giveUp) =>" }],
      task: {
        en: "Write the browser's half of the WebSocket: one connection on which the page sends and receives, until it is closed.",
        ko: "웹소켓의 브라우저 쪽을 직접 쓰세요. 연결 하나로, 닫힐 때까지 페이지가 보내고 받습니다.",
      },
      breaks: ["client-asks"],
      hints: [
        {
          en: 'Give `new WebSocket(…)` an address with `ws:` or `wss:`, as older browsers take no other: `round.url("/").replace(/^http/, "ws")`. Then `onopen`, `onmessage` and `onclose`.',
          ko: '`new WebSocket(…)`에는 `ws:`나 `wss:` 주소를 주세요. 오래된 브라우저는 다른 주소를 받지 않습니다. `round.url("/").replace(/^http/, "ws")`. 그다음은 `onopen`, `onmessage`, `onclose`입니다.',
        },
        {
          en: "`onopen` gives the page a way to send: `round.connected((draft) => connection.send(JSON.stringify(draft)))`. `onclose` gives up, and so does `round.signal.onabort`, which also closes the connection.",
          ko: "`onopen`에서 페이지에 보낼 방법을 줍니다. `round.connected((draft) => connection.send(JSON.stringify(draft)))`. `onclose`에서는 giveUp을 부르고, `round.signal.onabort`에서는 연결도 닫습니다.",
        },
        {
          en: 'Three kinds of messages come: with `"heartbeat" in received` call `round.heartbeat()`; with `"error" in received` call `round.refused(received.key, received.error)`; else `round.show([received])`.',
          ko: '받는 메시지는 세 종류입니다. `"heartbeat" in received`이면 `round.heartbeat()`, `"error" in received`이면 `round.refused(received.key, received.error)`, 아니면 `round.show([received])`입니다.',
        },
      ],
    },
  ],
  find: [
    {
      bug: "no-catch-up",
      task: {
        en: "What is written while my laptop sleeps never comes. From the moment I am back everything works.",
        ko: "노트북이 잠든 사이에 쓰인 메시지는 끝내 오지 않습니다. 돌아온 순간부터는 다 잘 됩니다.",
      },
      breaks: ["catches-up"],
      hints: [
        {
          en: "The page says where it is: it connects to `/?after=7`. What becomes of that number?",
          ko: "페이지는 `/?after=7`로 연결하면서 어디까지 받았는지 알립니다. 그 숫자는 어떻게 되나요?",
        },
        {
          en: "`receive` has a loop that should send what came after the cursor. It is never entered.",
          ko: "`receive`에는 커서 뒤에 온 것을 보내는 반복문이 있습니다. 그런데 한 번도 들어가지 않습니다.",
        },
        {
          en: "A cursor is never greater than the newest id. The loop goes on while the two differ: `!==`.",
          ko: "커서는 가장 새로운 id보다 클 수 없습니다. 둘이 다른 동안(`!==`) 반복해야 합니다.",
        },
      ],
    },
    {
      bug: "silent-refusals",
      task: {
        en: "I wrote a very long message. It says ‘sending…’ for ever: no error, nothing. Is it too long? Nobody tells me.",
        ko: "아주 긴 메시지를 썼더니 계속 보내는 중이라고만 나옵니다. 오류도 없어요. 너무 긴 건가요? 아무 말이 없네요.",
      },
      breaks: ["bad-drafts"],
      hints: [
        {
          en: 'A draft that is refused gets an answer on its socket: `{"error": …}`. Try `ws.send(" ")` in the console.',
          ko: '거절된 초안은 소켓으로 `{"error": …}`라는 응답을 받습니다. 콘솔에서 `ws.send(" ")`를 해 보세요.',
        },
        {
          en: "`updateText` returns that answer. Follow `reply`: in which case is it sent?",
          ko: "`updateText`가 그 응답을 돌려줍니다. `reply`를 따라가 보세요. 어떤 경우에 보내나요?",
        },
        {
          en: "An error has no `id`. It has to be sent as well: `if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor)) …`.",
          ko: "오류에는 `id`가 없습니다. 오류도 보내야 합니다. `if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor)) …`",
        },
      ],
    },
    {
      bug: "one-piece-of-the-catch-up-on-a-socket",
      task: {
        en: "After a weekend I get the first few dozen messages of Saturday, and then those of Monday. Sunday is missing.",
        ko: "주말이 지나면 토요일의 메시지 몇십 개가 오고 바로 월요일 메시지가 옵니다. 일요일이 통째로 없어요.",
      },
      breaks: ["cursor"],
      hints: [
        {
          en: "Count the messages before the hole: it is always the same number.",
          ko: "빈 곳 앞의 메시지를 세어 보세요. 언제나 같은 수입니다.",
        },
        {
          en: "`log.after(cursor, 32)` is one piece of 32 messages. Who asks for the next one?",
          ko: "`log.after(cursor, 32)`는 메시지 32개짜리 한 조각입니다. 다음 조각은 누가 요청하나요?",
        },
        {
          en: "The `if` around it should be a `while`.",
          ko: "그것을 감싼 `if`는 `while`이어야 합니다.",
        },
      ],
    },
    {
      bug: "no-error-listener-on-ws",
      task: {
        en: "Someone played with a home-made client, and sent one broken frame. The server ended, and threw everybody out.",
        ko: "누군가 직접 만든 클라이언트로 깨진 프레임 하나를 보냈더니, 서버가 끝나고 모두 쫓겨났습니다.",
      },
      breaks: ["too-large"],
      hints: [
        {
          en: "`ws` notices the broken frame and closes with the right code. Read what the server prints when it ends: `Unhandled 'error' event`.",
          ko: "`ws`는 깨진 프레임을 알아채고 맞는 코드로 닫습니다. 서버가 종료될 때의 출력을 읽어 보세요. `Unhandled 'error' event`",
        },
        {
          en: 'An event called "error" that nobody listens to ends a Node process.',
          ko: '아무도 듣지 않는 "error" 이벤트는 Node 프로세스를 끝냅니다.',
        },
        {
          en: 'At the beginning of `receive`: `ws.on("error", () => {});`.',
          ko: '`receive`의 처음에 `ws.on("error", () => {});`가 있어야 합니다.',
        },
      ],
    },
    {
      bug: "binary-is-text",
      task: {
        en: "Since a colleague tried to send a picture over the socket, there are messages full of question marks in the chat.",
        ko: "동료가 소켓으로 그림을 보내 본 뒤로, 채팅에 물음표만 가득한 메시지가 올라와 있습니다.",
      },
      breaks: ["frames"],
      hints: [
        {
          en: "A WebSocket message is text or binary, and the server only understands text.",
          ko: "웹소켓 메시지는 텍스트이거나 바이너리이고, 이 서버는 텍스트만 이해합니다.",
        },
        {
          en: "The second argument of the listener says which it is. A client that sends binary should be told, by a close code.",
          ko: "리스너의 두 번째 인자가 어느 쪽인지 알려 줍니다. 바이너리를 보낸 쪽에는 닫기 코드로 알려야 합니다.",
        },
        {
          en: 'First in the listener: `if (isBinary || ws.readyState !== ws.OPEN) return ws.close(1003, "Send text.");`.',
          ko: '리스너의 첫 줄: `if (isBinary || ws.readyState !== ws.OPEN) return ws.close(1003, "Send text.");`.',
        },
      ],
    },
    {
      bug: "batch-in-one-frame",
      task: {
        en: "In the busiest minutes the chat breaks for everybody at the same time, and the console shows a syntax error in some JSON.",
        ko: "가장 붐비는 시간에 모두의 채팅이 동시에 깨지고, 콘솔에는 JSON 문법 오류가 찍힙니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "In quiet times each message is kept alone. Under load several are kept together, and the listener gets them in one call.",
          ko: "한산할 때는 메시지가 하나씩 저장됩니다. 부하가 걸리면 여러 개가 함께 저장되고 리스너가 한 번에 받습니다.",
        },
        {
          en: "The contract is one text frame a message. How many calls of `send` are there for three messages?",
          ko: "약속은 메시지마다 텍스트 프레임 하나입니다. 메시지가 셋이면 `send`를 몇 번 부르나요?",
        },
        {
          en: "`for (const text of texts) client.send(text);`. The `cork` around it is what makes it one write.",
          ko: "`for (const text of texts) client.send(text);`. 한 번에 쓰이게 하는 것은 그것을 감싼 `cork`입니다.",
        },
      ],
    },
    {
      bug: "no-message-limit",
      task: {
        en: "One user can slow down the server for everybody by sending a single message of a hundred megabytes. It gets an error, but only after all of it was taken in.",
        ko: "한 사람이 100MB짜리 메시지 하나로 모두의 서버를 느리게 만들 수 있습니다. 오류가 나기는 하는데, 다 받은 다음에야 나요.",
      },
      breaks: ["too-large"],
      hints: [
        {
          en: "The size has to be limited while the message is read. That is the job of `ws`, not of `updateText`.",
          ko: "크기는 메시지를 읽는 동안 제한해야 합니다. `updateText`가 아니라 `ws`의 일입니다.",
        },
        {
          en: "`WebSocketServer` has an option for it. Beyond it, `ws` closes with 1009 by itself.",
          ko: "`WebSocketServer`에 옵션이 있습니다. 넘으면 `ws`가 스스로 1009로 닫습니다.",
        },
        {
          en: "`maxPayload: MAX_BODY`, beside `noServer: true`; `MAX_BODY` comes from `shared/http/update.ts`.",
          ko: "`noServer: true` 옆에 `maxPayload: MAX_BODY`가 있어야 합니다. `MAX_BODY`는 `shared/http/update.ts`에서 가져옵니다.",
        },
      ],
    },
    {
      bug: "upgrades-of-pages-unchecked",
      task: {
        en: "A harmless-looking site that I visited could read everything in our chat, and write in it. I had not even opened the chat.",
        ko: "별것 없어 보이는 사이트에 들어갔을 뿐인데, 그 사이트가 우리 채팅을 읽고 쓸 수 있었습니다. 저는 채팅을 열지도 않았어요.",
      },
      breaks: ["foreign-origin"],
      hints: [
        {
          en: "Browsers let any page open a WebSocket to any server. They only say in `Origin` where the page is from (RFC 6455 §10.2).",
          ko: "브라우저는 어떤 페이지든 어떤 서버로든 웹소켓을 열게 해 줍니다. 페이지의 출처를 `Origin`으로 알릴 뿐입니다(RFC 6455 §10.2).",
        },
        {
          en: "An upgrade does not go through `admit`. Which function checks it in its place, and for which requests is it called?",
          ko: "업그레이드는 `admit`을 거치지 않습니다. 대신 확인하는 함수는 무엇이고, 어떤 요청에서 부르나요?",
        },
        {
          en: "`admitUpgrade(request, socket, chapter);` is called only where there is no `Origin`, and a page always sends one. It has to be called for every upgrade.",
          ko: "`admitUpgrade(request, socket, chapter);`를 `Origin`이 없을 때만 부릅니다. 그런데 페이지는 언제나 `Origin`을 보냅니다. 모든 업그레이드에서 불러야 합니다.",
        },
      ],
    },
    {
      bug: "wrong-close-code",
      task: {
        en: "Since we wrote our own client, it stays disconnected after each of your deployments. It says that the server had ended the conversation as planned.",
        ko: "직접 만든 클라이언트가 서버를 배포할 때마다 끊긴 채로 있습니다. 서버가 대화를 정상적으로 끝냈다고 나와요.",
      },
      breaks: ["stops"],
      hints: [
        {
          en: "A close code says why a connection ends, and clients decide by it whether to come back (RFC 6455 §7.4.1).",
          ko: "닫기 코드는 연결이 왜 끝나는지 알리고, 클라이언트는 그것을 보고 다시 연결할지 정합니다(RFC 6455 §7.4.1).",
        },
        {
          en: "1000 says that the conversation is over. A server that stops is “going away”.",
          ko: "1000은 대화가 끝났다는 뜻입니다. 멈추는 서버는 “going away”입니다.",
        },
        {
          en: "In the last lines of the file: `client.close(1001)`.",
          ko: "파일의 마지막 부분: `client.close(1001)`.",
        },
      ],
    },
    {
      bug: "ping-alone",
      task: {
        en: "When nobody writes, the page reconnects every 35 seconds, although the connection is fine: in the Network tab there is nothing wrong.",
        ko: "아무도 쓰지 않으면 페이지가 35초마다 다시 연결합니다. Network 탭을 보면 연결은 멀쩡한데도요.",
      },
      breaks: ["heartbeat"],
      hints: [
        {
          en: "The page gives up a connection on which it has heard nothing for 35 s. The server does send a ping every 15 s.",
          ko: "페이지는 35초 동안 아무것도 받지 못한 연결을 포기합니다. 서버는 15초마다 핑(ping)을 보내고 있습니다.",
        },
        {
          en: "A ping is answered by the browser itself. No page can see it.",
          ko: "핑에는 브라우저가 알아서 퐁을 보냅니다. 페이지는 핑을 볼 수 없습니다.",
        },
        {
          en: 'Behind `client.ping();`: ``client.send(`{"heartbeat": ${HEARTBEAT}}`);``.',
          ko: '`client.ping();` 다음에 ``client.send(`{"heartbeat": ${HEARTBEAT}}`);``가 있어야 합니다.',
        },
      ],
    },
    {
      bug: "ping-without-drop",
      task: {
        en: "The server's list of connections grows every day. Most of them belong to phones that have been switched off long ago.",
        ko: "서버의 연결 목록이 날마다 늘어납니다. 대부분 오래전에 꺼진 휴대폰의 연결입니다.",
      },
      breaks: ["silent-peer"],
      hints: [
        {
          en: "A phone that is switched off does not say goodbye. Only a ping that stays unanswered gives it away.",
          ko: "꺼진 휴대폰은 닫기 프레임을 보내지 않습니다. 퐁이 오지 않는 것만이 그것을 알려 줍니다.",
        },
        {
          en: "`silent` holds the sockets that did not answer the last ping. Where is it checked?",
          ko: "`silent`에는 마지막 핑에 퐁을 보내지 않은 소켓이 있습니다. 그것을 누가 확인하나요?",
        },
        {
          en: "First in the interval: `if (silent.has(client)) client.terminate();`.",
          ko: "인터벌의 첫 줄: `if (silent.has(client)) client.terminate();`.",
        },
      ],
    },
    {
      bug: "no-limit-for-a-slow-socket",
      task: {
        en: "One train full of commuters with bad reception, and the server's memory is full within the hour.",
        ko: "수신 상태가 나쁜 통근 열차 한 대면 서버 메모리가 한 시간 안에 가득 찹니다.",
      },
      breaks: ["slow-reader"],
      hints: [
        {
          en: "`client.send` never waits: what is not read piles up in the server's memory.",
          ko: "`client.send`는 기다리지 않습니다. 읽지 않은 것은 서버 메모리에 쌓입니다.",
        },
        {
          en: "For refusals there is a limit already, in `receive`. For messages there is none.",
          ko: "거절 응답에는 `receive`에 이미 제한이 있습니다. 메시지에는 없습니다.",
        },
        {
          en: "In `log.subscribe`, behind `uncork`: `if (socket.writableLength > UNREAD_LIMIT) socket.destroy();`.",
          ko: "`log.subscribe`에서 `uncork` 다음에 `if (socket.writableLength > UNREAD_LIMIT) socket.destroy();`가 있어야 합니다.",
        },
      ],
    },
    {
      bug: "joins-too-late-on-a-socket",
      task: {
        en: "Sometimes, right after connecting, one message is missing. We have stared at the code for a day.",
        ko: "가끔 연결한 직후에 메시지 하나가 빠집니다. 하루 종일 코드를 들여다봤는데 모르겠어요.",
      },
      breaks: LOST,
      hints: [
        {
          en: "What if a message comes between the last comparison of the loop and the waiting list?",
          ko: "반복문의 마지막 비교와 대기 목록 사이에 메시지가 오면 어떻게 될까요?",
        },
        {
          en: "As long as nothing is awaited there, nothing can come: JavaScript runs one thing at a time.",
          ko: "그 사이에 `await`가 없으면 아무것도 끼어들 수 없습니다. 자바스크립트는 한 번에 하나만 실행합니다.",
        },
        {
          en: "Remove the `await` between the loop and `clients.set(socket, ws)`.",
          ko: "반복문과 `clients.set(socket, ws)` 사이의 `await`를 없애세요.",
        },
      ],
    },
  ],
};
