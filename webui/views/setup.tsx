import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { SetupView } from "../../daemon/http/api-types.ts";
import { entry, followSetup, isInside, setUp, setup, wantsSetup } from "../models/access.ts";
import { TEXTS } from "../texts.ts";
import { Failure } from "../ui/failure.tsx";
import { Field, typedIn } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { ShowPassword } from "../ui/show-password.tsx";
import { Entry, SendButton } from "./entry.tsx";

/** The first password of a box, set by somebody who is at it. */
export function Setup() {
  const password = useRef<HTMLInputElement>(null);
  const isShown = useSignal(false);
  useEffect(followSetup, []);
  useLayoutEffect(() => password.current?.focus(), []);
  const send = async (form: HTMLFormElement) => {
    const [wanted, again] = [typedIn(form, "password"), typedIn(form, "again")];
    const serial = typedIn(form, "serial").trim();
    if (wanted === "" || wanted !== again) {
      entry.refuse(wanted === "" ? TEXTS.typePassword : TEXTS.notTheSame);
      password.current?.focus();
      return;
    }
    await setUp({ name: ADMIN, password: wanted, serial: serial === "" ? undefined : serial });
  };
  const view = setup.value;
  const type = isShown.value ? "text" : "password";
  return (
    <Entry title={TEXTS.setUp} where={TEXTS.setUpAt(location.host)} onSend={send}>
      {view && <p>{view.sentence}</p>}
      <Field
        label={TEXTS.userName}
        name="username"
        autocomplete="username"
        initial={ADMIN}
        isFixed={true}
        hint={TEXTS.setUpName}
      />
      <Field
        label={TEXTS.newPassword}
        name="password"
        autocomplete="new-password"
        type={type}
        field={password}
        hint={TEXTS.newPasswordHelp}
      />
      <Field label={TEXTS.repeat} name="again" autocomplete="new-password" type={type} />
      <ShowPassword isShown={isShown} />
      {view && <Presence view={view} />}
      <Failure talk={entry} />
      <p class="buttons">
        <SendButton text={TEXTS.setUp} />
        {isInside.value && (
          <button type="button" onClick={leave}>
            {TEXTS.notNow}
          </button>
        )}
      </p>
    </Entry>
  );
}

/** The box sees by itself when somebody presses its button; what stands on its label has to be typed in. */
function Presence({ view: { isPresenceProven, isSerialTaken } }: { readonly view: SetupView }) {
  return (
    <>
      <div class="presence">
        <h2>{TEXTS.presence}</h2>
        <p class="muted small">{TEXTS.presenceWhy}</p>
        <p role="status" class={isPresenceProven ? "presence-proven" : "presence-awaited"}>
          <Icon name={isPresenceProven ? "check" : "clock"} />
          <span>{isPresenceProven ? TEXTS.presenceProven : TEXTS.presenceAwaited}</span>
        </p>
      </div>
      {isSerialTaken && !isPresenceProven && (
        <Field label={TEXTS.serialOnLabel} name="serial" autocomplete="off" />
      )}
    </>
  );
}

function leave(): void {
  entry.forget();
  wantsSetup.value = false;
}

const ADMIN = "admin";
