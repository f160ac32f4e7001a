import { describe, expect, test } from "vitest";
import { refuse } from "../../http/answer.ts";
import { admit, type Names, PAGE_METHODS } from "../../http/request.ts";
import { type Answer, ask, expectRefusal, serve } from "../ask.ts";
import { CHAPTERS, sharedChapter } from "../chapter-process.ts";

/** The path of each chapter's receiving. */
const DATA = { "ch09-polling": "/poll", "ch10-long-polling": "/longpoll", "ch11-sse": "/subscribe" } as const;

const PATHS = new Map([
  ["/", PAGE_METHODS],
  ["/data", ["GET"]],
  ["/update", ["POST", "PUT"]],
]);

/** A server in this process that answers with the path that was let in. */
function serveAdmitted(names: Names = { host: "127.0.0.1", allowHosts: [] }): Promise<number> {
  return serve(
    async (request, response) => {
      try {
        response.end(await admit(request, response, { ...names, paths: PATHS }));
      } catch (error) {
        refuse(response, error);
      }
    },
    { joinDuplicateHeaders: true },
  );
}

const HOST = /--allow-host NAME/;
const ORIGIN = /another origin/;

describe("a Host", () => {
  const any = { host: "0.0.0.0", allowHosts: [] };
  const any6 = { host: "::", allowHosts: [] };
  const one = { host: "192.168.0.7", allowHosts: [] };
  const one6 = { host: "FD00::7", allowHosts: [] };
  const named = { host: "127.0.0.1", allowHosts: ["Chat.Example", "fd00::8", "10.0.0.1"] };
  const plain = { host: "127.0.0.1", allowHosts: [] };

  test.each<[string, Names]>([
    ["localhost", plain],
    ["localhost:3000", plain],
    ["localhost:", plain],
    ["LocalHost:65535", plain],
    ["127.0.0.1", plain],
    ["127.0.0.1:1", plain],
    ["[::1]", plain],
    ["[::1]:3000", plain],
    ["localhost", one],
    ["[::1]", any],
    ["192.168.0.7", one],
    ["192.168.0.7:3000", one],
    ["[fd00::7]:3000", one6],
    ["[FD00::7]", one6],
    ["10.1.2.3", any],
    ["10.1.2.3:3000", any6],
    ["0.0.0.0:3000", any],
    ["[fe80::1]:3000", any],
    ["[::]", any6],
    ["chat.example", named],
    ["CHAT.example:443", named],
    ["[fd00::8]", named],
    ["10.0.0.1", named],
    ["localhost", named],
  ])("%s is ours under %o", async (host, names) => {
    const answer = await ask(await serveAdmitted(names), "GET /", { headers: { Host: host } });
    expect([answer.status, answer.body]).toEqual([200, "/"]);
  });

  test.each<[string, Names]>([
    ["", plain],
    [":3000", plain],
    ["evil.example", plain],
    ["evil.example", any],
    ["evil.example:3000", named],
    ["localhost.", plain],
    ["localhost.evil.example", plain],
    ["evil.localhost", plain],
    ["xlocalhost", plain],
    ["localhostx", plain],
    ["localhost:80x", plain],
    ["localhost:80:80", plain],
    ["localhost/", plain],
    ["user@localhost", plain],
    ["localhost, evil.example", plain],
    ["127.0.0.2", plain],
    ["127.1", plain],
    ["127.0.0.1.evil.example", any],
    ["x127.0.0.1", any],
    ["0.0.0.0", plain],
    ["::1", plain],
    ["[::1", plain],
    ["[::1]x", plain],
    ["x[::1]", plain],
    ["[[::1]]", plain],
    ["[localhost]", plain],
    ["[]", any],
    ["[0:0:0:0:0:0:0:1]", plain],
    ["10.1.2.3", plain],
    ["192.168.0.8", one],
    ["10.1.2.3", one],
    ["10.1.2.3", one6],
    ["192.168.0.7", plain],
    ["fd00::7", one6],
    ["chat.example", plain],
    ["chat.example.", named],
    ["www.chat.example", named],
  ])("%s is not ours under %o", async (host, names) => {
    const answer = await ask(await serveAdmitted(names), "GET /", { headers: { Host: host } });
    expect(expectRefusal(answer, 403)).toMatch(HOST);
  });

  test("that is missing is not ours: HTTP/1.0 allows it, HTTP/1.1 does not", async () => {
    const port = await serveAdmitted();
    expectRefusal(await ask(port, "GET / HTTP/1.0", { headers: { Host: undefined } }), 403);
    expect(await ask(port, "GET / HTTP/1.0")).toMatchObject({ status: 200, body: "/" });
    expect((await ask(port, "GET /", { headers: { Host: undefined } })).status).toBe(400);
  });

  test("in an absolute target takes the place of the header", async () => {
    const port = await serveAdmitted();
    for (const target of [
      "http://localhost",
      "http://localhost/",
      "HTTP://LOCALHOST:1/?x",
      "https://[::1]/",
    ]) {
      const { status, body } = await ask(port, `GET ${target}`, { headers: { Host: "evil.example" } });
      expect([target, status, body]).toEqual([target, 200, "/"]);
    }
    for (const target of [
      "http://evil.example/",
      "http://evil.example",
      "http://localhost@evil.example/",
      "http:///",
    ]) {
      expectRefusal(await ask(port, `GET ${target}`), 403);
    }
    expect((await ask(port, "GET http://localhost/data?/")).body).toBe("/data");
    expectRefusal(await ask(port, "GET http://localhost/http://localhost/data"), 404);
    expectRefusal(await ask(port, "GET /http://localhost/data"), 404);
  });
});

describe("an Origin", () => {
  const foreign = (port: number) => [
    "http://evil.example",
    "http://localhost:1",
    "http://localhost",
    `http://127.0.0.1:${port}`,
    "https://evil.example",
    "https://localhost:1",
    "https://localhost",
    `wss://localhost:${port}`,
    "null",
    "",
    `http://localhost:${port}.evil.example`,
    `http://localhost:${port}/`,
    `http://localhost:${port}\r\nOrigin: http://evil.example`,
  ];

  test("that is another may not send or receive, but may link to the page", async () => {
    const port = await serveAdmitted();
    for (const origin of foreign(port)) {
      const headers = { Origin: origin };
      for (const line of ["GET /data", "POST /update", "PUT /update"]) {
        expect(expectRefusal(await ask(port, line, { headers }), 403)).toMatch(ORIGIN);
      }
      expect((await ask(port, "GET /", { headers })).status).toBe(200);
      expect((await ask(port, "HEAD /", { headers })).status).toBe(200);
    }
  });

  test("that is ours may, http or https, in any case, by whichever of our names the request came", async () => {
    const port = await serveAdmitted({ host: "127.0.0.1", allowHosts: ["chat.example"] });
    for (const host of [`localhost:${port}`, "localhost", "[::1]:80", "127.0.0.1:3000", "chat.example"]) {
      // A proxy in front may end TLS: then our own page is at https, and the Host is ours all the same.
      const own = [`http://${host}`, `HTTP://${host.toUpperCase()}`, `https://${host}`];
      for (const origin of own) {
        for (const line of ["GET /data", "POST /update", "GET /"]) {
          const { status } = await ask(port, line, { headers: { Host: host, Origin: origin } });
          expect([host, origin, line, status]).toEqual([host, origin, line, 200]);
        }
      }
    }
    expect(
      (await ask(port, "POST /update", { headers: { Host: "LOCALHOST", Origin: "http://localhost" } }))
        .status,
    ).toBe(200);
  });

  test("that is not sent, as by an image, leaves Sec-Fetch-Site: another site may not send or receive", async () => {
    const port = await serveAdmitted();
    for (const [site, status] of [
      ["same-origin", 200],
      ["none", 200],
      ["same-site", 403],
      ["cross-site", 403],
      ["", 403],
      ["none, cross-site", 403],
    ] as const) {
      const headers = { "Sec-Fetch-Site": site };
      for (const line of ["GET /data", "POST /update"]) {
        const answer = await ask(port, line, { headers });
        expect([site, line, answer.status]).toEqual([site, line, status]);
        if (status === 403) expect(expectRefusal(answer, 403)).toMatch(ORIGIN);
      }
      expect((await ask(port, "GET /", { headers })).status).toBe(200);
    }
  });

  test("is compared with the host of an absolute target, not with the header", async () => {
    const port = await serveAdmitted();
    const headers = { Host: "evil.example", Origin: "http://evil.example" };
    expectRefusal(await ask(port, "GET http://localhost/data", { headers }), 403);
    const own = { Host: "evil.example", Origin: "http://localhost" };
    expect((await ask(port, "GET http://localhost/data", { headers: own })).status).toBe(200);
  });
});

describe("a path", () => {
  test("that is not there is 404, and one that is says which methods it knows where it is asked with another", async () => {
    const port = await serveAdmitted();
    for (const [path, allow] of [...PATHS, ["/nowhere"], ["/data/"], ["//"], ["/Data"]] as const) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"]) {
        if (allow?.includes(method)) continue;
        const answer = await ask(port, `${method} ${path}`);
        expect([method, path, answer.headers.get("allow")]).toEqual([method, path, allow?.join(", ")]);
        if (method === "HEAD") expect(answer).toMatchObject({ status: allow ? 405 : 404, body: "" });
        else expectRefusal(answer, allow ? 405 : 404);
      }
    }
  });
});

describe.each(CHAPTERS)("%s", (name) => {
  const chapter = sharedChapter(name, {
    args: ["--allow-host", "chat.example", "--allow-host", "two.example"],
  });
  const data = name === "ch12-websocket" ? undefined : DATA[name];
  const json = { "Content-Type": "application/json" };

  test("is known by each name that --allow-host gives", async () => {
    for (const host of ["chat.example", "two.example", "127.0.0.1", `[::1]:${chapter().port}`]) {
      expect((await ask(chapter().port, "GET /", { headers: { Host: host } })).status).toBe(200);
    }
  });

  test("refuses two Host headers, whatever they say", async () => {
    const { port } = chapter();
    for (const hosts of ["localhost\r\nHost: evil.example", "localhost\r\nHost: localhost"]) {
      expectRefusal(await ask(port, "GET /", { headers: { Host: hosts } }), 403);
    }
  });

  // Each request is broken in all the ways that come later, too.
  test("checks Host, path, method, Origin, content type, size and content in this order", async () => {
    const { port } = chapter();
    const large = `{${"x".repeat(20_000)}`;
    const foreign = { Origin: "null" };
    const steps: [number, string, Record<string, string>, string][] = [
      [403, "DELETE /nowhere", { Host: "evil.example", ...foreign }, large],
      [404, "DELETE /nowhere", foreign, large],
      [405, "DELETE /", foreign, large],
    ];
    if (data) {
      steps.push(
        [405, "DELETE /update", foreign, large],
        [403, "POST /update", foreign, large],
        [415, "POST /update", {}, large],
        [413, "POST /update", json, large],
        [400, "POST /update", json, "{"],
        [405, `POST ${data}?after=x`, foreign, large],
        [403, `GET ${data}?after=x`, foreign, ""],
        [400, `GET ${data}?after=x`, {}, ""],
      );
    }
    for (const [status, line, headers, body] of steps) {
      const answer: Answer = await ask(port, line, { headers, body });
      expect([line, answer.status]).toEqual([line, status]);
      expectRefusal(answer, status);
    }
  });
});
