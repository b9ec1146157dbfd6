// The page of two real boxes over HTTPS: one authority, at the own addresses and at the virtual one, which it follows in
// a handover, and nothing towards the provider.

import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames, plan } from "../../board/virtual/topology.ts";
import { labProblem } from "../support/lab.ts";
import { addHost, type Host } from "../support/lab-hosts.ts";
import { untilSettled } from "../support/outage.ts";

const PORT = 8443;
const problem = labProblem();
const { gateway } = plan.lan;
let lab: RunningLab;
let computer: Host;
let trusted: string;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await untilSettled(lab);
  computer = await addHost(lab, "pc", [{ on: "lan", addresses: ["10.77.0.50/24"] }]);
  const from = `https://${plan.boxes.a.lan}:${PORT}/api/v1/certificate/authority.pem`;
  let pem = "";
  await lab.waitFor("the authority", async () => {
    pem = (await computer.try(["curl", "--silent", "--insecure", "--max-time", "2", from])).out;
    return pem.includes("BEGIN CERTIFICATE");
  });
  trusted = computer.write("authority.pem", pem);
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(() => lab?.stop());

/** The certificate that is shown, when who trusts the one authority takes it; "" when not, or nobody answers. */
async function shownAt(address: string): Promise<string> {
  const verify = ["-CAfile", trusted, "-verify_return_error", "-verify_ip", address];
  const argv = ["openssl", "s_client", "-connect", `${address}:${PORT}`, ...verify];
  const { code, out } = await computer.try(argv, 3);
  return code === 0 ? (/-----BEGIN[\s\S]*?-----END/.exec(out)?.[0] ?? "") : "";
}

async function tandem(box: BoxName, ...words: string[]) {
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  return await lab.try(["exec", box, process.execPath, cli, "--socket", lab.socket(box), ...words]);
}

test("both boxes are trusted by who trusts the one authority", async () => {
  for (const box of boxNames) {
    const address = plan.boxes[box].lan;
    await lab.waitFor(`the page of box ${box}`, async () => (await shownAt(address)) !== "");
  }
  expect(await shownAt(plan.boxes.a.lan)).not.toBe(await shownAt(plan.boxes.b.lan));
});

test("the virtual address leads to the box that has the gateway, before a handover and after it", async () => {
  for (let i = 0; i < 2; i++) {
    const active = await untilSettled(lab);
    const own = await shownAt(plan.boxes[active].lan);
    expect(own).not.toBe("");
    await lab.waitFor("its page there", async () => (await shownAt(gateway)) === own);
    const done = await tandem(active, "handover", "--yes");
    expect(done.err + done.code).toBe("0");
  }
});

test("nobody on the provider's side gets a word", async () => {
  await untilSettled(lab);
  for (const address of [plan.wan.virtual, gateway]) {
    const pinged = await lab.try(["exec", "wan", "ping", "-c", "1", "-W", "2", address]);
    expect(pinged.code, `${address} is there`).toBe(0);
    const page = `https://${address}:${PORT}/`;
    const words = ["curl", "--silent", "--insecure", "--max-time", "3", page];
    expect((await lab.try(["exec", "wan", ...words])).out).toBe("");
  }
});
