// The tables of a run, as text for a terminal and as HTML for the report: the same cells in both.
import type { Finding } from "./goals.ts";
import { ENOUGH_FOR_MEMORY, type Results, type Row } from "./run.ts";
import { RIVAL_OF } from "./subjects.ts";

/** A table: the keys of its columns' headings, and its cells as text. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** All schedules of all chapters with the run's own number of clients. */
export function scheduleTable({ rows, memory, options }: Results): Table {
  const own = rows.filter(({ clients, delay }) => clients === options.clients && delay !== undefined);
  const seen = new Set<string>();
  const columns = [
    "schedule",
    "chapter",
    "requests",
    "connections",
    "up",
    "down",
    "p50",
    "p99",
    "max",
    "cpu",
    "memory",
    "faults",
    "load",
  ];
  const order = ["opening", "silence", "occasional", "steady", "burst"];
  const first = own.filter(({ schedule, chapter }) => {
    const name = `${schedule} ${chapter}`; // The sweep has a row with this name too, and comes later.
    return !seen.has(name) && seen.add(name);
  });
  first.sort(
    (a, b) => order.indexOf(a.schedule) - order.indexOf(b.schedule) || (a.chapter < b.chapter ? -1 : 1),
  );
  return {
    columns,
    rows: first.map((row) => [
      row.schedule,
      row.chapter,
      String(row.requests),
      String(row.connections),
      `${kilobytes(row.up.headers)} + ${kilobytes(row.up.payload)}`,
      `${kilobytes(row.down.headers)} + ${kilobytes(row.down.payload)}`,
      ...(row.delay.count === 0
        ? ["", "", ""]
        : [row.delay.p50, row.delay.p99, row.delay.max].map((time) => time.toFixed(1))),
      row.schedule === "opening" ? "" : ((row.cpu * 1_000) / row.clients).toFixed(0),
      row.schedule === "opening" ? ((memory[row.chapter] ?? 0) / 1024).toFixed(1) : "",
      String(faultsOf(row)),
      row.schedule === "opening" ? "" : `${(row.load * 100).toFixed(0)} %`,
    ]),
  };
}

/** How each chapter grows with its clients. */
export function growthTable({ growth }: Results): Table {
  const sorted = [...growth].sort((a, b) => a.clients - b.clients || (a.chapter < b.chapter ? -1 : 1));
  return {
    columns: ["clients", "chapter", "p50", "p99", "max", "cpu", "memory", "load"],
    rows: sorted.map(({ clients, chapter, delay, cpu, memory, load }) => [
      String(clients),
      chapter,
      ...[delay.p50, delay.p99, delay.max].map((time) => time.toFixed(1)),
      ((cpu * 1_000) / clients).toFixed(0),
      clients < ENOUGH_FOR_MEMORY ? "" : (memory / 1024).toFixed(1),
      `${(load * 100).toFixed(0)} %`,
    ]),
  };
}

const UNITS: Readonly<Record<Finding["goal"], string>> = {
  "fan-out": "µs",
  "nothing new": "µs",
  "deliveries, file": "/s",
  "deliveries, memory": "/s",
  memory: "KiB heap",
  idle: "ms/min",
};

/** The goals, with what was found. */
export function goalTable({ findings }: Results): Table {
  return {
    columns: ["goal", "subject", "clients", "found", "spread", "bound", "met", "ahead", "own"],
    rows: findings.map((finding) => {
      const { goal, subject, clients, value, least, most, bound, met, own } = finding;
      const digits = goal === "memory" ? 1 : 2;
      const sign = isMoreBetter(goal) ? "≥" : "≤";
      return [
        goal,
        subject,
        String(clients),
        goal === "memory" ? `${value.toFixed(1)} KiB` : `${value.toFixed(2)} ×`,
        goal === "memory" ? "" : `${least.toFixed(2)} – ${most.toFixed(2)}`,
        bound === undefined ? "" : `${sign} ${bound.toFixed(digits)}`,
        markOf(met),
        markOf(isAhead(finding, findings)),
        `${own.toFixed(own < 100 ? 1 : 0)} ${UNITS[goal]}`,
      ];
    }),
  };
}

/** Several servers on one log, and what each costs. */
export function scaleTable({ scale }: Results): Table {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return {
    columns: [
      ...["chapter", "log", "servers", "clients", "messages", "deliveries", "ratio", "spread", "p50", "p99"],
      ...["serversCpu", "logCpu", "load", "serverCost", "logCost"],
    ],
    rows: scale.map(({ chapter, log, servers, clients, messages, deliveries, ratio, delay, cpu, cost }) => [
      chapter,
      log,
      String(servers),
      String(clients),
      messages.toFixed(0),
      deliveries.toFixed(0),
      `${ratio.value.toFixed(2)} ×`,
      `${ratio.least.toFixed(2)} – ${ratio.most.toFixed(2)}`,
      delay.p50.toFixed(1),
      delay.p99.toFixed(1),
      percent(cpu.servers),
      log === "file" ? "" : percent(cpu.log),
      percent(cpu.clients),
      cost.server.toFixed(0),
      log === "file" ? "" : cost.log.toFixed(1),
    ]),
  };
}

/** @returns whether a chapter is ahead of its rival in the same run; undefined where it has none */
export function isAhead(finding: Finding, findings: readonly Finding[]): boolean | undefined {
  const { goal, subject, clients, value } = finding;
  const rival = findings.find(
    (other) => other.subject === RIVAL_OF[subject] && other.goal === goal && other.clients === clients,
  );
  if (rival === undefined) return undefined;
  return isMoreBetter(goal) ? value > rival.value : value < rival.value;
}

export function isMoreBetter(goal: Finding["goal"]): boolean {
  return goal.startsWith("deliveries");
}

function markOf(isGood: boolean | undefined): string {
  if (isGood === undefined) return "";
  return isGood ? "✓" : "✗";
}

/** Messages lost, doubled, out of order or altered: 0, or something is wrong. */
export function faultsOf({ lost, doubled, disordered, altered }: Row): number {
  return lost + doubled + disordered + altered;
}

function kilobytes(bytes: number): string {
  const kilo = bytes / 1_000;
  return kilo === 0 ? "0" : kilo.toFixed(kilo < 10 ? 1 : 0);
}

/** @param heading the words of a column @returns the table in lines, numbers to the right */
export function asText({ columns, rows }: Table, heading: (column: string) => string): string {
  const lines = [columns.map(heading), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? "").length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, at) =>
          isNumber(rows, at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Whether a column holds numbers, which are set to the right. */
export function isNumber(rows: Table["rows"], at: number): boolean {
  return rows.every((cells) => /^$|^-?\d|^[≤≥]/.test(cells[at] ?? ""));
}
