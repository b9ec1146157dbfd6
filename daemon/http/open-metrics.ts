import type { NetworkStatus, PairStateName, PartnerStatus, Status } from "./api-types.ts";

export const OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * Status and figures of the process as OpenMetrics text. `process` has plain names; one that is
 * not a metric name, or a value that is not a number, is left out.
 */
export function formatOpenMetrics(
  status: Status,
  process: Readonly<Record<string, number>>,
): string {
  const families = [
    gauge("tandem_info", [
      [{ box: status.box.name, version: status.box.version, role: status.role }, 1],
    ]),
    gauge("tandem_serving", [[{}, status.role === "serving" ? 1 : 0]]),
    gauge(
      "tandem_state",
      (["fine", "degraded", "down"] as const).map((state) => [
        { state },
        state === status.state ? 1 : 0,
      ]),
    ),
    gauge("tandem_start_time_seconds", [[{}, Date.parse(status.box.startedAt) / 1000]]),
    gauge(
      "tandem_condition",
      status.conditions.map(({ id, subject, severity }) => [{ id, subject, severity }, 1]),
    ),
    gauge("tandem_journal_ok", [[{}, status.journal.state === "ok" ? 1 : 0]]),
    ...pairFamilies(status.partner),
    ...networkFamilies(status.networks),
    ...Object.entries(process)
      .filter(([name]) => /^[a-z][a-z0-9_]*$/.test(name))
      .map(([name, value]) => gauge(`tandem_process_${name}`, [[{}, value]])),
  ];
  return `${families.join("")}# EOF\n`;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** All of them, so that a state that is over reads 0. */
const PAIR_STATES: Readonly<Record<PairStateName, true>> = {
  normal: true,
  "communications-interrupted": true,
  "partner-down": true,
  recover: true,
  "recover-wait": true,
  "recover-done": true,
  "potential-conflict": true,
  "resolution-interrupted": true,
  "conflict-done": true,
  paused: true,
  shutdown: true,
};

function pairFamilies(partner: PartnerStatus): string[] {
  if (!partner.paired) return [];
  const yes = (is: boolean): Sample[] => [[{}, is ? 1 : 0]];
  const states = (current: string | null): Sample[] =>
    Object.keys(PAIR_STATES).map((state) => [{ state }, state === current ? 1 : 0]);
  const events = Object.entries(partner.counters).map(([kind, value]): Sample => [{ kind }, value]);
  return [
    gauge("tandem_pair_state", states(partner.state)),
    gauge("tandem_pair_partner_state", states(partner.partnerState)),
    gauge("tandem_pair_starting", yes(partner.inStartup)),
    gauge("tandem_pair_connected", yes(partner.connected)),
    gauge("tandem_pair_in_step", yes(partner.inStep)),
    gauge("tandem_pair_backlog", [[{}, partner.backlog]]),
    gauge("tandem_pair_clock_offset_seconds", [[{}, partner.clockOffsetSeconds]]),
    family("tandem_pair_events", "counter", "_total", events),
  ];
}

function networkFamilies(networks: readonly NetworkStatus[]): string[] {
  const each = (value: (network: NetworkStatus) => boolean): Sample[] =>
    networks.map((network) => [{ network: network.name }, value(network) ? 1 : 0]);
  const pools = networks.flatMap((network) =>
    network.pools.flatMap((pool) =>
      (["active", "offered", "abandoned", "free", "partners"] as const).map((state): Sample => {
        const labels = { network: network.name, pool: `${pool.from}-${pool.to}`, state };
        return [labels, pool[state]];
      }),
    ),
  );
  const poolEvents = networks.flatMap((network) =>
    network.pools.flatMap((pool) =>
      Object.entries(pool.counters).map(([kind, value]): Sample => {
        return [{ network: network.name, pool: `${pool.from}-${pool.to}`, kind }, value];
      }),
    ),
  );
  const counters = networks.flatMap((network) =>
    Object.entries(network.counters).map(
      ([kind, value]): Sample => [{ network: network.name, kind }, value],
    ),
  );
  return [
    gauge(
      "tandem_network_serving",
      each((network) => network.serving),
    ),
    gauge(
      "tandem_network_carrier",
      each((network) => network.link.carrier),
    ),
    gauge("tandem_pool_addresses", pools),
    family("tandem_packets", "counter", "_total", counters),
    family("tandem_pool_events", "counter", "_total", poolEvents),
  ];
}

function gauge(name: string, samples: readonly Sample[]): string {
  return family(name, "gauge", "", samples);
}

function family(name: string, type: string, suffix: string, samples: readonly Sample[]): string {
  const lines = samples
    .filter(([, value]) => Number.isFinite(value))
    .map(([labels, value]) => `${name}${suffix}${labelText(labels)} ${value}\n`);
  return lines.length === 0 ? "" : `# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
