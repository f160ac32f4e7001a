// A process of its own, for the tests of several on one file: `node writer.child.js PATH COUNT AT-ONCE KEY`.
// It says `ready`, waits for a line on standard input, appends COUNT messages, and says each once it is
// answered, as JSON; then waits for the end of standard input, and says all messages it holds.
import { once } from "node:events";
import { writeSync } from "node:fs";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";

const [path = "", count = "1", atOnce = "1", key = "key-"] = process.argv.slice(2);
const store = await openStore(`file:${path}`);
say("ready");
const ended = once(process.stdin, "end");
await once(process.stdin, "data");

let next = 0;
await Promise.all(Array.from({ length: Number(atOnce) }, appendOnAndOn));
await ended; // The test ends it when it knows that every process is done.
await store.refresh();
const sequence: Message[] = [];
while (sequence.length < store.newest) sequence.push(...(await store.after(sequence.length)));
say(`sequence ${JSON.stringify(sequence)}`);
await store.close();

async function appendOnAndOn(): Promise<void> {
  while (next < Number(count)) {
    next += 1;
    const draft = { text: `안녕 👋 ${next}`, key: `${key}${next}` };
    const { message, added } = await store.append(draft);
    say(JSON.stringify({ ...message, added }));
  }
}

// Synchronous: a line that was said must not be lost with the process.
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
