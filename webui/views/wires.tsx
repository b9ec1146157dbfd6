import type { PathView, Status } from "../../daemon/http/api-types.ts";
import { TEXTS, WIRES } from "../texts.ts";
import { Age } from "../ui/age.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";

/** The two boxes and every wire between them, as this box sees it. */
export function Wires({ status }: { readonly status: Status }) {
  const { box, partner, paths, time } = status;
  if (!partner.paired || paths.length === 0) return null;
  const isSpeaking = paths.some(({ carriesSession }) => carriesSession);
  return (
    <>
      <div class="wires">
        <p class="node">
          <strong>
            {TEXTS.box} {box.name}
          </strong>
          <span class="second">{TEXTS.thisBox}</span>
        </p>
        <ul aria-label={TEXTS.wires}>
          {paths.map((path) => (
            <Wire key={`${path.interface} ${path.lan}`} path={path} time={time} />
          ))}
        </ul>
        <p class="node node-there">
          <strong>{TEXTS.partner}</strong>
          <span class="second">
            {partner.connected ? TEXTS.partnerConnected : TEXTS.partnerAway}
          </span>
        </p>
      </div>
      {!isSpeaking && <p class="bad">{TEXTS.noWire}</p>}
    </>
  );
}

/** `time`: the box's own, at which the path was as it is told. */
function Wire({ path, time }: { readonly path: PathView; readonly time: string }) {
  const { verdict, lan, heardMillisecondsAgo: heard, carriesSession } = path;
  const name = lan === null ? TEXTS.pairCable : TEXTS.lan(lan);
  return (
    <li class={`wire wire-${verdict} ${carriesSession ? "wire-used" : ""}`}>
      <p class="wire-name">
        <Icon name={ICONS[verdict]} />
        <span>
          <strong>{name}</strong> {WIRES[verdict]}
        </span>
        {carriesSession && <span class="tag tag-good">{TEXTS.wireUsed}</span>}
      </p>
      <span class="wire-line" aria-hidden="true" />
      <p class="second">
        <span class="mono">{path.interface}</span>
        {verdict !== "up" && heard === null && `, ${TEXTS.wireNeverHeard}`}
        {verdict !== "up" && heard !== null && (
          <>
            , {TEXTS.wireHeard} <Age at={new Date(Date.parse(time) - heard).toISOString()} />
          </>
        )}
      </p>
    </li>
  );
}

const ICONS: Readonly<Record<PathView["verdict"], IconName>> = {
  up: "check",
  mute: "warning",
  silent: "warning",
  unplugged: "error",
};
