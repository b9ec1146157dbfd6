import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { entry, logIn, parting, partingName } from "../models/access.ts";
import { TEXTS } from "../texts.ts";
import { Failure } from "../ui/failure.tsx";
import { Field, typedIn } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { ShowPassword } from "../ui/show-password.tsx";
import { Entry, SendButton } from "./entry.tsx";

export function Login() {
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const isShown = useSignal(false);
  useLayoutEffect(() => {
    (partingName.value === "" ? name : password).current?.focus();
  }, []);
  const send = async (form: HTMLFormElement) => {
    const [user, secret] = [typedIn(form, "username").trim(), typedIn(form, "password")];
    if (user === "" || secret === "") {
      entry.refuse(TEXTS.typeBoth);
      (user === "" ? name : password).current?.focus();
    } else if (!(await logIn(user, secret))) {
      // What is wrong is mostly the password, which nobody can correct without seeing it.
      if (password.current && !isShown.value) password.current.value = "";
      password.current?.focus();
    }
  };
  return (
    <Entry title={TEXTS.logIn} where={TEXTS.logInTo(location.host)} onSend={send}>
      {parting.value !== "" && (
        <p class="parting" role="alert">
          <Icon name="info" /> <span>{parting.value}</span>
        </p>
      )}
      <Field
        label={TEXTS.userName}
        name="username"
        autocomplete="username"
        initial={partingName.value}
        field={name}
      />
      <Field
        label={TEXTS.password}
        name="password"
        autocomplete="current-password"
        type={isShown.value ? "text" : "password"}
        field={password}
      />
      <ShowPassword isShown={isShown} />
      <Failure talk={entry} />
      <p class="buttons">
        <SendButton text={TEXTS.logIn} />
      </p>
    </Entry>
  );
}
