// The exercises of chapter 9, polling.
import type { Texts } from "../exercises.ts";

export const TEXTS09: Texts = {
  write: [
    {
      file: "server.ts",
      holes: [
        { begins: "async function receive(", instead: 'throw new Error("receive is not written yet.");' },
      ],
      task: {
        en: "Write the server's half of polling: receive answers each GET /poll at once, with what came after the client's cursor.",
        ko: "폴링의 서버 쪽을 직접 쓰세요. receive는 GET /poll 요청마다 클라이언트의 커서 뒤에 온 메시지로 바로 응답합니다.",
      },
      breaks: ["opens"],
      hints: [
        {
          en: "Three steps: find out how far the client is, see whether there is anything after that, answer. Nothing is remembered between two requests.",
          ko: "세 단계입니다. 클라이언트가 어디까지 받았는지 알아내고, 그 뒤에 새 메시지가 있는지 보고, 응답합니다. 요청과 요청 사이에 기억해 둘 것은 없습니다.",
        },
        {
          en: 'The cursor is `await readCursor(queryOf(request, "after"), log)`, the newest id is `log.newest`, and `await log.after(cursor)` is the list of what came later. `answer(response, status, body)` sends JSON.',
          ko: '커서는 `await readCursor(queryOf(request, "after"), log)`, 가장 새로운 id는 `log.newest`, 그 뒤의 메시지 목록은 `await log.after(cursor)`입니다. `answer(response, status, body)`가 JSON으로 응답합니다.',
        },
        {
          en: "Where `cursor !== log.newest`, answer 200 with the list and return; otherwise `answer(response, 204)`, which has no body.",
          ko: "`cursor !== log.newest`이면 목록을 200으로 응답하고 끝내세요. 아니면 본문이 없는 `answer(response, 204)`입니다.",
        },
      ],
    },
    {
      file: "client.ts",
      holes: [{ begins: "await chat.receive(", instead: 'throw new Error("Not written yet.");' }],
      task: {
        en: "Write the browser's half of polling: one round asks, shows what came, and waits. The page calls it again and again.",
        ko: "폴링의 브라우저 쪽을 직접 쓰세요. chat.receive에 넘기는 함수는 한 번 요청하고, 받은 것을 보여 주고, 기다립니다. 페이지가 이 함수를 반복해서 부릅니다.",
      },
      breaks: ["client-asks"],
      hints: [
        {
          en: 'One round is one `fetch`. `round.url("/poll")` is the address with the cursor in it, and `round.signal` ends the request when the page ends the round. With `cache: "no-store"`, a second window does not wait for the first.',
          ko: '이 함수는 `fetch`를 한 번 합니다. `round.url("/poll")`이 커서가 들어간 주소이고, `round.signal`을 주면 페이지가 그만둘 때 요청도 중단됩니다. `cache: "no-store"`를 주면 두 번째 창이 첫 번째 창을 기다리지 않습니다.',
        },
        {
          en: "`await messagesOf(response)` reads the list, also the empty one of a 204, and throws for any other answer: let it. `round.show(messages)` shows them.",
          ko: "`await messagesOf(response)`가 목록을 읽습니다. 204이면 빈 목록이고, 다른 응답이면 예외를 던지니 그대로 두세요. `round.show(messages)`가 보여 줍니다.",
        },
        {
          en: "At the end: `if (messages.length < CUT_ANSWER) await pause(interval);`. A response with that many messages or more may have been cut, so the client asks again at once.",
          ko: "마지막 줄: `if (messages.length < CUT_ANSWER) await pause(interval);`. 메시지가 그 이상이면 응답이 잘렸을 수 있으니 바로 다음 요청을 보냅니다.",
        },
      ],
    },
  ],
  find: [
    {
      bug: "forgets-the-cursor",
      task: {
        en: "Since the last release the chat is dead. I write something, it says ‘kept’, but no message ever shows up, neither mine nor anybody else's.",
        ko: "지난 배포 뒤로 채팅이 조용합니다. 글을 쓰면 저장되었다고는 나오는데, 제 메시지도 다른 사람 메시지도 전혀 뜨지 않아요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: 'Sending works, so look at receiving. Ask by hand: `curl "http://localhost:3000/poll?after=0"`. What is in the list?',
          ko: '보내기는 되니 받기를 보세요. 직접 요청해 보세요. `curl "http://localhost:3000/poll?after=0"` 목록에 무엇이 있나요?',
        },
        {
          en: "The answer is 200 with an empty list: the server notices that there is news, and then reads it from the wrong place.",
          ko: "빈 목록이 200으로 옵니다. 새 메시지가 있다는 것은 알면서 엉뚱한 곳부터 읽는 것입니다.",
        },
        {
          en: "`log.after` wants the last id that this client has. What came after the newest message is always nothing.",
          ko: "`log.after`에는 이 클라이언트가 마지막으로 받은 id를 주어야 합니다. 가장 새로운 메시지 뒤에는 언제나 아무것도 없습니다.",
        },
      ],
    },
    {
      bug: "only-the-newest",
      task: {
        en: "Since yesterday some messages are missing when two people write at once. I see one of the two, never both.",
        ko: "어제부터 두 사람이 동시에 쓰면 메시지가 빠집니다. 둘 중 하나만 보이고 둘 다 보이는 일이 없어요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "Between two polls several messages may come. Send two, then ask once, with the cursor from before both.",
          ko: "폴링 두 번 사이에 메시지가 여러 개 올 수 있습니다. 두 개를 보내고, 두 메시지를 받기 전의 커서로 한 번 요청해 보세요.",
        },
        {
          en: "The list in the answer never has more than one message. The client then takes that one's id as its cursor, and the others are behind it for ever.",
          ko: "응답의 목록에 메시지가 하나를 넘지 않습니다. 클라이언트는 그 id를 커서로 삼으니 나머지는 영영 받지 못합니다.",
        },
        {
          en: "Look at what is done to the result of `log.after(cursor)` before it is answered: all of it belongs in the answer.",
          ko: "`log.after(cursor)`의 결과를 응답하기 전에 무엇을 하는지 보세요. 결과 전체가 응답에 들어가야 합니다.",
        },
      ],
    },
    {
      bug: "newest-first",
      task: {
        en: "When I come back from a break, the answers stand above the questions. While I watch, the order is fine most of the time.",
        ko: "자리를 비웠다 돌아오면 답이 질문보다 먼저 나와 있어요. 계속 보고 있을 때는 대체로 순서가 맞습니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "It happens where one answer holds several messages. Look at the ids in such an answer.",
          ko: "응답 하나에 메시지가 여러 개일 때 생깁니다. 그런 응답의 id를 살펴보세요.",
        },
        {
          en: "The log gives them oldest first, and that is the order that every client must see.",
          ko: "로그는 오래된 것부터 줍니다. 모든 클라이언트가 그 순서대로 보아야 합니다.",
        },
        {
          en: "Something turns the list of `log.after(cursor)` around before it is answered.",
          ko: "`log.after(cursor)`의 목록을 응답하기 전에 뒤집는 것이 있습니다.",
        },
      ],
    },
    {
      bug: "one-message-late",
      task: {
        en: "I only see a message when somebody writes the next one. The last one of a conversation never comes, unless I reload.",
        ko: "누군가 다음 글을 써야 앞의 메시지가 보입니다. 대화의 마지막 메시지는 새로고침하지 않으면 오지 않아요.",
      },
      breaks: ["every-message-once", "text-as-sent"],
      hints: [
        {
          en: "Count: with one new message the answer is 204, with two it is 200 and both.",
          ko: "세어 보세요. 새 메시지가 하나면 204이고, 둘이면 200과 함께 둘 다 옵니다.",
        },
        {
          en: "So the line that decides between the two answers is off by one.",
          ko: "그러니 두 응답을 가르는 줄이 하나 차이로 틀렸습니다.",
        },
        {
          en: "Nothing is new exactly where the cursor is the newest id: compare the two with `!==`.",
          ko: "커서가 가장 새로운 id와 같을 때만 새 메시지가 없는 것입니다. 둘을 `!==`로 비교하세요.",
        },
      ],
    },
    {
      bug: "cursor-by-another-name",
      task: {
        en: "My phone's data plan is used up by the chat: even when nobody writes, something large arrives every second. And one user with another app sees every message again and again.",
        ko: "채팅 때문에 휴대폰 데이터가 바닥났습니다. 아무도 쓰지 않아도 매초 큰 응답이 와요. 다른 앱을 쓰는 사람은 같은 메시지를 계속 또 봅니다.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "Look at the Network tab: is there ever a 204? Whatever the cursor, the answer is the newest 100 messages.",
          ko: "Network 탭을 보세요. 204가 한 번이라도 있나요? 커서가 무엇이든 최근 메시지 100개가 응답으로 옵니다.",
        },
        {
          en: "The newest 100 are for a client without a cursor. The clients do send one: so the server does not find it.",
          ko: "최근 100개는 커서가 없는 클라이언트에게 주는 것입니다. 클라이언트는 커서를 보내니, 서버가 찾지 못하는 것입니다.",
        },
        {
          en: "The cursor is the query parameter `after`, as in `/poll?after=7`. Which name does the server ask for?",
          ko: "커서는 `/poll?after=7`처럼 쿼리 매개변수 `after`입니다. 서버는 어떤 이름을 찾고 있나요?",
        },
      ],
    },
    {
      bug: "a-get-that-consumes",
      task: {
        en: "With the chat open on my laptop and on my phone, each message shows up on one of the two only. It is never the same one.",
        ko: "노트북과 휴대폰에 채팅을 함께 열어 두면 메시지가 둘 중 한쪽에만 뜹니다. 어느 쪽일지는 매번 달라요.",
      },
      breaks: ["every-message-once"],
      hints: [
        {
          en: "With one client alone everything works. So two clients share something that each should have of its own.",
          ko: "클라이언트가 하나면 잘 됩니다. 그러니 각자 가져야 할 것을 두 클라이언트가 함께 쓰고 있습니다.",
        },
        {
          en: "A GET should not change anything on the server (RFC 9110 §9.2.1). Here the first one to ask takes the message away from the others.",
          ko: "GET은 서버의 상태를 바꾸지 않아야 합니다(RFC 9110 §9.2.1). 여기서는 먼저 요청한 쪽이 다른 쪽의 메시지를 가져가 버립니다.",
        },
        {
          en: "There is a variable outside of `receive` that remembers how far somebody was. Remove it: the cursor is what `readCursor` returns.",
          ko: "`receive` 밖에 누군가 어디까지 받았는지 기억하는 변수가 있습니다. 없애세요. 커서는 `readCursor`가 돌려주는 값입니다.",
        },
      ],
    },
    {
      bug: "refusal-not-awaited",
      task: {
        en: "Somebody sent an empty message, and the whole chat was gone for everyone until it was started again.",
        ko: "누군가 빈 메시지를 보냈더니 모두의 채팅이 멈췄고, 서버를 다시 시작할 때까지 되지 않았습니다.",
      },
      breaks: ["bad-drafts"],
      hints: [
        {
          en: "A draft that is refused is an error that is thrown, and it should become a 400. See what the server prints when it ends.",
          ko: "거절된 초안은 예외가 되고, 그 예외는 400 응답이 되어야 합니다. 서버가 종료될 때 무엇을 출력하는지 보세요.",
        },
        {
          en: "`update` is asynchronous: its error comes later, as a rejected promise. A `try` only catches what is awaited inside of it.",
          ko: "`update`는 비동기라서 예외가 나중에, 거부된 프로미스로 옵니다. `try`는 그 안에서 `await`한 것만 잡습니다.",
        },
        {
          en: "Compare the two lines `if (path === …) return …`: one of them has lost its `await`.",
          ko: "`if (path === …) return …` 두 줄을 비교해 보세요. 한쪽에 `await`가 빠져 있습니다.",
        },
      ],
    },
    {
      bug: "drops-the-key-by-hand",
      task: {
        en: "On the train, with a bad connection, my messages are posted twice. At home never.",
        ko: "기차에서 연결이 좋지 않을 때 제 메시지가 두 번씩 올라갑니다. 집에서는 그런 적이 없어요.",
      },
      breaks: ["message-fields"],
      hints: [
        {
          en: "Where no answer comes, the page sends the same draft once more. How is the server to know that it is the same?",
          ko: "응답이 오지 않으면 페이지는 같은 초안을 한 번 더 보냅니다. 서버는 같은 초안인지 어떻게 알까요?",
        },
        {
          en: "A draft has an idempotency key, and the log adds each key once: if it is given the key.",
          ko: "초안에는 멱등 키가 있고, 로그는 키마다 한 번만 추가합니다. 키를 넘겨받았다면 말이지요.",
        },
        {
          en: "`/update` picks `text` and `author` out of the draft and leaves the `key` behind. Give the log the whole draft: `log.append(draft)`. `update(request, response, log)` of `shared/http/update.ts` does it right, and answers 200 for a second one.",
          ko: "`/update`가 초안에서 `text`와 `author`만 꺼내고 `key`를 버립니다. `draft`를 그대로 `log.append(draft)`에 넘기세요. `shared/http/update.ts`의 `update(request, response, log)`는 제대로 하고, 두 번째에는 200으로 응답합니다.",
        },
      ],
    },
    {
      bug: "update-before-admit",
      task: {
        en: "I clicked a button on a quite different site, and a message that I never wrote appeared in our chat in my name.",
        ko: "전혀 다른 사이트에서 버튼을 눌렀을 뿐인데, 제가 쓰지 않은 메시지가 우리 채팅에 제 이름으로 올라왔습니다.",
      },
      breaks: ["foreign-origin"],
      hints: [
        {
          en: "A browser says with each POST which site its page is from, in `Origin`. Somebody has to look at it.",
          ko: "브라우저는 POST마다 어느 사이트의 페이지인지 `Origin`으로 알립니다. 누군가는 그것을 확인해야 합니다.",
        },
        {
          en: "`admit` checks Host, path, method and Origin. What happens before it is not checked.",
          ko: "`admit`이 Host, 경로, 메서드, Origin을 확인합니다. 그보다 먼저 일어나는 일은 확인되지 않습니다.",
        },
        {
          en: '`/update` is answered above the line `const path = await admit(…)`. It belongs below it, as `if (path === "/update") …`.',
          ko: '`/update`가 `const path = await admit(…)` 줄보다 위에서 처리됩니다. 그 아래에서 `if (path === "/update") …`로 처리해야 합니다.',
        },
      ],
    },
    {
      bug: "a-log-of-its-own",
      task: {
        en: "After the server was restarted this morning, all conversations of yesterday were gone. The disk is fine, and nobody deleted anything.",
        ko: "오늘 아침 서버를 재시작했더니 어제 나눈 대화가 모두 사라졌습니다. 디스크는 멀쩡하고 지운 사람도 없습니다.",
      },
      breaks: ["kept-over-kill"],
      hints: [
        {
          en: "While it runs, nothing is lost. So the messages are kept, but in the wrong place.",
          ko: "실행 중에는 아무것도 잃지 않습니다. 메시지를 저장하기는 하는데 엉뚱한 곳에 저장하는 것입니다.",
        },
        {
          en: "`--store` says where the log is, and `open` has opened it. Is that the log that this server uses?",
          ko: "`--store`가 로그의 위치이고, `open`이 이미 열어 두었습니다. 서버가 쓰는 로그가 그 로그인가요?",
        },
        {
          en: "The log comes from the opened chapter: `const { log } = chapter;`.",
          ko: "로그는 `open`이 돌려준 장(chapter)에서 가져옵니다. `const { log } = chapter;`",
        },
      ],
    },
  ],
};
