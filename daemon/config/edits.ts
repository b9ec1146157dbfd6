// Changes of single entries of a shared configuration, as values that JSON can hold: everything else of it stays as
// a person wrote it.

type Settings = Readonly<Record<string, unknown>>;

/** What came of an edit: the whole configuration with it, or that there is no such entry. */
export type Edited = { readonly whole: unknown } | { readonly missing: string };

export function networksIn(whole: unknown): readonly Settings[] {
  return listIn(settingsIn(whole), "networks");
}

export function networkIn(whole: unknown, name: string): Settings | undefined {
  return networksIn(whole).find((one) => one.name === name);
}

export function reservationsIn(network: Settings): readonly Settings[] {
  return listIn(network, "reservations");
}

/** A name of undefined: one more. A value of undefined: one less. */
export function withNetwork(whole: unknown, name: string | undefined, value: unknown): Edited {
  const networks = replaced(networksIn(whole), name, "name", value);
  if (!networks) return { missing: `there is no network ${name}` };
  const { version = 1, ...rest } = settingsIn(whole);
  return { whole: { version, ...rest, networks } };
}

/** The same for a reservation, which its address names. */
export function withReservation(
  whole: unknown,
  networkName: string,
  address: string | undefined,
  value: unknown,
): Edited {
  const network = networkIn(whole, networkName);
  if (!network) return { missing: `there is no network ${networkName}` };
  const reservations = replaced(reservationsIn(network), address, "address", value);
  if (!reservations) return { missing: `${networkName} has no reservation of ${address}` };
  return withNetwork(whole, networkName, { ...network, reservations });
}

/** Hardware addresses, or their first bytes, that nobody answers on any network. */
export function deniedIn(whole: unknown): readonly string[] {
  const { deny } = settingsIn(whole);
  return Array.isArray(deny) ? deny.filter((one) => typeof one === "string") : [];
}

/** A device, in lower case with colons, is ignored from now on, or is not any more. */
export function withDenied(whole: unknown, mac: string, isDenied: boolean): Edited {
  const others = deniedIn(whole).filter((one) => one.toLowerCase().replaceAll("-", ":") !== mac);
  const { deny: _, ...rest } = settingsIn(whole);
  const deny = isDenied ? [...others, mac] : others;
  return { whole: deny.length > 0 ? { ...rest, deny } : rest };
}

/** Undefined when there is none of this name. */
function replaced(
  list: readonly Settings[],
  name: string | undefined,
  key: string,
  value: unknown,
): unknown[] | undefined {
  if (name === undefined) return [...list, value];
  const at = list.findIndex((one) => one[key] === name);
  if (at < 0) return undefined;
  const others: readonly unknown[] = list;
  return value === undefined ? others.toSpliced(at, 1) : others.toSpliced(at, 1, value);
}

function listIn(settings: Settings, key: string): readonly Settings[] {
  const list: unknown = Object.hasOwn(settings, key) ? settings[key] : undefined;
  return Array.isArray(list) ? list.map((one: unknown) => settingsIn(one)) : [];
}

function settingsIn(value: unknown): Settings {
  const isSettings = typeof value === "object" && value !== null && !Array.isArray(value);
  return isSettings ? (value as Settings) : {};
}
