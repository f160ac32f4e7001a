// `npm run chaos`: rounds of chaos, one after the other, for as long as one likes.

import { type Flag, type Flags, fail, helpOf, readFlags, statusLine } from "../../tools/command.ts";
import { anySeed, MAX_SEED } from "../../tools/random.ts";
import { CHAPTERS, type ChapterFolder } from "../spawn.ts";
import { scaleStorm } from "./scale-storm.ts";
import { storm } from "./storm.ts";

const FLAGS = {
  chapter: { value: "NUMBER", help: "9, 10, 11 or 12 (all of them, in turn)" },
  seed: { value: "NUMBER", help: "of the first round; each round counts on by one (a random one)" },
  minutes: { value: "NUMBER", help: "for how long (1; 0 runs one round)" },
  scale: { help: "instead: two servers of each chapter behind nginx, with one log on Redis" },
  help: { help: "this text" },
} satisfies Record<string, Flag>;

interface Options {
  readonly isScale: boolean;
  readonly chapters: readonly ChapterFolder[];
  readonly seed: number;
  readonly minutes: number;
}

function optionsOf(flags: Flags): Options {
  const number = flags.number("chapter", 9, 12);
  const minutes = flags.number("minutes", 0, 10_000) ?? 1;
  return {
    isScale: flags.has("scale"),
    chapters: CHAPTERS.filter((name) => number === undefined || Number(name.slice(2, 4)) === number),
    seed: flags.number("seed", 0, MAX_SEED) ?? anySeed(),
    minutes,
  };
}

/** Runs until the time is up, or until something is lost. */
async function run({ chapters, seed, minutes }: Options): Promise<void> {
  const line = statusLine(process.stdout);
  const total = { rounds: 0, faults: 0, messages: 0, connections: 0, refused: 0 };
  const start = performance.now();
  const secondsGone = () => Math.round((performance.now() - start) / 1_000);
  const summary = () => {
    const { rounds, faults, messages, connections, refused } = total;
    const time = `${rounds === 1 ? "1 round" : `${rounds} rounds`} in ${secondsGone()} s`;
    return `chaos  ${time}: ${faults} faults, ${messages} messages, ${connections} connections, ${refused} refused`;
  };
  process.on("SIGINT", () => {
    line.say(`${summary()}; ended early`);
    process.exit(130); // 128 and the signal's number: the time was not up.
  });
  line.say(`chaos  seed ${seed}`);
  for (let round = 0; round === 0 || secondsGone() < 60 * minutes; round += 1) {
    const ofRound = (seed + round) % (MAX_SEED + 1);
    for (const chapter of chapters) {
      try {
        const report = await storm(chapter, ofRound, ({ faults, fault, answered }) => {
          line.show(`${chapter}  seed ${ofRound}  ${answered} messages answered  fault ${faults}: ${fault}`);
        });
        total.rounds += 1;
        total.faults += report.faults;
        total.messages += report.messages;
        total.connections += report.connections;
        total.refused += report.refused;
        line.say(
          `${chapter}  seed ${ofRound}  ${report.clients} clients, ${report.connections} connections: all well`,
        );
      } catch (error) {
        line.say(summary());
        throw error;
      }
    }
  }
  line.say(`${summary()}: nothing lost, nothing twice, all in order`);
}

/** Kills Redis and servers for the whole time, which is one round. */
async function runScale({ seed, minutes }: Options): Promise<void> {
  const line = statusLine(process.stdout);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  line.say(`chaos  seed ${seed}`);
  const seconds = Math.max(10, 60 * minutes);
  const report = await scaleStorm(seconds, seed, (text) => line.show(text));
  const { redisKills, serverKills, clients, senders, messages, delay } = report;
  line.say(
    `chaos  ${seconds} s: Redis killed ${redisKills} times, a server ${serverKills} times; ` +
      `${clients} clients, ${senders} of them send; an answer took ${delay.p50} ms (p50), ${delay.p99} ms (p99), ${delay.max} ms (max)`,
  );
  line.say(
    `chaos  ${messages} messages were answered, ${messages * clients} received: nothing lost, nothing twice, all in one order`,
  );
}

try {
  const flags = readFlags(FLAGS, process.argv.slice(2));
  if (flags.has("help"))
    console.log(helpOf("chaos: a storm of faults for the chapters; flags, after --", FLAGS));
  else {
    const options = optionsOf(flags);
    await (options.isScale ? runScale(options) : run(options));
  }
} catch (error) {
  fail("chaos", error);
}
