// Firmware that boots over the network, from the bytes it sends to the file it is told to load, with a
// configuration as a person writes it.

import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { ACK, CoreBench, OFFER, type Reply, repliesIn } from "../support/core-bench.ts";
import { allFirmware, Firmware } from "../support/pxe-firmware.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const BOOT_SERVER = "10.77.0.5";
const MENU = "http://10.77.0.5/menu.ipxe";
const LOADER_URL = "http://10.77.0.5/boot/x64.efi";
const RECIPE = {
  version: 1,
  classes: [
    // The loader that is running already is not loaded once more.
    { name: "ipxe", match: { userClass: "iPXE" }, boot: { file: MENU } },
    {
      name: "pi",
      // Not by its vendor class: that is in the DISCOVER only.
      match: { mac: ["b8:27:eb", "dc:a6:32"] },
      options: { "vendor-specific-information": piMenu(), "vendor-class-identifier": "PXEClient" },
      boot: { file: "bootcode.bin" },
    },
    {
      name: "bios",
      match: { vendorClass: "PXEClient*", arch: [0] },
      boot: { file: "undionly.kpxe" },
    },
    {
      name: "uefi",
      match: { vendorClass: "PXEClient*", arch: [7, 9] },
      boot: { file: "ipxe.efi" },
    },
    {
      name: "http",
      match: { vendorClass: "HTTPClient*", arch: [16] },
      options: { "vendor-class-identifier": "HTTPClient" },
      boot: { file: LOADER_URL },
    },
    { name: "arm64", match: { arch: [22] }, boot: { file: "boot.scr.uimg" } },
  ],
  networks: [
    {
      name: "lan",
      subnet: "10.77.0.0/24",
      gateway: "10.77.0.1",
      dns: ["10.77.0.1"],
      domain: "lab.example",
      pools: [{ from: "10.77.0.100", to: "10.77.0.199" }],
      boot: { server: BOOT_SERVER, serverName: "boot.lab.example" },
      probe: false,
      leaseSeconds: 3600,
    },
  ],
};
const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { lan: { interface: "lan0", address: "10.77.0.2/24" } },
};

const EXPECTED: Readonly<Record<string, string>> = {
  "bios-pxe21": "undionly.kpxe",
  "uefi-x64-pxe": "ipxe.efi",
  "uefi-x64-http": LOADER_URL,
  "ipxe-bios": MENU,
  "ipxe-uefi": MENU,
  "u-boot-arm64": "boot.scr.uimg",
  "raspberry-pi4": "bootcode.bin",
};

function bench(changes: object = {}): CoreBench {
  const networks = RECIPE.networks.map((network) => ({ ...network, ...changes }));
  const loaded = loadConfig({ ...RECIPE, networks }, BOX);
  if ("issues" in loaded) throw new Error(JSON.stringify(loaded.issues));
  const { core } = loaded.config;
  return new CoreBench(core.networks, { config: core });
}

function only(at: CoreBench, frame: Uint8Array): Reply {
  at.frame(frame);
  const [reply, ...more] = repliesIn(at.effects);
  if (!reply || more.length > 0) throw new Error(`${more.length + (reply ? 1 : 0)} replies`);
  return reply;
}

/** Offer and acknowledgement. */
function boot(firmware: Firmware, at = bench()): readonly [Reply, Reply] {
  const offer = only(at, firmware.discover());
  const ack = only(at, firmware.request({ server: "10.77.0.2", address: offer.yiaddr }));
  at.durable();
  return [offer, ack];
}

test("every recorded firmware has a row here", () => {
  expect(allFirmware().map(({ name }) => name)).toEqual(Object.keys(EXPECTED).sort());
});

describe.each(allFirmware())("$name", (firmware) => {
  test("gets an address and is told what to load, from where, in both answers", () => {
    const [offer, ack] = boot(firmware);
    expect([offer.type, ack.type]).toEqual([OFFER, ACK]);
    expect(offer.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(ack.yiaddr).toBe(offer.yiaddr);
    for (const reply of [offer, ack]) {
      expect(bootFile(reply)).toBe(EXPECTED[firmware.name]);
      expect(bootServer(reply)).toBe(BOOT_SERVER);
      expect(reply.option(1)).toEqual([255, 255, 255, 0]);
      expect(reply.option(3)).toEqual([10, 77, 0, 1]);
    }
  });

  test("gets back who it is, and an answer that fits what it can take", () => {
    const [high = 0, low = 0] = firmware.sends(57) ?? [2, 64];
    for (const reply of boot(firmware)) {
      const sent = firmware.sends(97);
      expect(reply.option(97)).toEqual(sent && Array.from(sent));
      expect(reply.frame.length - 14).toBeLessThanOrEqual(high * 256 + low);
      // RFC 1542 §2.1: firmware may drop anything shorter.
      expect(reply.frame.length - 42).toBeGreaterThanOrEqual(300);
    }
  });

  test("is answered the same when it is switched on again", () => {
    const at = bench();
    const [before] = boot(firmware, at);
    at.pass(120);
    const [after] = boot(firmware, at);
    expect(after.yiaddr).toBe(before.yiaddr);
    expect(bootFile(after)).toBe(bootFile(before));
  });
});

test("HTTP boot takes only an answer that says HTTPClient (UEFI 2.10 §24.7)", () => {
  for (const reply of boot(new Firmware("uefi-x64-http"))) {
    expect(textOf(reply.option(60))).toBe("HTTPClient");
  }
});

test("a Raspberry Pi finds the menu it looks for, though it never asks for option 60 in its REQUEST", () => {
  for (const reply of boot(new Firmware("raspberry-pi4"))) {
    expect(Buffer.from(reply.option(43) ?? []).toString("hex")).toBe(piMenu());
    expect(textOf(reply.option(60))).toBe("PXEClient");
  }
});

test("a machine keeps its address from its ROM to the loader, where client identifiers are ignored", () => {
  const at = bench({ ignoreClientId: true });
  const rom = new Firmware("bios-pxe21");
  const [, first] = boot(rom, at);
  const [, second] = boot(new Firmware("ipxe-bios", rom.mac), at);
  expect(second.yiaddr).toBe(first.yiaddr);
  expect([bootFile(first), bootFile(second)]).toEqual(["undionly.kpxe", MENU]);
});

test("a device that does not boot from the network is told of no file", () => {
  const at = bench();
  const offer = at.discover("02:00:00:00:00:01");
  expect(offer?.type).toBe(OFFER);
  expect(offer && bootFile(offer)).toBe("");
});

/** From the header field, or the option that stands for it (RFC 2132 §9.5). */
function bootFile(reply: Reply): string {
  return textOf(reply.option(67)) || textOf(Array.from(reply.message.file));
}

function bootServer(reply: Reply): string {
  return formatIpv4(reply.message.siaddr);
}

/** Up to the first NUL. */
function textOf(content: readonly number[] | undefined): string {
  return new TextDecoder().decode(Uint8Array.from(content ?? [])).split("\0")[0] ?? "";
}

/** What a Raspberry Pi looks for in option 43: a boot menu with one entry of this name (PXE 2.1). */
function piMenu(): string {
  const name = "Raspberry Pi Boot";
  const prompt = [10, 4, 0, ...Buffer.from("PXE")];
  const menu = [9, 3 + name.length, 0, 0, name.length, ...Buffer.from(name)];
  return Buffer.from([6, 1, 3, ...prompt, ...menu, 255]).toString("hex");
}
