// The figures that the lecture's notes show: written by `npm run compare -- --figures`, woven in by `npm run notes`.
import { WORDS } from "./report-words.ts";
import type { Results } from "./run.ts";
import { scheduleTable } from "./table.ts";

/** The columns that the notes show; the report has them all. */
const SHOWN = ["schedule", "requests", "up", "down", "p50", "p99", "cpu"];

/** Beside the report's own words: the schedules, and what a run was made with. */
const NAMES = {
  en: {
    silence: "silence",
    occasional: "a message every 2.5 s",
    steady: "10 messages a second",
    burst: "50 messages at once",
    made: "measured on",
    seconds: "seconds a schedule",
    cores: "cores",
    node: "Node",
  },
  ko: {
    silence: "조용할 때",
    occasional: "2.5초에 메시지 하나",
    steady: "1초에 메시지 10개",
    burst: "한꺼번에 메시지 50개",
    made: "측정일",
    seconds: "시나리오당 초",
    seed: "시드",
    cores: "코어",
    node: "Node",
  },
};

/** The chapters' schedules, each a row, with the words for heads and cells in both languages. */
export function figuresOf(results: Results): Record<string, unknown> {
  const { columns, rows } = scheduleTable(results);
  const chapters: Record<string, Record<string, string>[]> = {};
  for (const cells of rows) {
    const row = Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""]));
    const { chapter = "", schedule } = row;
    if (schedule === "opening") continue;
    const key = chapter.slice(0, 4);
    const shown = Object.fromEntries(SHOWN.map((name) => [name, row[name] || "–"]));
    chapters[key] = [...(chapters[key] ?? []), shown];
  }
  const { made, options, machine } = results;
  const { clients, seconds, seed } = options;
  const run = { made: made.slice(0, 10), clients, seconds, seed, cores: machine.cores, node: machine.node };
  const words = { en: { ...WORDS.en.columns, ...NAMES.en }, ko: { ...WORDS.ko.columns, ...NAMES.ko } };
  return { run: [run], ...chapters, words };
}
