import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { post } from "../../html-renderer/browser/post.ts";

const draft = { text: "안녕", key: "k1" };
const message = { id: 1, author: "anonymous", text: "안녕", timestamp: 0, key: "k1" };
const answer = (status: number, body: unknown) => async () => Response.json(body, { status });
const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.stubGlobal("fetch", fetched.mockReset());
  vi.stubGlobal(
    "document",
    Object.assign(new EventTarget(), { documentElement: { lang: "en" }, hidden: false }),
  );
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("CloseEvent", class {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.unstubAllGlobals());

test("a draft without an answer is sent once more, the same to the letter", async () => {
  fetched.mockRejectedValueOnce(new TypeError("socket hang up")).mockImplementationOnce(answer(200, message));
  expect(await post(draft)).toEqual(message);
  const bodies = fetched.mock.calls.map(([, init]) => init?.body);
  expect(bodies).toEqual([JSON.stringify(draft), JSON.stringify(draft)]);
});

test("two tries without an answer end with a sentence", async () => {
  fetched.mockRejectedValue(new TypeError("Failed to fetch"));
  await expect(post(draft)).rejects.toThrow("No answer from the server.");
  expect(fetched).toHaveBeenCalledTimes(2);
});

test("a 5xx is tried once more, then told", async () => {
  fetched.mockImplementation(answer(503, { error: "The disk is full." }));
  await expect(post(draft)).rejects.toThrow("The server answered with an error (503). The disk is full.");
  expect(fetched).toHaveBeenCalledTimes(2);
});

test("a 4xx is not tried again and says what the server says", async () => {
  fetched.mockImplementation(answer(400, { error: "Write something." }));
  await expect(post(draft)).rejects.toThrow(/^Write something\.$/);
  expect(fetched).toHaveBeenCalledTimes(1);
});
