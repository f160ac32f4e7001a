import { expect, test } from "vitest";
import { openStore } from "./index.ts";

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
  expect(one.after(0)).toEqual([message]);
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
