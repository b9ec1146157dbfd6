// New settings reach a client that offered it (RFC 6704) at once, and not at half of its lease. dhcpcd offers
// it by itself.

import { expect, test } from "vitest";
import { editConfig, useLab } from "../support/lab.ts";

const used = useLab({ clients: 4 });
const DHCPCD = "c4";

const printed = () => used.lab.cmd(`logs ${DHCPCD}`);

test("RFC 6704: dhcpcd takes the key, and renews when the settings of its network change", async () => {
  const { lab } = used;
  editConfig(lab, (config) => {
    for (const network of config.networks) network.forceRenew = true;
  });
  await lab.waitFor("the configuration in force", async () =>
    (await events()).includes("A new configuration is in force"),
  );
  await lab.cmd(`renew ${DHCPCD}`);
  await lab.waitFor("dhcpcd has the key", async () =>
    (await printed()).includes("reconfigure key"),
  );

  const before = await acknowledged();
  editConfig(lab, (config) => {
    for (const network of config.networks) network.dns = ["10.77.0.2"];
  });
  await lab.waitFor("dhcpcd is told", async () => /Force Renew/i.test(await printed()));
  await lab.waitFor("dhcpcd renewed", async () => (await acknowledged()) === before + 1);
  expect(await events()).toContain("1 device on lan will be told to ask for the new settings now.");
  expect(await counter("sent-forcerenew")).toBe(1);
});

const acknowledged = () => counter("sent-ack");

async function counter(name: string): Promise<number> {
  const { networks } = await used.lab.boxStatus("a");
  return networks[0]?.counters[name] ?? 0;
}

function events(): Promise<string> {
  return used.lab.cmd("logs a tandemd");
}
