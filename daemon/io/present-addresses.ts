import { networkInterfaces } from "node:os";

/** The IPv4 addresses of each interface that is up. */
export function presentAddresses(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const own = addresses.filter(({ family }) => family === "IPv4").map(({ address }) => address);
    found.set(name, own);
  }
  return found;
}
