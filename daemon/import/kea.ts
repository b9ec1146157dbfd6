// The importer for kea-dhcp4: its configuration with the files it includes, and its memfile of leases.

import type { Importer } from "./imported.ts";
import { Draft } from "./isc-draft.ts";
import { OptionBook } from "./isc-set-option.ts";
import { KeaConf } from "./kea-conf.ts";
import { fileCalled, includedIn, type JsonValue, readJson } from "./kea-json.ts";
import { entriesByKey } from "./kea-keys.ts";
import { CsvLeases, inOrder, isLeaseFile } from "./kea-leases.ts";
import { Notes } from "./notes.ts";

export const importKea: Importer = (files) => {
  const notes = new Notes(files.keys());
  const draft = new Draft(notes, false);
  const book = new OptionBook("kea", notes, draft.customOptions);
  const names = [...files.keys()];
  const leases = new CsvLeases(notes);
  const leaseFiles = names.filter((name) => isLeaseFile(files.get(name) ?? ""));
  for (const name of inOrder(leaseFiles)) leases.read(name, files.get(name) ?? "");
  const others = names.filter((name) => !leaseFiles.includes(name));
  const included = new Set(
    others.flatMap((name) =>
      includedIn(files.get(name) ?? "").map((one) => fileCalled(one, files)),
    ),
  );
  // Where all include each other, each is read.
  const roots = others.filter((name) => !included.has(name));
  let isRead = false;
  for (const name of roots.length > 0 ? roots : others) {
    const whole = readJson(name, files, notes);
    const dhcp4 = whole && dhcp4Of(whole, notes);
    if (!dhcp4) continue;
    if (isRead) {
      const reason = "There is a configuration already; this one was left out.";
      notes.leftOut({ file: name, line: 0 }, "", reason);
      continue;
    }
    isRead = true;
    new KeaConf(draft, { book, notes, spaces: new Map() }).read(dhcp4);
  }
  return draft.done(leases.done(), leases.place);
};

/** The part of the file that is about DHCP for IPv4; the others have notes. */
function dhcp4Of(whole: JsonValue, notes: Notes): JsonValue | undefined {
  const keys = entriesByKey(whole);
  for (const { key, place, text } of keys.values()) {
    if (key !== "Dhcp4") notes.leftOut(place, text, "Only the part Dhcp4 is about DHCP for IPv4.");
  }
  const dhcp4 = keys.get("Dhcp4");
  if (dhcp4?.entries) return dhcp4;
  notes.unreadable(whole.place, whole.text, "There is no part Dhcp4 in this file.");
  return undefined;
}
