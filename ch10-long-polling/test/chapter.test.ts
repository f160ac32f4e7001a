import { describe, expect, test } from "vitest";
import { answerIn, answersIn, ask, post, requestOf } from "../../shared/testing/ask.ts";
import { sharedChapter, startChapter } from "../../shared/testing/chapter-process.ts";
import {
  expectNothingHeld,
  idsFrom,
  idsOf,
  keepsPromises,
  logOf,
  outputOf,
  times,
  writtenByAnother,
} from "../../shared/testing/promises.ts";
import { type RawConnection, rawConnection } from "../../shared/testing/raw.ts";

const chapter = "ch10-long-polling";

keepsPromises(chapter);

/** A request of a client that keeps its connection. */
function question(port: number, line: string, body?: string): Buffer {
  const type = body === undefined ? undefined : "application/json";
  const headers = { Connection: undefined, "Content-Type": type };
  return requestOf(port, line, body === undefined ? { headers } : { headers, body });
}

/**
 * Opens a connection that waits for what comes after `cursor`, for as many requests as `count` says.
 *
 * @returns once the server holds the first of them: one of another kind went ahead, in one piece with them, and its
 *   answer is there
 */
async function waitingOn(
  port: number,
  cursor: number,
  count = 1,
): Promise<RawConnection & { held(): string }> {
  const requests = times(count, () => question(port, `GET /longpoll?after=${cursor}`));
  const connection = rawConnection(port, Buffer.concat([question(port, "GET /nothing"), ...requests]));
  const { length } = await connection.until((received) => answersIn(received).length === 1);
  return { ...connection, held: () => connection.received().slice(length) };
}

test("an answer is held until a message comes, and is then the list of what came", async () => {
  const { port } = await startChapter(chapter);
  const waiting = await waitingOn(port, 0);
  expect(waiting.held()).toBe("");
  const { body: message } = await post(port, '{"text": "안녕"}');
  await waiting.until(() => waiting.held().endsWith("]"));
  const { status, headers, body } = answerIn(waiting.held());
  expect({ status, body }).toEqual({ status: 200, body: `[${message}]` });
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("content-type")).toBe("application/json");
});

describe("the hold", () => {
  const shared = sharedChapter(chapter, { probe: true });

  test("ends after 25 s with 204: a millisecond before it there is not a byte", async () => {
    const { port, probe } = shared();
    const { id } = JSON.parse((await post(port, '{"text": "하나"}')).body);
    const early = await waitingOn(port, id);
    await probe(24_999);
    const late = await waitingOn(port, id); // Its hold begins now; and by its first answer the tick has done its work.
    expect(early.held()).toBe("");
    await probe(1);
    await early.until(() => early.held().endsWith("\r\n\r\n"));
    const { status, headers, body } = answerIn(early.held());
    expect({ status, body }).toEqual({ status: 204, body: "" });
    expect(headers.get("cache-control")).toBe("no-store");
    await ask(port, "GET /nothing");
    expect(late.held()).toBe("");
  });

  test("leaves nothing behind: who was answered by a message gets no 204 25 s later", async () => {
    const { port, probe } = shared();
    const { id } = JSON.parse((await post(port, '{"text": "둘"}')).body);
    const waiting = await waitingOn(port, id);
    await post(port, '{"text": "셋"}');
    await waiting.until(() => waiting.held().endsWith("]"));
    await probe(25_000);
    waiting.socket.write(question(port, "GET /nothing"));
    await waiting.until((received) => answersIn(received).length >= 3);
    expect(answersIn(waiting.received()).map(({ status }) => status)).toEqual([404, 200, 404]);
  });
});

test("a message to 20 waiting clients is turned into text once, and all get the same", async () => {
  const running = await startChapter(chapter, { probe: true });
  const { port, probe } = running;
  const work: number[] = [];
  for (const [cursor, count] of [1, 20].entries()) {
    const waiting = await Promise.all(times(count, () => waitingOn(port, cursor)));
    const before = Number(await probe("serialised"));
    const { body: message } = await post(port, `{"text": "안녕", "key": "k-${cursor}"}`);
    await Promise.all(waiting.map((client) => client.until(() => client.held().endsWith("]"))));
    work.push(Number(await probe("serialised")) - before);
    for (const client of waiting) expect(answerIn(client.held()).body).toBe(`[${message}]`);
  }
  expect(work[1]).toBe(work[0]);
});

test("a message that comes between two requests is in the next answer, which is not held", async () => {
  const { port } = await startChapter(chapter);
  const waiting = await waitingOn(port, 0);
  await post(port, '{"text": "하나"}');
  await waiting.until(() => waiting.held().endsWith("]"));
  const { body: second } = await post(port, '{"text": "둘"}');
  expect((await ask(port, "GET /longpoll?after=1")).body).toBe(`[${second}]`);
});

test("a message that comes in the very moment of a request is in its answer", async () => {
  const { port } = await startChapter(chapter);
  for (const cursor of times(50, (index) => index)) {
    // On two connections, which the server reads side by side.
    const draft = rawConnection(port, question(port, "POST /update", `{"text": "${cursor}"}`));
    const { until } = rawConnection(port, question(port, `GET /longpoll?after=${cursor}`));
    const [answer] = answersIn(await until((received) => answersIn(received).length === 1));
    expect(idsOf(JSON.parse(answer?.body ?? ""))).toEqual([cursor + 1]);
    await draft.until((received) => answersIn(received).length === 1);
  }
});

test("what was kept together is one answer, in order", async () => {
  const store = logOf(0);
  const { port } = await startChapter(chapter, { args: ["--store", store] });
  const waiting = await waitingOn(port, 0);
  writtenByAnother(store, ...times(10, String));
  await waiting.until(() => waiting.held().endsWith("]"));
  expect(idsOf(JSON.parse(answerIn(waiting.held()).body))).toEqual(idsFrom(1, 10));
});

test("an answer holds at most 1,000 messages, the oldest, and the next one goes on behind them", async () => {
  const { port } = await startChapter(chapter, { args: ["--store", logOf(2_500)] });
  const answer = async (after: string) => idsOf(JSON.parse((await ask(port, `GET /longpoll${after}`)).body));
  expect(await answer("?after=0")).toEqual(idsFrom(1, 1_000));
  expect(await answer("?after=2000")).toEqual(idsFrom(2_001, 2_500));
  expect(await answer("")).toEqual(idsFrom(2_401, 2_500));
});

test("held requests of one connection are answered each in its turn, and leave nothing behind when it goes", async () => {
  const running = await startChapter(chapter, { probe: true });
  const answered = await waitingOn(running.port, 0, 10);
  const { body: message } = await post(running.port, '{"text": "안녕"}');
  const answers = answersIn(await answered.until((received) => answersIn(received).length === 11)).slice(1);
  expect(answers.map(({ body }) => body)).toEqual(times(10, () => `[${message}]`));
  const gone = await waitingOn(running.port, 1, 10);
  const { open } = await outputOf(running);
  expect(open).toBe(2);
  answered.socket.destroy();
  gone.socket.destroy();
  await expectNothingHeld(running);
  await running.probe(25_000); // Their timers went with them, or would answer into nothing now.
  expect(running.stderr()).toBe("");
});

test("stop answers who waits with 204 and closes the connection", async () => {
  const running = await startChapter(chapter);
  const waiting = await waitingOn(running.port, 0);
  const stopped = running.stop();
  await waiting.ended();
  const { status, headers } = answerIn(waiting.held());
  expect(status).toBe(204);
  expect(headers.get("cache-control")).toBe("no-store");
  waiting.socket.end();
  expect(await stopped).toMatchObject({ code: 0, stderr: "" });
});
