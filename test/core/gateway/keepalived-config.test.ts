// What keepalived is told: the text, from both configuration files and the board. That the real keepalived takes it is
// shown in test/gatekeeper and test/netns.

import { expect, test } from "vitest";
import { parseBoard } from "../../../daemon/config/board.ts";
import { buildGateway } from "../../../daemon/config/gateway.ts";
import { loadConfig } from "../../../daemon/config/load.ts";
import { keepalivedConfig } from "../../../daemon/core/gateway/keepalived-config.ts";

const OFFICE = { name: "office", subnet: "10.77.0.0/24", gateway: "10.77.0.1", pools: [] };
const SHARED = { version: 1, gateway: {}, networks: [OFFICE] };
const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "10.77.0.2/24" } },
};
const KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1a3";
const pair = (role: string) => ({ pair: { role, partnerIdentity: KEY } });
const BOARD = { version: 1, wanPort: "wan0", pairPorts: ["ded0"] };
const WAN = { address: "10.79.0.1/24", router: "10.79.0.9" };

function plan(shared: object, box: object = {}, board: object = BOARD) {
  const result = loadConfig({ ...SHARED, ...shared }, { ...BOX, ...box });
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  const { config } = result;
  return buildGateway(config.shared, config.box, parseBoard(board));
}

function text(...args: Parameters<typeof plan>): string {
  const made = plan(...args);
  if (!made) throw new Error("nothing moves");
  return keepalivedConfig(made, "/run/gate");
}

const PAIR = { pair: { name: "office" } };

test("a pair with a way to the provider", () => {
  const config = text({ ...PAIR, gateway: { wan: WAN } }, pair("secondary"));
  expect(config).toMatchInlineSnapshot(`
    "global_defs {
        router_id A
        enable_dbus
        vrrp_version 3
        vrrp_startup_delay 0.5
        vrrp_garp_master_repeat 3
        vrrp_garp_master_delay 1
        vrrp_garp_lower_prio_repeat 3
        vrrp_garp_lower_prio_delay 1
        vrrp_garp_master_refresh 60
        vrrp_higher_prio_send_advert true
        dynamic_interfaces allow_if_changes
        max_auto_priority -1
        vrrp_no_swap
        vrrp_notify_fifo /run/gate/vrrp.fifo
    }
    static_ipaddress {
        fe80::7464:2/64 dev ded0 preferred_lft 0
    }
    track_file health {
        file "/run/gate/health"
        weight 1
    }
    vrrp_sync_group TANDEM {
        group {
            HB-ded0
            LAN-lan0
        }
        sync_group_tracking_weight
        track_file {
            health weight 1
        }
    }
    vrrp_instance HB-ded0 {
        interface ded0
        native_ipv6
        dont_track_primary
        state BACKUP
        nopreempt
        virtual_router_id 250
        priority 249
        advert_int 0.1
        notify_priority_changes true
        virtual_ipaddress {
            fe80::7464:fa/64 dev ded0 preferred_lft 0
        }
        virtual_ipaddress_excluded {
            10.79.0.1/24 dev wan0 no_track
        }
        virtual_routes {
            default via 10.79.0.9 dev wan0 no_track
        }
    }
    vrrp_instance LAN-lan0 {
        interface lan0
        dont_track_primary
        state BACKUP
        nopreempt
        virtual_router_id 51
        priority 249
        advert_int 0.1
        notify_priority_changes true
        virtual_ipaddress {
            10.77.0.1/24 dev lan0
        }
    }
    "
  `);
});

test("nothing moves without the section, without an address, on a box that stands by", () => {
  expect(plan({ gateway: undefined })).toBeUndefined();
  expect(plan({}, { role: "standby" })).toBeUndefined();
  const guests = { name: "guests", subnet: "10.78.0.0/24", pools: [] };
  const networks = { guests: { interface: "lan1", address: "10.78.0.2/24" } };
  expect(plan({ networks: [OFFICE, guests] }, { networks })).toBeUndefined();
});

test("a box alone has no heartbeat, and the first LAN carries what moves on the other side", () => {
  const config = text({ gateway: { wan: WAN } });
  expect(config).not.toContain("ded0");
  expect(config).not.toContain("static_ipaddress");
  expect(config).toMatch(
    /LAN-lan0 \{[^}]*priority 250[\s\S]*virtual_ipaddress_excluded \{\n.*10\.79/,
  );
});

test("without a port to the provider nothing is said of it", () => {
  expect(text({ gateway: { wan: WAN } }, {}, { version: 1 })).not.toContain("10.79");
});

test("networks on one wire move together, LANs each with their own instance", () => {
  const networks = [
    OFFICE,
    {
      name: "voice",
      subnet: "10.78.0.0/24",
      gateway: "10.78.0.1",
      sharedWith: "office",
      pools: [],
    },
    { name: "guests", subnet: "10.80.0.0/24", gateway: "10.80.0.1", pools: [] },
  ];
  const ports = { ...BOX.networks, guests: { interface: "br-guests", address: "10.80.0.2/24" } };
  const config = text({ networks }, { networks: ports });
  expect(config).toContain("        10.77.0.1/24 dev lan0\n        10.78.0.1/24 dev lan0\n");
  expect(config).toContain("vrrp_instance LAN-br-guests {\n    interface br-guests\n");
  expect(config).toContain("        LAN-lan0\n        LAN-br-guests\n");
});

test("an address of their own, a slower beat, another number", () => {
  const gateway = { virtualMac: true, advertMilliseconds: 250, virtualRouterId: 7 };
  const config = text({ gateway });
  expect(config).toContain("    use_vmac vmac0\n");
  expect(config).toContain("        10.77.0.1/24\n");
  expect(config).toContain("    virtual_router_id 7\n");
  expect(config).toContain("    advert_int 0.25\n");
});
