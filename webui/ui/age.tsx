import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { exact } from "../format.ts";
import { boxNow } from "../models/box.ts";
import { relative } from "../texts.ts";

/** "3 minutes ago", kept true; only the text changes, and only when it does. */
export function Age({ at }: { readonly at: string }) {
  const time = useSignal(at);
  useEffect(() => {
    time.value = at;
  }, [at, time]);
  const text = useComputed(() => {
    const seconds = (Date.parse(time.value) - boxNow.value) / 1000;
    return Number.isNaN(seconds) ? "–" : relative(seconds);
  });
  return (
    <time dateTime={at} title={exact(at)}>
      {text}
    </time>
  );
}
