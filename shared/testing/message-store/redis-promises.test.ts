// The promises of all four chapters once more, on a log that several machines may share.
import { test } from "vitest";
import { openStore } from "../../message-store/open-store.ts";
import { CHAPTERS } from "../chapter-process.ts";
import { keepsPromises, times } from "../promises.ts";
import { hasRedis, sharedRedis } from "../redis.ts";

const redis = await sharedRedis(hasRedis());

/** Adds messages; fifty at a time are kept together. */
async function write(spec: string, texts: readonly string[]): Promise<void> {
  const store = await openStore(spec);
  for (let start = 0; start < texts.length; start += 50) {
    await Promise.all(texts.slice(start, start + 50).map((text) => store.append({ author: "bob", text })));
  }
  await store.close();
}

if (redis) {
  const { spec } = redis;
  for (const chapter of CHAPTERS) {
    keepsPromises(chapter, {
      anyLog: () => spec(),
      newLog: () => spec(),
      async logOf(count, textOf = (id) => `message ${id}`) {
        const log = spec();
        await write(
          log,
          times(count, (index) => textOf(index + 1)),
        );
        return log;
      },
      writtenByAnother: (log, ...texts) => write(log, texts),
      canBeHeld: false,
    });
  }
} else test.skip("the promises of all four chapters on Redis", () => {});
