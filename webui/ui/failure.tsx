import type { Talk } from "../models/talk.ts";
import { TEXTS } from "../texts.ts";
import { Icon } from "./icon.tsx";

/** What could not be done, and why; and how long to wait, which is not read out each second. */
export function Failure({ talk }: { readonly talk: Talk }) {
  const sentence = talk.failure.value;
  const seconds = talk.waitSeconds.value;
  return (
    <>
      <p role="status" class={sentence === TEXTS.tryNow ? "" : "bad"}>
        {sentence !== "" && (
          <>
            <Icon name={sentence === TEXTS.tryNow ? "info" : "error"} /> {sentence}
          </>
        )}
      </p>
      {seconds > 0 && <p class="number countdown">{TEXTS.wait(seconds)}</p>}
    </>
  );
}
