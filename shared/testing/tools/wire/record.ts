// Makes the recordings for the notes' pictures from real conversations in Chromium: `npm run build`, then
// `node dist/shared/testing/tools/wire/record.js`, and `npm run wire:pictures`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watchLive } from "../../../tools/wire/live.ts";
import { openPage } from "../../browsers/chat-page.ts";
import { launchBrowser } from "../../browsers/engines.ts";
import { CHAPTERS, startChapter } from "../../spawn.ts";

const ROOT = join(
  import.meta.dirname,
  import.meta.filename.endsWith(".ts") ? "../../../.." : "../../../../..",
);
const FOLDER = join(ROOT, "shared/tools/wire/recordings");

/** Lets the conversation be as long as a real one: the pauses are what is to be seen. */
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

mkdirSync(FOLDER, { recursive: true });
const browser = await launchBrowser("Chromium");
for (const name of CHAPTERS) {
  const chapter = await startChapter(name, { onStarted: (kill) => process.on("exit", kill) });
  // The page is loaded twice, so that its files are in the browser's cache and not in the recording.
  const first = await watchLive({ sources: [{ to: chapter.port, port: 0 }], viewer: 0 });
  const [port = 0] = first.recorder.ports;
  const page = await openPage(browser, `http://localhost:${port}`);
  await page.is("connected");
  await first.close();
  const live = await watchLive({ sources: [{ to: chapter.port, port }], viewer: 0 });
  await page.tab.reload();
  await page.is("connected");
  live.recorder.clear();
  await pause(2.5);
  await page.say("안녕하세요!");
  await pause(5);
  await page.say("Hello!");
  await pause(8.5); // The heartbeat comes 15 s after the chapter's start.
  live.recorder.fault({ fault: "refuse", seconds: 2 });
  live.recorder.fault({ fault: "cut" });
  await page.is("reconnecting");
  await page.is("connected");
  await pause(2);
  await page.say("after the cut");
  await page.shows(["안녕하세요!", "Hello!", "after the cut"]);
  await pause(2);
  const recording = await fetch(`${live.url}/recording`);
  const file = join(FOLDER, `${name}.ndjson`);
  writeFileSync(file, await recording.text());
  console.log(file);
  await page.close();
  await live.close();
  await chapter.stop();
}
await browser.close();
