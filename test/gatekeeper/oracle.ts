// The whitelist once more, written another way: what gatekeeper may take. Used only to disagree.

import { isIPv4, isIPv6 } from "node:net";
import { FOLDER } from "./harness.ts";

// A blank in a form stands for any number of blanks, so here it is \x20.
const word = "(?!include)[A-Za-z0-9_.-]{1,32}";
const number = String.raw`(?=[0-9.]{1,6}(?![^\x20\t]))[0-9]+(?:\.[0-9]+)?`;
const name = String.raw`(?!(?:\.|\.\.|all|default)(?![^\x20\t]))[^\s/:"'\x60{}()<>\[\]#!$@~\\%*?|&;^\x00-\x20\x7f-\xff]{1,15}`;
const host = "([0-9A-Fa-f:.]{1,63})";
const prefixed = `${host}/([1-9][0-9]{0,2})`;

/** Block to its lines; the name behind "=>" is the block that the line opens. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  file: [
    "global_defs \\{ => global",
    "static_ipaddress \\{ => static",
    "track_file health \\{ => track",
    `vrrp_sync_group ${word} \\{ => sync`,
    `vrrp_instance ${word} \\{ => instance`,
  ],
  global: [
    `router_id ${word}`,
    "(?:enable_dbus|reload_check_config|vrrp_no_swap|vrrp_version 3|max_auto_priority -1)",
    `vrrp_(?:startup_delay|garp_(?:master|lower_prio)_(?:repeat|delay)|garp_master_refresh) ${number}`,
    "(?:vrrp_higher_prio_send_advert true|dynamic_interfaces allow_if_changes)",
    `vrrp_notify_fifo ${FOLDER}/vrrp\\.fifo`,
  ],
  static: [`${prefixed} dev ${name}(?: preferred_lft 0)?`],
  track: [`file "${FOLDER}/health"`, "(?:weight 1|init_file 0)"],
  sync: ["group \\{ => members", "sync_group_tracking_weight", "track_file \\{ => tracked"],
  members: [word],
  tracked: ["health weight 1"],
  instance: [
    `interface ${name}`,
    `use_vmac ${name}`,
    "(?:native_ipv6|dont_track_primary|state BACKUP|nopreempt|notify_priority_changes true)",
    `(?:virtual_router_id|priority|advert_int) ${number}`,
    "virtual_ipaddress(?:_excluded)? \\{ => addresses",
    "virtual_routes \\{ => routes",
    "track_file \\{ => tracked",
  ],
  addresses: [
    `${prefixed}(?: dev ${name})?(?: no_track)?`,
    `${prefixed} dev ${name} preferred_lft 0`,
  ],
  routes: [`default via ${host} dev ${name}(?: no_track)?`],
};

const forms = new Map(
  Object.entries(LINES).map(([block, lines]) => [
    block,
    lines.map((line) => {
      const [form = "", opens] = line.split(" => ");
      const pattern = form.replaceAll(" ", "[ \\t]+");
      return { pattern: new RegExp(`^[ \\t]*${pattern}[ \\t]*$`), opens };
    }),
  ]),
);

/** True when every line of the text is on the whitelist. */
export function isOnList(text: string): boolean {
  const blocks = ["file"];
  const said = { instances: 0, items: 0, checks: 0, inInstance: [] as string[] };
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line.length > 200) return false;
    if (/^[ \t]*$/.test(line)) continue;
    const block = blocks.at(-1) ?? "";
    if (/^[ \t]*\}[ \t]*$/.test(line)) {
      if (blocks.length === 1) return false;
      if (block === "instance" && !said.inInstance.includes("interface")) return false;
      blocks.pop();
      continue;
    }
    const form = forms.get(block)?.find(({ pattern }) => pattern.test(line));
    if (!form || !valuesFit(block, form.pattern.exec(line) ?? [])) return false;
    if (form.opens) blocks.push(form.opens);
    if (form.opens === "instance") {
      said.instances++;
      said.inInstance = [];
    }
    const first = line.trim().split(/[ \t]/)[0] ?? "";
    if (first === "reload_check_config" && block === "global" && said.checks++ > 0) return false;
    if (block === "instance" && ["interface", "use_vmac"].includes(first)) {
      if (said.inInstance.includes(first)) return false;
      said.inInstance.push(first);
    }
    if (first === "use_vmac" || ["static", "addresses", "routes"].includes(block)) said.items++;
  }
  return blocks.length === 1 && said.instances > 0 && said.items <= 256;
}

function valuesFit(block: string, match: readonly (string | undefined)[]): boolean {
  if (!["static", "addresses", "routes"].includes(block)) return true;
  const [, address = "", prefix] = match;
  if (block === "static") {
    return isIPv6(address) && /^fe80:(?::|0+:0+:0+:)/i.test(full(address)) && prefix === "64";
  }
  if (Number(prefix ?? 1) > (isIPv4(address) ? 32 : 128)) return false;
  if (isIPv4(address)) return !/^(?:0|127|22[4-9]|2[34]\d|25\d)\./.test(address);
  return isIPv6(address) && !/^ff/.test(full(address)) && !/^[0:]+:00..$/.test(full(address));
}

/** All eight groups of four digits. */
function full(address: string): string {
  if (!isIPv6(address)) return "";
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (at: number): string =>
    (Number(dotted?.[at]) * 256 + Number(dotted?.[at + 1])).toString(16);
  const plain = dotted ? `${address.slice(0, dotted.index)}${hex(1)}:${hex(3)}` : address;
  const [left = "", right] = plain.toLowerCase().split("::");
  const before = left === "" ? [] : left.split(":");
  const after = right === undefined || right === "" ? [] : right.split(":");
  const zeros = right === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill("0"), ...after]
    .map((group) => group.padStart(4, "0"))
    .join(":");
}
