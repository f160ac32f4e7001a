import type { Reporter, TestModule } from "vitest/node";

/** Closes a run with one plain line: `N passed, N failed, N skipped`. */
// biome-ignore lint/style/noDefaultExport: vitest takes a reporter from the default export.
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && module.children.size === 0) counts.failed += 1;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    // Printed when the process ends, so that it is the last line whatever the other reporters still have to say.
    process.once("exit", () => {
      const skipped = counts.skipped + counts.pending;
      if (process.exitCode) counts.failed ||= 1; // What failed before any test did: the build, say.
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped`);
    });
  }
}
