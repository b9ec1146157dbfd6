// The lab itself: it can be told what to do, says what is wrong, and leaves nothing behind.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { LeasePage } from "../../daemon/http/api-types.ts";
import { labProblem, repository } from "../support/lab.ts";

const problem = labProblem();
beforeEach((context) => {
  if (problem) context.skip(problem);
});

/** Network namespaces of the lab, as /proc names them. */
async function namespaces(lab: RunningLab): Promise<Set<string>> {
  const { clients } = await lab.status();
  const found = new Set<string>();
  for (const place of ["lab", "a", "b", "wan", ...clients.map((client) => client.name)]) {
    found.add((await lab.exec(place, ["readlink", "/proc/self/ns/net"])).trim());
  }
  return found;
}

/**
 * The lab's processes, each with its start time. Namespaces cannot be watched for themselves: the
 * kernel gives their numbers to the next program that makes some.
 */
async function processes(lab: RunningLab): Promise<Set<string>> {
  const known = await namespaces(lab);
  const inside = numbers().filter((pid) => known.has(linkOf(`/proc/${pid}/ns/net`)));
  return new Set([...inside, lab.pid].map(identity).filter((found) => !found.endsWith(ended)));
}

/** Everything on this machine that still has to do with the lab. */
function remains(lab: RunningLab, known: ReadonlySet<string>): string[] {
  const left = existsSync(lab.folder) ? [lab.folder] : [];
  for (const pid of numbers()) {
    const command = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    if (known.has(identity(pid))) left.push(`process ${pid}: ${command}`);
    if (textOf(`/proc/${pid}/mountinfo`).includes(lab.folder)) left.push(`a mount: ${command}`);
  }
  return left;
}

function numbers(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

const ended = "ended";

// A process that has ended and waits for its parent to ask how is no process any more.
function identity(pid: number): string {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return `${pid} ${fields[0] === "Z" ? ended : (fields[19] ?? ended)}`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}

function control(lab: RunningLab, ...words: string[]) {
  const script = join(repository, "board", "virtual", "ctl.ts");
  const argv = [script, "--name", lab.name, ...words];
  return spawnSync(process.execPath, argv, { encoding: "utf8" });
}

/** GET on a connection of its own: one that is kept may belong to a daemon that has just died. */
function page(port: number, path: string): Promise<{ code: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ code: response.statusCode, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("an orderly end leaves nothing behind", async () => {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  const resolver = readFileSync("/etc/resolv.conf", "utf8");
  const lab = await startLab({ clients: 4 });
  await lab.untilUp();
  expect((await namespaces(lab)).size).toBe(8);
  const known = await processes(lab);
  expect(remains(lab, known).length).toBeGreaterThan(12);
  await lab.stop();
  expect(remains(lab, known)).toEqual([]);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
  expect(readFileSync("/etc/resolv.conf", "utf8")).toBe(resolver);
  expect(lab.printed).toMatch(/^lab is up: 4 of 4 clients have an address \(\d+\.\d s\)$/m);
});

test("the command `stop` ends it just as well", async () => {
  const lab = await startLab({ clients: 1 });
  const known = await processes(lab);
  expect(control(lab, "stop").status).toBe(0);
  expect(existsSync(lab.folder)).toBe(false);
  // The outer process ends right behind its folder.
  await lab.waitFor("the end of the lab", () => remains(lab, known).length === 0, 3000);
});

test("a killed lab takes everything with it, and the next start removes its folder", async () => {
  const lab = await startLab({ clients: 2 });
  await lab.untilUp();
  const known = await processes(lab);
  await lab.crash();
  const onlyFolder = (): boolean => remains(lab, known).every((left) => left === lab.folder);
  await lab.waitFor("the death of all processes", onlyFolder);
  expect(existsSync(lab.folder)).toBe(true);
  const next = await startLab({ clients: 0 });
  expect(existsSync(lab.folder)).toBe(false);
  await next.stop();
});

test("a second lab of the same name is refused, one of another name is not; each says where the gateway is", async () => {
  const lab = await startLab({ clients: 0 });
  try {
    await expect(startLab({ name: lab.name, clients: 0 })).rejects.toThrow(/runs already/);
    const other = await startLab({ clients: 0 });
    await other.stop();
    expect((await lab.status()).name).toBe(lab.name);
    await lab.waitFor("a box with the gateway", async () => {
      return /^ {2}Gateway {2}box [AB]$/m.test(await lab.cmd("status"));
    });
  } finally {
    await lab.stop();
  }
});

test("a busy port is named", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  try {
    const start = startLab({ clients: 0, ports: [port, 0] });
    await expect(start).rejects.toThrow(new RegExp(`Port ${port} of 127.0.0.1.*in use`));
  } finally {
    server.close();
  }
});

describe("commands", () => {
  test("exit codes and sentences", async () => {
    const lab = await startLab({ clients: 0 });
    try {
      expect(control(lab, "status").status).toBe(0);
      const unknown = control(lab, "dance");
      expect(unknown.status).toBe(3);
      expect(unknown.stderr).toContain('there is no command "dance"');
      expect(control(lab, "unplug", "nothing").status).toBe(3);
      expect(control(lab, "exec", "a", "sh", "-c", "exit 7").status).toBe(7);
      expect(control(lab, "renew", "c1").status).toBe(1);
      expect(control(lab, "power-cut", "b").status).toBe(0);
      const twice = control(lab, "power-cut", "b");
      expect(twice.status).toBe(1);
      expect(twice.stderr).toBe("box b has no power\n");
    } finally {
      await lab.stop();
    }
    const nobody = control(lab, "status");
    expect(nobody.status).toBe(1);
    expect(nobody.stderr).toContain("`npm start` starts one");
  });

  test("the pair cable has a carrier only while it is in and both boxes have power", async () => {
    const lab = await startLab({ clients: 0 });
    const shown = async (box: "a" | "b"): Promise<boolean> =>
      !(await lab.exec(box, ["ip", "link", "show", "ded0"])).includes("NO-CARRIER");
    try {
      const both = async (wanted: boolean): Promise<boolean> =>
        (await shown("a")) === wanted && (await shown("b")) === wanted;
      await lab.waitFor("a carrier at both ends", () => both(true));
      await lab.cmd("unplug pair");
      await lab.waitFor("no carrier at both ends", () => both(false));
      await lab.cmd("plug pair");
      await lab.waitFor("a carrier again", () => both(true));
      await lab.cmd("power-cut b");
      await lab.waitFor("no carrier at box a", async () => !(await shown("a")));
      await lab.cmd("start b");
      await lab.waitFor("a carrier after the power", () => both(true));
    } finally {
      await lab.stop();
    }
  });
});

describe("the two boxes", () => {
  const partnerState = async (lab: RunningLab, box: "a" | "b"): Promise<string> => {
    const { partner } = await lab.boxStatus(box);
    return partner.paired ? partner.state : "not paired";
  };
  const inStep = async (lab: RunningLab): Promise<boolean> =>
    (await partnerState(lab, "a")) === "normal" && (await partnerState(lab, "b")) === "normal";

  test("are a pair: both serve, and each goes on when the other dies", async () => {
    const lab = await startLab({ clients: 4 });
    try {
      await lab.waitFor("both boxes in step", () => inStep(lab));
      await lab.untilUp();
      for (const box of ["a", "b"] as const) {
        const { why, state, role } = await lab.boxStatus(box);
        const letter = box.toUpperCase();
        const sentence = `Both boxes are in step. Box ${letter} serves lan together with its partner.`;
        expect([why, state, role]).toEqual([sentence, "fine", "serving"]);
      }
      const known = async (box: "a" | "b"): Promise<string[]> => {
        const { leases } = await lab.api<LeasePage>(box, "/api/v1/leases?state=active");
        return leases.map(({ address, mac }) => `${address} ${mac}`);
      };
      expect(await known("a")).toHaveLength(4);
      expect(await known("b")).toEqual(await known("a"));
      // Each looks for other servers soon after its start, and hears its partner.
      await lab.waitFor("the answer of box a", async () => {
        const [network] = (await lab.boxStatus("b")).networks;
        return (network?.counters["refused-wrong-direction"] ?? 0) > 0;
      });

      await lab.cmd("kill a");
      await lab.waitFor("box b alone", async () => {
        return (await partnerState(lab, "b")) === "communications-interrupted";
      });
      await lab.cmd("clients 6");
      await lab.waitFor("addresses from box b", async () => {
        return (await lab.status()).clients.every(({ address }) => address !== "");
      });
      await lab.cmd("start a");
      await lab.waitFor("both boxes in step again", () => inStep(lab));
      await lab.waitFor("one book", async () => {
        return (await known("a")).length === 6 && `${await known("a")}` === `${await known("b")}`;
      });
      expect((await lab.boxStatus("b")).conditions).toEqual([]);
    } finally {
      await lab.stop();
    }
  });

  test("are none when it is wished: box a serves alone, box b stands by", async () => {
    const lab = await startLab({ clients: 1, alone: true });
    try {
      await lab.untilUp();
      const [a, b] = [await lab.boxStatus("a"), await lab.boxStatus("b")];
      expect([a.role, b.role]).toEqual(["serving", "standby"]);
      expect([a.partner.paired, b.partner.paired]).toEqual([false, false]);
    } finally {
      await lab.stop();
    }
  });
});

describe("pages on 127.0.0.1", () => {
  test("are those of the boxes, and say so when a daemon is dead", async () => {
    const lab = await startLab({ clients: 0 });
    try {
      for (const [index, letter] of ["A", "B"].entries()) {
        const port = lab.ports[index] ?? 0;
        const name = async (): Promise<string> => {
          const { body } = await page(port, "/api/v1/status");
          return (JSON.parse(body) as { box: { name: string } }).box.name;
        };
        await lab.waitFor(`the page of box ${letter}`, async () => (await name()) === letter);
      }
      await lab.cmd("kill a");
      const answer = await page(lab.ports[0], "/");
      expect(answer.code).toBe(502);
      expect(answer.body).toBe("Box A does not answer: its daemon is not running.\n");
    } finally {
      await lab.stop();
    }
  });
});

test("comes up without root", async (context) => {
  const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const prefix = process.getuid?.() === 0 ? nobody : [];
  const [program = "env", ...args] = prefix;
  const can = (...argv: string[]): boolean => spawnSync(program, [...args, ...argv]).status === 0;
  // A chroot, for one: the kernel lets nobody make a user namespace there.
  const unshare = ["unshare", "--user", "--map-root-user", "true"];
  if (!can(...unshare)) context.skip("users cannot make namespaces here");
  if (!can("test", "-r", join(repository, "dist", "tandemd.js"))) {
    context.skip("this checkout cannot be read by another user");
  }
  const lab = await startLab({ clients: 4, prefix, env: { HOME: "/tmp" } });
  try {
    await lab.untilUp();
    const users = await lab.exec("a", ["cat", "/proc/self/uid_map"]);
    expect(users.trim().split(/\s+/)).toEqual(["0", expect.any(String), "1"]);
    const { tandemd } = (await lab.status()).boxes.a.services;
    const status = await lab.exec("lab", ["cat", `/proc/${tandemd.pid}/status`]);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  } finally {
    await lab.stop();
  }
});
