// How the inner process of the lab is started: in namespaces of its own that end with it.

import { spawnSync } from "node:child_process";

/** The command that runs `argv` as the first real process of fresh namespaces, or throws why not. */
export function isolated(argv: readonly string[]): string[] {
  const flags = ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
  const root = process.getuid?.() === 0;
  const user = root ? [] : ["--user", "--map-root-user"];
  const problems: string[] = [];
  for (const way of ways) {
    const unshare = ["unshare", ...user, ...flags, "--mount-proc", ...way.flags];
    const tried = spawnSync(unshare[0] ?? "", [...unshare.slice(1), "true"], { encoding: "utf8" });
    if (tried.status === 0) {
      // The parent's death kills unshare, and --kill-child everything inside.
      return ["setpriv", "--pdeathsig", "KILL", ...unshare, "sh", "-c", way.script, "sh", ...argv];
    }
    problems.push((tried.stderr || tried.error?.message || "no reason given").trim());
  }
  throw new Error(`${root ? asRoot : asUser} (${problems.join("; ")})`);
}

const asRoot = "This machine does not let root make network namespaces.";
const asUser =
  "This machine does not let users make namespaces of their own: run the lab as root, or allow them with `sysctl kernel.unprivileged_userns_clone=1`.";

// Process 1 of the namespace: waits for the lab and collects processes that lost their parent.
const first = '"$@" & wait "$!"; exit "$?"';

// In a chroot whose "/" is not a mount point nothing can be made private, and a mount would show
// outside. The fresh /proc is private: the whole tree is bound below it and entered there.
const cage = `set -e
mount --make-rprivate /proc
mount -t tmpfs -o mode=755 tandem /proc/driver
mkdir /proc/driver/root
mount --rbind / /proc/driver/root
mount --make-rprivate /proc/driver/root
exec chroot /proc/driver/root sh -c '${first}' sh "$@"`;

const ways = [
  { flags: [], script: first },
  { flags: ["--propagation", "unchanged"], script: cage },
];
