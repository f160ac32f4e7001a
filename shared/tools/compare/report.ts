// One HTML file with everything in it: plots, tables, style, and both languages. It loads nothing from anywhere.
import type { Finding } from "./goals.ts";
import { delayPlot, growthPlot, memoryPlot, ratePlot } from "./plots.ts";
import { LANGUAGES, type Language, WORDS } from "./report-words.ts";
import type { Results } from "./run.ts";
import {
  asText,
  faultsOf,
  goalTable,
  growthTable,
  isAhead,
  isNumber,
  scaleTable,
  scheduleTable,
  type Table,
} from "./table.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans KR", "Noto Sans CJK KR", sans-serif; }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { margin-top: 2.5rem; font-size: 1.2rem; }
figure { margin: 0; }
svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.8rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid #8884; text-align: left; }
th { white-space: normal; vertical-align: bottom; }
.number { text-align: right; }
nav { float: right; }
button { font: inherit; }
html[lang="ko"] [data-language="en"], html[lang="en"] [data-language="ko"] { display: none; }
`;

// The page is readable without it: it only picks the reader's language, and lets them change it.
const SCRIPT = `
const show = (language) => { document.documentElement.lang = language; };
show(navigator.language.startsWith("ko") ? "ko" : "en");
for (const button of document.querySelectorAll("button")) button.onclick = () => show(button.value);
`;

/** @returns the whole file */
export function renderReport(results: Results): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(WORDS.en.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<nav><button value="ko" lang="ko">한국어</button> <button value="en" lang="en">English</button></nav>
${LANGUAGES.map((language) => `<main data-language="${language}" lang="${language}">${contentOf(results, language)}</main>`).join("\n")}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function contentOf(results: Results, language: Language): string {
  const words = WORDS[language];
  const { machine, options, rows, growth, rates, intervals, findings, scale } = results;
  const lines = summaryOf(results, language);
  const steady = rows.find(({ chapter, schedule }) => chapter === "ch12-websocket" && schedule === "steady");
  const second = intervals.find(({ interval }) => interval === 1_000);
  const bytes = (chapter: string) =>
    rates.find((point) => point.chapter === chapter)?.bytes.toFixed(0) ?? "–";
  const parts = [`<h1>${escapeHtml(words.title)}</h1>`, ...lines.map((text) => `<p>${escapeHtml(text)}</p>`)];
  const section = (title: string, text: string, content: string) =>
    parts.push(`<h2>${escapeHtml(title)}</h2>${text && `<p>${escapeHtml(text)}</p>`}${content}`);

  if (intervals.length > 0) {
    const text = words.intervalsText(
      1_000,
      second?.delay.p50.toFixed(0) ?? "–",
      steady?.delay.p50.toFixed(1) ?? "–",
    );
    section(words.intervals, text, delayPlot(results, language));
  }
  if (rates.length > 0) {
    section(
      words.rates,
      words.ratesText(bytes("ch09-polling"), bytes("ch12-websocket")),
      ratePlot(results, language),
    );
  }
  if (growth.length > 0) {
    section(words.growth, words.growthText, growthPlot(results, language));
    section(words.memory, words.memoryText, memoryPlot(results, language));
    parts.push(tableOf(growthTable(results), language));
  }
  if (rows.length > 0) section(words.schedules, "", tableOf(scheduleTable(results), language));
  if (findings.length > 0) section(words.goals, words.goalsText, tableOf(goalTable(results), language));
  if (scale.length > 0) section(words.scale, words.scaleText, tableOf(scaleTable(results), language));
  const gigabytes = (machine.memory / 2 ** 30).toFixed(0);
  parts.push(
    `<footer><p>${escapeHtml(words.machine(machine.cpu, machine.cores, gigabytes, machine.node))}<br>` +
      `${escapeHtml(words.made(options.clients, options.seconds, options.seed))}<br>${results.made}</p></footer>`,
  );
  return parts.join("\n");
}

/** What has to be known before any number is believed. */
function summaryOf({ rows, findings, scale }: Results, language: Language): string[] {
  const words = WORDS[language];
  if (rows.length + findings.length + scale.length === 0) return [];
  const busiest = Math.round(100 * Math.max(0, ...rows.map(({ load }) => load)));
  const faults = rows.reduce((sum, row) => sum + faultsOf(row), 0);
  const lines = [words.faults(faults)];
  if (rows.length > 0) lines.push(busiest > 70 ? words.busy(busiest) : words.calm(busiest));
  const judged = findings.filter(({ met }) => met !== undefined);
  if (judged.length > 0) lines.push(words.met(judged.filter(({ met }) => met).length, judged.length));
  const compared = findings.filter((finding) => isAhead(finding, findings) !== undefined);
  const behind = compared.filter((finding) => !isAhead(finding, findings));
  const nameOf = ({ goal, subject, clients }: Finding) => `${goal}, ${subject}, ${clients}`;
  if (compared.length > 0) lines.push(words.ahead(behind.map(nameOf)));
  return lines;
}

function tableOf({ columns, rows }: Table, language: Language): string {
  const heading = (column: string) => WORDS[language].columns[column] ?? column;
  const mark = (at: number) => (isNumber(rows, at) ? ' class="number"' : "");
  const head = columns.map((column, at) => `<th${mark(at)}>${escapeHtml(heading(column))}</th>`).join("");
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell, at) => `<td${mark(at)}>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The same tables for a terminal. */
export function renderText(results: Results): string {
  const heading = (column: string) => WORDS.en.columns[column] ?? column;
  const tables = [scheduleTable(results), growthTable(results), goalTable(results), scaleTable(results)];
  const texts = tables.filter(({ rows }) => rows.length > 0).map((table) => asText(table, heading));
  return [...texts, summaryOf(results, "en").join("\n")].join("\n\n");
}
