// What a configuration and a command may say. Every way to make keepalived do something else is tried.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { below, seeded } from "../support/random.ts";
import { configuration } from "./configuration.ts";
import { FOLDER, Harness } from "./harness.ts";
import { isOnList } from "./oracle.ts";

const ROUNDS = Number(process.env.GATEKEEPER_ROUNDS ?? 5000);
const SEEDS = [1, 2, Math.floor(Math.random() * 1e9)];

const example = configuration({ folder: FOLDER, dbus: true });
let harness: Harness;

beforeAll(() => {
  harness = new Harness();
});
afterAll(() => harness.end());

/** The example with a line behind the one that starts with `after`. */
function withLine(after: string, line: string): string {
  const at = example.indexOf("\n", example.indexOf(after)) + 1;
  return `${example.slice(0, at)}${line}\n${example.slice(at)}`;
}

/** The example with one line instead of another. */
function instead(old: string, line: string): string {
  expect(example).toContain(` ${old}\n`);
  return example.replace(` ${old}\n`, `${line}\n`);
}

describe("a configuration", () => {
  test("of the daemon passes, with D-Bus or without", () => {
    expect(harness.configuration(example)).toBe("good 5 1");
    expect(harness.configuration(configuration({ folder: FOLDER }))).toBe("good 5 0");
    expect(harness.configuration(example.trimEnd())).toBe("good 5 1");
    expect(harness.configuration(example.replaceAll("\n", " \t\n\n \t"))).toBe("good 5 1");
  });

  const good: readonly (readonly [string, string])[] = [
    ["dont_track_primary", " use_vmac v51"],
    ["dont_track_primary", " track_file {\n health weight 1\n }"],
    ["dont_track_primary", " advert_int 1.25"],
    ["global_defs {", " router_id box.A-1_x"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/32"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/1 no_track"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev eth0.7+x,y=z_no no_track"],
    ["10.77.0.1/24 dev lan0", " fd77::1/128\tdev\tbr-lan  no_track"],
    ["default via", " default via fe80::1 dev wan0"],
    ["static_ipaddress {", " fe80::1:2:3:4/64 dev lan0"],
  ];
  test.each(good)("may say behind %s: %s", (after, line) => {
    expect(harness.configuration(withLine(after, line))).toMatch(/^good [56] 1$/);
  });

  // What another keepalived keyword could do as root, and ways to hide one.
  const evil: readonly (readonly [string, string])[] = [
    ["state BACKUP", " notify /tmp/x"],
    ["state BACKUP", " notify_master /tmp/x"],
    ["state BACKUP", ' notify_master "/bin/sh -c id" root'],
    ["state BACKUP", " notify_master_rx_lower_pri /tmp/x"],
    ["state BACKUP", " track_script {"],
    ["state BACKUP", " authentication {"],
    ["state BACKUP", " smtp_alert"],
    ["state BACKUP", " notify_fifo /tmp/x"],
    ["state BACKUP", " unicast_peer {"],
    ["state BACKUP", " virtual_rules {"],
    ["state BACKUP", " state MASTER"],
    ["state BACKUP", " track_file health {"],
    ["global_defs {", " script_user root"],
    ["global_defs {", " enable_script_security"],
    ["global_defs {", " vrrp_notify_fifo_script /tmp/x"],
    ["global_defs {", " notify_fifo /run/gate/vrrp.fifo"],
    ["global_defs {", " vrrp_notify_fifo /tmp/x"],
    ["global_defs {", " vrrp_notify_fifo /run/gate/vrrp.fifo/"],
    ["global_defs {", " vrrp_notify_fifo /run/gate/../gate/vrrp.fifo"],
    ["global_defs {", ' vrrp_notify_fifo "/run/gate/vrrp.fifo"'],
    ["global_defs {", " vrrp_notify_fifo /run/gate/health"],
    ["global_defs {", " reload_check_config /etc/shadow"],
    [" reload_check_config", " reload_check_config"],
    ["global_defs {", " reload_file /etc/shadow"],
    ["global_defs {", " process_names"],
    ["global_defs {", " dbus_service_name org.x"],
    ["global_defs {", " net_namespace x"],
    ["global_defs {", " include /etc/shadow"],
    ["global_defs {", " vrrp_version 2"],
    ["global_defs {", " tmp_config_directory /etc"],
    ["global_defs {", " use_symlink_paths"],
    ["global_defs {", " nftables x"],
    ["global_defs {", " router_id $HOME"],
    ["global_defs {", " router_id $" + "{X}"],
    ["global_defs {", " router_id A # no"],
    ["global_defs {", " router_id A!"],
    ["global_defs {", ' router_id "A"'],
    ["global_defs {", " router_id 'A'"],
    ["global_defs {", " router_id A\\"],
    ["global_defs {", " router_id A\rscript_user root"],
    ["global_defs {", " router_id A\vx"],
    ["global_defs {", " router_id A\f"],
    ["global_defs {", " router_id A\0"],
    ["global_defs {", " router_id \xa0A"],
    ["global_defs {", ` router_id ${"A".repeat(33)}`],
    ["global_defs {", "@host router_id A"],
    ["global_defs {", "@^host router_id A"],
    ["global_defs {", "~SEQ(i, 1, 9) router_id A"],
    ["global_defs {", "$X = router_id"],
    ["global_defs {", "# comment"],
    ["global_defs {", "! comment"],
    ["global_defs {", " router_id A }"],
    ["global_defs {", " { "],
    ["global_defs {", `${" ".repeat(200)}router_id A`],
    ["group {", " include"],
    ["group {", " include_r /etc/shadow"],
    ["group {", " HB0 LAN0"],
    ["group {", " HB0/"],
    ["weight 1", ' file "/etc/shadow"'],
    ["weight 1", " file /run/gate/health"],
    ["weight 1", ' file "/run/gate/health" x'],
    ["weight 1", ' file "/run/gate/health "'],
    ["weight 1", ' file "/run/gate//health"'],
    ["weight 1", " init_file 1"],
    ["weight 1", " init_file 0 overwrite"],
    ["weight 1", " weight 2"],
    ["static_ipaddress {", " 10.0.0.1/24 dev lan0"],
    ["static_ipaddress {", " fe80:0:0:1::1/64 dev lan0"],
    ["static_ipaddress {", " fe80::1/10 dev lan0"],
    ["static_ipaddress {", " fd00::1/64 dev lan0"],
    ["static_ipaddress {", " fe80::1/64"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/0"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/024"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/33"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/4294967320"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.09/24"],
    ["10.77.0.1/24 dev lan0", " 127.0.0.1/8 dev lo"],
    ["10.77.0.1/24 dev lan0", " 0.0.0.0/8"],
    ["10.77.0.1/24 dev lan0", " 224.0.0.18/24"],
    ["10.77.0.1/24 dev lan0", " 255.255.255.255/32"],
    ["10.77.0.1/24 dev lan0", " ::1/128"],
    ["10.77.0.1/24 dev lan0", " ff02::12/128"],
    ["10.77.0.1/24 dev lan0", " fe80::1%lan0/64"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev lan0 label x"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev ../x"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev .."],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev all"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev v%d"],
    ["10.77.0.1/24 dev lan0", ' 10.77.0.9/24 dev la"n0'],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev lan$0"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev lan0{"],
    ["10.77.0.1/24 dev lan0", " 10.77.0.9/24 dev abcdefghijklmnop"],
    ["default via", " 10.0.0.0/8 via 10.79.0.9 dev wan0"],
    ["default via", " default via 10.79.0.9"],
    ["default via", " default via 10.79.0.9 dev wan0 table 5"],
    ["default via", " default dev wan0"],
    ["dont_track_primary", " interface lan0"],
    ["dont_track_primary", " priority 1000000"],
    ["dont_track_primary", " priority -1"],
    ["dont_track_primary", " advert_int .5"],
    ["dont_track_primary", " advert_int 5."],
    ["dont_track_primary", " advert_int 1.2.3"],
    ["dont_track_primary", " advert_int 1e3"],
    ["dont_track_primary", " advert_int"],
  ];
  test.each(evil)("must not say behind %s: %j", (after, line) => {
    const number = example.slice(0, example.indexOf(after)).split("\n").length + 1;
    expect(harness.configuration(withLine(after, line))).toMatch(
      new RegExp(`^no line ${number}: \\S`),
    );
  });

  const blocks = [
    "vrrp_script x {",
    "virtual_server 10.0.0.1 80 {",
    "track_process x {",
    "include x",
  ];
  blocks.push("static_routes {", "linkbeat_interfaces {", "global_defs", "vrrp_instance A B {");
  blocks.push("vrrp_instance {", 'vrrp_instance "A" {', "track_file other {", "vrrp_instance A{");
  blocks.push("}", "global_defs { }", "track_bfd x {", "bfd_instance x {", "\u00ef\u00bb\u00bf");
  test.each(blocks)("must not have %s", (line) => {
    expect(harness.configuration(`${line}\n}\n${example}`)).toMatch(/^no line 1: \S/);
  });

  test("must be whole, and not larger than can be undone", () => {
    const check = (text: string) => harness.configuration(text);
    expect(check("")).toBe("no line 0: there is no vrrp_instance");
    expect(check("global_defs {\n}\n")).toBe("no line 2: there is no vrrp_instance");
    expect(check(example.trimEnd().slice(0, -1))).toContain("vrrp_instance is still open");
    expect(check(example.replace(" interface lan0\n", ""))).toContain("has no interface");
    const many = (count: number) =>
      withLine("10.77.0.1/24 dev lan0", " 10.77.0.9/24\n".repeat(count).trimEnd());
    expect(check(many(251))).toBe("good 256 1");
    expect(check(many(252))).toMatch(/^no line \d+: more than 256 addresses$/);
  });

  test("the reason names what is allowed, or the word that is not", () => {
    const check = (old: string, line: string) => harness.configuration(instead(old, line));
    expect(check("priority 250", " priority high")).toMatch(/: this must be: priority NUM$/);
    expect(check("state BACKUP", " notify /x")).toMatch(
      /: notify is not allowed in vrrp_instance$/,
    );
  });

  test.each(SEEDS)("damaged by seed %i is judged as by the other whitelist", (seed) => {
    const random = seeded(seed);
    const texts = Array.from({ length: ROUNDS }, () => damaged(random));
    const answers = harness.configurations(texts);
    expect(answers).toHaveLength(texts.length);
    const accepted = answers.filter((answer) => answer.startsWith("good ")).length;
    for (const [at, text] of texts.entries()) {
      expect(answers[at]?.startsWith("good "), `${answers[at]}\n${text}`).toBe(isOnList(text));
    }
    // Else the damage would be too crude to tell anything.
    expect(accepted).toBeGreaterThan(ROUNDS / 20);
    expect(accepted).toBeLessThan(ROUNDS * 0.9);
  });
});

const PIECES = ["$", "@", "~", "#", "!", '"', "\\", "'", "{", "}", "/", "\t", " ", "\r", "\0", "."];
PIECES.push("0", "9", ":", "::", "-", "include", "dev", "no_track", "lan0", "all", "\xff", "%", "");

function damaged(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[below(random, list.length)] as T;
  const lines = example.split("\n");
  for (let turns = 1 + below(random, 3); turns > 0; turns--) {
    const at = below(random, lines.length);
    const line = lines[at] ?? "";
    const cut = below(random, line.length + 1);
    const words = line.split(" ");
    words[below(random, words.length)] = pick(pick(lines).split(" "));
    const changes = [
      () => [line.slice(0, cut) + pick(PIECES) + line.slice(cut + below(random, 2))],
      () => [words.join(" ")],
      () => [words.join("\t ")],
      () => [line, pick(lines)],
      () => [pick(lines), line],
      () => [],
      () => [`${line.slice(0, cut)}${below(random, 300)}${line.slice(cut)}`],
    ];
    lines.splice(at, 1, ...pick(changes)());
  }
  return lines.join("\n");
}

describe("a command", () => {
  test("is one of seven, with its numbers in their bounds", () => {
    const good = ["config 1", "config 65536", "stop", "health -254 600000 0", "health 0 100 -254"];
    good.push("dump", "respawn", "plug 100", "plug 60000", "tracking off");
    expect(harness.commands(good)).toEqual([
      ...["good 0 1 0 0", "good 0 65536 0 0", "good 1 0 0 0", "good 2 -254 600000 0"],
      ...["good 2 0 100 -254", "good 3 0 0 0", "good 4 0 0 0", "good 5 100 0 0"],
      ...["good 5 60000 0 0", "good 6 0 0 0"],
    ]);
    const bad = ["", " ", "stop ", " stop", "STOP", "stop now", "dump\r", "plug", "plug 99"];
    bad.push("plug 60001", "plug 1e3", "plug +500", "plug 0500", "plug  500", "plug 500 ");
    bad.push("health 0 100", "health 1 100 0", "health -255 100 0", "health 0 99 0", "stop\0");
    bad.push("health 0 600001 0", "health -0 100 0", "health 0 100 1", "health 0 100 0 0");
    bad.push("health 0 99999999999999999999 0", "plug 18446744073709551716", "configure 5");
    for (const answer of harness.commands(bad)) expect(answer).toMatch(/^no (?!framing)\S/);
  });

  test("config without a usable length leaves nobody knowing where it ends", () => {
    const bad = ["config", "config 0", "config 65537", "config -1", "config 5 5", "config x"];
    for (const answer of harness.commands(bad)) expect(answer).toMatch(/^no framing config BYTES/);
  });

  test.each(SEEDS)("damaged by seed %i is good only in its exact form", (seed) => {
    const random = seeded(seed);
    const forms = ["config 512", "stop", "health -5 3000 -254", "dump", "respawn", "plug 2000"];
    const lines = Array.from({ length: ROUNDS }, () => {
      const line = forms[below(random, forms.length)] ?? "";
      const cut = below(random, line.length + 1);
      const piece = PIECES[below(random, PIECES.length)];
      return line.slice(0, cut) + piece + line.slice(cut + below(random, 2));
    });
    for (const [at, answer] of harness.commands(lines).entries()) {
      const line = lines[at] ?? "";
      expect(answer.startsWith("good "), `${answer}: ${line}`).toBe(isCommand(line));
    }
  });
});

function isCommand(line: string): boolean {
  const number = "(0|-?[1-9][0-9]{0,6})";
  const match = new RegExp(
    `^(?:stop|dump|respawn|config ${number}|plug ${number}|health ${number} ${number} ${number})$`,
  ).exec(line);
  if (!match) return false;
  const within = (at: number, least: number, most: number): boolean =>
    match[at] === undefined || (Number(match[at]) >= least && Number(match[at]) <= most);
  const plain = within(1, 1, 65_536) && within(2, 100, 60_000);
  return plain && within(3, -254, 0) && within(4, 100, 600_000) && within(5, -254, 0);
}
