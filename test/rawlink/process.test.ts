// rawlink as a process: its socket file, its privileges, UDP port 67, its end.

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client, hex, udpFrame } from "./client.ts";
import { build, type Rawlink, Room, USUAL, until } from "./room.ts";

const isRoot = process.getuid?.() === 0;

describe.each(USUAL)("the process (%s)", (kind) => {
  let programs: string;
  let room: Room;

  beforeAll(() => {
    programs = build(kind);
  });
  afterAll(() => rmSync(programs, { recursive: true }));
  beforeEach(async () => {
    room = await Room.open(programs);
  });
  afterEach(() => room.close());

  async function ends(rawlink: Rawlink): Promise<string> {
    await until(() => rawlink.exitCode !== null, "rawlink ends");
    expect(rawlink.exitCode).toBe(1);
    expect(rawlink.log.trimEnd().split("\n")).toHaveLength(1);
    return rawlink.log;
  }

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s ends it and removes the socket",
    async (name) => {
      const rawlink = await room.rawlink();
      const client = await Client.open(rawlink.socket, "v0");
      rawlink.signal(name);
      await until(() => rawlink.exitCode !== null, "it ends");
      expect(rawlink.exitCode).toBe(0);
      expect(existsSync(rawlink.socket)).toBe(false);
      await client.gone();
    },
  );

  test("a socket left behind is replaced, one that answers is not, nor is a file", async () => {
    const first = await room.rawlink();
    first.signal("SIGKILL");
    await until(() => first.exitCode !== null, "killed");
    expect(existsSync(first.socket)).toBe(true);
    const second = await room.rawlink([], first.socket);
    expect(await ends(room.spawnRawlink(first.socket))).toContain("another rawlink");
    const client = await Client.open(second.socket, "v0");
    expect(client.link.present).toBe(true);

    const foreign = room.path();
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(foreign, resolve));
    expect(await ends(room.spawnRawlink(foreign))).toContain("is in use");
    server.close();

    const file = room.path();
    writeFileSync(file, "kept");
    expect(await ends(room.spawnRawlink(file))).toContain("is not a socket");
    expect(statSync(file).size).toBe(4);
  });

  test("it removes only its own socket file", async () => {
    const first = await room.rawlink();
    rmSync(first.socket);
    const second = await room.rawlink([], first.socket);
    await first.stop();
    expect(existsSync(second.socket)).toBe(true);
    await Client.open(second.socket, "v0");
  });

  test("unusable options and paths are one sentence and exit 1", async () => {
    expect(await ends(room.spawnRawlink(room.path(), ["-m", "999"]))).toContain("usage:");
    expect(await ends(room.spawnRawlink(room.path(), ["-x"]))).toContain("usage:");
    expect(await ends(room.spawnRawlink(room.path(), ["more"]))).toContain("usage:");
    expect(await ends(room.spawnRawlink(room.path(), ["-u", "no-such-user"]))).toContain("no such");
    expect(await ends(room.spawnRawlink(room.path(), ["-g", "no-such-group"]))).toContain(
      "no such",
    );
    expect(await ends(room.spawnRawlink(`/tmp/${"x".repeat(120)}`))).toContain("longer than");
    expect(await ends(room.spawnRawlink("/nowhere/at/all"))).toContain("/nowhere/at/all");
  });

  test("the socket has the mode asked for", async () => {
    const usual = await room.rawlink();
    expect(lstatSync(usual.socket).mode & 0o777).toBe(0o660);
    const open = await room.rawlink(["-m", "666"]);
    expect(lstatSync(open.socket).mode & 0o777).toBe(0o666);
  });

  test("it keeps no privilege at all", async () => {
    const rawlink = await room.rawlink();
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(rawlink.status(set), set).toBe("0000000000000000");
    }
    expect(rawlink.status("NoNewPrivs")).toBe("1");
    const client = await Client.open(rawlink.socket, "v0");
    const peer = await room.peer();
    const frame = udpFrame({ source: room.mac("v0"), from: 67, to: 68 });
    client.send(frame);
    await peer.sees(frame);
  });

  test.runIf(isRoot)("as another user and group, it works the same", async () => {
    chmodSync(room.folder, 0o755);
    const folder = join(room.folder, "run");
    mkdirSync(folder);
    chownSync(folder, 65534, 65533);
    const socket = join(folder, "sock");
    const rawlink = await room.rawlink(["-u", "65534", "-g", "65533"], socket);
    expect(rawlink.status("Uid")).toBe("65534\t65534\t65534\t65534");
    expect(rawlink.status("Gid")).toBe("65533\t65533\t65533\t65533");
    expect(rawlink.status("Groups")).toBe("");
    expect(rawlink.status("CapEff")).toBe("0000000000000000");
    expect([statSync(socket).uid, statSync(socket).gid]).toEqual([65534, 65533]);
    room.sh("ip link set v0 name w0");
    const client = await Client.open(socket, "v0");
    room.sh("ip link set w0 name v0");
    await client.state((state) => state.carrier, "attached without privileges");
    const peer = await room.peer();
    const frame = udpFrame({ source: room.mac("v1") });
    await peer.send(frame);
    await client.receives(frame);
    await rawlink.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test("unicast DHCP to the box is not answered by the kernel", async () => {
    const rawlink = await room.rawlink();
    const client = await Client.open(rawlink.socket, "v0");
    const [source, target] = [room.mac("v1"), room.mac("v0")];
    const text = Array.from(source, (byte) => byte.toString(16).padStart(2, "0")).join(":");
    room.sh(`ip addr add 10.9.0.1/24 dev v0; ip neigh add 10.9.0.2 lladdr ${text} dev v0`);
    const peer = await room.peer();
    const addresses = ["10.9.0.2", "10.9.0.1"] as const;
    const isIcmp = (frame: string) =>
      frame.slice(24, 28) === "0800" && frame.slice(46, 48) === "01";

    const renewal = udpFrame({ source, target, addresses });
    await peer.send(renewal);
    await client.receives(renewal);
    // The control: for a port that nobody holds, the kernel does answer, and after the first.
    await peer.send(udpFrame({ source, target, addresses, to: 69 }));
    const icmp = await until(() => peer.frames.find(isIcmp), "port unreachable for port 69");
    expect(icmp).toContain(hex(Uint8Array.of(0, 68, 0, 69)));
    expect(peer.frames.filter(isIcmp)).toHaveLength(1);
  });

  test("another server on port 67 is named in the log and to clients, and no obstacle", async () => {
    const peer = await room.peer();
    await peer.command("hold");
    const rawlink = await room.rawlink();
    expect(rawlink.log).toContain("another DHCP server is running here");
    const client = await Client.open(rawlink.socket, "v0");
    expect(client.errors).toHaveLength(1);
    expect(client.errors[0]).toMatch(/^UDP port 67 is not ours.*Address .*in use$/);
    expect(client.link.carrier).toBe(true);
  });

  test("a client that never says OPEN is closed after five seconds", async () => {
    const rawlink = await room.rawlink();
    const client = new Client(rawlink.socket);
    await client.gone();
    expect(rawlink.log).toContain("it did not say which interface it wants");
  });
});
