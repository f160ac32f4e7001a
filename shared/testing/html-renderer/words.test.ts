import { expect, test } from "vitest";
import { type Language, pickLanguage } from "../../html-renderer/words.ts";

const table: [search: string | null, acceptLanguage: string | undefined, picked: Language][] = [
  [null, undefined, "en"],
  [null, "", "en"],
  [null, "ko", "ko"],
  [null, "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"],
  [null, "en-US,en;q=0.9,ko;q=0.8", "en"],
  [null, "en;q=0.5, KO;q=0.6", "ko"],
  [null, "ko;q=0.1 , fr", "ko"],
  [null, "fr, de;q=0.5", "en"],
  [null, "ko, en", "ko"],
  [null, "en, ko", "en"],
  [null, "ko;q=0", "en"],
  [null, "ko;q=0, *;q=0.5", "en"],
  [null, "en;q=0, *", "ko"],
  [null, "*", "en"],
  [null, "en;q=0.2, *;q=0.8", "ko"],
  [null, "ko;q=2, ;;, ko;q=x, -ko", "en"],
  [null, "kok, korean", "en"],
  ["ko", "en", "ko"],
  ["EN", "ko", "en"],
  ["fr", "ko", "ko"],
  ["", "ko", "ko"],
  ["<b>", undefined, "en"],
];

test.each(table)("?lang=%s and Accept-Language: %s: %s", (search, acceptLanguage, picked) => {
  expect(pickLanguage(search, acceptLanguage)).toBe(picked);
});
