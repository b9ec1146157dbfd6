// The real daemon over HTTPS, in a namespace in which its LAN comes later than it does.

import { execFile } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { netRoomProblem } from "../dbus/net-room.ts";
import { describeUnless } from "../support/unless.ts";
import { BOX, RealDaemon, SHARED } from "./real-daemon.ts";

const run = promisify(execFile);
const OWN = "https://10.0.0.2:8443";
const isRoot = process.getuid?.() === 0;
const why = netRoomProblem() ?? (isRoot ? undefined : "only root enters the daemon's namespace");

describeUnless(why, "the daemon over HTTPS", () => {
  let daemon: RealDaemon;

  beforeEach(async () => {
    daemon = new RealDaemon();
    daemon.start(["unshare", "--net", "--"]);
    await daemon.until(() => daemon.output.includes("The page has a new certificate"));
    await inside(
      "ip link set lo up; ip link add lan0 type veth peer name far0; ip link set far0 up",
    );
    await inside("ip addr add 10.0.0.2/16 dev lan0; ip link set lan0 up");
  });

  afterEach(() => daemon.remove());

  async function inside(script: string): Promise<string> {
    const argv = ["-t", `${daemon.pid}`, "-n", "--", "sh", "-c", script];
    return (await run("nsenter", argv)).stdout;
  }

  function fetched(url: string, ...more: readonly string[]): Promise<string> {
    const words = ["curl", "--silent", "--max-time", "3", ...more, url];
    return inside(`${words.map((word) => `'${word}'`).join(" ")} || :`);
  }

  async function trusted(): Promise<string> {
    const file = path.join(daemon.folder, "authority.pem");
    const pem = () => fetched(`${OWN}/api/v1/certificate/authority.pem`, "--insecure");
    await expect.poll(pem, { timeout: 10_000 }).toContain("BEGIN CERTIFICATE");
    writeFileSync(file, await pem());
    return file;
  }

  test("is reached by who trusts its authority; what needs a password says so", async () => {
    const file = await trusted();
    const status = await fetched(`${OWN}/api/v1/certificate`, "--cacert", file);
    expect(JSON.parse(status)).toMatchObject({ status: 401 });
    const named = await fetched(
      `${OWN}/api/v1/status`,
      "--cacert",
      file,
      "--header",
      "host: evil.example",
    );
    expect(JSON.parse(named)).toMatchObject({ status: 421 });
    const { mode } = statSync(path.join(daemon.stateDir, "web-key.pem"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("has the same certificate and authority after a start, and others for another name", async () => {
    await trusted();
    const certificate = () =>
      readFileSync(path.join(daemon.stateDir, "web-certificate.pem"), "utf8");
    const before = certificate();
    expect(await daemon.end("SIGTERM")).toBe(0);
    daemon.start(["unshare", "--net", "--"]);
    await daemon.until(({ box }) => box.name === "A");
    expect(certificate()).toBe(before);
    daemon.configure(SHARED, { ...BOX, name: "B" });
    await expect.poll(certificate, { timeout: 10_000 }).not.toBe(before);
    expect(daemon.output.match(/has made the authority/g)).toHaveLength(1);
  });
});
