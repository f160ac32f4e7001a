import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore } from "../../message-store/open-store.ts";

test("a log in memory is its own, and keeps nothing", async () => {
  const one = await openStore("memory:");
  const { message } = await one.append({ text: "a", key: "k" });
  const other = await openStore("memory:");
  expect(other.newest).toBe(0);
  expect(await other.append({ text: "b", key: "k" })).toMatchObject({
    message: { id: 1, text: "b" },
    added: true,
  });
  await one.refresh();
  expect(await one.after(0)).toEqual([message]);
});

test("one key at once is one message even where the batch ends between the two", async () => {
  const store = await openStore("memory:");
  const kept = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      store.append({ text: "x".repeat(2_000), key: `k${index % 99}` }),
    ),
  );
  expect(store.newest).toBe(99);
  expect(kept.filter(({ added }) => !added)).toEqual([{ message: kept[0]?.message, added: false }]);
});

test("what comes in turn after turn of the event loop is heard together, and the next silence ends it", async () => {
  const store = await openStore("memory:");
  const heard: string[][] = [];
  store.subscribe((messages) => heard.push(messages.map(({ text }) => text)));
  const appends: Promise<unknown>[] = [];
  for (const text of ["a", "b", "c"]) {
    appends.push(store.append({ text }));
    await nextTurn();
  }
  await Promise.all(appends);
  await store.append({ text: "d" });
  expect(heard).toEqual([["a", "b", "c"], ["d"]]);
});

test("who sends without end does not keep the others from being heard", async () => {
  const store = await openStore("memory:");
  let heard = 0;
  store.subscribe((messages) => {
    heard += messages.length;
  });
  let sent = 0;
  while (heard === 0 && sent < 1_000) {
    void store.append({ text: "more" });
    sent += 1;
    await nextTurn();
  }
  expect(heard).toBeGreaterThan(0);
  await store.close();
});
