import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { openBreaks } from "../../html-renderer/browser/breaks.ts";
import { WORDS } from "../../html-renderer/words.ts";

/** As much of a page's element as the buttons need. */
class Part extends EventTarget {
  textContent = "";
}

const ids = ["broken", "break-drop", "break-offline", "break-repeat"] as const;
let page: Record<(typeof ids)[number], Part>;
const press = (id: (typeof ids)[number]) => page[id].dispatchEvent(new Event("click"));

beforeEach(() => {
  page = {
    broken: new Part(),
    "break-drop": new Part(),
    "break-offline": new Part(),
    "break-repeat": new Part(),
  };
  vi.useFakeTimers();
  vi.stubGlobal("HTMLElement", Part);
  vi.stubGlobal("HTMLButtonElement", Part);
  vi.stubGlobal("document", {
    documentElement: { lang: "en" },
    getElementById: (id: (typeof ids)[number]) => page[id],
  });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  openBreaks({ drop() {}, repeat: () => true });
});

test("what is said while the page is offline goes with the five seconds, counted from the last press", async () => {
  press("break-offline");
  await vi.advanceTimersByTimeAsync(3_000);
  press("break-offline");
  await vi.advanceTimersByTimeAsync(4_999);
  expect(page.broken.textContent).toBe(WORDS.offlineFor.en(5));
  await vi.advanceTimersByTimeAsync(1);
  expect(page.broken.textContent).toBe("");
});

test("what another button has said since stays", async () => {
  press("break-offline");
  press("break-repeat");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.broken.textContent).toBe(WORDS.repeated.en);
});
