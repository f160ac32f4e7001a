import { expect, test } from "vitest";
import { measured } from "../../tools/proof/figures.ts";
import { anySeed } from "../../tools/random.ts";
import { CHAPTERS, runTool } from "../chapter-process.ts";
import { planOf } from "./plan.ts";
import { storm } from "./storm.ts";

const seed = Number(process.env["CHAOS_SEED"] || anySeed());
console.log(`chaos: seed ${seed} (CHAOS_SEED=${seed} repeats it)`);

for (const chapter of CHAPTERS) {
  test(`${chapter}: whatever the network does, in the end everyone has all messages, once, in order`, async () => {
    const report = await storm(chapter, seed);
    expect(report).toMatchObject({ faults: 40, messages: 60, clients: 35 });
    expect(report.connections).toBeGreaterThan(report.clients); // They were cut off, and came back.
    measured("chaos: faults survived", report.faults);
    measured("chaos: connections through the bad network", report.connections);
    measured("chaos: messages received, each once and in order", report.messages * report.clients);
  });
}

test("a seed repeats the faults, the pauses and the senders; another one has its own", () => {
  const told = (seed: number) => JSON.stringify(planOf(seed));
  expect(told(7)).toBe(told(7));
  expect(told(8)).not.toBe(told(7));
});

test("each kind of fault strikes, and every message is sent", () => {
  const steps = [1, 2, 3].flatMap(planOf);
  const kinds = new Set(steps.map(({ fault }) => fault.name.replace(/\d+/, "…")));
  expect([...kinds].sort()).toEqual([
    "all connections cut",
    "delayed by … ms",
    "every write in single bytes",
    "half-closed downstream",
    "half-closed upstream",
    "new connections refused",
    "stalled downstream",
    "stalled upstream",
  ]);
  expect(steps.flatMap(({ senders }) => senders).length).toBe(3 * 60);
});

test("the command runs the rounds of a seed, sums them up, and exits with 0", async () => {
  const { code, stdout, stderr } = await runTool(
    "testing/chaos/chaos.js",
    "--chapter",
    "11",
    "--seed",
    "42",
    "--minutes",
    "0",
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toEqual([
    "chaos  seed 42",
    expect.stringMatching(/^ch11-sse {2}seed 42 {2}35 clients, \d+ connections: all well$/),
    expect.stringMatching(
      /^chaos {2}1 round in \d+ s: 40 faults, 60 messages, .*: nothing lost, nothing twice, all in order$/,
    ),
  ]);
});
