// One round of chaos: a chapter, a bad network in front of it, and those who chat through it all the same.
import { rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Draft, Message } from "../../message-store/message.ts";
import { type ChatClient, openClient } from "../../tools/clients/clients.ts";
import { faultsOf } from "../../tools/flaky/faults.ts";
import { openProxy, type TcpProxy } from "../../tools/flaky/proxy.ts";
import { type ChapterFolder, startChapter } from "../spawn.ts";
import { CLIENTS, FAULTS, MESSAGES, planOf, SENDERS } from "./plan.ts";

/**
 * How long it may take, when the network is well again, until everyone has everything, in milliseconds: a guard
 * against hanging, for it takes one second. It is shorter than a hold of chapter 10, which would hide a lost wake-up.
 */
const PATIENCE = 20_000;

/** What was survived. */
export interface Report {
  readonly faults: number;
  readonly messages: number;
  /** Receivers and senders: all of them hold all messages. */
  readonly clients: number;
  /** Connections that the proxy let in; with none of them cut it would be one or two a client. */
  readonly connections: number;
  readonly refused: number;
}

/** How far a round has come. */
export interface Progress {
  /** How many faults there were, and the last of them. */
  readonly faults: number;
  readonly fault: string;
  readonly answered: number;
}

/**
 * Runs one round. The faults, their order, their pauses and who sends when follow from the seed; how far the bytes have
 * come when a fault strikes does not.
 *
 * @throws Error a message was lost, doubled, out of order or not the one that was sent, somebody waits in vain, or the
 *   server complained: what, and the command that repeats it
 */
export async function storm(
  chapter: ChapterFolder,
  seed: number,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "chaos-"));
  const file = join(folder, "chat.ndjson");
  const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
  const cleanUp = () => {
    for (const step of cleanUps.splice(0).reverse()) step();
  };
  process.once("exit", cleanUp); // Ctrl-C leaves nothing behind either.
  try {
    const onStarted = (kill: () => void) => cleanUps.push(kill);
    const server = await startChapter(chapter, { args: ["--store", `file:${file}`], onStarted });
    const proxy = await openProxy({ to: server.port });
    cleanUps.push(() => void proxy.close());
    // Nothing rests on a client's own patience: were a connection forgotten, it should be seen.
    const options = { after: 0, interval: 50, patience: 10 * PATIENCE };
    const clients = Array.from({ length: CLIENTS + SENDERS }, () =>
      openClient(chapter, `http://localhost:${proxy.port}`, options),
    );
    cleanUps.push(() => clients.forEach((client) => void client.stop()));

    const died = server.exit.then(({ code, stderr }) => {
      throw new Error(`the server ended with ${code}: ${stderr}`);
    });
    const answers = await Promise.race([died, converse(clients, proxy, seed, onProgress)]);
    died.catch(() => {}); // From here on it is to end.

    const log = await logIn(file);
    const inOrder = answers.toSorted((one, other) => one.id - other.id);
    compare("What the senders were answered", inOrder, log);
    for (const [index, { messages }] of clients.entries()) {
      compare(`What client ${index + 1} received`, messages, log);
    }
    for (const client of clients) client.stop();
    const { code, stderr } = await server.stop();
    if (code !== 0 || stderr !== "") throw new Error(`the server ended with ${code}: ${stderr}`);
    const { accepted, refused } = proxy.counts;
    return { faults: FAULTS, messages: MESSAGES, clients: clients.length, connections: accepted, refused };
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    const again = commandFor(chapter, seed);
    throw new Error(`${chapter}, seed ${seed}: ${why}\nAgain: ${again}`, { cause: error });
  } finally {
    process.off("exit", cleanUp);
    cleanUp();
  }
}

/**
 * Lets the first of the clients send while the network is bad, and all of them receive until nothing is missing.
 *
 * @returns the answers to what was sent
 */
async function converse(
  clients: readonly ChatClient[],
  proxy: TcpProxy,
  seed: number,
  onProgress: (progress: Progress) => void,
): Promise<readonly Message[]> {
  const sent: Promise<Message>[] = [];
  let answered = 0;
  const answerTo = async (draft: Draft, sender: ChatClient | undefined) => {
    const message = await sender?.send(draft);
    if (message?.text !== draft.text || message.author !== draft.author) {
      throw new Error(`${JSON.stringify(draft)} was answered with ${JSON.stringify(message)}`);
    }
    answered += 1;
    return message;
  };
  const send = (sender: number) => {
    const draft = { author: `sender ${sender + 1}`, text: `메시지 ${sent.length + 1}` };
    const answer = answerTo(draft, clients[sender]);
    answer.catch(() => {}); // It is asked for below.
    sent.push(answer);
  };
  const whyNot = () => `${sent.length - answered} of ${sent.length} messages were not answered`;

  const faults = faultsOf(proxy);
  const steps = planOf(seed);
  for (const [index, { fault, senders, pause }] of steps.entries()) {
    for (const earlier of steps.slice(0, index)) if (earlier.until === index) faults.end(earlier.fault);
    faults.begin(fault);
    for (const sender of senders) send(sender);
    onProgress({ faults: index + 1, fault: fault.name, answered });
    await sleep(pause);
  }
  proxy.heal();
  await within(PATIENCE, Promise.all(sent), whyNot);
  send(0); // What came twice, or late, has come before this one.
  const answers = await within(PATIENCE, Promise.all(sent), whyNot);
  const complete = clients.map((client) => client.until((all) => all.length >= answers.length));
  await within(PATIENCE, Promise.all(complete), () =>
    vain(clients.filter(({ messages }) => messages.length < answers.length)),
  );
  return answers;
}

/** @returns the command that runs this round alone */
function commandFor(chapter: ChapterFolder, seed: number): string {
  return `npm run chaos -- --chapter ${Number(chapter.slice(2, 4))} --seed ${seed} --minutes 0`;
}

/** Waits for a promise, but not for ever. */
export async function within<Value>(ms: number, promise: Promise<Value>, why: () => string): Promise<Value> {
  const over = new AbortController();
  const giveUp = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${why()} ${ms / 1_000} s after all was well again`);
  });
  try {
    return await Promise.race([promise, giveUp]);
  } finally {
    over.abort();
    giveUp.catch(() => {});
  }
}

function vain(clients: readonly ChatClient[]): string {
  const [first] = clients;
  const problem = first?.problem instanceof Error ? `, its last problem: ${first.problem.message}` : "";
  return `${clients.length} of the clients waited in vain (one at cursor ${first?.cursor}${problem})`;
}

/** The messages in a log file, each with the number of its line as its id. */
async function logIn(file: string): Promise<Message[]> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line, index) => {
    const { author, text, timestamp, key } = JSON.parse(line);
    return { id: index + 1, author, text, timestamp, key };
  });
}

/** @throws Error at the first message that is not as in the log */
export function compare(what: string, messages: readonly Message[], log: readonly Message[]): void {
  const length = Math.max(messages.length, log.length);
  for (let index = 0; index < length; index += 1) {
    const [found, expected] = [JSON.stringify(messages[index]), JSON.stringify(log[index])];
    if (found !== expected)
      throw new Error(`${what} is not the log: ${found} at ${index + 1}, not ${expected}`);
  }
}
