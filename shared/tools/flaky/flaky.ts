// `npm run flaky`: a bad network in front of a chapter, for whoever wants to see what becomes of the chat.
import { type Flag, type Flags, fail, helpOf, readFlags, statusLine } from "../command.ts";
import { anySeed, between, MAX_SEED, type Random, seeded } from "../random.ts";
import {
  cut,
  delay,
  drawDirection,
  drawFault,
  type Fault,
  faultsOf,
  halfClose,
  refuse,
  split,
  stall,
} from "./faults.ts";
import { openProxy, type ProxyOptions, type TcpProxy } from "./proxy.ts";

/** How long a fault lasts that was asked for every so many seconds, in seconds. */
const LASTS = 3;
/** In the schedule for which no fault was asked: how long it is calm, how long a fault lasts, in seconds. */
const CALM = [4, 8] as const;
const TROUBLE = [2, 5] as const;
const MAX_LATENCY = 1_000;
/** How often the status line is renewed, in milliseconds. */
const RENEWED = 250;

const FLAGS = {
  to: { value: "NUMBER", help: "the port of the chapter (3000)" },
  port: { value: "NUMBER", help: "the port to open in the browser instead (3100; 0 takes a free one)" },
  cut: { value: "SECONDS", help: "reset all connections every so many seconds" },
  refuse: { value: "SECONDS", help: `refuse new connections every so many seconds, for ${LASTS} s` },
  stall: { value: "SECONDS", help: `let nothing through in one direction, as often, for ${LASTS} s` },
  "half-close": { value: "SECONDS", help: "end one direction of all connections every so many seconds" },
  delay: { value: "MS", help: "delay everything, in each direction, all the time" },
  split: { help: "send every byte by itself, all the time" },
  seed: { value: "NUMBER", help: "repeat what chance chose when this seed was printed" },
  help: { help: "this text; without any fault, one is drawn every few seconds" },
} satisfies Record<string, Flag>;

/** What to do: at most one of `every` and of each kind; where all is empty, draw. */
interface Plan {
  readonly proxy: ProxyOptions & { readonly port: number };
  readonly seed: number;
  readonly always: readonly Fault[];
  readonly every: readonly { readonly seconds: number; readonly fault: (random: Random) => Fault }[];
}

function planOf(flags: Flags): Plan {
  const kinds: Record<string, (random: Random) => Fault> = {
    cut: () => cut,
    refuse: () => refuse,
    stall: (random) => stall(drawDirection(random)),
    "half-close": (random) => halfClose(drawDirection(random)),
  };
  const latency = flags.number("delay", 1, 60_000);
  return {
    proxy: { to: flags.number("to", 1, 65_535) ?? 3000, port: flags.number("port", 0, 65_535) ?? 3100 },
    seed: flags.number("seed", 0, MAX_SEED) ?? anySeed(),
    always: [...(latency === undefined ? [] : [delay(latency)]), ...(flags.has("split") ? [split] : [])],
    every: Object.entries(kinds).flatMap(([name, fault]) => {
      const seconds = flags.number(name, 1, 86_400);
      return seconds === undefined ? [] : [{ seconds, fault }];
    }),
  };
}

async function open(options: Plan["proxy"]): Promise<TcpProxy> {
  try {
    return await openProxy(options);
  } catch (error) {
    const code = Object(error).code;
    const { port } = options;
    if (code === "EADDRINUSE") {
      throw new Error(
        `Port ${port} is in use: take another one with -- --port ${Math.min(port + 1, 65_535)}.`,
      );
    }
    if (code === "EACCES") throw new Error(`Port ${port} may not be used by this user: take one above 1023.`);
    throw error;
  }
}

function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${Math.round(count / 1_000)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

async function run({ proxy: options, seed, always, every }: Plan): Promise<void> {
  const proxy = await open(options);
  const random = seeded(seed);
  const line = statusLine(process.stdout);
  const say = (text: string) => line.say(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
  const faults = faultsOf(proxy);
  const ends = new Map<Fault, number>();

  const strike = (fault: Fault, seconds: number) => {
    faults.begin(fault);
    say(fault.end ? `${fault.name}, for ${seconds} s` : fault.name);
    if (!fault.end) return;
    ends.set(fault, performance.now() + seconds * 1_000);
    setTimeout(() => {
      faults.end(fault);
      say(`${fault.name}: over`);
    }, seconds * 1_000);
  };
  const draw = () => {
    const seconds = between(random, ...TROUBLE);
    strike(drawFault(random, MAX_LATENCY), seconds);
    setTimeout(draw, (seconds + between(random, ...CALM)) * 1_000);
  };

  line.say(`flaky  http://localhost:${proxy.port}  in front of port ${options.to}, seed ${seed}`);
  for (const fault of always) {
    faults.begin(fault);
    say(`${fault.name}, all the time`);
  }
  for (const { seconds, fault } of every) setInterval(() => strike(fault(random), LASTS), seconds * 1_000);
  if (always.length + every.length === 0) setTimeout(draw, between(random, ...CALM) * 1_000);

  let unreachable = 0;
  setInterval(() => {
    const { counts, connections } = proxy;
    if (counts.unreachable > unreachable) {
      say(
        `nothing listens on port ${options.to}: start a chapter, as in npm run ch09, or name its port with --to`,
      );
    }
    unreachable = counts.unreachable;
    const now = performance.now();
    const left = (fault: Fault) => {
      const end = ends.get(fault);
      return end === undefined ? fault.name : `${fault.name} (${Math.ceil((end - now) / 1_000)} s)`;
    };
    const state = faults.lasting.map(left).join(", ") || "calm";
    const traffic = `${bytes(counts.upstream)} up, ${bytes(counts.downstream)} down`;
    line.show(`${connections} open, ${counts.refused} refused  ${traffic}  ${state}`);
  }, RENEWED);

  const stop = () => {
    line.end();
    process.exit(0); // The kernel closes what is open.
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

try {
  const flags = readFlags(FLAGS, process.argv.slice(2));
  if (flags.has("help"))
    console.log(helpOf("flaky: a bad network in front of a chapter; flags, after --", FLAGS));
  else await run(planOf(flags));
} catch (error) {
  fail("flaky", error);
}
