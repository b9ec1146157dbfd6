// Booting over the network: RFC 4578 (PXE), RFC 2131 §2 (siaddr, sname, file), UEFI HTTP boot.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { type ClassConfig, NOTHING_SET } from "../../daemon/core/config-view.ts";
import {
  ACK,
  bytes,
  CoreBench,
  configOf,
  INFORM,
  NAK,
  network,
  type Reply,
  reserve,
  text,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, configured, textOf } from "./networks.ts";

judgeAllSent();

const UUID = bytes(0, ...Array.from({ length: 16 }, (_, i) => i + 1));
/** What PXE firmware sends: architecture 7 is x86-64 UEFI. */
const pxe = (arch: number, asked = bytes(1, 3, 66, 67)) => ({
  options: {
    55: asked,
    60: text(`PXEClient:Arch:${String(arch).padStart(5, "0")}:UNDI:003016`),
    93: bytes(0, arch),
    94: bytes(1, 3, 16),
    97: UUID,
  },
});

describe("RFC 4578 §2.3: client machine identifier", () => {
  test("RFC 4578 §2.3: option 97 comes back in offers and acks to who sent it", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, pxe(7));
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", pxe(7));
    expect([offer, ack].map((reply) => reply?.option(97))).toEqual([[...UUID], [...UUID]]);
  });

  test("RFC 4578 §2.3: it comes back in the answer to a DHCPINFORM", () => {
    const ack = new CoreBench().send({ type: INFORM, mac: A, ciaddr: "10.77.0.44", ...pxe(7) });
    expect(ack?.type).toBe(ACK);
    expect(ack?.option(97)).toEqual([...UUID]);
  });

  test("RFC 4578 §2.3: a client that sends none gets none, and a DHCPNAK has none", () => {
    expect(new CoreBench().discover(A)?.message.has(97)).toBe(false);
    const nak = new CoreBench().reboot(A, "10.99.0.1", pxe(7));
    expect(nak?.type).toBe(NAK);
    expect(nak?.message.has(97)).toBe(false);
  });
});

describe("RFC 4578 §2.1: a boot file by architecture", () => {
  test("RFC 4578 §2.1: file, sname and siaddr are those of the class", () => {
    const bench = boots();
    for (const [arch, file] of [
      [7, "uefi.efi"],
      [0, "bios.kpxe"],
    ] as const) {
      const offer = bench.discover(A, pxe(arch, bytes(1, 3)));
      expect(fieldOf(offer, 108, 128)).toBe(file);
      expect(fieldOf(offer, 44, 64)).toBe("boot.example");
      expect(offer?.message.siaddr).toBe(ipv4("10.77.0.7"));
    }
  });

  test("RFC 4578 §2.1: the DHCPACK says the same as the DHCPOFFER", () => {
    const bench = boots();
    const offer = bench.discover(A, pxe(7));
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", pxe(7));
    expect(fieldOf(ack, 108, 128)).toBe("uefi.efi");
    expect(ack?.message.siaddr).toBe(ipv4("10.77.0.7"));
  });

  test("RFC 4578 §2.1: a client that names several architectures is of the class of any of them", () => {
    const options = { ...pxe(7).options, 93: bytes(0, 99, 0, 7) };
    expect(fieldOf(boots().discover(A, { options }), 108, 128)).toBe("uefi.efi");
  });

  test("a client of no class has nothing to boot from", () => {
    const offer = boots().discover(B);
    expect(offer?.message.siaddr).toBe(0);
    expect(fieldOf(offer, 108, 128)).toBe("");
    expect(fieldOf(offer, 44, 64)).toBe("");
  });

  test("a reservation's boot file comes before that of the class", () => {
    const own = reserve(A, "10.77.0.20", { bootFile: text("own.efi") });
    const offer = boots({ reservations: [own] }).discover(A, pxe(7));
    expect(fieldOf(offer, 108, 128)).toBe("own.efi");
    expect(offer?.message.siaddr).toBe(ipv4("10.77.0.7"));
  });

  test("RFC 2132 §9.4, §9.5: options 66 and 67 go to who asks for them", () => {
    const options = [
      configured("tftp-server-name", "boot.example"),
      configured("bootfile-name", "long/path/to/first.efi"),
    ];
    const bench = new CoreBench([network({ options })]);
    const offer = bench.discover(A, pxe(7));
    expect([textOf(offer, 66), textOf(offer, 67)]).toEqual([
      "boot.example",
      "long/path/to/first.efi",
    ]);
    const plain = bench.discover(B, { options: { 55: bytes(1, 3) } });
    expect([plain?.message.has(66), plain?.message.has(67)]).toEqual([false, false]);
  });

  test("the fields hold the boot file though options would like their room (RFC 2132 §9.3)", () => {
    const long = Array.from({ length: 4 }, (_, i) => {
      return { code: 200 + i, data: new Uint8Array(100).fill(7) };
    });
    const bench = boots({ options: long });
    const offer = bench.discover(A, pxe(7, bytes(200, 201, 202, 203)));
    expect(fieldOf(offer, 108, 128)).toBe("uefi.efi");
    expect(offer?.option(52)).toBeUndefined();
  });
});

describe("UEFI HTTP boot", () => {
  const http = {
    options: {
      55: bytes(1, 3, 60, 67),
      60: text("HTTPClient:Arch:00016:UNDI:003001"),
      93: bytes(0, 16),
    },
  };

  test("the class of the client is answered as configured: option 60 'HTTPClient' and a URI", () => {
    const offer = boots().discover(A, http);
    expect(textOf(offer, 60)).toBe("HTTPClient");
    expect(textOf(offer, 67)).toBe("http://boot.example/first.efi");
  });

  test("nobody else is told 'HTTPClient'", () => {
    const offer = boots().discover(B, { options: { 55: bytes(1, 60) } });
    expect(offer?.message.has(60)).toBe(false);
  });
});

/** Classes by architecture: 0 BIOS, 7 UEFI, 16 UEFI over HTTP. */
function boots(changes: Parameters<typeof network>[0] = {}): CoreBench {
  const server = { nextServer: ipv4("10.77.0.7"), serverName: text("boot.example") };
  const classes = [
    byArch("uefi", 7, { ...server, bootFile: text("uefi.efi") }),
    byArch("bios", 0, { ...server, bootFile: text("bios.kpxe") }),
    byArch("http", 16, {
      options: [
        configured("vendor-class-identifier", "HTTPClient"),
        configured("bootfile-name", "http://boot.example/first.efi"),
      ],
    }),
  ];
  const networks = [network(changes)];
  return new CoreBench(networks, { config: configOf(networks, { classes }) });
}

function byArch(name: string, arch: number, level: Partial<ClassConfig>): ClassConfig {
  return { ...NOTHING_SET, name, match: { kind: "arch", of: [arch] }, isDenied: false, ...level };
}

/** Text of a fixed field of the message, up to its first NUL. */
function fieldOf(reply: Reply | undefined, offset: number, length: number): string {
  const field = reply?.frame.subarray(42 + offset, 42 + offset + length) ?? bytes();
  const end = field.indexOf(0);
  return String.fromCharCode(...field.subarray(0, end < 0 ? length : end));
}
