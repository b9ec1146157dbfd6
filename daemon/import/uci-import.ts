// The importer of OpenWrt: /etc/config/dhcp and /etc/config/network, or what "uci export" prints, and the leases in
// /tmp/dhcp.leases.

import { DeviceDraft } from "./device-draft.ts";
import { readable, STATEMENTS_MAX, wholeFile } from "./device-files.ts";
import { assemble } from "./dnsmasq-assemble.ts";
import { isLeaseFile, readLeases } from "./dnsmasq-leases.ts";
import { noStatements } from "./dnsmasq-statements.ts";
import type { Importer } from "./imported.ts";
import { Notes } from "./notes.ts";
import { readSection, type UciReading } from "./uci-dhcp.ts";
import { readInterfaces, sayOfNetwork } from "./uci-network.ts";
import { parseUci, type UciSection } from "./uci-syntax.ts";

/** Kinds of sections in /etc/config/network; all others in a file without the name of a package are of DHCP. */
const NETWORK_TYPES =
  /^(interface|globals|device|switch|switch_vlan|switch_port|switch_ext|route|route6|rule|rule6|alias|bridge-vlan|bridge|atm-bridge|dsl|vdsl|wireguard_.*)$/;

export const importUci: Importer = (files) => {
  const draft = new DeviceDraft(new Notes(files.keys()));
  const sections: UciSection[] = [];
  const leases: [file: string, text: string][] = [];
  for (const [file, raw] of files) {
    const text = readable(draft, file, raw);
    if (text === undefined) continue;
    if (isLeaseFile(file, text)) leases.push([file, text]);
    else sections.push(...readFile(draft, file, text));
  }
  const isNetwork = ({ package: of, type }: UciSection) =>
    of === "network" || (of === "" && NETWORK_TYPES.test(type));
  const network = sections.filter(isNetwork);
  const interfaces = readInterfaces(draft, network);
  const statements = noStatements();
  statements.interfaces.push(...interfaces.values());
  const reading: UciReading = {
    draft,
    statements,
    interfaces,
    served: new Set(),
    hasLeases: leases.length > 0,
  };
  for (const section of sections) {
    if (isNetwork(section)) continue;
    if (section.package === "" || section.package === "dhcp") readSection(reading, section);
    else draft.leftOut(section.said, `It is of "${section.package}", not of DHCP.`);
  }
  assemble(draft, statements);
  sayOfNetwork(draft, network, reading.served);
  for (const [file, text] of leases) readLeases(draft, file, text);
  return draft.done();
};

function readFile(draft: DeviceDraft, file: string, text: string): readonly UciSection[] {
  const { sections, problems } = parseUci(file, text);
  for (const { said, kind, reason } of problems.slice(0, STATEMENTS_MAX)) {
    if (kind === "unreadable") draft.unreadable(said, reason);
    else draft.leftOut(said, reason);
  }
  if (sections.length > STATEMENTS_MAX) {
    draft.leftOut(wholeFile(file), `Only the first ${STATEMENTS_MAX} sections are looked at.`);
  }
  return sections.slice(0, STATEMENTS_MAX);
}
