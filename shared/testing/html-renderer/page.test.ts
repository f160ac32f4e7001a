import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { CHAPTER_NAMES, commandOf, neighboursOf } from "../../html-renderer/chapters.ts";
import { contentSecurityPolicy, PAGE_FILES, type PageOptions, renderPage } from "../../html-renderer/page.ts";
import { LANGUAGES } from "../../html-renderer/words.ts";

const polling: PageOptions = { chapter: "ch09-polling", language: "en", version: "1", settings: {} };
// A script is served as compiled, from dist/, which mirrors the sources; a style is served as it is.
const sourceOf = (path: string) => new URL(`../../../${path.replace(/\.js$/, ".ts")}`, import.meta.url);

test("the page says its language, its chapter and its settings", () => {
  const page = renderPage({ ...polling, language: "ko", settings: { "poll-interval": 1000 } });
  expect(page).toContain(
    '<html lang="ko" data-poll-interval="1000" data-chapter="ch09-polling" data-version="1">',
  );
  expect(page).toContain("<h1>폴링</h1>");
  expect(page).toContain("<code>GET /poll?after=ID</code>");
  expect(page).toContain('<script type="module" src="/ch09-polling/client.js"></script>');
});

test("whatever is put into the page stays text", () => {
  const page = renderPage({ ...polling, version: `"><script>alert('&')</script>`, settings: { name: '"' } });
  expect(page).toContain('data-version="&#34;&#62;&#60;script&#62;alert(&#39;&#38;&#39;)&#60;/script&#62;"');
  expect(page).toContain('data-name="&#34;"');
});

test("a setting whose name would be more than one attribute is refused", () => {
  for (const name of ["a b", "onClick", "a=", "", "-a", "a>"]) {
    expect(() => renderPage({ ...polling, settings: { [name]: 1 } })).toThrow(RangeError);
  }
});

test.each(CHAPTER_NAMES)(
  "%s names its neighbours and holds neither script nor style, in each language",
  (chapter) => {
    for (const language of LANGUAGES) {
      const page = renderPage({ ...polling, chapter, language });
      expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|undefined|\[object/i);
      expect(page.match(/<script/g)).toHaveLength(1);
      const { before, after } = neighboursOf(chapter);
      const commands = [before, after].filter((name) => name !== undefined).map(commandOf);
      expect(page.match(/npm run ch\d\d/g)).toEqual(commands);
    }
  },
);

test("the policy allows nothing inline, nothing from elsewhere, and no frame", () => {
  expect(contentSecurityPolicy([])).toMatch(/^default-src 'none'; .*; frame-ancestors 'none'$/);
  expect(contentSecurityPolicy([])).not.toMatch(/unsafe|\*|https?:/);
});

test("each of the page's files is there, and each module that is imported is one of them", () => {
  const clients = CHAPTER_NAMES.map((name) => `${name}/client.js`).filter((path) =>
    existsSync(sourceOf(path)),
  );
  for (const path of [...PAGE_FILES, ...clients]) {
    // `import type` is erased, and so is never asked for.
    const imports = readFileSync(sourceOf(path), "utf8").matchAll(
      /^import (?!type\b).* from "(\..*)\.ts";$/gm,
    );
    for (const [, relative = ""] of imports) {
      expect(PAGE_FILES).toContain(`${posix.join(posix.dirname(path), relative)}.js`);
    }
  }
});
