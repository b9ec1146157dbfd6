// What this program offers on the bus, as tables, and their introspection data.
// image/dbus/org.tandem.Appliance1.xml holds the same for people; a test compares the two.

export interface InterfaceTable {
  readonly name: string;
  readonly methods: readonly {
    readonly name: string;
    readonly in: readonly Argument[];
    readonly out: readonly Argument[];
  }[];
  /** All of them can be read, none written, and each change is signalled with the new value. */
  readonly properties: readonly Property[];
  readonly signals: readonly { readonly name: string; readonly arguments: readonly Argument[] }[];
}

/** A name and its D-Bus signature. */
export type Argument = readonly [name: string, signature: string];

/**
 * The same. "figures": it holds numbers that change all the time. When nothing but those has changed,
 * that is signalled at most every LIMITS.busFiguresMilliseconds.
 */
export type Property = readonly [name: string, signature: string, pace?: "figures"];

/** What a method says that is refused: the same sentence as on the command line. */
export const REFUSED = "org.tandem.Appliance1.Error.Refused";

const SENTENCE: readonly Argument[] = [["sentence", "s"]];
const CHANGE: readonly Argument[] = [
  ["old", "s"],
  ["new", "s"],
  ["why", "s"],
];
const LEASE: readonly Argument[] = [
  ["network", "s"],
  ["address", "s"],
  // Hexadecimal, "" when it is not known any more.
  ["mac", "s"],
  ["hostname", "s"],
  // ISO 8601; "never" for a lease that is for good.
  ["expires", "s"],
];

export const APPLIANCE: InterfaceTable = {
  name: "org.tandem.Appliance1",
  methods: [
    { name: "Handover", in: [], out: SENTENCE },
    { name: "EnterMaintenance", in: [], out: SENTENCE },
    { name: "LeaveMaintenance", in: [], out: SENTENCE },
    { name: "StartDrill", in: [["kind", "s"]], out: SENTENCE },
    { name: "DeclarePartnerDown", in: [], out: SENTENCE },
    { name: "Preflight", in: [["verb", "s"]], out: [["possible", "b"], ...SENTENCE] },
    { name: "GetDrills", in: [], out: [["drills", "aa{sv}"]] },
  ],
  properties: [
    ["Name", "s"],
    ["Version", "s"],
    ["Role", "s"],
    ["State", "s"],
    ["Why", "s", "figures"],
    ["Since", "s"],
    // Each: id, subject, severity, sentence.
    ["Conditions", "a(ssss)", "figures"],
    // "" when nothing moves between the boxes.
    ["GatewayRole", "s"],
    ["GatewayWhy", "s"],
    ["GatewaySince", "s"],
    // 0 to 100: what is left after the weights of all checks that are bad.
    ["Health", "u"],
    // Each: id, subject, good, weight, detail.
    ["HealthChecks", "a(ssbus)", "figures"],
    // "" without a partner, "away" for one that is not in contact, else what it says of itself.
    ["PartnerState", "s"],
    ["PartnerWhy", "s", "figures"],
    ["InMaintenance", "b"],
    // In maintenance, and the partner does everything.
    ["SafeToSwitchOff", "b"],
    ["DrillUnderWay", "b"],
    // What came of it, "" when there was none.
    ["LastDrill", "s"],
  ],
  signals: [
    { name: "RoleChanged", arguments: CHANGE },
    { name: "StateChanged", arguments: CHANGE },
    { name: "GatewayRoleChanged", arguments: CHANGE },
    { name: "LeaseAdded", arguments: LEASE },
    { name: "LeaseUpdated", arguments: LEASE },
    { name: "LeaseRemoved", arguments: LEASE },
    // So many of those three were left out: who follows the leases reads all of them anew.
    { name: "LeasesSkipped", arguments: [["count", "u"]] },
  ],
};

export const NETWORK: InterfaceTable = {
  name: "org.tandem.Appliance1.Network",
  methods: [],
  properties: [
    ["Name", "s"],
    ["Interface", "s"],
    ["Serving", "b"],
    ["Why", "s", "figures"],
    // "gateway": its addresses are at this box; "standby"; "no-carrier"; "" when none move there.
    ["GatewayRole", "s"],
    ["GatewayAddresses", "as"],
    // Active ones in its pools.
    ["Leases", "u", "figures"],
  ],
  signals: [],
};

export const PROPERTIES: InterfaceTable = {
  name: "org.freedesktop.DBus.Properties",
  methods: [
    {
      name: "Get",
      in: [
        ["interface_name", "s"],
        ["property_name", "s"],
      ],
      out: [["value", "v"]],
    },
    { name: "GetAll", in: [["interface_name", "s"]], out: [["properties", "a{sv}"]] },
    {
      name: "Set",
      in: [
        ["interface_name", "s"],
        ["property_name", "s"],
        ["value", "v"],
      ],
      out: [],
    },
  ],
  properties: [],
  signals: [
    {
      name: "PropertiesChanged",
      arguments: [
        ["interface_name", "s"],
        ["changed_properties", "a{sv}"],
        ["invalidated_properties", "as"],
      ],
    },
  ],
};

export const OBJECT_MANAGER: InterfaceTable = {
  name: "org.freedesktop.DBus.ObjectManager",
  methods: [{ name: "GetManagedObjects", in: [], out: [["objects", "a{oa{sa{sv}}}"]] }],
  properties: [],
  signals: [
    {
      name: "InterfacesAdded",
      arguments: [
        ["object_path", "o"],
        ["interfaces_and_properties", "a{sa{sv}}"],
      ],
    },
    {
      name: "InterfacesRemoved",
      arguments: [
        ["object_path", "o"],
        ["interfaces", "as"],
      ],
    },
  ],
};

export const INTROSPECTABLE: InterfaceTable = {
  name: "org.freedesktop.DBus.Introspectable",
  methods: [{ name: "Introspect", in: [], out: [["xml_data", "s"]] }],
  properties: [],
  signals: [],
};

export const PEER: InterfaceTable = {
  name: "org.freedesktop.DBus.Peer",
  methods: [
    { name: "Ping", in: [], out: [] },
    { name: "GetMachineId", in: [], out: [["machine_uuid", "s"]] },
  ],
  properties: [],
  signals: [],
};

const DOCTYPE = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
`;

/** D-Bus specification, "Introspection Data Format". Names come from the tables: nothing to escape. */
export function introspection(
  interfaces: readonly InterfaceTable[],
  children: readonly string[],
): string {
  const nodes = children.map((name) => `  <node name="${name}"/>\n`);
  return `${DOCTYPE}<node>\n${interfaces.map(interfaceXml).join("")}${nodes.join("")}</node>\n`;
}

function interfaceXml(table: InterfaceTable): string {
  const methods = table.methods.map(({ name, in: ins, out }) =>
    element("method", name, [
      ...ins.map((argument) => argumentXml(argument, "in")),
      ...out.map((argument) => argumentXml(argument, "out")),
    ]),
  );
  const signals = table.signals.map(({ name, arguments: all }) =>
    element(
      "signal",
      name,
      all.map((argument) => argumentXml(argument)),
    ),
  );
  const properties = table.properties.map(
    ([name, type]) => `    <property name="${name}" type="${type}" access="read"/>\n`,
  );
  const content = [...methods, ...signals, ...properties].join("");
  return `  <interface name="${table.name}">\n${content}  </interface>\n`;
}

function element(tag: "method" | "signal", name: string, content: readonly string[]): string {
  if (content.length === 0) return `    <${tag} name="${name}"/>\n`;
  return `    <${tag} name="${name}">\n${content.join("")}    </${tag}>\n`;
}

function argumentXml([name, type]: Argument, direction?: "in" | "out"): string {
  const where = direction === undefined ? "" : ` direction="${direction}"`;
  return `      <arg name="${name}" type="${type}"${where}/>\n`;
}
