/** Counting leases in the databases of other servers, both of which are logs: the last line of an
 * address counts. */

/** Addresses with a lease in force, from the texts of Kea's lease files, oldest first. */
export function keaActiveLeases(files: readonly string[]): number {
  const active = new Map<string, boolean>();
  for (const text of files) {
    const [head = "", ...lines] = text.split("\n");
    const names = head.split(",");
    const lifetimeAt = names.indexOf("valid_lifetime");
    const stateAt = names.indexOf("state");
    if (lifetimeAt < 0 || stateAt < 0) throw new Error(`not a lease file of Kea: ${head}`);
    for (const line of lines) {
      const cells = line.split(",");
      const address = cells[0] ?? "";
      if (address === "" || address === "address") continue;
      // State 0 is "default"; a lease that was deleted is written with a lifetime of 0.
      active.set(address, cells[stateAt] === "0" && cells[lifetimeAt] !== "0");
    }
  }
  return count(active);
}

/** Addresses with a lease in force, from the text of a dhcpd.leases file. */
export function dhcpdActiveLeases(text: string): number {
  const active = new Map<string, boolean>();
  for (const [, address = "", body = ""] of text.matchAll(/^lease (\S+) \{\n([^}]*)\}/gm)) {
    active.set(address, /^ {2}binding state active;/m.test(body));
  }
  return count(active);
}

function count(active: ReadonlyMap<string, boolean>): number {
  let leases = 0;
  for (const isActive of active.values()) if (isActive) leases++;
  return leases;
}
