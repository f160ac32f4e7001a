// The exercises of chapter 10, long polling.
import type { Texts } from "../exercises.ts";
import { LOST } from "./lost.ts";

export const TEXTS10: Texts = {
  write: [
    {
      file: "server.ts",
      holes: [
        { begins: "log.subscribe(" },
        { begins: "async function receive(", instead: 'throw new Error("receive is not written yet.");' },
      ],
      task: {
        en: "Write the server's half of long polling: receive answers at once where there is news, and otherwise holds the response; log.subscribe answers all waiting clients.",
        ko: "롱 폴링의 서버 쪽을 직접 쓰세요. receive는 새 메시지가 있으면 바로 응답하고, 없으면 응답을 보류합니다. log.subscribe는 기다리는 클라이언트 모두에게 응답합니다.",
      },
      breaks: ["opens"],
      hints: [
        {
          en: "Begin with polling: the cursor, the comparison with `log.newest`, 200 with the list. Only the last line differs: instead of 204, the response goes into `clients` and waits there.",
          ko: "폴링부터 시작하세요. 커서, `log.newest`와의 비교, 목록과 200. 마지막 줄만 다릅니다. 204 대신 응답을 `clients`에 넣고 기다리게 합니다.",
        },
        {
          en: "`clients` is a map from the request's socket to the response. In `log.subscribe` every one of them gets `answer(client, 200, text)`, with the JSON of the messages made once. After `HOLD` milliseconds without news: 204. If the socket is destroyed by the time you have the cursor, return.",
          ko: "`clients`는 요청의 소켓에서 응답을 찾는 Map입니다. `log.subscribe`에서는 메시지를 JSON으로 한 번만 바꿔 모두에게 `answer(client, 200, text)`를 보냅니다. `HOLD` 밀리초 동안 새 메시지가 없으면 204입니다. 커서를 얻었을 때 소켓이 이미 닫혔으면 그냥 끝내세요.",
        },
        {
          en: 'Joining: `clients.set(socket, response); const timer = setTimeout(answer, HOLD, response, 204);`, without any `await` since the comparison. Leaving: `response.on("close", () => { clearTimeout(timer); clients.delete(socket); });`.',
          ko: '들어올 때: 비교한 뒤 `await` 없이 `clients.set(socket, response); const timer = setTimeout(answer, HOLD, response, 204);`. 나갈 때: `response.on("close", () => { clearTimeout(timer); clients.delete(socket); });`.',
        },
      ],
      unseen: {
        en: "a client that leaves while its cursor is looked up in the log",
        ko: "로그에서 커서를 확인하는 사이에 나간 클라이언트",
      },
    },
    {
      file: "client.ts",
      holes: [{ begins: "await chat.receive(", instead: 'throw new Error("Not written yet.");' }],
      task: {
        en: "Write the browser's half of long polling: one round asks, and shows what came. The waiting is the server's.",
        ko: "롱 폴링의 브라우저 쪽을 직접 쓰세요. chat.receive에 넘기는 함수는 한 번 요청하고, 받은 것을 보여 줍니다. 기다리는 것은 서버입니다.",
      },
      breaks: ["client-asks"],
      hints: [
        {
          en: 'As in polling, one round is one `fetch`, of `round.url("/longpoll")`, with `cache: "no-store"` and `signal: round.signal`; but nobody pauses at the end.',
          ko: '폴링처럼 이 함수는 `fetch`를 한 번 합니다. 주소는 `round.url("/longpoll")`이고 `cache: "no-store"`와 `signal: round.signal`을 줍니다. 다만 끝에서 쉬지 않습니다.',
        },
        {
          en: "Before the request, `round.held()` tells the page that no answer is the normal state here. Behind it, `round.show(await messagesOf(response))`.",
          ko: "요청하기 전에 `round.held()`로 응답이 없는 것이 정상임을 페이지에 알립니다. 그 뒤에는 `round.show(await messagesOf(response))`입니다.",
        },
        {
          en: "A proxy that waited long and gave up answers 502 or 504: `if (response.status >= 502 && round.age() > 10_000) return;`, so that the next request follows at once.",
          ko: "오래 기다리다 포기한 프록시는 502나 504로 응답합니다. `if (response.status >= 502 && round.age() > 10_000) return;`이면 곧바로 다음 요청을 보냅니다.",
        },
      ],
    },
  ],
  find: [
    {
      bug: "answers-one-client",
      task: {
        en: "There are three of us in the chat. When I write, one of the two others sees it at once, the other one up to half a minute later.",
        ko: "셋이서 채팅을 합니다. 제가 쓰면 둘 중 한 사람은 바로 보고, 다른 사람은 길게는 30초쯤 뒤에야 봅니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "The late ones see it when their hold ends and they ask again. So the message did not answer the request that was held.",
          ko: "늦게 보는 사람은 보류된 요청이 끝나고 다시 요청할 때 봅니다. 메시지가 왔을 때 그 요청에 응답하지 않은 것입니다.",
        },
        {
          en: "Look at `log.subscribe`: who is answered?",
          ko: "`log.subscribe`를 보세요. 누구에게 응답하나요?",
        },
        {
          en: "It takes the first of the waiting list. Every one of `clients.values()` has to be answered.",
          ko: "대기 목록의 첫 클라이언트만 꺼냅니다. `clients.values()` 모두에게 응답해야 합니다.",
        },
      ],
    },
    {
      bug: "newest-client-only",
      task: {
        en: "As soon as a colleague opens the chat, mine gets slow. The last one to come gets everything at once, all others wait.",
        ko: "동료가 채팅을 열면 제 채팅이 느려집니다. 마지막에 들어온 사람만 바로 받고 나머지는 모두 기다립니다.",
      },
      breaks: ["opens"],
      hints: [
        {
          en: "Something happens to the clients that are already waiting when a new one joins.",
          ko: "새 클라이언트가 들어올 때, 이미 기다리던 클라이언트들에게 무슨 일이 생깁니다.",
        },
        {
          en: "How many entries can the waiting list have at most? Look at the lines where `receive` joins it.",
          ko: "대기 목록에는 최대 몇 개가 들어갈 수 있나요? `receive`가 목록에 넣는 줄을 보세요.",
        },
        {
          en: "The list is emptied before the new one is set. A client is removed when its own response closes, and at no other time.",
          ko: "새 항목을 넣기 전에 목록을 비웁니다. 클라이언트는 자기 응답이 닫힐 때만 빠져야 합니다.",
        },
      ],
    },
    {
      bug: "holds-those-who-are-behind",
      task: {
        en: "When somebody writes two messages quickly, one after the other, I only get the first. With the third one I notice that the second is missing.",
        ko: "누가 메시지 두 개를 빠르게 이어서 쓰면 저는 첫 번째만 받습니다. 세 번째가 와서야 두 번째가 빠진 걸 알게 돼요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "After each answer, the browser needs a moment to ask again. What comes in that moment finds no waiting request.",
          ko: "응답을 받은 브라우저가 다시 요청하기까지는 잠깐 틈이 있습니다. 그 사이에 온 메시지로 응답할 보류된 요청이 없습니다.",
        },
        {
          en: "That is what the cursor is for: a client that is behind must not wait. What does `receive` do with the cursor?",
          ko: "커서가 그래서 있습니다. 뒤처진 클라이언트는 기다리면 안 됩니다. `receive`는 커서로 무엇을 하나요?",
        },
        {
          en: "Below the line of the cursor one is missing: where `cursor !== log.newest`, answer 200 with `await log.after(cursor)`, and return.",
          ko: "커서를 읽는 줄 다음에 한 줄이 빠졌습니다. `cursor !== log.newest`이면 `await log.after(cursor)`를 200으로 응답하고 끝내야 합니다.",
        },
      ],
    },
    {
      bug: "only-the-newest-held",
      task: {
        en: "When my laptop wakes up, I see only the last message that was written meanwhile. All the others are missing.",
        ko: "노트북을 다시 켜면 그동안 쓰인 메시지 중 마지막 것만 보입니다. 나머지는 모두 빠져 있어요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: 'It concerns clients that are behind. Ask with an old cursor: `curl "http://localhost:3000/longpoll?after=0"`.',
          ko: '뒤처진 클라이언트의 문제입니다. 오래된 커서로 요청해 보세요. `curl "http://localhost:3000/longpoll?after=0"`',
        },
        {
          en: "The list has a single message, whatever the cursor.",
          ko: "커서가 무엇이든 목록에 메시지가 하나뿐입니다.",
        },
        {
          en: "All that `log.after(cursor)` returns belongs in the answer.",
          ko: "`log.after(cursor)`가 돌려준 것 전체를 응답해야 합니다.",
        },
      ],
    },
    {
      bug: "longpoll-not-awaited",
      task: {
        en: "Some bot opened /longpoll?after=abc. It should have got an error. Instead the server stopped, and with it the chat of everybody.",
        ko: "어떤 봇이 /longpoll?after=abc를 열었습니다. 오류 응답을 받았어야 하는데, 서버가 멈춰서 모두의 채팅이 끊겼습니다.",
      },
      breaks: ["cursor"],
      hints: [
        {
          en: "An invalid cursor is refused with an exception, which should become a 400. Try it yourself, and read what the server prints.",
          ko: "커서가 아닌 값은 예외로 거절되고, 그 예외는 400 응답이 되어야 합니다. 직접 해 보고 서버의 출력을 읽어 보세요.",
        },
        {
          en: "The `try` does not catch it, although the call is inside of it: the promise is rejected after the function has been left.",
          ko: "호출이 `try` 안에 있는데도 잡히지 않습니다. 함수를 빠져나간 뒤에 프로미스가 거부되기 때문입니다.",
        },
        {
          en: "`return receive(…)` leaves at once. `return await receive(…)` waits inside of the `try`.",
          ko: "`return receive(…)`는 바로 빠져나갑니다. `return await receive(…)`는 `try` 안에서 기다립니다.",
        },
      ],
    },
    {
      bug: "hold-beyond-the-proxy",
      task: {
        en: "While nobody writes, the page says every half minute or so that it reconnects, in the office as well as at home.",
        ko: "아무도 메시지를 보내지 않으면 30초쯤마다 다시 연결하는 중이라고 뜹니다. 사무실에서도 집에서도 그래요.",
      },
      breaks: ["hold"],
      hints: [
        {
          en: "A client and a proxy give up on an answer that does not come. To hold for 30 s at most is safer (RFC 6202 §5.5).",
          ko: "클라이언트도 프록시도 오지 않는 응답은 포기합니다. 길어도 30초까지만 보류하는 것이 안전합니다(RFC 6202 §5.5).",
        },
        {
          en: "So the server has to answer earlier, with 204. When does it?",
          ko: "그러니 서버가 그보다 먼저 204로 응답해야 합니다. 언제 응답하나요?",
        },
        {
          en: "Read the number of `HOLD` once more, digit by digit. It should be 25 s.",
          ko: "`HOLD`의 숫자를 한 자리씩 다시 읽어 보세요. 25초여야 합니다.",
        },
      ],
    },
    {
      bug: "408-for-no-news",
      task: {
        en: "Our monitoring reports a client error for every chat user, every 25 seconds, day and night. The chat itself seems to work.",
        ko: "모니터링에 채팅 사용자마다 25초 간격으로 밤낮없이 클라이언트 오류가 찍힙니다. 채팅 자체는 되는 것 같아요.",
      },
      breaks: ["hold"],
      hints: [
        {
          en: "Every 25 s a hold ends without news. That is no error of anybody.",
          ko: "25초마다 보류된 요청이 새 메시지 없이 끝납니다. 누구의 오류도 아닙니다.",
        },
        {
          en: "408 says that the request did not arrive whole, and a browser may silently send it again (RFC 9110 §15.5.9).",
          ko: "408은 요청이 끝까지 도착하지 않았다는 뜻이고, 브라우저가 말없이 다시 보낼 수도 있습니다(RFC 9110 §15.5.9).",
        },
        {
          en: "The timer of the hold answers with the wrong status: no news is 204.",
          ko: "보류를 끝내는 타이머의 상태 코드가 틀렸습니다. 새 메시지가 없으면 204입니다.",
        },
      ],
    },
    {
      bug: "last-of-a-batch",
      task: {
        en: "When many people write at the same moment, messages get lost, for everybody the same ones. In quiet times everything is fine.",
        ko: "많은 사람이 한꺼번에 쓰면 메시지가 사라집니다. 모두에게 같은 메시지가 빠져요. 한산할 때는 아무 문제가 없습니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "What is kept together is delivered together: under load the log calls its listener with several messages at once.",
          ko: "함께 저장된 것은 함께 전달됩니다. 부하가 걸리면 로그는 메시지 여러 개로 리스너를 한 번 부릅니다.",
        },
        {
          en: "Follow `messages` through `log.subscribe`: is all of it in the text that is sent?",
          ko: "`log.subscribe`에서 `messages`를 따라가 보세요. 보내는 텍스트에 전부 들어 있나요?",
        },
        {
          en: "`JSON.stringify(messages)`, without a `slice`.",
          ko: "`slice` 없이 `JSON.stringify(messages)`여야 합니다.",
        },
      ],
    },
    {
      bug: "check-then-wait-then-listen",
      task: {
        en: "Very rarely a message comes half a minute late or not at all. We can't reproduce it; it happens in lively conversations only.",
        ko: "아주 가끔 메시지가 30초쯤 늦거나 아예 오지 않습니다. 재현이 안 되고, 대화가 활발할 때만 생깁니다.",
      },
      breaks: LOST,
      hints: [
        {
          en: "It is a race: what if a message comes after the server has looked into the log, and before the client is on the waiting list?",
          ko: "경쟁 상태입니다. 서버가 로그를 확인한 뒤, 클라이언트를 대기 목록에 넣기 전에 메시지가 오면 어떻게 될까요?",
        },
        {
          en: "The check and the joining have to be one step. Every `await` between them lets something else happen.",
          ko: "확인하고 들어가는 것은 한 단계여야 합니다. 그 사이의 `await`마다 다른 일이 끼어들 수 있습니다.",
        },
        {
          en: "Remove the `await` above `clients.set(socket, response)`.",
          ko: "`clients.set(socket, response)` 위의 `await`를 없애세요.",
        },
      ],
    },
    {
      bug: "longpoll-before-admit",
      task: {
        en: "The security people say that another website can read our conversation, if it gives our server's address a name of its own.",
        ko: "보안 팀에 따르면, 다른 웹사이트가 우리 서버 주소에 자기 이름을 붙이면 우리 대화를 읽을 수 있다고 합니다.",
      },
      breaks: ["foreign-origin"],
      hints: [
        {
          en: "This is DNS rebinding: the browser takes our server for the other site's, and only `Host` gives it away. Who looks at `Host`?",
          ko: "DNS 리바인딩입니다. 브라우저는 우리 서버를 그 사이트의 서버로 알고, `Host`에서만 드러납니다. `Host`는 누가 확인하나요?",
        },
        {
          en: "`admit` does, and at Origin, too. So nothing may be answered before it.",
          ko: "`admit`이 합니다. Origin도 확인합니다. 그러니 그 전에는 아무것도 응답하면 안 됩니다.",
        },
        {
          en: '`/longpoll` is answered above `const path = await admit(…)`. It belongs below it: `if (path === "/longpoll") return await receive(request, response);`.',
          ko: '`/longpoll`이 `const path = await admit(…)`보다 위에 있습니다. 그 아래에서 `if (path === "/longpoll") return await receive(request, response);`로 처리해야 합니다.',
        },
      ],
    },
    {
      bug: "holds-through-a-stop",
      task: {
        en: "Whenever we deploy, all open chats show a broken connection for a moment, and the old server takes longer to end than it should.",
        ko: "배포할 때마다 열려 있던 채팅에 연결 끊김이 잠깐 뜨고, 이전 서버가 끝나는 데 너무 오래 걸립니다.",
      },
      breaks: ["stops"],
      hints: [
        {
          en: "A server that stops should answer the requests that it holds. Start it in a second terminal with `npm run node -- dist/practice/ch10-13/server.js --port 3100 --store memory:`, let a `curl` wait for its `/longpoll`, and press Ctrl-C: what does `curl` get?",
          ko: "멈추는 서버는 보류한 요청에 응답해야 합니다. 다른 터미널에서 `npm run node -- dist/practice/ch10-13/server.js --port 3100 --store memory:`로 서버를 시작하고, `curl`이 `/longpoll`을 기다리게 한 뒤 Ctrl + C를 누르세요. `curl`은 무엇을 받나요?",
        },
        {
          en: "`listen` calls its last argument during a shutdown. Look at what it does.",
          ko: "`listen`은 종료할 때 마지막 인자를 부릅니다. 그 함수가 무엇을 하는지 보세요.",
        },
        {
          en: "It is empty. Each of `clients.values()` should get `answer(client, 204)`.",
          ko: "비어 있습니다. `clients.values()`마다 `answer(client, 204)`를 보내야 합니다.",
        },
      ],
    },
  ],
};
