// Makes the README's picture from a real conversation: `npx tsc -b ch09-polling shared/testing`, then
// `node dist/shared/testing/browsers/screenshot.js`. A lossless PNG packer makes the file a quarter smaller.
import { join } from "node:path";
import { startChapter } from "../spawn.ts";
import { openPage } from "./chat-page.ts";
import { launchBrowser } from "./engines.ts";

const ROOT = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../.." : "../../../..");
const PICTURE = join(ROOT, "shared/html-renderer/page.png");

const { url, stop } = await startChapter("ch09-polling", { onStarted: (kill) => process.once("exit", kill) });
const browsers = await Promise.all([launchBrowser("Chromium"), launchBrowser("Firefox")]);
const [ann, jimin] = await Promise.all(browsers.map((browser) => openPage(browser, url)));
if (!ann || !jimin) throw new Error("two browsers, two pages");
await ann.tab.setViewport({ width: 1280, height: 800, deviceScaleFactor: 1.25 });
await ann.callMe("Ann");
await jimin.callMe("지민");

const talk = [
  [jimin, "안녕하세요! 저는 Firefox에서 들어왔어요. 👋"],
  [ann, "Hello! Chromium here, and I can see you."],
  [ann, "Does my browser really ask once a second?"],
  [jimin, "네, 개발자 도구의 네트워크 탭을 열어 보세요. 대부분의 답은 204, 새 소식이 없다는 뜻이에요."],
  [ann, "204, 204, 204 … ah, a 200! That was you."],
  [jimin, "다음 장에서는 서버가 소식이 생길 때까지 기다렸다가 답해요."],
  [ann, "그럼 npm run ch10! 🎉"],
] as const;
for (const [index, [page, text]] of talk.entries()) {
  await page.say(text);
  const shown = talk.slice(0, index + 1).map(([, each]) => each);
  await Promise.all([ann.shows(shown), jimin.shows(shown)]);
}
await ann.isSettled();
await ann.tab.screenshot({ path: PICTURE });
console.log(PICTURE);

await Promise.all(browsers.map((browser) => browser.close()));
await stop();
