import { defineConfig } from "vitest/config";

const system = ["daemon", "netns", "rawlink", "gatekeeper", "dbus", "webui"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

/** `unit` is pure and runs in parallel; `system` uses real processes and runs one file at a time. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    projects: [
      { extends: true, test: { name: "unit", include: ["test/**/*.test.ts"], exclude: system } },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
