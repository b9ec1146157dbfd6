// The lab's status as text: for the screen and for `npm run lab -- status`.

import type { BoxStatus } from "./box.ts";
import type { ClientStatus } from "./client.ts";
import type { LabStatus } from "./messages.ts";

/** Several lines, without a line end at the end. */
export function describe(status: LabStatus, now = Date.now()): string {
  const { boxes, clients, wires, ports } = status;
  const bound = clients.filter((client) => client.address !== "").length;
  const shown = wires.filter((wire) => !wire.name.startsWith("client"));
  return [
    `Tandem lab "${status.name}", up for ${age(now - status.startedAt)}`,
    "",
    ...boxLines("A", boxes.a, ports[0]),
    ...boxLines("B", boxes.b, ports[1]),
    "",
    `  Gateway  ${gatewayText(boxes)}`,
    `  Wires    ${shown.map((wire) => wireText(wire)).join("   ")}`,
    "",
    `  Clients  ${bound} of ${clients.length} have an address`,
    ...clients.map((client) => clientLine(client, now)),
  ].join("\n");
}

/** "12 s", "4 min", "2 h 5 min". */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "14:03:07" in local time. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

function boxLines(letter: string, box: BoxStatus, port: number): string[] {
  const head = `  Box ${letter}    ${box.daemon.sentence}`;
  const down = Object.entries(box.services).filter(([, service]) => service.state !== "running");
  const lines = [head, `           http://127.0.0.1:${port}`];
  if (box.power && down.length > 0) {
    lines.push(
      `           ${down.map(([name, service]) => `${name} ${service.state}`).join(", ")}`,
    );
  }
  if (!box.daemon.reachable) return lines;
  const conditions = box.daemon.status.conditions.filter((c) => c.severity !== "info");
  return [...lines, ...conditions.map((condition) => `           ! ${condition.sentence}`)];
}

/** Who has the virtual addresses, as each box says it of itself. */
function gatewayText({ a, b }: LabStatus["boxes"]): string {
  const at = [a, b].filter(
    ({ daemon }) => daemon.reachable && daemon.status.gateway?.role === "active",
  );
  if (at.length > 1) return "BOTH BOXES";
  if (at.length === 0) return "nobody";
  return `box ${at[0] === a ? "A" : "B"}`;
}

function wireText(wire: LabStatus["wires"][number]): string {
  const faults = wire.faults.length === 0 ? "" : ` (${wire.faults.join(", ")})`;
  return `${wire.name} ${wire.plugged ? "ok" : "UNPLUGGED"}${faults}`;
}

function clientLine(client: ClientStatus, now: number): string {
  const name = `  ${client.name.padEnd(4)} ${client.kind.padEnd(9)} ${client.mac}  `;
  const wire = client.plugged ? "" : "  UNPLUGGED";
  if (client.address === "") {
    const doing = client.state === "stopped" ? "gave its address back" : "has no address";
    return `${name}${doing}${wire}`;
  }
  const renewed = client.renewals === 0 ? "" : `, renewed ${client.renewals} times`;
  const since = age(now - client.boundAt);
  return `${name}${client.address.padEnd(15)} for ${since}${renewed}${wire}`;
}
