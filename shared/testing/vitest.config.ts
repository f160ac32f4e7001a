import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest takes its configuration from the default export.
export default defineConfig({
  root: `${import.meta.dirname}/../..`,
  test: {
    include: ["ch*/**/*.test.ts", "shared/**/*.test.ts"],
    globalSetup: "shared/testing/build.ts",
    reporters: ["default", "./shared/testing/count-reporter.ts"],
    // Only a guard against hanging: no test passes or fails by how long it takes.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real servers and real browsers share the machine with the tests, and much of a test is waiting.
    maxWorkers: 3,
  },
});
