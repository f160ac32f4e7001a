import { defineConfig } from "vitest/config";

/** As in shared/testing, but nothing is built here: the runner has done it, and knows whether it went well. */
// biome-ignore lint/style/noDefaultExport: vitest takes its configuration from the default export.
export default defineConfig({
  root: `${import.meta.dirname}/../../..`,
  test: {
    include: ["ch*/**/*.test.ts", "shared/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 1,
  },
});
