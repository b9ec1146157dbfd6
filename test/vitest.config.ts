import { defineConfig } from "vitest/config";

const system = ["daemon", "netns", "rawlink", "gatekeeper", "dbus", "webui"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

/** Those of `system` that measure, or have bounds of less than a few seconds: company would spoil what they find. */
const timed = [
  "dbus/**/*",
  "daemon/kill",
  "gatekeeper/pair",
  "netns/{bus,drill,flood,gateway,hostile,isc-box,one-server,pairing,resolver,virtual-mac,wires}",
].map((file) => `test/${file}.test.ts`);

const realProcesses = { testTimeout: 60_000, hookTimeout: 120_000 };

/**
 * `unit` is pure and runs in parallel. `system` uses real processes, which mostly wait: more files at a time than there
 * are processors. `timed` does too, one file at a time.
 */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: system,
          // A busy machine takes its time; nothing here waits for anything.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          exclude: timed,
          maxWorkers: 3,
          ...realProcesses,
        },
      },
      {
        extends: true,
        test: { name: "timed", include: timed, fileParallelism: false, ...realProcesses },
      },
    ],
  },
});
