export type IconName = "check" | "warning" | "error" | "clock" | "info";

/** A sign with a shape of its own, so that nothing depends on telling colours apart. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path class="icon-body" d={BODIES[name]} />
      <path class="icon-sign" d={SIGNS[name]} />
    </svg>
  );
}

const CIRCLE = "M12 1.5a10.5 10.5 0 1 0 0 21a10.5 10.5 0 1 0 0-21z";
const BODIES: Readonly<Record<IconName, string>> = {
  check: CIRCLE,
  clock: CIRCLE,
  info: CIRCLE,
  warning: "M10.2 2.8a2.1 2.1 0 0 1 3.6 0l9 15.6a2.1 2.1 0 0 1-1.8 3.1H3a2.1 2.1 0 0 1-1.8-3.1z",
  error: "M7.8 1.5h8.4l6.3 6.3v8.4l-6.3 6.3H7.8l-6.3-6.3V7.8z",
};
const SIGNS: Readonly<Record<IconName, string>> = {
  check: "M7 12.4l3.4 3.4L17 9",
  clock: "M12 6.5V12l3.6 2.4",
  info: "M12 11v6M12 7.2v.1",
  warning: "M12 8.6v5M12 17.2v.1",
  error: "M8.5 8.5l7 7M15.5 8.5l-7 7",
};
