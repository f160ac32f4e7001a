// A browser's console as a terminal: what is typed is run in the page, what the page logs is printed.
import { createInterface } from "node:readline";
import { launch } from "puppeteer-core";
import { findBrowser, missingBrowsers } from "../browsers/engines.ts";

const executablePath = findBrowser("Chromium");
if (executablePath === undefined) throw new Error(missingBrowsers().join(" "));
// By a pipe, so that a browser whose console is killed ends too.
const browser = await launch({
  executablePath,
  pipe: true,
  args: ["--no-first-run", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});
const [tab] = await browser.pages();
await tab?.goto(process.argv[2] ?? "http://localhost:3000");
const session = await tab?.createCDPSession();
session?.on("Runtime.consoleAPICalled", ({ args }) => {
  console.log(args.map(({ value, description }) => String(value ?? description)).join(" "));
});
await session?.send("Runtime.enable");
for await (const expression of createInterface(process.stdin)) {
  // As the developer tools do it: a `const` may be declared again.
  const ran = await session?.send("Runtime.evaluate", { expression, replMode: true, userGesture: true });
  const thrown = ran?.exceptionDetails?.exception?.description?.split("\n")[0];
  if (thrown !== undefined) console.log(`Uncaught ${thrown}`);
}
await browser.close();
