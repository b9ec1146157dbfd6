// What is plugged into what: data only. One LAN, one pair cable, one WAN side.

export type BoxName = "a" | "b";
export const boxNames: readonly BoxName[] = ["a", "b"];

export interface Port {
  /** Network namespace the port is in. */
  readonly namespace: string;
  readonly name: string;
  readonly mac: string;
  /** Addresses with prefix, as the board's start-up script would set them. */
  readonly addresses: readonly string[];
  /** The bridge of the lab at the other end of the cable. */
  readonly bridge: "lan" | "pair" | "wan";
}

export const plan = {
  lan: { subnet: "10.77.0.0/24", gateway: "10.77.0.1", from: "10.77.0.100", to: "10.77.0.199" },
  wan: { gateway: "10.79.0.9", virtual: "10.79.0.1" },
  boxes: {
    a: { lan: "10.77.0.2" },
    b: { lan: "10.77.0.3" },
  },
} as const;

/** The ports of a box: LAN, pair cable, WAN. Only on the LAN it has an address of its own. */
export function boxPorts(box: BoxName): Port[] {
  const { lan } = plan.boxes[box];
  const mac = (port: number): string => `02:0${box}:00:00:00:0${port}`;
  return [
    { namespace: box, name: "lan0", mac: mac(1), addresses: [`${lan}/24`], bridge: "lan" },
    { namespace: box, name: "ded0", mac: mac(2), addresses: [], bridge: "pair" },
    { namespace: box, name: "wan0", mac: mac(3), addresses: [], bridge: "wan" },
  ];
}

/** The host on the WAN side; it knows the LAN by way of the virtual WAN address. */
export function wanHostPort(): Port {
  const addresses = [`${plan.wan.gateway}/24`];
  return { namespace: "wan", name: "eth0", mac: "02:0d:00:00:00:09", addresses, bridge: "wan" };
}

export function clientPort(name: string, number: number): Port {
  const [high, low] = [number >> 8, number & 255].map((n) => n.toString(16).padStart(2, "0"));
  const mac = `02:0c:00:00:${high}:${low}`;
  return { namespace: name, name: "eth0", mac, addresses: [], bridge: "lan" };
}
