// Time in a transcript, "(25 seconds later)". Nobody waits for it: the chapter runs on a clock that is moved.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Only a guard against hanging, in milliseconds: a request that does not come is waited for this long. */
const GUARD = 20_000;

/** What `node` is given, before the script, so that a chapter's clock can be moved; and it needs an "ipc" channel. */
export function clockFlags(root: string): string {
  return `--disable-warning=ExperimentalWarning --import '${join(root, "dist/shared/testing/probe.js")}' `;
}

/**
 * Lets time pass for a chapter that holds a request, or a stream.
 *
 * @throws Error nobody is connected, or the chapter answers, or sends, before that time
 */
export async function passTime(chapter: ChildProcess, seconds: number): Promise<void> {
  const guard = AbortSignal.timeout(GUARD);
  // Programs in terminals start in their own time. What was read is with the chapter in the same turn.
  while (Number((await output(chapter))["read"]) === 0) {
    if (guard.aborted) throw new Error("no request came: what should be later?");
    await setTimeout(10);
  }
  const before = stateOf(await output(chapter));
  await ask(chapter, seconds * 1_000 - 1);
  if (stateOf(await output(chapter)) !== before) throw new Error(`it was sooner than ${seconds} s`);
  await ask(chapter, 1);
}

/** What is written to those who are connected, and how many they are: who was answered may be gone at once. */
function stateOf({ open, written }: Record<string, unknown>): string {
  return `${open} ${written}`;
}

async function output(chapter: ChildProcess): Promise<Record<string, unknown>> {
  return Object(await ask(chapter, "output"));
}

/** One question to `shared/testing/probe.ts`; a number moves the clock by so many milliseconds. */
async function ask(chapter: ChildProcess, question: unknown): Promise<unknown> {
  if (!chapter.connected)
    throw new Error("a chapter with another clock starts in the transcript that moves it");
  chapter.send({ question });
  const [message] = await once(chapter, "message");
  return Object(message).answer;
}
