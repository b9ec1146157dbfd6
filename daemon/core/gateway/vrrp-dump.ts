// keepalived's dump.

import { type VrrpState, vrrpState } from "./vrrp.ts";

export function parseDump(text: string): { instance: string; state: VrrpState }[] {
  const list = JSON.parse(text) as { data: { iname: string; state: number } }[];
  return list.map(({ data }) => ({
    instance: data.iname,
    state: vrrpState(data.state) as VrrpState,
  }));
}
