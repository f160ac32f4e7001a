// Who does all at once but reads, and a disk that hangs: neither is a reason to cut anybody off, or to hang.
import { connect } from "node:net";
import { expect, test } from "vitest";
import { ask, requestOf } from "../ask.ts";
import { startChapter } from "../chapter-process.ts";
import { logOf } from "../promises.ts";
import { rawConnection } from "../raw.ts";

test("a client that pipelines and reads may have as much as it likes on one connection", async () => {
  const { port } = await startChapter("ch09-polling", {
    args: ["--store", logOf(100, () => "x".repeat(2_000))],
  });
  const request = (line: string) => requestOf(port, line, { headers: { Connection: undefined } });
  const { socket, until } = rawConnection(port);
  let received = 0;
  for (const [line, count, rounds] of [
    ["GET /poll?after=0", 2, 7], // Of 200 kB each: in all 2.8 MB, of which one at a time waits its turn.
    ["GET /nowhere", 50, 7], // In all 350, of which 49 at a time wait their turn.
  ] as const) {
    socket.write(request(line));
    const one = (await until((text) => text.length > received && /[\]}]$/.test(text))).length - received;
    received += one;
    for (let round = 0; round < rounds; round += 1) {
      socket.write(Buffer.concat(Array(count).fill(request(line))));
      received += count * one;
      await until((text) => text.length >= received);
    }
  }
});

test("a disk that hangs does not hold up a stop: the chapter ends all the same, with 0", async () => {
  const running = await startChapter("ch09-polling", { probe: true, args: ["--store", logOf(0)] });
  await running.probe("hold the next flush");
  const lost = rawConnection(
    running.port,
    requestOf(running.port, "POST /update", {
      headers: { "Content-Type": "application/json" },
      body: '{"text":"not kept yet"}',
    }),
  );
  await running.probe("until it is held");
  expect((await ask(running.port, "GET /")).status).toBe(200);
  const exit = running.stop();
  while (await takesConnections(running.port)); // Until the signal has arrived.
  // The clock is the test's: at 1.8 s the chapter gives the disk up, and answers no question any more.
  await Promise.race([exit, running.probe(1_800)]);
  expect(await exit).toMatchObject({ code: 0, signal: null });
  expect(lost.received(), "nobody is told that it was kept").toBe("");
});

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false)).on("connect", () => resolve(true));
    socket.on("connect", () => socket.destroy());
  });
}
