// What may be said of connection tracking, and the configuration that is made of it. Every way to have conntrackd read
// something else is tried.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { below, seeded } from "../support/random.ts";
import { Harness } from "./harness.ts";

const ROUNDS = Number(process.env.GATEKEEPER_ROUNDS ?? 5000);
const SEEDS = [1, 2, Math.floor(Math.random() * 1e9)];
const USUAL = "1 ded0 10.77.0.1,10.77.0.2";

let harness: Harness;

beforeAll(() => {
  harness = new Harness();
});
afterAll(() => harness.end());

const read = (words: string): string => harness.trackings([words])[0] ?? "";
const configOf = (words: string): string => {
  const answer = read(words);
  return answer.slice(answer.indexOf("Sync {")).replaceAll("|", "\n");
};

describe("what may be said", () => {
  test.each([
    ["off", "good 1"],
    ["primary", "good 2"],
    ["backup", "good 3"],
  ])("%s", (words, answer) => expect(read(words)).toBe(answer));

  test.each([
    [USUAL, "good 0 ded0"],
    ["2 ded0,eth0.7 10.77.0.1", "good 0 ded0 eth0.7"],
    ["1 a,b,c,d fd77::1,10.77.0.1", "good 0 a b c d"],
  ])("%s", (words, begin) => expect(read(words)).toMatch(new RegExp(`^${begin}Sync \\{`)));

  test(`32 addresses, and no more`, () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => `fd77:1111:2222:3333:4444:5555:6666:${at + 1000}`);
    expect(read(`1 ded0 ${many(32).join()}`)).toMatch(/^good 0/);
    expect(read(`1 ded0 ${many(33).join()}`)).toBe("no");
  });
});

describe("what may not", () => {
  const evil = [
    "",
    " ",
    "0 ded0 10.77.0.1",
    "3 ded0 10.77.0.1",
    "11 ded0 10.77.0.1",
    "1",
    "1 ded0",
  ];
  evil.push(
    "1 ded0 ",
    "1  ded0 10.77.0.1",
    " 1 ded0 10.77.0.1",
    "1 ded0 10.77.0.1 ",
    "1 , 10.77.0.1",
  );
  evil.push("1 ded0, 10.77.0.1", "1 ,ded0 10.77.0.1", "1 ded0 10.77.0.1,", "1 ded0 ,10.77.0.1");
  evil.push(
    "1 ded0,ded0 10.77.0.1",
    "1 a,b,c,d,e 10.77.0.1",
    "1 ded0 10.77.0.1 x",
    "off off",
    "off ",
  );
  evil.push("OFF", "primary 1", "1 ded0 10.77.0.1}", "1 ded0} 10.77.0.1", "1 ded0#x 10.77.0.1");
  evil.push('1 "ded0" 10.77.0.1', "1 ../x 10.77.0.1", "1 all 10.77.0.1", "1 default 10.77.0.1");
  evil.push(
    `1 ${"x".repeat(16)} 10.77.0.1`,
    "1 ded0 10.77.0.1/24",
    "1 ded0 127.0.0.1",
    "1 ded0 ::1",
  );
  evil.push(
    "1 ded0 0.0.0.0",
    "1 ded0 224.0.0.18",
    "1 ded0 ff02::1",
    "1 ded0 10.77.0",
    "1 ded0 lan0",
  );
  evil.push("1 ded0\0 10.77.0.1", "1 ded0 10.77.0.1\0", "1 ded0 10.77.0.1\n", "1 ded0\t10.77.0.1");
  evil.push("1 ded0 10.77.0.1\r", "1 d\xe4d 10.77.0.1", "1 ded0 10.77.0.1,fe80::1%ded0");
  test.each(evil)("%j", (words) => expect(read(words)).toBe("no"));
});

test("the configuration", () => {
  expect(configOf("2 ded0,ded1 10.77.0.1,FD77:0::1")).toBe(`Sync {
    Mode FTFW {
        DisableExternalCache yes
        StartupResync yes
        ResendQueueSize 16384
    }
    UDP Default {
        IPv6_address fe80::7464:2
        IPv6_Destination_Address fe80::7464:1
        Port 3780
        Interface tandem0
        Checksum yes
    }
    UDP {
        IPv6_address fe80::7464:2
        IPv6_Destination_Address fe80::7464:1
        Port 3781
        Interface tandem1
        Checksum yes
    }
}
General {
    HashSize 8192
    HashLimit 65536
    LogFile no
    Syslog no
    LockFile /run/gate/conntrackd.lock
    UNIX {
        Path /run/gate/ct.ctl
    }
    NetlinkBufferSize 1048576
    NetlinkBufferSizeMaxGrowth 4194304
    Filter From Kernelspace {
        Protocol Accept {
            TCP
            UDP
        }
        Address Ignore {
            IPv4_address 127.0.0.1
            IPv6_address ::1
            IPv6_address fe80::7464:1
            IPv6_address fe80::7464:2
            IPv4_address 10.77.0.1
            IPv6_address fd77::1
        }
    }
}
`);
});

const PIECES = [
  " ",
  ",",
  "{",
  "}",
  "#",
  '"',
  "\n",
  "\0",
  "/",
  "%",
  "::",
  ":",
  ".",
  "9",
  "x",
  "\xff",
  "",
];

test.each(SEEDS)("damaged by seed %i it has no other words in it", (seed) => {
  const random = seeded(seed);
  const usual = configOf(USUAL).replace(/^ +IPv[46]_address [0-9a-f:.]+\n/gm, "");
  const words = Array.from({ length: ROUNDS }, () => {
    const cut = below(random, USUAL.length + 1);
    const piece = PIECES[below(random, PIECES.length)];
    return USUAL.slice(0, cut) + piece + USUAL.slice(cut + below(random, 2));
  });
  const good = harness.trackings(words).filter((answer) => answer.startsWith("good 0"));
  for (const answer of good) {
    const text = answer.slice(answer.indexOf("Sync {")).replaceAll("|", "\n");
    const rest = text
      .replace(/^ {4}UDP \{\n(.*\n){5} {4}\}\n/m, "")
      .replace(/^ +IPv[46]_address [0-9a-f:.]+\n/gm, "");
    expect(rest).toBe(usual);
  }
  expect(good.length).toBeGreaterThan(ROUNDS / 20);
  expect(good.length).toBeLessThan(ROUNDS * 0.9);
});
