import { readFileSync, statSync } from "node:fs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { contentSecurityPolicy, PAGE_FILES } from "../../html-renderer/page.ts";
import { refuse } from "../../http/answer.ts";
import { type Page, pagePaths, servePage } from "../../http/page.ts";
import { admit } from "../../http/request.ts";
import { MemoryStore } from "../../message-store/memory-store.ts";
import { ask, expectRefusal, serve } from "../ask.ts";
import { CHAPTERS, sharedChapter } from "../chapter-process.ts";

// Called through, but where a test says otherwise.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readFileSync: vi.fn(fs.readFileSync), statSync: vi.fn(fs.statSync) };
});

const STYLE = "/shared/html-renderer/style.css";

/** A server of nothing but a page, in this process. */
function servePageOnly(page: Page): Promise<number> {
  const site = { paths: new Map(pagePaths(page.name)), host: "", allowHosts: [] };
  return serve(async (request, response) => {
    try {
      await servePage(request, response, await admit(request, response, site), page);
    } catch (error) {
      refuse(response, error);
    }
  });
}

describe("the page", () => {
  const polling: Page = {
    name: "ch09-polling",
    settings: { "poll-interval": 250 },
    allowFrames: [],
    log: new MemoryStore(),
  };

  test("is HTML in UTF-8 that may load its own files and nothing else", async () => {
    const { status, headers, body } = await ask(await servePageOnly(polling), "GET /");
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toEqual({
      "cache-control": "no-cache",
      "chat-state": expect.stringMatching(/^[\w-]{16} {2}0$/),
      connection: "close",
      "content-language": "en",
      "content-length": String(Buffer.byteLength(body)),
      "content-security-policy": contentSecurityPolicy([]),
      "content-type": "text/html; charset=utf-8",
      date: expect.any(String),
      etag: expect.stringMatching(/^"[\w-]{16}"$/),
      "referrer-policy": "no-referrer",
      vary: "Accept-Language",
      "x-content-type-options": "nosniff",
    });
    expect(body).toMatch(
      /^<!doctype html>\n<html lang="en" data-poll-interval="250" data-log="" data-newest="0" data-chapter="ch09-polling" /,
    );
  });

  test("says which log it shows and what is the newest message, in itself and in a header", async () => {
    const log = new MemoryStore();
    const port = await servePageOnly({ ...polling, log });
    const state = async () => {
      const { headers, body } = await ask(port, "GET /");
      const [, key, newest] = /data-log="(.*?)" data-newest="(.*?)"/.exec(body) ?? [];
      const header = headers.get("chat-state") ?? "";
      const version = /data-version="(.*?)"/.exec(body)?.[1];
      expect(header).toBe(`${version} ${key} ${newest}`);
      expect((await ask(port, "HEAD /")).headers.get("chat-state")).toBe(header);
      return { key, newest };
    };
    expect(await state()).toEqual({ key: "", newest: "0" });
    await log.append({ text: "안녕", key: "the-first" });
    await log.append({ text: "하나 더", key: "the-second" });
    expect(await state()).toEqual({ key: "the-first", newest: "2" });
  });

  test("speaks the language that is asked for: ?lang= before Accept-Language", async () => {
    const port = await servePageOnly(polling);
    const korean = { "Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8" };
    const etags = new Set();
    for (const [target, headers, language] of [
      ["/", {}, "en"],
      ["/", korean, "ko"],
      ["/?lang=ko", {}, "ko"],
      ["/?lang=en", korean, "en"],
      ["/?lang=xx", korean, "ko"],
      ["/?a=b&lang=ko&lang=en", {}, "ko"],
      ["/?a=?&lang=ko", {}, "ko"],
    ] as const) {
      const answer = await ask(port, `GET ${target}`, { headers });
      expect([target, answer.headers.get("content-language")]).toEqual([target, language]);
      expect(answer.body).toContain(`<html lang="${language}"`);
      etags.add(answer.headers.get("etag"));
    }
    expect(etags.size, "a page in each language").toBe(2);
  });

  test("carries one version in all languages, and another where its files differ", async () => {
    const version = async (page: Page, target: string) => {
      const { body } = await ask(await servePageOnly(page), `GET ${target}`);
      return /data-version="([\w-]{16})"/.exec(body)?.[1];
    };
    const english = await version(polling, "/");
    expect(english).toBeDefined();
    expect(await version(polling, "/?lang=ko")).toBe(english);
    expect(await version({ ...polling, name: "ch12-websocket" }, "/")).not.toBe(english);
  });

  test("and its files are opened once, and again when one has changed: then the page's version changes too", async () => {
    const port = await servePageOnly(polling);
    const [page, style] = [await ask(port, "GET /"), await ask(port, `GET ${STYLE}`)];
    vi.mocked(readFileSync).mockClear();
    expect((await ask(port, `GET ${STYLE}`)).body).toBe(style.body);
    expect((await ask(port, "GET /")).body).toBe(page.body);
    expect(readFileSync).not.toHaveBeenCalled();

    const { statSync: stat } = await vi.importActual<typeof import("node:fs")>("node:fs");
    const isStyle = (name: unknown) => String(name).endsWith("style.css");
    vi.mocked(statSync).mockImplementation((name) =>
      Object.assign(stat(name), isStyle(name) && { mtimeMs: 1 }),
    );
    vi.mocked(readFileSync).mockImplementationOnce(() => Buffer.from("/* new */"));
    onTestFinished(() => void vi.mocked(statSync).mockImplementation(stat));
    const changed = await ask(port, `GET ${STYLE}`);
    expect(changed.body).toBe("/* new */");
    expect(changed.headers.get("etag")).not.toBe(style.headers.get("etag"));
    const version = (body: string) => /data-version="([^"]+)"/.exec(body)?.[1];
    expect(version((await ask(port, "GET /")).body)).not.toBe(version(page.body));
    expect(readFileSync).toHaveBeenCalledTimes(1);
  });

  test("and its files are not sent again to a browser that has them", async () => {
    const port = await servePageOnly(polling);
    for (const path of ["/", STYLE, "/ch09-polling/client.js"]) {
      const fresh = await ask(port, `GET ${path}`);
      const etag = fresh.headers.get("etag") ?? "";
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag} , "more"`, "*"]) {
        for (const method of ["GET", "HEAD"]) {
          const again = await ask(port, `${method} ${path}`, { headers: { "If-None-Match": known } });
          expect([path, known, again.status, again.body]).toEqual([path, known, 304, ""]);
          for (const name of ["etag", "cache-control", "vary", "content-language"]) {
            expect(again.headers.get(name)).toBe(fresh.headers.get(name));
          }
        }
      }
      for (const other of [
        '"other"',
        etag.replaceAll('"', ""),
        `"W/${etag.slice(1)}`,
        "",
        `${etag.slice(0, -2)}"`,
      ]) {
        const again = await ask(port, `GET ${path}`, { headers: { "If-None-Match": other } });
        expect([path, other, again.status, again.body]).toEqual([path, other, 200, fresh.body]);
      }
    }
  });
});

describe.each(CHAPTERS)("the page of %s", (name) => {
  const chapter = sharedChapter(name);
  const files = [`/${name}/client.js`, ...PAGE_FILES.map((path) => `/${path}`)];
  const notes = [`/${name}/README.md`, `/${name}/README.ko.md`];
  const type = (path: string) =>
    path.endsWith(".md") ? "plain" : path.endsWith(".css") ? "css" : "javascript";

  test("is itself and its files, each with an ETag, each asked for anew", async () => {
    for (const path of [...files, ...notes]) {
      const { status, headers, body } = await ask(chapter().port, `GET ${path}?v=1`);
      expect([path, status]).toEqual([path, 200]);
      expect(body).not.toBe("");
      expect(Object.fromEntries(headers)).toEqual({
        "cache-control": "no-cache",
        connection: "close",
        "content-length": String(Buffer.byteLength(body)),
        "content-type": `text/${type(path)}; charset=utf-8`,
        date: expect.any(String),
        etag: expect.stringMatching(/^"[\w-]{16}"$/),
        "x-content-type-options": "nosniff",
      });
    }
  });

  test("is below 80 kB in either language, with all that it needs", async () => {
    const sizeOf = async (path: string) => Buffer.byteLength((await ask(chapter().port, `GET ${path}`)).body);
    const ofFiles = await Promise.all(files.map(sizeOf));
    for (const language of ["en", "ko"]) {
      const total = ofFiles.reduce((sum, size) => sum + size, await sizeOf(`/?lang=${language}`));
      expect(total).toBeLessThan(80_000);
    }
  });

  test("names nothing that is not there", async () => {
    const { body } = await ask(chapter().port, "GET /");
    const named = [...body.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path);
    expect(named.sort()).toEqual([...files, `/${name}/README.md`].sort());
  });

  test("answers HEAD as GET, without the body", async () => {
    for (const path of ["/", "/?lang=ko", ...files, ...notes]) {
      const [get, head] = [
        await ask(chapter().port, `GET ${path}`),
        await ask(chapter().port, `HEAD ${path}`),
      ];
      expect(head.body).toBe("");
      expect(head.status).toBe(200);
      const without = ([field]: [string, string]) => field !== "date";
      expect([...head.headers].filter(without)).toEqual([...get.headers].filter(without));
    }
  });

  test.each([
    ...CHAPTERS.filter((each) => each !== name).map((each) => [
      `the script of ${each}`,
      `/${each}/client.js`,
    ]),
    ["the server's own script", `/${name}/server.js`],
    ["a source", `/${name}/client.ts`],
    ["the log", "/.data/chat.ndjson"],
    ["a folder above", "/../package.json"],
    ["a folder above in percent", "/%2e%2e/package.json"],
    ["a folder above in percent twice", "/%252e%252e/package.json"],
    ["a slash in percent", "/..%2fpackage.json"],
    ["backslashes", "/..\\package.json"],
    ["the file system's root", "//etc/passwd"],
    ["a letter in percent", STYLE.replace("s", "%73")],
    ["NUL in percent", `${STYLE}%00.js`],
    ["an absolute target", "http://localhost/../package.json"],
    ["an absolute target of a file", "file:///etc/passwd"],
    ["the asterisk", "*"],
    ["a property of every object", "/__proto__"],
  ])("reads nothing else: %s", async (_, target) => {
    expectRefusal(await ask(chapter().port, `GET ${target}`), 404);
  });

  test("reads nothing where the target is none: Node's own parser refuses it", async () => {
    for (const target of [`${STYLE}\0.js`, "package.json"]) {
      const { status, body } = await ask(chapter().port, `GET ${target}`);
      expect([target, status, body]).toEqual([target, 400, ""]);
    }
    expect((await ask(chapter().port, "GET /")).status).toBe(200);
  });
});
