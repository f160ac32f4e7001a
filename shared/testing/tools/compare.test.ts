import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Message } from "../../message-store/message.ts";
import { frameOf } from "../../tools/clients/frames.ts";
import { openGroup } from "../../tools/compare/load-client.ts";
import type { Group } from "../../tools/compare/observed.ts";
import { renderReport, renderText } from "../../tools/compare/report.ts";
import type { Results } from "../../tools/compare/run.ts";
import { BURST, SCHEDULES, scheduleOf, streamOf } from "../../tools/compare/schedule.ts";
import type { TechniqueName } from "../../tools/compare/techniques.ts";
import { runTool, temporaryFolder } from "../chapter-process.ts";

const compare = (...args: readonly string[]) => runTool("tools/compare/compare.js", ...args);

describe("a schedule", () => {
  test.each(SCHEDULES)("of %s is the same for the same seed, and another for another", (name) => {
    expect(scheduleOf(name, 8, 7)).toEqual(scheduleOf(name, 8, 7));
    if (name !== "silence") expect(scheduleOf(name, 8, 7)).not.toEqual(scheduleOf(name, 8, 8));
  });

  test("says nothing in silence, all at one moment in a burst, and else one message after the other", () => {
    expect(scheduleOf("silence", 8, 1)).toEqual([]);
    const burst = scheduleOf("burst", 8, 1);
    expect(burst).toHaveLength(BURST);
    expect(new Set(burst.map(({ at }) => at)).size).toBe(1);
    const times = streamOf(10, 8, 1).map(({ at }) => at);
    expect(times).toHaveLength(80);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(8_000);
  });
});

/** What a server does to its second message for each client: the first and the third are as they should be. */
type Fault = (second: Buffer, third: Buffer, heartbeat: Buffer) => readonly Buffer[];

const chunkOf = (event: string) => Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);

const WIRES = {
  "floor events": {
    head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    bytesOf: (json: string) => chunkOf(`data: ${json}\n\n`),
    heartbeat: chunkOf("event: heartbeat\ndata:\n\n"),
  },
  "floor socket": {
    head: "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    bytesOf: (json: string) => frameOf(json, { mask: undefined }),
    heartbeat: frameOf('{"heartbeat": 15000}', { mask: undefined }),
  },
} as const satisfies Partial<Record<TechniqueName, object>>;

/** A server that sends three messages to all, not all of them right. @param change what it makes of a message's text */
async function faultyServer(
  technique: keyof typeof WIRES,
  clients: number,
  fault: Fault,
  change = (text: string) => text,
): Promise<Group> {
  const { head, bytesOf, heartbeat } = WIRES[technique];
  const sent: Buffer[] = [];
  const server = createServer((socket) => {
    let isSender = false;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const text = bytes.toString();
      isSender = text.startsWith("SEND");
      if (!isSender) {
        socket.write(head);
        return;
      }
      const draft: Omit<Message, "id"> = JSON.parse(text.slice(4));
      sent.push(bytesOf(JSON.stringify({ ...draft, id: sent.length + 1, text: change(draft.text) })));
      socket.write("\n");
      const [first, second, third] = sent;
      if (!first || !second || !third) return;
      for (const client of receivers)
        client.write(Buffer.concat([first, ...fault(second, third, heartbeat)]));
    });
    receivers.add(socket);
    socket.once("data", () => isSender && receivers.delete(socket));
  });
  const receivers = new Set<Socket>();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const group = await openGroup({ technique, port, clients, patience: 500 });
  onTestFinished(() => {
    group.close();
    server.close();
  });
  return group;
}

const THREE = ["하나", "둘", "셋"].map((text) => ({ at: 0, text }));

describe.each(["floor events", "floor socket"] as const)(
  "the load client, as a client of the %s,",
  (technique) => {
    test.each<[string, Fault, object]>([
      ["finds no fault where there is none", (b, c) => [b, c], { delivered: 6 }],
      [
        "counts no heartbeat as a message",
        (b, c, heartbeat) => [heartbeat, b, heartbeat, c],
        { delivered: 6 },
      ],
      ["counts a message that is lost in the middle", (_b, c) => [c], { delivered: 4, lost: 2 }],
      ["counts a message that is lost at the end", (b) => [b], { delivered: 4, lost: 2 }],
      ["counts a message that comes twice", (b, c) => [b, b, c], { delivered: 6, doubled: 2 }],
      ["counts messages that change their places", (b, c) => [c, b], { delivered: 6, disordered: 2 }],
    ])("%s", async (_promise, fault, expected) => {
      const group = await faultyServer(technique, 2, fault);
      const { delivered, lost, doubled, disordered, altered } = await group.play(THREE, 0);
      expect({ delivered, lost, doubled, disordered, altered }).toEqual({
        lost: 0,
        doubled: 0,
        disordered: 0,
        altered: 0,
        ...expected,
      });
    });

    test("counts a message whose text was changed on its way", async () => {
      const group = await faultyServer(
        technique,
        2,
        (b, c) => [b, c],
        (text) => text.replace("둘", "두"),
      );
      expect(await group.play(THREE, 0)).toMatchObject({ delivered: 6, altered: 2, lost: 0 });
    });
  },
);

const EMPTY: Results = {
  made: "2024-07-10T00:00:00.000Z",
  machine: { cpu: "a <processor>", cores: 2, memory: 2 ** 34, node: "v20" },
  options: { chapters: [], clients: 5, seconds: 1, seed: 1, sweep: [] },
  rows: [],
  memory: {},
  intervals: [],
  rates: [],
  growth: [],
  findings: [],
  scale: [],
};

describe("npm run compare", () => {
  test("drives all chapters to the end with nothing lost or doubled, and reports in JSON, in text, and in HTML", async () => {
    const file = join(temporaryFolder(), "report.html");
    const small = ["--clients", "5", "--seconds", "1"];
    const { stdout, stderr } = await compare(...small, "--json", "--report", file);
    const results: Results = JSON.parse(stdout);
    expect(stderr).toMatch(/100 % {2}done\n$/);
    for (const chapter of ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"]) {
      const rows = results.rows.filter((row) => row.chapter === chapter);
      expect(new Set(rows.map(({ schedule }) => schedule))).toEqual(new Set(["opening", ...SCHEDULES]));
      for (const row of rows) {
        expect(row).toMatchObject({ lost: 0, doubled: 0, disordered: 0, altered: 0 });
        expect(row.delivered).toBe(row.sent * row.clients);
        expect(row.delay.count).toBe(row.delivered);
      }
    }
    // What the notes say of each: who asks pays a request, who is told pays none; a frame's head is a few bytes.
    const burst = (chapter: string) =>
      results.rows.find((row) => row.chapter === chapter && row.schedule === "burst");
    expect(burst("ch11-sse")).toMatchObject({ requests: BURST });
    expect(burst("ch12-websocket")).toMatchObject({ requests: 0, connections: 0 });
    expect(burst("ch12-websocket")?.up.headers).toBeLessThan(BURST * 9);
    expect(renderText(results)).toMatch(/^burst +ch12-websocket .*\b0 +\d+ %$/m);

    const html = await readFile(file, "utf8");
    // Self-contained: no address but the names of XML's own vocabularies.
    expect(html.match(/https?:\/\/(?!www\.w3\.org\/)|\ssrc=|<link|@import|url\((?!#)/g)).toBeNull();
    expect(html.match(/<svg[^>]*class="plot/g)?.length).toBeGreaterThanOrEqual(8);
    expect(html).toContain("폴링 간격과 지연");
    expect(html).toContain("Delay against the poll interval");
  }, 180_000); // A guard against hanging: four chapters under load on a slow machine.

  test("a report of nothing is still a page in both languages, and shows no markup of the machine's", () => {
    const html = renderReport(EMPTY);
    expect(html).toMatch(/<main data-language="ko" lang="ko">.*서버가 브라우저에/s);
    expect(html).toMatch(/<main data-language="en" lang="en">.*How a server reaches a browser/s);
    expect(html).toContain("a &lt;processor&gt;");
  });

  test("of the goals, a report says how many are met, and where a chapter is not ahead of its rival", () => {
    const finding = { goal: "fan-out", floor: undefined, clients: 1_000, least: 1, most: 1, own: 1 } as const;
    const chapter = { ...finding, subject: "ch11-sse", value: 1.3, bound: 1.35, met: true } as const;
    const rival = { ...finding, subject: "better-sse", value: 2, bound: undefined, met: undefined } as const;
    const throughput = { goal: "deliveries, memory", clients: 100 } as const;
    const text = renderText({ ...EMPTY, findings: [chapter, rival] });
    expect(text).toContain("1 of 1 goals are met.\nThe chapters are ahead of every rival in every column.");
    const findings = [
      { ...chapter, value: 2.5, met: false },
      rival,
      { ...chapter, ...throughput, value: 3, bound: 3 }, // Here more is better.
      { ...rival, ...throughput, value: 0.6 },
    ];
    expect(renderText({ ...EMPTY, findings })).toContain(
      "1 of 2 goals are met.\nNot ahead of its rival: fan-out, ch11-sse, 1000.",
    );
  });

  test.each([
    [["--clients", "none"], "--clients must be a whole number from 1 to"],
    [["--chapters", "ch13"], "There is no chapter"],
    [["--colour"], "Unknown option"],
  ])("says what is wrong with %j, and ends with 2", async (args, sentence) => {
    const { code, stderr } = await compare(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});
