// The page over HTTPS on real interfaces: two boxes on one LAN, of which one has the virtual address, a device, and
// somebody on the provider's side. The boxes have nothing but their page (support/web-box.ts).

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSubnet } from "../../daemon/base/address.ts";
import type { WebPlan } from "../../daemon/core/web/places.ts";
import { makeAuthority } from "../../daemon/io/web-keys.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { NetRoom, netRoomProblem, type Place } from "../dbus/net-room.ts";
import { describeUnless } from "../support/unless.ts";
import type { WebBoxOptions } from "../support/web-box.ts";

const PORT = 8443;
const VIRTUAL = "10.77.0.1";
const OWN = { a: "10.77.0.2", b: "10.77.0.3" } as const;
const WAN = "192.0.2.2";
const DAY = 86_400_000;
const script = new URL("../support/web-box.ts", import.meta.url).pathname;

describeUnless(netRoomProblem(), "the page on real interfaces", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tandem-https-"));
  const trusted = path.join(folder, "authority.pem");
  let room: NetRoom;
  let boxes: Readonly<Record<"a" | "b", Place>>;
  let outside: Place;

  /** The room itself is the LAN with its device; the boxes and the provider are places of their own. */
  beforeAll(async () => {
    room = new NetRoom();
    await room.run("ip link set lo up; ip link add lan type bridge; ip link set lan up");
    await room.run("ip addr add 10.77.0.50/24 dev lan");
    boxes = { a: await boxOnLan("a"), b: await boxOnLan("b") };
    outside = await room.addPlace();
    const inA = boxes.a.join(" ");
    const at = outside.join(" ");
    await room.run(`${inA} ip link add wan0 type veth peer name eth0 netns ${outside[2]}
      ${inA} ip addr add ${WAN}/24 dev wan0; ${inA} ip link set wan0 up
      ${at} ip addr add 192.0.2.9/24 dev eth0; ${at} ip link set eth0 up
      ${at} ip route add 10.77.0.0/24 via ${WAN}`);
    const now = Date.now();
    const authority = makeAuthority({ notBefore: now - DAY, notAfter: now + 90 * DAY });
    writeFileSync(trusted, authority.certificate);
    writeFileSync(path.join(folder, "authority.json"), JSON.stringify(authority));
    await startBox("a", "wan0");
    await startBox("b", undefined);
  });

  afterAll(async () => {
    await room.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function boxOnLan(name: "a" | "b"): Promise<Place> {
    const place = await room.addPlace();
    const inside = place.join(" ");
    await room.run(`ip link add port-${name} type veth peer name lan0 netns ${place[2]}
      ip link set port-${name} master lan up
      ${inside} ip addr add ${OWN[name]}/24 dev lan0; ${inside} ip link set lan0 up`);
    return place;
  }

  async function startBox(
    name: "a" | "b",
    wanInterface: string | undefined,
    port = PORT,
    rights: readonly string[] = [],
  ): Promise<void> {
    const subnet = parseSubnet("10.77.0.0/24");
    const plan: WebPlan = {
      ...{ box: `box-${name}`, port, wanInterface, virtualAddresses: [VIRTUAL] },
      lans: [{ interfaceName: "lan0", address: OWN[name] }],
      subnets: subnet ? [subnet] : [],
    };
    const stateDir = path.join(folder, `${name}-${port}`);
    mkdirSync(stateDir);
    const options: WebBoxOptions = {
      stateDir,
      plan,
      authorityFile: path.join(folder, "authority.json"),
    };
    const argv = [process.execPath, script, JSON.stringify(options)];
    await room.start([...boxes[name], ...rights, ...argv], logOf(name, port));
  }

  function logOf(name: string, port = PORT): string {
    return path.join(folder, `${name}-${port}.log`);
  }

  async function says(name: string, line: string, port = PORT): Promise<void> {
    const last = () => readFileSync(logOf(name, port), "utf8").trimEnd().split("\n").at(-1);
    await expect.poll(last, { timeout: 10_000 }).toBe(line);
  }

  /** As a browser that trusts the authority; "" when nothing came of it. */
  function fetched(url: string, from: Place = []): Promise<string> {
    const argv = ["curl", "--silent", "--max-time", "3", "--cacert", trusted, url];
    return room.run(`${[...from, ...argv].join(" ")} || :`);
  }

  async function moveTo(name: "a" | "b"): Promise<void> {
    const other = name === "a" ? "b" : "a";
    await room.run(`${boxes[other].join(" ")} ip addr del ${VIRTUAL}/24 dev lan0 || :
      ${boxes[name].join(" ")} ip addr add ${VIRTUAL}/24 dev lan0
      ip neigh flush dev lan`);
  }

  function listening(name: "a" | "b"): Promise<string> {
    return room.run(`${boxes[name].join(" ")} ss -Hltn | awk '{ print $4 }' | sort`);
  }

  test("is reached at the own address of each box, and trusted by who trusts the authority", async () => {
    await says("a", `open: ${OWN.a}`);
    await says("b", `open: ${OWN.b}`);
    expect(await fetched(`https://${OWN.a}:${PORT}/`)).toBe("box box-a to 10.77.0.50\n");
    expect(await fetched(`https://${OWN.b}:${PORT}/`)).toBe("box box-b to 10.77.0.50\n");
    expect(await listening("a")).toBe(`${OWN.a}:${PORT}\n`);
  });

  test("is reached at the virtual address, which names the box that has it, and follows a handover", async () => {
    expect(await fetched(`https://${VIRTUAL}:${PORT}/`)).toBe("");
    for (const name of ["a", "b", "a"] as const) {
      await moveTo(name);
      const startedAt = performance.now();
      const page = () => fetched(`https://${VIRTUAL}:${PORT}/`);
      await expect.poll(page, { timeout: 10_000 }).toBe(`box box-${name} to 10.77.0.50\n`);
      // A look, and what curl takes on a busy machine.
      expect(performance.now() - startedAt).toBeLessThan(LIMITS.httpsLookMilliseconds + 3000);
    }
    await says("a", `open: ${OWN.a} ${VIRTUAL}`);
    await says("b", `open: ${OWN.b}`);
    expect(await listening("b")).toBe(`${OWN.b}:${PORT}\n`);
  });

  test("is not there for the provider's side: not at the address there, nor at those of the LAN", async () => {
    const pinged = await room.run(`${outside.join(" ")} ping -c 1 -W 2 ${OWN.a}`);
    expect(pinged).toContain("1 received");
    for (const address of [WAN, OWN.a, VIRTUAL]) {
      expect(await fetched(`https://${address}:${PORT}/`, outside)).toBe("");
    }
    // Who is there may say that they are on the LAN; the answer goes to the LAN.
    const forged = `${outside.join(" ")} ip addr add 10.77.0.99/32 dev lo
      ${outside.join(" ")} curl --silent --max-time 2 --interface 10.77.0.99 --cacert ${trusted} https://${OWN.a}:${PORT}/ || :`;
    expect(await room.run(forged)).toBe("");
    expect(await fetched(`https://${OWN.a}:${PORT}/`)).toBe("box box-a to 10.77.0.50\n");
  });

  test("at a port of the system is said to be impossible", async () => {
    const rights = ["setpriv", "--bounding-set", "-net_bind_service", "--"];
    await startBox("b", undefined, 443, rights);
    const reason = "only the system may use it, as all ports below 1024";
    await says("b", `web-port-busy ${OWN.b}: ${reason}`, 443);
  });
});
