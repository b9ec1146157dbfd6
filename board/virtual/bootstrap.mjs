// The first thing of every `npm start|test|run bench|run lab|run sim|run mutations`: looks for what is missing on
// this machine, installs it, builds what is older than its sources, and runs the verb on the pinned Node.
// Plain JavaScript: it runs on the Node that the machine has, before any package is there.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binaries = join(root, "node_modules", ".bin");
const pinnedNode = join(binaries, "node");
const nodeMajor = 24;

// verb -> what runs; whether it needs the bundles and the helpers in C; whether it is told, over an
// IPC channel, that this process has died.
const verbs = {
  start: { script: "board/virtual/lab.ts", build: true, bound: true },
  test: { script: "test/run.ts", build: true, bound: false },
  bench: { script: "test/bench/bench.ts", build: true, bound: false },
  sim: { script: "test/sim/sim.ts", build: false, bound: false },
  mutations: { script: "test/mutations/mutations.ts", build: false, bound: false },
  lab: { script: "board/virtual/ctl.ts", build: false, bound: false },
};

// Debian package, a program or file that proves it is there, what it is for, and which verbs need it.
const all = ["start", "test", "bench"];
const packages = [
  { name: "gcc", proof: "gcc", why: "compiles rawlink and gatekeeper", verbs: all },
  { name: "libc6-dev", proof: "/usr/include/stdio.h", why: "C headers for both", verbs: all },
  { name: "make", proof: "make", why: "builds rawlink and gatekeeper", verbs: all },
  { name: "iproute2", proof: "ip", why: "makes the lab's networks and cables", verbs: all },
  { name: "util-linux", proof: "setpriv", why: "puts the lab into namespaces", verbs: all },
  {
    name: "mount",
    proof: "mount",
    why: "keeps the lab's files apart from the machine's",
    verbs: all,
  },
  { name: "iputils-ping", proof: "ping", why: "asks the gateway in tests", verbs: ["test"] },
  { name: "dbus-daemon", proof: "dbus-daemon", why: "the system bus of each box", verbs: all },
  {
    name: "keepalived",
    proof: "keepalived",
    why: "VRRP engine of each box",
    verbs: all,
    service: true,
  },
  {
    name: "conntrackd",
    proof: "conntrackd",
    why: "keeps connections in step between the boxes",
    verbs: all,
    service: true,
  },
  { name: "conntrack", proof: "conntrack", why: "shows the kernel's connections", verbs: ["test"] },
  { name: "udhcpc", proof: "udhcpc", why: "a DHCP client, as in OpenWrt", verbs: all },
  { name: "isc-dhcp-client", proof: "dhclient", why: "a DHCP client, ISC's", verbs: all },
  { name: "dhcpcd-base", proof: "dhcpcd", why: "a DHCP client, as in Raspberry Pi OS", verbs: all },
  {
    name: "git",
    proof: "git",
    why: "lists the project's files for the tidy test",
    verbs: ["test"],
  },
  { name: "dbus-bin", proof: "dbus-send", why: "asks the D-Bus service", verbs: ["test"] },
  { name: "libglib2.0-bin", proof: "gdbus", why: "asks the D-Bus service", verbs: ["test"] },
  { name: "musl-tools", proof: "musl-gcc", why: "builds both statically", verbs: ["test"] },
  { name: "tshark", proof: "tshark", why: "judges every packet the boxes send", verbs: ["test"] },
  { name: "chromium", proof: "chromium", why: "opens the web page", verbs: ["test"] },
  { name: "strace", proof: "strace", why: "makes a disk slow or broken", verbs: ["test"] },
  { name: "nftables", proof: "nft", why: "drops packets on their way", verbs: ["test"] },
  { name: "faketime", proof: "faketime", why: "sets a daemon's clock wrong", verbs: ["test"] },
  { name: "kea-admin", proof: "perfdhcp", why: "makes the load", verbs: ["bench"] },
  {
    name: "kea-dhcp4-server",
    proof: "kea-dhcp4",
    why: "compared with",
    verbs: ["bench"],
    service: true,
  },
  {
    name: "isc-dhcp-server",
    proof: "dhcpd",
    why: "the other half of a pair; compared with",
    verbs: ["test", "bench"],
    service: true,
  },
  {
    name: "dnsmasq-base",
    proof: "dnsmasq",
    why: "a relay and a foreign server; compared with",
    verbs: ["test", "bench"],
  },
  {
    name: "isc-dhcp-relay",
    proof: "dhcrelay",
    why: "a relay, ISC's",
    verbs: ["test"],
    service: true,
  },
  {
    name: "systemd",
    proof: "/lib/systemd/systemd-networkd",
    why: "a DHCP client, systemd's",
    verbs: ["test"],
  },
  { name: "netbase", proof: "/etc/services", why: "ports by name, for dhcping", verbs: ["test"] },
  { name: "dhcping", proof: "dhcping", why: "asks a DHCP server how it is", verbs: ["test"] },
  { name: "nmap", proof: "nmap", why: "looks for DHCP servers", verbs: ["test"] },
];

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]) {
  const verb = Object.hasOwn(verbs, name ?? "") ? verbs[name] : undefined;
  if (!verb) return complain(`usage: bootstrap.mjs ${Object.keys(verbs).join("|")} [arguments]`, 3);
  try {
    prepare(name, verb);
  } catch (error) {
    return complain(error.message, 1);
  }
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` };
  return await follow(verb, args, env);
}

function prepare(name, verb) {
  // The quick way: commands to a running lab must not wait for anything.
  if (name === "lab" && modulesFit()) return;
  const unlock = lock();
  try {
    installPackages(packages.filter((item) => item.verbs.includes(name) && !isThere(item.proof)));
    installModules();
    if (verb.build) build();
  } finally {
    unlock();
  }
}

// --- Debian packages ------------------------------------------------------------------------------

function installPackages(missing) {
  if (missing.length === 0) return;
  const width = Math.max(...missing.map((item) => item.name.length));
  say("Missing on this machine:");
  for (const item of missing) say(`  ${item.name.padEnd(width)}  ${item.why}`);
  const install = ["apt-get", "install", "-y", "--no-install-recommends"];
  const names = missing.map((item) => item.name);
  const asRoot = rootPrefix();
  if (!isThere("apt-get") || !asRoot) {
    const command = `sudo apt-get update && sudo ${[...install, ...names].join(" ")}`;
    throw new Error(`They cannot be installed from here. Please run:\n\n  ${command}\n`);
  }
  const env = ["env", "DEBIAN_FRONTEND=noninteractive"];
  const admit = holdServices(asRoot);
  try {
    // A list that cannot be renewed may still be good enough.
    run([...asRoot, ...env, "apt-get", "-q", "update"], { quiet: true, mayFail: true });
    run([...asRoot, ...env, ...install, "-q", ...names], { quiet: true });
  } finally {
    admit();
  }
  for (const { name, service } of missing) {
    // The lab starts its own ones: the machine's must not run, now or after the next boot.
    if (service)
      run([...asRoot, "systemctl", "-q", "disable", name], { quiet: true, mayFail: true });
  }
  say(`Installed ${names.join(", ")}.`);
}

/** Words to put before a command that needs root; undefined when there is no way. */
function rootPrefix() {
  if (process.getuid() === 0) return [];
  const sudo = isThere("sudo") && spawnSync("sudo", ["-n", "true"]).status === 0;
  return sudo ? ["sudo", "-n"] : undefined;
}

// Debian starts a service when it is installed, unless this file says no. Returns how to undo it.
function holdServices(asRoot) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return () => {};
  const script = `umask 022; printf '#!/bin/sh\\nexit 101\\n' > ${policy}; chmod 755 ${policy}`;
  run([...asRoot, "sh", "-c", script], { quiet: true });
  return () => run([...asRoot, "rm", "-f", policy], { quiet: true });
}

/** A program's name, or an absolute path. */
function isThere(proof) {
  if (proof.startsWith("/")) return existsSync(proof);
  const folders = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`.split(delimiter);
  return folders.some((folder) => isExecutable(join(folder, proof)));
}

// --- npm packages ---------------------------------------------------------------------------------

function installModules() {
  if (modulesFit()) return;
  say("Installing the npm packages of package-lock.json ...");
  // Not the npm of node_modules/.bin: that folder is about to be replaced.
  const folders = (process.env.PATH ?? "").split(delimiter);
  const path = folders.filter((folder) => !folder.includes("node_modules")).join(delimiter);
  const env = { ...process.env, PATH: path };
  run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], { quiet: true, env });
  if (!modulesFit()) {
    throw new Error(
      `npm ci left no Node ${nodeMajor} in node_modules/.bin: is there one for ${process.platform}-${process.arch}?`,
    );
  }
}

// npm keeps beside the packages what it has installed; optional ones are those of other platforms,
// except that the ones of this platform must be there too.
function modulesFit() {
  const wanted = readJson(join(root, "package-lock.json"))?.packages ?? {};
  const present = readJson(join(root, "node_modules", ".package-lock.json"))?.packages ?? {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || (entry.optional && !isForThisMachine(entry))) continue;
    if (present[path]?.version !== entry.version) return false;
  }
  return isExecutable(pinnedNode);
}

function isForThisMachine({ os, cpu, libc }) {
  if (!os || !cpu) return false;
  return os.includes(process.platform) && cpu.includes(process.arch) && !libc?.includes("musl");
}

// --- what is built --------------------------------------------------------------------------------

function build() {
  for (const helper of ["rawlink", "gatekeeper"])
    run(["make", "-s", "-C", join(root, "board", helper)], {});
  const outputs = ["tandemd.js", "tandem.js", "web/manifest.json"];
  const built = Math.min(...outputs.map((file) => timeOf(join(root, "dist", file))));
  const sources = ["daemon", "webui", "image/build.ts", "package.json", "package-lock.json"];
  const changed = Math.max(...sources.map((path) => newest(join(root, path))));
  if (built > changed) return;
  say("Building the bundles ...");
  run([pinnedNode, join(root, "image", "build.ts")], { quiet: true });
}

/** The latest change of a file or of anything in a folder, in ms; also of the folder itself. */
function newest(path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const inside = readdirSync(path).map((entry) => newest(join(path, entry)));
  return Math.max(info.mtimeMs, ...inside);
}

function timeOf(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

// --- running things -------------------------------------------------------------------------------

/** Quiet ones show what they printed only when they fail. */
function run([program, ...args], { quiet = false, mayFail = false, env = process.env }) {
  const stdio = quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
  const options = { cwd: root, env, stdio, encoding: "utf8", maxBuffer: 256 << 20 };
  const done = spawnSync(program, args, options);
  if (done.status === 0 || mayFail) return;
  const lines = `${done.stdout ?? ""}${done.stderr ?? ""}`.trim().split("\n");
  // Some programs say what is wrong first, some last.
  const printed = lines.length <= 40 ? lines : [...lines.slice(0, 15), "...", ...lines.slice(-25)];
  const why = done.error?.message ?? `it ended with code ${done.status ?? done.signal}`;
  throw new Error([...printed, `\`${[program, ...args].join(" ")}\` failed: ${why}.`].join("\n"));
}

// Runs the verb; its exit code is ours. Signals are passed on, so that it ends in its own order.
function follow(verb, args, env) {
  return new Promise((resolve) => {
    const stdio = ["inherit", "inherit", "inherit", ...(verb.bound ? ["ipc"] : [])];
    const child = spawn(pinnedNode, [join(root, verb.script), ...args], { env, stdio });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(signal, () => {
        // Ctrl-C has reached the child by itself: the terminal sends it to all.
        if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on("error", (error) => resolve(complain(error.message, 1)));
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
}

/** One preparation at a time per checkout; returns how to let the next one in. */
function lock() {
  const mark = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const file = `/tmp/tandem-setup-${process.getuid()}-${mark}.lock`;
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, `${process.pid}`, { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) say("Waiting for another run that prepares this checkout ...");
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  }
}

function isAbandoned(file) {
  try {
    if (Date.now() - statSync(file).mtimeMs > 20 * 60_000) return true;
    const pid = Number(readFileSync(file, "utf8"));
    // Still empty: it is being written right now.
    if (!pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function complain(text, code) {
  say(text);
  return code;
}
