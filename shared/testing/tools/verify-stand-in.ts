// Stands in for `verify` where its verdict is not the subject: it starts the server as `verify` does, asks it once, and
// finds a promise broken, or kept. Its command line and its JSON are those of `verify`. With HANG=PORT it comes to no end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const flag = { type: "boolean" } as const;
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { json: flag, first: flag, only: text, lang: text, technique: text, start: text },
});
const free = createServer().listen(0, "127.0.0.1");
await once(free, "listening");
const address = free.address();
const port = typeof address === "object" && address ? address.port : 0;
free.close();
await once(free, "close");

const command = (values.start ?? "").replace("{port}", String(port)).replace("{store}", "memory:");
const server = spawn(command, { shell: true, stdio: ["ignore", "pipe", "inherit"] });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    server.kill("SIGKILL");
    process.exit(1);
  });
}
await once(createInterface(server.stdout), "line");
const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"text": "안녕"}' };
const url = `http://127.0.0.1:${port}`;
for (let turn = 0; turn < 2; turn += 1) await fetch(`${url}/update`, post);
const path = values.technique === "long-polling" ? "/longpoll" : "/poll";
const answer = await fetch(`${url}${path}?after=0`);
const seen = answer.status === 200 ? JSON.parse(await answer.text()).length : answer.status;
const kept = seen === 2;
const title = values.lang === "ko" ? "모두가 모든 메시지를 받습니다" : "every client sees every message";
const section = "ch09-polling/README.md#reading-messages";
const finding = {
  promise: "every-message-once",
  title,
  kept,
  why: [],
  section,
  ...(!kept && { seen: `${seen} of 2` }),
};
console.log(JSON.stringify({ promise: "opens", title: "the page opens", kept: true, why: [], section }));
console.log(JSON.stringify(finding));
if (process.env["HANG"]) {
  // Tells a test that it hangs, and where its server is; its end closes this connection.
  connect(Number(process.env["HANG"]), "127.0.0.1").write(`${port}\n`);
  await new Promise(() => {});
}
console.log(JSON.stringify({ summary: { kept: kept ? 2 : 1, broken: kept ? 0 : 1, untried: 0 } }));
server.kill("SIGKILL");
process.exit(kept ? 0 : 1);
