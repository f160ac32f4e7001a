/** How many lines a minimal `diff` of two files marks with `<` or `>`. */
export function changedLines(from: readonly string[], to: readonly string[]): number {
  // The longest common subsequence, row by row: what is not in it was removed or added.
  let row = new Array<number>(to.length + 1).fill(0);
  for (const line of from) {
    const next = [0];
    for (const [index, other] of to.entries()) {
      next.push(line === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    }
    row = next;
  }
  return from.length + to.length - 2 * (row.at(-1) ?? 0);
}
