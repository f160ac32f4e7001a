// Who is let in, to what: paths, methods, foreign pages and names, caches.
import { partialAnswerIn, requestOf } from "../../clients/ask.ts";
import { upgradeOf } from "../../clients/frames.ts";
import { broken, quoted, type Said, shortened, withRo } from "../said.ts";
import {
  answeredKo,
  beginning,
  brief,
  DATA,
  type Fetched,
  type FetchOptions,
  outcome,
  send,
  type Trial,
  times,
  together,
  within,
} from "../trial.ts";

const JSON_BODY = { "Content-Type": "application/json" };

/** The page is there, and the technique's own path does what the technique is. */
export async function opens(trial: Trial): Promise<void> {
  const page = await trial.fetch("GET /");
  const type = page.headers.get("content-type") ?? "";
  if (page.came === "nothing")
    broken(`GET / got ${outcome(page, trial.patience).en}`, `GET /: ${outcome(page, trial.patience).ko}`);
  if (page.status !== 200 || !/^text\/html\b/i.test(type))
    broken(
      `GET / was answered with ${shortened(`${outcome(page).en.slice(0, 40)} ${type}`, 60)}, not with the page`,
      `GET /에 페이지로 응답해야 하는데, ${answeredKo({ ...page, body: page.body.slice(0, 40) })} ${type}`.trim(),
    );
  const path = DATA[trial.chapter];
  if (trial.chapter === "ch12-websocket") return expectJson(trial);
  if (trial.chapter === "ch11-sse") {
    const stream = await trial.fetch(`GET ${path}`, { headOnly: true });
    const streamType = stream.headers.get("content-type") ?? "";
    if (stream.status !== 200 || !/^text\/event-stream\b/i.test(streamType))
      broken(
        `GET ${path} was answered with ${outcome(stream).en} ${streamType}, not with a stream`,
        `GET ${path}에 스트림으로 응답해야 하는데, ${answeredKo(stream)} ${streamType}`.trim(),
      );
    if (stream.came === "whole")
      broken(`the stream of GET ${path} ended at once`, `GET ${path}의 스트림이 곧바로 끝났습니다`);
    return;
  }
  const isList = ({ body }: Pick<Fetched, "body">) => {
    try {
      return Array.isArray(JSON.parse(body));
    } catch {
      return false;
    }
  };
  const isGood = (answer: Fetched) => answer.status === 204 || (answer.status === 200 && isList(answer));
  if (trial.chapter === "ch09-polling") {
    const answer = await trial.fetch(`GET ${path}`);
    const isEmpty = answer.status === 200 && isList(answer) && JSON.parse(answer.body).length === 0;
    if (isEmpty)
      broken(
        `GET ${path}, where there is no message, was answered with 200 and an empty list, not with 204`,
        `메시지가 없는데 GET ${path}에 204가 아니라 200과 빈 목록으로 응답했습니다`,
        [answer.noted],
      );
    expectNoContent(answer, `GET ${path}`);
    if (!isGood(answer))
      broken(
        `GET ${path} was answered with ${outcome(answer).en}, not with a list (200) or 204`,
        `GET ${path}에 목록(200)이나 204로 응답해야 하는데, ${answeredKo(answer)}`,
      );
    return;
  }
  const now = await beginning(trial);
  const target = `GET ${path}${now === undefined ? "" : `?after=${now}`}`;
  const began = trial.elapsed();
  let early: number | undefined;
  const held = trial.fetch(target, { limit: trial.patience + 500 }).then((answer) => {
    early = trial.elapsed() - began;
    return answer;
  });
  await within(500, held);
  if (early !== undefined)
    broken(
      `${target} was not held: ${Math.round(early)} ms later, without a message, it was answered with ${outcome(await held).en}`,
      `메시지가 없으면 ${target}의 응답을 보류해야 하는데, ${Math.round(early)} ms 만에 ${answeredKo(await held)}`,
    );
  await send(trial, trial.enter(now === undefined ? {} : { after: now }), { text: "the first news" });
  const answer = await held;
  if (answer.status !== 200 || !isList(answer) || !answer.body.includes("the first news"))
    broken(
      `a message came, and ${target} was answered with ${outcome(answer).en}, not with the list of what came`,
      `메시지가 왔으니 ${target}에 그 목록으로 응답해야 하는데, ${answeredKo(answer)}`,
    );
}

/** Whatever comes on a socket is JSON: a client reads nothing else. */
async function expectJson(trial: Trial): Promise<void> {
  const socket = await trial.socket();
  const texts = () =>
    socket
      .frames()
      .filter(({ first }) => first === 0x81)
      .map(({ payload }) => payload.toString());
  // What comes behind the first message has come before the second.
  for (const text of ["the first word", "the second word"]) {
    socket.send(JSON.stringify({ text }));
    await within(
      brief(trial),
      socket.connection.until(() => texts().some((it) => it.includes(text))),
    ).catch(() => {});
  }
  const other = texts().find((text) => !isJson(text));
  if (other !== undefined)
    broken(
      `a text frame came that is not JSON: ${quoted(other)}`,
      `JSON이 아닌 텍스트 프레임이 왔습니다: ${quoted(other)}`,
      texts().map((text) => `← ${shortened(text)}`),
    );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A 204 has no content, and must not say how it is framed (RFC 9110 §8.6, RFC 9112 §6.1). */
export function expectNoContent({ status, headers, noted }: Fetched, line: string): void {
  if (status !== 204) return;
  const name = ["Content-Length", "Transfer-Encoding"].find((each) => headers.has(each.toLowerCase()));
  if (name === undefined) return;
  const field = `${name}: ${headers.get(name.toLowerCase())}`;
  broken(
    `the 204 of ${line} has “${field}”: a 204 has no body`,
    `${line}의 204 응답에 “${field}”가 있습니다. 204에는 본문이 없습니다`,
    [noted],
  );
}

const NO_ANSWER: Fetched = { status: 0, headers: new Map(), body: "", came: "nothing", noted: "" };

/** Sends requests that must be refused, one after another. @throws Broken for the first that is not, with how many more are not */
async function expectRefusals(
  trial: Trial,
  cases: readonly {
    readonly line: string;
    readonly options?: FetchOptions;
    /** What stands in a complaint; the line, unless told. */
    readonly what?: Said;
    readonly status: number | readonly number[];
    readonly allow?: readonly string[];
  }[],
): Promise<void> {
  const asked: Promise<Fetched>[] = [];
  for (const { line, what = { en: line, ko: line }, options } of cases) {
    trial.sending(what);
    const answer = trial.fetch(line, { headOnly: true, limit: brief(trial), ...options });
    asked.push(answer);
    // One that is held is not waited for: but were it the one that ends the server, that is seen by then.
    await within(150, answer);
    if (trial.server.exit()) return;
  }
  const fetched = await Promise.all(asked);
  const answers = cases.map((it, index) => ({ ...it, answer: fetched[index] ?? NO_ANSWER }));
  const wrong = answers.filter(({ status, answer, allow }) => {
    const good = typeof status === "number" ? [status] : status;
    if (!good.includes(answer.status)) return true;
    const named = (answer.headers.get("allow") ?? "").split(/,\s*/);
    return allow !== undefined && !allow.every((method) => named.includes(method));
  });
  const [first] = wrong;
  if (!first) return;
  const { what = { en: first.line, ko: first.line }, answer, status, allow } = first;
  const wanted = [status]
    .flat()
    .filter((it) => it !== 0)
    .join(" / ");
  const more = wrong.length - 1;
  const isStatus = [status].flat().includes(answer.status);
  const seen = isStatus ? `${answer.status} without “Allow: ${allow?.join(", ")}”` : outcome(answer).en;
  const seenKo = isStatus
    ? `“Allow: ${allow?.join(", ")}” 없이 ${withRo(`${answer.status}`)} 응답했습니다`
    : `${withRo(wanted)} 응답해야 하는데, ${answeredKo(answer)}`;
  broken(
    `${what.en} was answered with ${seen}, not with ${wanted}${more > 0 ? `; and ${more} more of ${cases.length} like it` : ""}`,
    `${what.ko}에 ${seenKo}${more > 0 ? `. ${cases.length}개 중 ${wrong.length}개가 이렇습니다` : ""}`,
    wrong.map((it) => it.answer.noted).slice(0, 14),
  );
}

/** What is not there is 404, what cannot be done there 405, and only the page's own files can be read. */
export async function paths(trial: Trial): Promise<void> {
  const data = DATA[trial.chapter];
  const isSocket = trial.chapter === "ch12-websocket";
  const own = isSocket
    ? [{ line: "POST /update", options: { headers: JSON_BODY, body: '{"text": "x"}' }, status: 404 }]
    : [
        { line: `POST ${data}`, options: { body: "" }, status: 405, allow: ["GET"] },
        { line: `DELETE ${data}`, status: 405, allow: ["GET"] },
        { line: `HEAD ${data}`, status: 405, allow: ["GET"] },
        { line: "GET /update", status: 405, allow: ["POST"] },
        { line: "OPTIONS /update", status: 405, allow: ["POST"] },
      ];
  await expectRefusals(trial, [
    { line: "GET /nowhere", status: 404 },
    { line: `GET ${isSocket ? "/chat" : `${data}/x`}`, status: 404 },
    { line: "GET /../package.json", status: [404, 400, 403] },
    { line: "GET /%2e%2e/package.json", status: [404, 400, 403] },
    { line: "GET /..%2fpackage.json", status: [404, 400, 403] },
    { line: "POST /", options: { body: "" }, status: 405, allow: ["GET"] },
    { line: "DELETE /", status: 405, allow: ["GET"] },
    ...own,
  ]);
  if (isSocket)
    await expectUpgradeRefusals(trial, [
      [{ en: "an upgrade of GET /chat", ko: "GET /chat 업그레이드" }, "/chat", {}, [404]],
    ]);
  if (!trial.server.exit()) await expectNoBodyForHead(trial);
  if (!trial.server.exit()) await expectFreshFiles(trial);
  if (!trial.server.exit()) await expectAllAnswered(trial);
}

/** The page's own files are asked for again each time: another chapter's script may be at the same address. */
async function expectFreshFiles(trial: Trial): Promise<void> {
  const { body } = await trial.fetch("GET /");
  const files = [...body.matchAll(/(?:src|href)="(\/[^"/][^"]*\.(?:js|css))"/g)].map(([, path]) => path);
  for (const path of new Set(files)) {
    const { status, headers } = await trial.fetch(`GET ${path}`);
    const control = headers.get("cache-control") ?? "";
    if (status === 200 && headers.has("etag") && /\bno-cache\b/i.test(control)) continue;
    const seen = `${status}, ETag: ${headers.get("etag") ?? "–"}, Cache-Control: ${control || "–"}`;
    broken(
      `GET ${path}, a file of the page, was answered with ${seen}: it needs an ETag, and no-cache`,
      `페이지의 파일 ${path}에 ETag와 no-cache가 있어야 하는데, 온 것: ${seen}`,
    );
  }
}

/** Who reads may ask on one connection as often as it likes. */
async function expectAllAnswered(trial: Trial): Promise<void> {
  const [batches, each] = [8, 50];
  const said = {
    en: `${batches * each} requests on one connection`,
    ko: `한 연결로 보낸 요청 ${batches * each}개`,
  };
  const request = requestOf(trial.server.host, "GET /nowhere", { headers: { Connection: undefined } });
  const connection = trial.raw("", said);
  let answered = 0;
  let at = 0;
  let closes = false;
  const count = () => {
    for (;;) {
      const answer = partialAnswerIn(connection.received().slice(at), connection.isOver());
      if (!answer?.complete) return answered;
      closes ||=
        /close/i.test(answer.headers.get("connection") ?? "") || connection.received().startsWith("HTTP/1.0");
      at += answer.length;
      answered += 1;
    }
  };
  for (const batch of times(batches, (it) => it + 1)) {
    connection.socket.write(Buffer.concat(times(each, () => request)));
    await within(
      trial.patience,
      connection.until(() => count() >= batch * each),
    ).catch(() => {});
    if (count() < batch * each) break;
  }
  if (answered === batches * each || closes) return; // A server may close a connection, where it says so.
  broken(
    `of ${said.en}, all read, ${answered} were answered${connection.isOver() ? ", and then the connection was closed" : ""}`,
    `${said.ko}의 응답을 모두 읽었는데 ${answered}개만 왔습니다${connection.isOver() ? ". 그리고 연결이 닫혔습니다" : ""}`,
  );
}

/** HEAD is answered as GET is, without the body: what followed would be read as the next answer. */
async function expectNoBodyForHead(trial: Trial): Promise<void> {
  const options = { headers: { Connection: undefined } };
  const both = Buffer.concat([
    requestOf(trial.server.host, "HEAD /", options),
    requestOf(trial.server.host, "GET /nowhere"),
  ]);
  const connection = trial.raw(both, {
    en: "HEAD /, and behind it GET /nowhere",
    ko: "HEAD /, 이어서 GET /nowhere",
  });
  const text = (await within(trial.patience, connection.ended())) ?? connection.received();
  const end = text.indexOf("\r\n\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0);
  if (status !== 200)
    broken(
      `HEAD / was answered with ${shortened(text, 40) || "nothing"}, not as GET / is`,
      `HEAD /에 GET /와 똑같이 응답해야 하는데, ${text ? `이렇게 응답했습니다: ${shortened(text, 40)}` : "응답하지 않았습니다"}`,
    );
  const rest = text.slice(end + 4);
  if (rest !== "" && !rest.startsWith("HTTP/1."))
    broken(
      `the answer to HEAD / has a body: ${shortened(rest, 40)}`,
      `HEAD /의 응답에 본문이 있습니다: ${shortened(rest, 40)}`,
    );
}

/** What an upgrade is called in a complaint. */
export function upgradeWith(what: string, ko = what): Said {
  return { en: `an upgrade with ${what}`, ko: `${ko}인 업그레이드` };
}

function lineWith(line: string, what: string, ko = what): Said {
  return { en: `${line} with ${what}`, ko: `${line}(${ko})` };
}

/** Sends upgrades that must be refused before the handshake. */
export async function expectUpgradeRefusals(
  trial: Trial,
  cases: readonly (readonly [
    what: Said,
    target: string,
    headers: Readonly<Record<string, string | undefined>>,
    statuses: readonly number[],
  ])[],
): Promise<void> {
  const wrong = (
    await Promise.all(
      cases.map(async ([what, target, headers, statuses]) => {
        trial.sending(what);
        const connection = trial.raw(upgradeOf(trial.server.host, target, headers), what);
        const text =
          (await within(
            brief(trial),
            connection.until((received) => received.includes("\r\n\r\n")),
          ).catch(() => undefined)) ?? connection.received();
        const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0);
        const [line = ""] = text.split("\r\n");
        const noted = trial.note({
          en: `← ${line || "nothing"} (${what.en})`,
          ko: `← ${line || "오지 않음"} (${what.ko})`,
        });
        return { what, statuses, line, noted, good: statuses.includes(status) };
      }),
    )
  ).filter(({ good }) => !good);
  const [first] = wrong;
  if (!first) return;
  const more = wrong.length - 1;
  const wanted = first.statuses.filter((it) => it !== 0).join(" / ");
  broken(
    `${first.what.en} was answered with ${first.line || "nothing"}, not with ${wanted}${more > 0 ? `; and ${more} more of ${cases.length} like it` : ""}`,
    `${first.what.ko}에 ${withRo(wanted)} 응답해야 하는데, ${first.line ? `이렇게 응답했습니다: ${first.line}` : "응답하지 않았습니다"}${more > 0 ? `. ${cases.length}개 중 ${wrong.length}개가 이렇습니다` : ""}`,
    wrong.map(({ noted }) => noted).slice(0, 14),
  );
}

/** What a request for data and one for sending are. */
function dataRequests(trial: Trial): { line: string; options: FetchOptions }[] {
  return [
    { line: "POST /update", options: { headers: JSON_BODY, body: '{"text": "from a foreign page"}' } },
    { line: `GET ${DATA[trial.chapter]}?after=0`, options: {} },
  ];
}

const withHeaders = (options: FetchOptions, headers: Record<string, string | undefined>): FetchOptions => ({
  ...options,
  headers: { ...options.headers, ...headers },
});

const FORBIDDEN = [403];

/** What a server says that will not read so many fields: it keeps the page out as well. */
const REFUSED = [403, 400, 431, 413];

export async function foreignOrigin(trial: Trial): Promise<void> {
  const { host } = trial.server;
  const origins = ["http://evil.example", "null", "http://localhost:1", `http://${host}.evil.example`];
  const many = Object.fromEntries(times(2_100, (index) => [`x${index.toString(36)}`, ""]));
  if (trial.chapter === "ch12-websocket") {
    await expectUpgradeRefusals(trial, [
      ...origins.map(
        (origin) => [upgradeWith(`Origin: ${origin}`), "/", { Origin: origin }, FORBIDDEN] as const,
      ),
      [
        upgradeWith(
          "Origin: http://evil.example behind 2,100 other fields",
          "다른 필드 2,100개 뒤에 Origin이 http://evil.example",
        ),
        "/",
        { ...many, Origin: "http://evil.example" },
        REFUSED,
      ],
    ]);
    return expectOwnOrigin(trial);
  }
  const { members } = await together(trial, 1);
  await expectRefusals(trial, [
    ...dataRequests(trial).flatMap(({ line, options }) =>
      origins.map((Origin) => ({
        line,
        options: withHeaders(options, { Origin }),
        what: lineWith(line, `Origin: ${Origin}`),
        status: FORBIDDEN,
      })),
    ),
    ...dataRequests(trial).map(({ line, options }) => ({
      line,
      options: withHeaders(options, { ...many, Origin: "http://evil.example" }),
      what: lineWith(
        line,
        "Origin: http://evil.example behind 2,100 other fields",
        "다른 필드 2,100개 뒤에 Origin: http://evil.example",
      ),
      status: REFUSED,
    })),
  ]);
  await expectOwnOrigin(trial);
  const [one] = members;
  if (one?.client.messages.some(({ text }) => text === "from a foreign page"))
    broken("what a foreign page sent was shown", "다른 사이트의 페이지가 보낸 메시지가 보였습니다");
}

/** Our own page comes in, behind a proxy that ends TLS too. */
async function expectOwnOrigin(trial: Trial): Promise<void> {
  for (const scheme of ["http", "https"]) {
    const Origin = `${scheme}://${trial.server.host}`;
    if (trial.chapter === "ch12-websocket") {
      const connection = trial.raw(
        upgradeOf(trial.server.host, "/", { Origin }),
        upgradeWith(`Origin: ${Origin}`),
      );
      const received = await within(
        trial.patience,
        connection.until((text) => text.includes("\r\n\r\n")),
      ).catch(() => undefined);
      if (!received?.startsWith("HTTP/1.1 101"))
        broken(
          `an upgrade of its own page (Origin: ${Origin}) was answered with ${shortened(received ?? "nothing", 40)}`,
          `자기 페이지의 업그레이드(Origin: ${Origin})를 받아들이지 않았습니다: ${shortened(received ?? "응답 없음", 40)}`,
        );
      continue;
    }
    const options = { headers: { ...JSON_BODY, Origin }, body: '{"text": "from our own page"}' };
    const answer = await trial.fetch("POST /update", options);
    if (answer.status < 200 || answer.status > 299)
      broken(
        `POST /update of its own page (Origin: ${Origin}) was answered with ${outcome(answer).en}`,
        `자기 페이지의 POST /update(Origin: ${Origin})를 받아들이지 않고 ${answeredKo(answer)}`,
      );
  }
}

export async function foreignSite(trial: Trial): Promise<void> {
  const sites = ["cross-site", "same-site"];
  if (trial.chapter === "ch12-websocket") {
    return expectUpgradeRefusals(
      trial,
      sites.map(
        (site) =>
          [upgradeWith(`Sec-Fetch-Site: ${site}`), "/", { "Sec-Fetch-Site": site }, FORBIDDEN] as const,
      ),
    );
  }
  await expectRefusals(
    trial,
    dataRequests(trial).flatMap(({ line, options }) =>
      sites.map((site) => ({
        line,
        options: withHeaders(options, { "Sec-Fetch-Site": site }),
        what: lineWith(line, `Sec-Fetch-Site: ${site}`),
        status: FORBIDDEN,
      })),
    ),
  );
  const answer = await trial.fetch("GET /", { headers: { "Sec-Fetch-Site": "cross-site" }, headOnly: true });
  if (answer.status !== 200)
    broken(
      `a link of another site to GET / was answered with ${outcome(answer).en}`,
      `다른 사이트의 링크로 온 GET /에 200으로 응답해야 하는데, ${answeredKo(answer)}`,
    );
}

export async function foreignHost(trial: Trial): Promise<void> {
  const foreign = { Host: "evil.example" };
  const data = dataRequests(trial).filter(() => trial.chapter !== "ch12-websocket");
  await expectRefusals(trial, [
    ...[{ line: "GET /", options: {} }, ...data].map(({ line, options }) => ({
      line,
      options: withHeaders(options, foreign),
      what: lineWith(line, "Host: evil.example"),
      status: FORBIDDEN,
    })),
    {
      line: "GET /",
      options: { headers: { host: "evil.example" } },
      what: lineWith(
        "GET /",
        `Host: ${trial.server.host} and Host: evil.example`,
        `Host: ${trial.server.host}, Host: evil.example`,
      ),
      status: [403, 400],
    },
  ]);
  if (trial.chapter === "ch12-websocket")
    await expectUpgradeRefusals(trial, [[upgradeWith("Host: evil.example"), "/", foreign, FORBIDDEN]]);
}

/** Data may not come from a cache: a 204 may be kept by one as well. */
export async function notCached(trial: Trial): Promise<void> {
  const path = DATA[trial.chapter];
  const now = await beginning(trial);
  const lines = [`GET ${path}${now === undefined ? "" : "?after=0"}`];
  if (trial.chapter === "ch09-polling") lines.push(`GET ${path}${now === undefined ? "" : `?after=${now}`}`);
  for (const line of lines) {
    const asked = trial.fetch(line, { headOnly: true });
    if (now === undefined && trial.chapter === "ch10-long-polling") {
      await within(50, asked);
      await send(trial, trial.enter(), { text: "news" });
    }
    const answer = await asked;
    const control = answer.headers.get("cache-control") ?? "";
    if (/\bno-store\b/i.test(control)) continue;
    const seen = control === "" ? "no Cache-Control" : `“Cache-Control: ${control}”`;
    broken(
      `the ${answer.status} of ${line} has ${seen}: it needs no-store`,
      `${line}의 ${answer.status} 응답에 no-store가 없습니다 (${control === "" ? "Cache-Control 없음" : `Cache-Control: ${control}`})`,
    );
  }
}
