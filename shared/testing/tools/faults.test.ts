import { expect, test } from "vitest";
import { statusLine } from "../../tools/command.ts";
import { cut, delay, faultsOf, refuse, stall } from "../../tools/flaky/faults.ts";
import type { TcpProxy } from "../../tools/flaky/proxy.ts";
import { between, oneOf, seeded } from "../../tools/random.ts";

/** A proxy that only writes down what it is told. */
function notebook() {
  const told: string[] = [];
  const note =
    (name: string) =>
    (...args: readonly unknown[]) =>
      void told.push([name, ...args].join(" "));
  const proxy: TcpProxy = {
    port: 0,
    connections: 0,
    counts: { accepted: 0, refused: 0, unreachable: 0, upstream: 0, downstream: 0 },
    cutAll: note("cutAll"),
    refuse: note("refuse"),
    accept: note("accept"),
    delay: note("delay"),
    stall: note("stall"),
    resume: note("resume"),
    splitBytes: note("splitBytes"),
    halfClose: note("halfClose"),
    heal: note("heal"),
    close: async () => {},
  };
  return { proxy, told };
}

test("where two faults of a kind overlap, the network is well when the later one is over", () => {
  const { proxy, told } = notebook();
  const faults = faultsOf(proxy);
  const [short, long] = [delay(10), delay(99)];
  faults.begin(long);
  faults.begin(short);
  faults.end(short);
  expect(told).toEqual(["delay 99", "delay 10", "delay 0", "delay 99"]);
  faults.end(long);
  expect(told.at(-1)).toBe("delay 0");
  expect(faults.lasting).toEqual([]);
});

test("a fault that is begun twice is over when it was ended twice", () => {
  const { proxy, told } = notebook();
  const faults = faultsOf(proxy);
  for (const step of ["begin", "begin", "end", "end"] as const) faults[step](refuse);
  expect(told).toEqual(["refuse", "refuse", "accept", "refuse", "accept"]);
});

test("the end of one fault leaves the others, and what is over in a moment has no end", () => {
  const { proxy, told } = notebook();
  const faults = faultsOf(proxy);
  const upstream = stall("upstream");
  faults.begin(upstream);
  faults.begin(cut);
  faults.begin(stall("downstream"));
  faults.end(upstream);
  faults.end(cut);
  expect(told.slice(3)).toEqual(["resume upstream", "stall downstream"]);
  expect(faults.lasting.map(({ name }) => name)).toEqual(["stalled downstream"]);
});

test("the same seed gives the same numbers: Mulberry32, as published", () => {
  const random = seeded(1);
  expect([random(), random(), random()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ]);
});

test("between includes both bounds, and oneOf each choice", () => {
  expect([between(() => 0, 3, 5), between(() => 0.999_999, 3, 5)]).toEqual([3, 5]);
  expect([0, 0.4, 0.999_999].map((number) => oneOf(() => number, "a", "b", "c"))).toEqual(["a", "b", "c"]);
});

test("on a terminal the status stays on one line, no wider than the terminal; elsewhere it is left out", () => {
  const write = (isTTY: boolean) => {
    let written = "";
    const out = {
      isTTY,
      columns: 11,
      write(text: string) {
        written += text;
        return true;
      },
    };
    const line = statusLine(out);
    line.say("begins");
    line.show("1 open, calm, and more");
    line.show("2 open");
    line.say("cut");
    line.show("0 open");
    line.end();
    return written;
  };
  expect(write(true)).toBe("begins\n\r1 open, ca\x1b[K\r2 open\x1b[K\rcut\x1b[K\n\r0 open\x1b[K\n");
  expect(write(false)).toBe("begins\ncut\n");
});
