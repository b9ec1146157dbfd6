// Which updates of the partner a box accepts (draft-ietf-dhc-failover-12 §7.1.3, §5.11), in both dialects.

export {
  type Binding,
  CLOCK_SLACK_SECONDS,
  type IncomingBinding,
  type Refusal,
  storedStatus,
  type Verdict,
} from "./binding-record.ts";
export { duelIsc, judgeIsc, judgeLease } from "./binding-rules-isc.ts";
export {
  conflictTandem,
  judgeTandem,
  mergeEnds,
} from "./binding-rules-tandem.ts";
