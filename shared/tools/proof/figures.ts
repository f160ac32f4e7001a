// What a run says of itself: how many requests it tried, how many bytes it cut. `npm run proof` adds these up.
import { appendFileSync, readFileSync } from "node:fs";

/** Names the file to which tests append their figures. Where it is missing nobody asked. */
export const FIGURES = "PROOF_FIGURES";

/**
 * Reports a figure that was just measured.
 *
 * @param name what was counted, as the table calls it; the counts of one name are added up
 */
export function measured(name: string, count: number): void {
  const path = process.env[FIGURES];
  if (path) appendFileSync(path, `${JSON.stringify({ name, count })}\n`);
}

/** @returns the figures in a file that `measured` has written, added up by name, in the order of their coming */
export function figuresIn(path: string): ReadonlyMap<string, number> {
  const figures = new Map<string, number>();
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const { name, count } = Object(JSON.parse(line));
    figures.set(String(name), (figures.get(String(name)) ?? 0) + Number(count));
  }
  return figures;
}
