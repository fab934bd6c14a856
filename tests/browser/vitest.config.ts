import { defineConfig } from "vitest/config";

/** Pages, whose long walks are not about media threads; those of shows cross them all the time where there are two. */
const PAGES = ["test/shows*.test.ts", "test/*console.test.ts", "test/operators.test.ts"];

/**
 * Every suite runs twice: with one media thread, where all participants share it, and with two, where they may not; pages once,
 * with two.
 * One file at a time: each drives several pages that encode and decode video.
 */
export default defineConfig({
  test: {
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A busy machine can starve a browser of a whole second. Once more, and the report says that it was needed.
    retry: 1,
    reporters: ["verbose"],
    projects: [1, 2].map((workers) => ({
      extends: true as const,
      test: {
        name: workers === 1 ? "1 worker" : `${workers} workers`,
        include: ["test/**/*.test.ts"],
        exclude: workers === 1 ? PAGES : [],
        env: { WORKERS: String(workers) },
        sequence: { groupOrder: workers },
      },
    })),
  },
});
