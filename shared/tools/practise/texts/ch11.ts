// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is source text.
// The exercises of chapter 11, server-sent events.
import type { Texts } from "../exercises.ts";
import { LOST } from "./lost.ts";

export const TEXTS11: Texts = {
  write: [
    {
      file: "server.ts",
      holes: [
        { begins: "log.subscribe(" },
        { begins: "setInterval(" },
        { begins: "async function receive(", instead: 'throw new Error("receive is not written yet.");' },
      ],
      task: {
        en: "Write the server's half of server-sent events: receive begins a stream and lets the client catch up, log.subscribe writes to all streams, and setInterval keeps them alive.",
        ko: "서버 전송 이벤트의 서버 쪽을 직접 쓰세요. receive는 스트림을 시작하고 놓친 메시지를 보냅니다. log.subscribe는 모든 스트림에 새 메시지를 쓰고, setInterval은 하트비트를 보냅니다.",
      },
      breaks: ["opens"],
      hints: [
        {
          en: "Four parts. The head: 200 with `text/event-stream` and `no-store`, and a first event. The catch-up: everything after the cursor, until the cursor is `log.newest`. Joining: into `clients`, until the socket's `close`. Live: `log.subscribe` writes `textOf(message)` to each client.",
          ko: "네 부분입니다. 머리: `text/event-stream`과 `no-store`로 200을 보내고 첫 이벤트를 씁니다. 따라잡기: 커서가 `log.newest`가 될 때까지 커서 뒤의 모두를 보냅니다. 들어가기: `clients`에 넣고 소켓의 `close`에서 뺍니다. 실시간: `log.subscribe`가 클라이언트마다 `textOf(message)`를 씁니다.",
        },
        {
          en: 'The cursor is `request.headers["last-event-id"] ?? queryOf(request, "after")`. The first event is `retry: 1000\\nevent: heartbeat\\nid: ${cursor}\\ndata:\\n\\n`, each later heartbeat `event: heartbeat\\ndata:\\n\\n`. While catching up, wait for each write: `await new Promise((sent) => response.write(textOf(message), sent))`; so it is as fast as the client reads.',
          ko: '커서는 `request.headers["last-event-id"] ?? queryOf(request, "after")`입니다. 첫 이벤트는 `retry: 1000\\nevent: heartbeat\\nid: ${cursor}\\ndata:\\n\\n`, 그 뒤의 하트비트는 `event: heartbeat\\ndata:\\n\\n`입니다. 따라잡는 동안에는 쓸 때마다 기다리세요. `await new Promise((sent) => response.write(textOf(message), sent))`이면 클라이언트가 읽는 속도에 맞춰집니다.',
        },
        {
          en: 'The loop: `while (cursor !== log.newest && !socket.destroyed) for (const message of await log.after(cursor, 32)) { …; cursor = message.id; }`. Behind it, without an `await`: `if (socket.destroyed) return; clients.set(socket, response); socket.on("close", () => clients.delete(socket));`. And a live stream whose `socket.writableLength` passes `UNREAD_LIMIT` is destroyed.',
          ko: '반복문: `while (cursor !== log.newest && !socket.destroyed) for (const message of await log.after(cursor, 32)) { …; cursor = message.id; }`. 그 뒤에 `await` 없이 `if (socket.destroyed) return; clients.set(socket, response); socket.on("close", () => clients.delete(socket));`. 실시간 스트림의 `socket.writableLength`가 `UNREAD_LIMIT`을 넘으면 소켓을 닫습니다.',
        },
      ],
    },
    {
      file: "client.ts",
      holes: [{ begins: "return new Promise((_, giveUp) =>" }],
      task: {
        en: "Write the browser's half of server-sent events: one EventSource, and what the page is told of it. giveUp ends the round where the browser does not reconnect by itself.",
        ko: "서버 전송 이벤트의 브라우저 쪽을 직접 쓰세요. EventSource 하나와, 페이지에 알릴 것들입니다. 브라우저가 스스로 다시 연결하지 않을 때는 giveUp을 불러 끝냅니다.",
      },
      breaks: ["client-asks"],
      hints: [
        {
          en: '`new EventSource(round.url("/subscribe"))` opens the stream. Its `onopen`, `onmessage` and `onerror` are for the page: `round.connected()`, `round.show([…])`, and for a break `round.waiting(event)`.',
          ko: '`new EventSource(round.url("/subscribe"))`가 스트림을 엽니다. `onopen`, `onmessage`, `onerror`를 페이지에 이어 주세요. `round.connected()`, `round.show([…])`, 끊겼을 때는 `round.waiting(event)`입니다.',
        },
        {
          en: 'A named event has no `onmessage`: `connection.addEventListener("heartbeat", () => round.heartbeat())`. And the page may end the round: in `round.signal.onabort`, close the connection and call `giveUp(round.signal.reason)`.',
          ko: '이름 있는 이벤트는 `onmessage`로 오지 않습니다. `connection.addEventListener("heartbeat", () => round.heartbeat())`. 페이지가 그만둘 수도 있으니 `round.signal.onabort`에서 연결을 닫고 `giveUp(round.signal.reason)`을 부르세요.',
        },
        {
          en: "In `onerror`: where `connection.readyState === EventSource.CONNECTING` the browser reconnects by itself, so `round.waiting(event)`; else `giveUp(event)`.",
          ko: "`onerror`에서 `connection.readyState === EventSource.CONNECTING`이면 브라우저가 스스로 다시 연결하므로 `round.waiting(event)`, 아니면 `giveUp(event)`입니다.",
        },
      ],
    },
  ],
  find: [
    {
      bug: "event-without-end",
      task: {
        en: "Messages don't show up one by one. They all come at once, or not at all, although the Network tab shows that data is arriving.",
        ko: "메시지가 하나씩 뜨지 않습니다. Network 탭에는 데이터가 오는데, 화면에는 한꺼번에 뜨거나 아예 뜨지 않아요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "Watch the bytes: `curl -N http://localhost:3000/subscribe`. Compare with the notes where one event ends and the next one begins.",
          ko: "바이트를 보세요. `curl -N http://localhost:3000/subscribe` 이벤트가 어디서 끝나고 다음이 어디서 시작하는지 노트와 비교해 보세요.",
        },
        {
          en: "A browser gives an event to the page when it reads an empty line. Until then it takes every line for a part of the same event.",
          ko: "브라우저는 빈 줄을 읽어야 이벤트를 페이지에 넘깁니다. 그 전까지는 모든 줄을 같은 이벤트의 일부로 봅니다.",
        },
        {
          en: "`textOf` ends in one `\\n`. The line needs one, and the empty line behind it another.",
          ko: "`textOf`가 `\\n` 하나로 끝납니다. 줄 끝에 하나, 그 뒤의 빈 줄에 하나 더 필요합니다.",
        },
      ],
    },
    {
      bug: "stream-of-plain-text",
      task: {
        en: "The chat never connects any more. It says ‘Reconnecting’ all the time, while `curl` shows every message nicely.",
        ko: "채팅이 더는 연결되지 않습니다. 계속 다시 연결하는 중이라고만 나와요. `curl`로 보면 메시지는 잘 나옵니다.",
      },
      breaks: ["opens"],
      hints: [
        {
          en: "`curl` prints whatever comes. A browser is stricter with an EventSource: open the console, and read why it gave up.",
          ko: "`curl`은 오는 대로 출력합니다. 브라우저의 EventSource는 더 까다롭습니다. 콘솔을 열어 왜 포기했는지 읽어 보세요.",
        },
        {
          en: "Anything but 200 with the right media type ends an EventSource for good (HTML, server-sent events).",
          ko: "200이 아니거나 미디어 타입이 다르면 EventSource는 완전히 끝납니다(HTML 표준, server-sent events).",
        },
        {
          en: "The head has to say `text/event-stream`.",
          ko: "헤더가 `text/event-stream`이어야 합니다.",
        },
      ],
    },
    {
      bug: "events-without-id",
      task: {
        en: "After every short network problem the same messages arrive again. The longer the page has been open, the more of them.",
        ko: "네트워크가 잠깐 끊길 때마다 같은 메시지가 또 옵니다. 페이지를 오래 열어 둘수록 더 많이 와요.",
      },
      breaks: ["catches-up"],
      hints: [
        {
          en: "A browser that reconnects says which event it had last. Where does it know that from?",
          ko: "다시 연결하는 브라우저는 마지막으로 받은 이벤트를 알립니다. 그것을 어디서 알까요?",
        },
        {
          en: "From the events' `id` fields. See which id the browser sends as `Last-Event-ID`: it is the one that the stream began with.",
          ko: "이벤트의 `id` 필드입니다. 브라우저가 `Last-Event-ID`로 보내는 id를 보세요. 스트림이 시작될 때의 id 그대로입니다.",
        },
        {
          en: "`textOf` should begin with `id: ${message.id}\\n`, before `data:`.",
          ko: "`textOf`는 `data:` 앞에 `id: ${message.id}\\n`로 시작해야 합니다.",
        },
      ],
    },
    {
      bug: "no-retry",
      task: {
        en: "When the connection breaks for a moment, one browser is back after three seconds, another after five. You promised one second for all of them.",
        ko: "연결이 잠깐 끊기면 어떤 브라우저는 3초, 어떤 브라우저는 5초 뒤에 다시 연결됩니다. 모두 1초라고 하셨잖아요.",
      },
      breaks: ["stream"],
      hints: [
        {
          en: "How long an EventSource waits is its own choice, until the server tells it.",
          ko: "EventSource가 얼마나 기다릴지는 서버가 알려 주기 전까지 브라우저 마음입니다.",
        },
        {
          en: "There is a field for that in the stream, beside `event`, `id` and `data`.",
          ko: "스트림에는 `event`, `id`, `data` 말고 그것을 위한 필드가 있습니다.",
        },
        {
          en: "The first event should begin with `retry: 1000\\n`.",
          ko: "첫 이벤트는 `retry: 1000\\n`로 시작해야 합니다.",
        },
      ],
    },
    {
      bug: "subscribe-not-awaited",
      task: {
        en: "A client library of one of our partners has a bug and sends nonsense as Last-Event-ID. That alone takes our server down.",
        ko: "협력사의 클라이언트 라이브러리에 버그가 있어서 Last-Event-ID에 이상한 값을 보냅니다. 그것만으로 우리 서버가 내려갑니다.",
      },
      breaks: ["cursor"],
      hints: [
        {
          en: '`curl -H "Last-Event-ID: abc" http://localhost:3000/subscribe` should get a 400. What does the server print instead?',
          ko: '`curl -H "Last-Event-ID: abc" http://localhost:3000/subscribe`는 400을 받아야 합니다. 서버는 무엇을 출력하나요?',
        },
        {
          en: "`readCursor` throws inside of an asynchronous function. Its promise is rejected, and nobody waits for it.",
          ko: "`readCursor`가 비동기 함수 안에서 예외를 던집니다. 프로미스가 거부되는데 기다리는 곳이 없습니다.",
        },
        {
          en: "`return receive(…)` inside of the `try` should be `return await receive(…)`.",
          ko: "`try` 안의 `return receive(…)`는 `return await receive(…)`여야 합니다.",
        },
      ],
    },
    {
      bug: "forged-fields",
      task: {
        en: "If I paste a poem, it never arrives. And somebody managed to make others see strange things by pasting several lines.",
        ko: "시를 붙여 넣으면 아예 오지 않습니다. 게다가 누군가 여러 줄을 붙여 넣어 다른 사람 화면에 이상한 것을 띄웠어요.",
      },
      breaks: ["text-as-sent"],
      hints: [
        {
          en: "In a stream a line break ends a field. So no text may bring one along.",
          ko: "스트림에서 줄바꿈은 필드를 끝냅니다. 그러니 텍스트에 줄바꿈이 그대로 들어가면 안 됩니다.",
        },
        {
          en: "JSON writes a line break as the two characters `\\` and `n`. Is it still so when it is sent?",
          ko: "JSON은 줄바꿈을 `\\`와 `n` 두 글자로 씁니다. 보낼 때도 그대로인가요?",
        },
        {
          en: "`textOf` turns them back into line breaks. Send what `JSON.stringify(message)` returns.",
          ko: "`textOf`가 그것을 다시 줄바꿈으로 되돌립니다. `JSON.stringify(message)`의 결과를 그대로 보내세요.",
        },
      ],
    },
    {
      bug: "no-replay",
      task: {
        en: "After each break of the network, messages that I have already had come once more.",
        ko: "네트워크가 끊겼다 이어질 때마다 이미 받은 메시지가 한 번 더 옵니다.",
      },
      breaks: ["catches-up"],
      hints: [
        {
          en: "An EventSource reconnects to the same address, with the same `?after=`. So that cursor gets older and older.",
          ko: "EventSource는 같은 주소로, 같은 `?after=`로 다시 연결합니다. 그래서 그 커서는 점점 낡아 갑니다.",
        },
        {
          en: "The newer one comes in a header of the request.",
          ko: "더 새로운 커서는 요청의 헤더로 옵니다.",
        },
        {
          en: 'The cursor is `request.headers["last-event-id"] ?? queryOf(request, "after")`.',
          ko: '커서는 `request.headers["last-event-id"] ?? queryOf(request, "after")`입니다.',
        },
      ],
    },
    {
      bug: "one-piece-of-the-catch-up",
      task: {
        en: "After the lunch break I get the first messages that I missed, and then only what is written from now on. In between there is a hole.",
        ko: "점심을 먹고 오면 놓친 메시지 중 앞부분만 오고, 그다음은 지금부터 쓰이는 것만 옵니다. 중간이 비어 있어요.",
      },
      breaks: ["cursor"],
      hints: [
        {
          en: "Short breaks are fine. Count how many messages come before the hole.",
          ko: "짧게 비운 것은 괜찮습니다. 빈 곳 앞에 메시지가 몇 개 오는지 세어 보세요.",
        },
        {
          en: "Catching up goes in pieces of 32. After one piece the client joins, whether it has caught up or not.",
          ko: "따라잡기는 32개씩 나누어 합니다. 그런데 한 조각만 보내고, 다 따라잡지 않았는데도 대기 목록에 넣습니다.",
        },
        {
          en: "One piece after another, until the cursor is the newest: the `if` was a `while`.",
          ko: "커서가 가장 새로운 id가 될 때까지 계속 보내야 합니다. 그 `if`는 원래 `while`이었습니다.",
        },
      ],
    },
    {
      bug: "no-heartbeat",
      task: {
        en: "If nobody writes for a while, the page says ‘Reconnecting’, and then ‘Connected’ again. This goes on all night.",
        ko: "한동안 아무도 쓰지 않으면 다시 연결하는 중이라고 떴다가 다시 연결됩니다. 밤새 그러고 있어요.",
      },
      breaks: ["heartbeat"],
      hints: [
        {
          en: "A connection on which nothing moves can't be told from one that is dead: proxies cut it, and the page gives it up after 35 s.",
          ko: "아무것도 오가지 않는 연결은 죽은 연결과 구별되지 않습니다. 프록시는 끊고, 페이지는 35초 뒤에 포기합니다.",
        },
        {
          en: "So something has to be sent every 15 s, and the page has to see it. Watch a stream for a minute with `curl -N`: how often does it come?",
          ko: "그러니 15초마다 무언가를 보내야 하고, 페이지가 볼 수 있어야 합니다. `curl -N`으로 스트림을 1분 동안 지켜보세요. 몇 번 오나요?",
        },
        {
          en: "`setTimeout` runs its function once. It should be `setInterval`.",
          ko: "`setTimeout`은 함수를 한 번만 실행합니다. `setInterval`이어야 합니다.",
        },
      ],
    },
    {
      bug: "no-limit-for-the-slow",
      task: {
        en: "The server's memory grows over the day, until it is killed. It seems to depend on the people with bad mobile connections.",
        ko: "서버 메모리가 하루 종일 늘다가 결국 강제로 종료됩니다. 모바일 연결이 나쁜 사람들이 있을 때 그런 것 같아요.",
      },
      breaks: ["slow-reader"],
      hints: [
        {
          en: "`client.write` never waits: what the client does not read, Node keeps in memory.",
          ko: "`client.write`는 기다리지 않습니다. 클라이언트가 읽지 않은 것은 Node가 메모리에 쌓아 둡니다.",
        },
        {
          en: "`socket.writableLength` says how much that is, and `UNREAD_LIMIT` how much it may be.",
          ko: "얼마나 쌓였는지는 `socket.writableLength`, 얼마까지 되는지는 `UNREAD_LIMIT`입니다.",
        },
        {
          en: "Behind the write: `if (socket.writableLength > UNREAD_LIMIT) socket.destroy();`. Import the limit from `shared/http/answer.ts`. The client reconnects with its cursor and misses nothing.",
          ko: "쓴 다음에 `if (socket.writableLength > UNREAD_LIMIT) socket.destroy();`. 한도는 `shared/http/answer.ts`에서 가져옵니다. 클라이언트는 커서를 들고 다시 연결하므로 잃는 것이 없습니다.",
        },
      ],
    },
    {
      bug: "catch-up-then-wait-then-join",
      task: {
        en: "Once in a while a message is missing for one person, shortly after the page was opened. Everybody else has it.",
        ko: "가끔 페이지를 연 직후에 한 사람에게만 메시지 하나가 빠집니다. 다른 사람은 모두 받았어요.",
      },
      breaks: LOST,
      hints: [
        {
          en: "It is a race between the end of the catch-up and the waiting list.",
          ko: "따라잡기의 끝과 대기 목록 사이의 경쟁 상태입니다.",
        },
        {
          en: "The loop ends when `cursor === log.newest`. Is that still true when the client joins?",
          ko: "반복문은 `cursor === log.newest`일 때 끝납니다. 클라이언트가 목록에 들어갈 때도 그런가요?",
        },
        {
          en: "There must be no `await` between the loop and `clients.set(socket, response)`.",
          ko: "반복문과 `clients.set(socket, response)` 사이에 `await`가 있으면 안 됩니다.",
        },
      ],
    },
  ],
};
