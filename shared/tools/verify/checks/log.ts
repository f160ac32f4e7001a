// The cursor, and a log that is long.
import { MAX_ANSWER, MAX_ANSWER_BYTES, type Message, NEWEST } from "../../../message-store/message.ts";
import { frameOf, upgradeOf } from "../../clients/frames.ts";
import { broken, shortened, withIga } from "../said.ts";
import {
  beginning,
  brief,
  DATA,
  idOf,
  type Member,
  outcome,
  send,
  type Trial,
  timed,
  times,
  within,
} from "../trial.ts";

const BAD_CURSORS = ["x", "", "-1", "+1", "1.5", "1e3", "0x1", "%201", "1234567890123456"];

/** What an id means as a cursor; the client of each technique asks with it. */
export async function cursor(trial: Trial): Promise<void> {
  const one = trial.enter();
  const ids: number[] = [];
  for (const turn of times(3, (it) => it + 1)) {
    const id = idOf(await send(trial, one, { text: `cursor ${turn}` }));
    if (id === undefined)
      broken(
        "messages have no id, so a client cannot say what it has",
        "메시지에 id가 없어서, 클라이언트가 어디까지 받았는지 알릴 수 없습니다",
      );
    ids.push(id);
  }
  one.client.stop();
  const [first = 0, second = 0, third = 0] = ids;
  await expectAfter(trial, `${first}`, [second, third]);
  await expectAfter(trial, `${first}&after=${third}`, [second, third]);
  await expectAfter(trial, `${third}`, []);
  // What comes after 0 is all of a log that is new, as long as an answer holds it.
  if (trial.target.stores && third <= MAX_ANSWER)
    await expectAfter(
      trial,
      "0",
      times(third, (index) => index + 1),
    );
  await expectRefusedCursors(trial);
  // Beyond the newest: the log was reset, so as if there were none.
  for (const beyond of [third + 1_000, 999_999_999_999_999]) {
    const seen = await messagesAfter(trial, `?after=${beyond}`, Math.min(third, NEWEST));
    const newest = times(Math.min(third, NEWEST), (index) => third - Math.min(third, NEWEST) + 1 + index);
    if (JSON.stringify(seen.map(({ id }) => id)) !== JSON.stringify(newest))
      broken(
        `a cursor beyond the newest message (after=${beyond}, newest ${third}) got ${listed(seen)}, not the newest ${newest.length}`,
        `마지막 메시지보다 큰 커서(after=${beyond}, 마지막 ${third})에 온 것: ${listedKo(seen)}. 최근 ${newest.length}개가 와야 합니다`,
      );
  }
}

function listed(messages: readonly Partial<Message>[]): string {
  const ids = messages.map(({ id }) => id ?? "?");
  if (ids.length === 0) return "nothing";
  return ids.length > 6 ? `ids ${ids[0]} … ${ids.at(-1)} (${ids.length})` : `ids ${ids.join(", ")}`;
}

function listedKo(messages: readonly Partial<Message>[]): string {
  return messages.length === 0 ? "없음" : listed(messages).replace(/^ids/, "id");
}

/** What comes after a cursor: of an answer, its list; of a stream or socket, what comes until so many are there. */
async function messagesAfter(
  trial: Trial,
  query: string,
  atLeast: number,
  limit = trial.patience,
): Promise<Message[]> {
  const isAnswer = trial.chapter === "ch09-polling" || trial.chapter === "ch10-long-polling";
  if (isAnswer) {
    const answer = await trial.fetch(`GET ${DATA[trial.chapter]}${query}`, { limit });
    try {
      const list: unknown = answer.status === 200 ? JSON.parse(answer.body) : [];
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  }
  const after = /after=(\d+)/.exec(query)?.[1];
  const member = trial.enter(after === undefined ? {} : { after: Number(after) });
  await within(
    limit,
    member.client.until(({ length }) => length >= atLeast),
  );
  // A moment more, for what should not come.
  await within(
    100,
    member.client.until(({ length }) => length > atLeast),
  );
  const messages = [...member.client.messages];
  member.client.stop();
  return messages;
}

async function expectAfter(trial: Trial, after: string, wanted: readonly number[]): Promise<void> {
  if (trial.chapter === "ch11-sse" || trial.chapter === "ch12-websocket") {
    if (after.includes("&")) return; // No client of ours sends two.
  }
  const limit = wanted.length === 0 ? 300 : trial.patience;
  const seen = await messagesAfter(trial, `?after=${after}`, wanted.length, limit);
  if (JSON.stringify(seen.map(({ id }) => id)) === JSON.stringify(wanted)) return;
  if (after === "0")
    broken(
      `a client with cursor 0 got ${seen.length} of ${wanted.length}: ${listed(seen)}`,
      `커서가 0인 클라이언트가 ${wanted.length}개 중 ${seen.length}개를 받았습니다: ${listedKo(seen)}`,
    );
  const expected = wanted.length === 0 ? "nothing" : `ids ${wanted.join(", ")}`;
  broken(
    `after=${after} got ${listed(seen)}, not ${expected}`,
    `after=${after}에 온 것: ${listedKo(seen)}. ${wanted.length === 0 ? "아무것도 오지 않아야 합니다" : `${withIga(`id ${wanted.join(", ")}`)} 와야 합니다`}`,
  );
}

async function expectRefusedCursors(trial: Trial): Promise<void> {
  const path = DATA[trial.chapter];
  const ask = async (target: string) => {
    if (trial.chapter !== "ch12-websocket") {
      const answer = await trial.fetch(`GET ${target}`, { headOnly: true, limit: brief(trial) });
      return { target, status: answer.status, said: outcome(answer, brief(trial)), noted: answer.noted };
    }
    const connection = trial.raw(upgradeOf(trial.server.host, target), `GET ${target} Upgrade: websocket`);
    const head = await within(
      brief(trial),
      connection.until((received) => received.includes("\r\n\r\n")),
    ).catch(() => undefined);
    const [line = ""] = (head ?? connection.received()).split("\r\n");
    const noted = trial.note(`← ${line} (${target})`);
    return { target, status: Number(line.split(" ")[1] ?? 0), said: { en: line, ko: line }, noted };
  };
  const asked: ReturnType<typeof ask>[] = [];
  for (const text of BAD_CURSORS) {
    const target = `${path}?after=${text}`;
    trial.sending({ en: `GET ${target}`, ko: `GET ${target}` });
    const answer = ask(target);
    asked.push(answer);
    // One that is held is not waited for: but were it the one that ends the server, that is seen by then.
    await within(150, answer);
    if (trial.server.exit()) return;
  }
  const wrong = (await Promise.all(asked)).filter(({ status }) => status !== 400);
  const [first] = wrong;
  if (!first) return;
  const more = wrong.length > 1 ? wrong.length - 1 : 0;
  broken(
    `${first.target}, which is no cursor, was answered with ${first.said.en}, not with 400${more ? `; and ${more} more of ${BAD_CURSORS.length} like it` : ""}`,
    `커서가 아닌 ${first.target}에 400으로 응답해야 하는데, 온 것: ${first.said.ko}${more ? `. ${BAD_CURSORS.length}개 중 ${wrong.length}개가 이렇습니다` : ""}`,
    wrong.map(({ noted }) => noted),
  );
}

/** Sends so many messages, several at a time. @returns the id of the last */
async function fill(
  trial: Trial,
  member: Member,
  count: number,
  textOf: (index: number) => string,
): Promise<number | undefined> {
  let newest: number | undefined;
  const left = times(count, textOf);
  await Promise.all(
    times(20, async () => {
      for (let text = left.shift(); text !== undefined; text = left.shift()) {
        const id = idOf(await send(trial, member, { text }));
        newest = id === undefined ? newest : Math.max(newest ?? 0, id);
      }
    }),
  );
  return newest;
}

const MANY = 1_100;
const LARGE = 220;
/** How many messages come while a client catches up. */
const LIVE = 30;

/** A log that is longer than one answer may be, in messages and in bytes. */
export async function longLog(trial: Trial): Promise<void> {
  const begin = await beginning(trial);
  if (begin === undefined)
    broken(
      "messages have no id, so who is far behind cannot ask for the rest",
      "메시지에 id가 없어서, 많이 뒤처진 클라이언트가 나머지를 요청할 수 없습니다",
    );
  const writer = trial.enter({ after: begin });
  const newest = (await fill(trial, writer, MANY, (index) => `long ${index}`)) ?? 0;
  const wanted = (from: number, to: number) => times(to - from + 1, (index) => from + index);
  const same = (seen: readonly Message[], ids: readonly number[]) =>
    seen.length === ids.length && seen.every(({ id }, index) => id === ids[index]);
  const isAnswer = trial.chapter === "ch09-polling" || trial.chapter === "ch10-long-polling";
  const fresh = await messagesAfter(trial, "", NEWEST);
  if (!same(fresh, wanted(newest - NEWEST + 1, newest)))
    broken(
      `a new client, without a cursor, got ${listed(fresh)} of a log that ends with ${newest}, not the newest ${NEWEST}`,
      `마지막이 ${newest}번인 로그에서 커서가 없는 새 클라이언트가 받은 것: ${listedKo(fresh)}. 최근 ${NEWEST}개가 와야 합니다`,
    );
  const expected = isAnswer ? wanted(begin + 1, begin + MAX_ANSWER) : wanted(begin + 1, newest);
  const all = await messagesAfter(trial, `?after=${begin}`, expected.length, 4 * trial.patience);
  if (!same(all, expected))
    broken(
      `after=${begin} of a log that ends with ${newest} got ${listed(all)}, not ${isAnswer ? `the oldest ${MAX_ANSWER} of them` : `all ${newest - begin}`}`,
      `마지막이 ${newest}번인 로그에서 after=${begin}에 온 것: ${listedKo(all)}. ${isAnswer ? `그중 가장 오래된 ${MAX_ANSWER}개가` : `${newest - begin}개가 모두`} 와야 합니다`,
    );
  if (isAnswer) {
    const rest = await messagesAfter(trial, `?after=${begin + MAX_ANSWER}`, 0);
    if (!same(rest, wanted(begin + MAX_ANSWER + 1, newest)))
      broken(
        `the next request, after=${begin + MAX_ANSWER}, got ${listed(rest)}`,
        `다음 요청 after=${begin + MAX_ANSWER}에 온 것: ${listedKo(rest)}`,
      );
  }
  const last = (await fill(trial, writer, LARGE, () => "한".repeat(2_000))) ?? 0;
  if (!isAnswer) {
    // While it catches up, messages go on coming.
    const catchingUp = messagesAfter(trial, `?after=${begin}`, last - begin + LIVE, 4 * trial.patience);
    for (const turn of times(LIVE, (it) => it + 1)) await send(trial, writer, { text: `meanwhile ${turn}` });
    const mixed = await catchingUp;
    const at = mixed.findIndex(({ id }, index) => id !== begin + 1 + index);
    if (at !== -1)
      broken(
        `a client that was ${last - begin} messages behind got id ${mixed[at]?.id} after id ${mixed[at - 1]?.id ?? begin}, as messages came while it caught up`,
        `${last - begin}개 뒤처진 클라이언트가 따라잡는 동안 새 메시지가 오자, id ${mixed[at - 1]?.id ?? begin} 다음에 id ${mixed[at]?.id} 메시지를 받았습니다`,
      );
    const large = await messagesAfter(trial, `?after=${newest}`, LARGE + LIVE, 4 * trial.patience);
    if (!same(large, wanted(newest + 1, last + LIVE)))
      broken(
        `after=${newest} got ${listed(large)}, not all ${last - newest} large messages`,
        `after=${newest}에 온 것: ${listedKo(large)}. 큰 메시지 ${last - newest}개가 모두 와야 합니다`,
      );
    if (trial.chapter === "ch12-websocket") await knownKeyInCatchUp(trial, writer, begin);
    return;
  }
  const answer = await trial.fetch(`GET ${DATA[trial.chapter]}?after=${newest}`, {
    limit: 4 * trial.patience,
  });
  const bytes = Buffer.byteLength(answer.body);
  if (answer.status !== 200 || bytes > MAX_ANSWER_BYTES + 16_384)
    broken(
      `one answer to after=${newest} has ${bytes.toLocaleString("en")} bytes: at most 1 MiB`,
      `after=${newest}의 응답 하나가 ${bytes.toLocaleString("en")}바이트입니다. 많아야 1 MiB입니다`,
      [`GET ${DATA[trial.chapter]}?after=${newest} → ${shortened(outcome(answer).en, 80)}`],
    );
}

/** A client that catches up sends a draft whose message is still to come: it comes in its turn, and not before. */
async function knownKeyInCatchUp(trial: Trial, writer: Member, begin: number): Promise<void> {
  const draft = { text: "known", key: `known-${process.pid}-${Math.trunc(performance.now())}` };
  const wanted = idOf(await send(trial, writer, draft)) ?? 0;
  const socket = await trial.socket(`/?after=${begin}`, frameOf(JSON.stringify(draft)));
  const ids = () =>
    socket.frames().flatMap(({ payload }) => Number(/"id":\s*(\d+)/.exec(payload.toString())?.[1] ?? []));
  await within(
    4 * trial.patience,
    socket.connection.until((received) => received.includes(draft.key) && ids().includes(wanted)),
  ).catch(() => {});
  const seen = ids();
  const at = seen.findIndex((id, index) => id !== begin + 1 + index);
  if (at === -1 || seen.indexOf(wanted) < at) return;
  broken(
    `a client that was ${wanted - begin} messages behind sent a draft with a known key, and got id ${seen[at]} after id ${seen[at - 1] ?? begin}: its message comes with the others, and so twice`,
    `${wanted - begin}개 뒤처진 클라이언트가 따라잡는 동안 이미 있는 키로 초안을 보내자, id ${seen[at - 1] ?? begin} 다음에 id ${seen[at]} 메시지를 받았습니다. 차례가 되면 그 메시지가 또 옵니다`,
    [
      timed(0, `→ GET /?after=${begin} Upgrade: websocket, ${JSON.stringify(draft)}`),
      ...seen.slice(Math.max(0, at - 2), at + 3).map((id) => timed(0, `← {"id":${id},…}`)),
    ],
  );
}
