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
    inVain: "requests in silence",
    late: "delay (p50 ms), a message every 2.5 s",
    asked: "requests, 10 messages a second",
    headers: "kB of headers down, the same",
    work: "CPU µs/s a client, the same",
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
    inVain: "조용할 때의 요청",
    late: "지연 (p50 ms), 2.5초에 메시지 하나",
    asked: "요청, 1초에 메시지 10개",
    headers: "내려온 헤더 kB, 같은 경우",
    work: "클라이언트당 CPU µs/s, 같은 경우",
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
  const compared = Object.entries(chapters).map(([chapter, list]) => {
    const of = (schedule: string) => list.find((row) => row["schedule"] === schedule);
    return {
      chapter,
      inVain: of("silence")?.["requests"] ?? "",
      late: of("occasional")?.["p50"] ?? "",
      asked: of("steady")?.["requests"] ?? "",
      headers: of("steady")?.["down"]?.split(" + ")[0] ?? "",
      work: of("steady")?.["cpu"] ?? "",
    };
  });
  const { made, options, machine } = results;
  const { clients, seconds, seed } = options;
  const run = { made: made.slice(0, 10), clients, seconds, seed, cores: machine.cores, node: machine.node };
  const words = { en: { ...WORDS.en.columns, ...NAMES.en }, ko: { ...WORDS.ko.columns, ...NAMES.ko } };
  return { run: [run], compared, ...chapters, words };
}
