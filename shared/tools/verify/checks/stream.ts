// The text of an event stream.
import { requestOf } from "../../clients/ask.ts";
import { type ParsedEvent, streamParser } from "../../clients/stream-parser.ts";
import { broken, quoted, shortened, withRo } from "../said.ts";
import { beginning, idOf, send, type Trial, within } from "../trial.ts";

/** A stream that is read byte by byte. */
interface OpenStream {
  /** The text behind the head, without the chunks around it. */
  text(): string;
  events(): ParsedEvent[];
  until(enough: (text: string) => boolean): Promise<boolean>;
  readonly status: number;
}

/** The body of an answer that goes on, in chunks or not. */
function bodyOf(received: string): string {
  const end = received.indexOf("\r\n\r\n");
  const head = received.slice(0, end);
  const rest = received.slice(end + 4);
  if (!/^transfer-encoding:.*chunked/im.test(head)) return rest;
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    if (lineEnd === -1 || !(size > 0)) return body;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + size + 4;
  }
}

async function openStream(trial: Trial, query: string, headers: Record<string, string>): Promise<OpenStream> {
  const line = `GET /subscribe${query}`;
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const connection = trial.raw(requestOf(trial.server.host, line, { headers }), [line, ...fields].join("  "));
  const utf8 = () => Buffer.from(bodyOf(connection.received()), "latin1");
  const head = await within(
    trial.patience,
    connection.until((received) => received.includes("\r\n\r\n")),
  ).catch(() => undefined);
  const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(head ?? "")?.[1] ?? 0);
  return {
    status,
    text: () => utf8().toString(),
    events() {
      const events: ParsedEvent[] = [];
      streamParser((event) => events.push(event))(utf8());
      return events;
    },
    until: async (enough) =>
      (await within(
        trial.patience,
        connection.until(() => enough(utf8().toString())),
      ).catch(() => undefined)) !== undefined,
  };
}

/** How the stream begins, and what an event is made of. */
export async function stream(trial: Trial): Promise<void> {
  const now = await beginning(trial);
  const opened = await openStream(trial, now === undefined ? "" : `?after=${now}`, {});
  const message = await send(trial, trial.enter(), { text: "an event" });
  await opened.until((text) => text.includes("an event") && /\n\r?\n$/.test(text));
  const text = opened.text();
  const show = [`← ${shortened(text, 300)}`];
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const [first = ""] = blocks;
  const isNews = first.includes("an event");
  if (!/^retry: ?1000(\n|$)/.test(first))
    broken(
      `the stream begins with ${text === "" ? "nothing" : quoted(first, 50)}, not with “retry: 1000”`,
      `스트림은 “retry: 1000”으로 시작해야 하는데, ${text === "" ? "아무것도 오지 않았습니다" : `시작이 ${quoted(first, 50)}입니다`}`,
      show,
    );
  if (isNews || !/^event: ?heartbeat$/m.test(first) || !/^data:/m.test(first) || !/^id: ?\d+$/m.test(first))
    broken(
      `the first block is ${quoted(first, 60)}; it should have the four lines “retry: 1000”, “event: heartbeat”, “id: ” with the cursor, and “data:”`,
      `첫 블록은 “retry: 1000”, “event: heartbeat”, 커서가 든 “id: ”, “data:” 네 줄이어야 하는데, 온 것은 ${quoted(first, 60)}입니다`,
      show,
    );
  const block = blocks.find((it) => it.includes("an event")) ?? "";
  const id = idOf(message);
  if (!new RegExp(`^id: ?${id}$`, "m").test(block))
    broken(
      `an event has no id ${id ?? ""}: ${quoted(block, 60)}`.replace("  ", " "),
      `이벤트에 id가 없습니다: ${quoted(block, 60)}`,
      show,
    );
  const event = opened.events().find(({ data }) => data.includes("an event"));
  if (event?.type !== "message")
    broken(
      `a message came as an event named ${quoted(event?.type ?? "")}`,
      `메시지가 이름이 ${quoted(event?.type ?? "")}인 이벤트로 왔습니다`,
      show,
    );
  const status = (await openStream(trial, "?after=x", {})).status;
  if (status !== 400)
    broken(
      `GET /subscribe?after=x was answered with ${status}, not with 400`,
      `GET /subscribe?after=x에 400이 아니라 ${withRo(`${status}`)} 응답했습니다`,
    );
}

/** What a browser says when it comes back. */
export async function lastEventId(trial: Trial): Promise<void> {
  const one = trial.enter();
  const first = idOf(await send(trial, one, { text: "seen" }));
  const second = idOf(await send(trial, one, { text: "missed" }));
  for (const [query, what] of [
    ["", "Last-Event-ID"],
    ["?after=0", "Last-Event-ID beside after=0"],
    [`?after=${second ?? 0}`, "Last-Event-ID beside a newer after"],
  ] as const) {
    const header = String(first ?? 1);
    const opened = await openStream(trial, query, { "Last-Event-ID": header });
    await opened.until((text) => text.includes('"missed"'));
    const texts = opened
      .events()
      .filter(({ type }) => type === "message")
      .map(({ data }) => /"(seen|missed)"/.exec(data)?.[1]);
    const show = [`GET /subscribe${query}  Last-Event-ID: ${header}`, `← ${shortened(opened.text(), 300)}`];
    if (!texts.includes("missed"))
      broken(
        `a stream that came back with Last-Event-ID: ${header}${query === "" ? "" : ` (and ${query.slice(1)})`} was not sent what it had missed`,
        `다시 연결한 스트림에 놓친 메시지가 오지 않았습니다 (Last-Event-ID: ${header}${query === "" ? "" : `, ${query.slice(1)}`})`,
        show,
      );
    if (texts.includes("seen"))
      broken(
        `${what}: ${header} was sent message ${header} again`,
        `Last-Event-ID: ${header}에 메시지 ${header}번이 다시 왔습니다`,
        show,
      );
  }
  const { status } = await openStream(trial, "", { "Last-Event-ID": "x" });
  if (status !== 400)
    broken(
      `Last-Event-ID: x was answered with ${status}, not with 400`,
      `Last-Event-ID: x에 400이 아니라 ${withRo(`${status}`)} 응답했습니다`,
    );
}
