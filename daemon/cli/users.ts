// tandem user: who may log in. Whoever may use the socket of the box is an admin, also of a box whose last password
// nobody knows any more.

import { readFileSync } from "node:fs";
import type { SetupView, UserView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { columns, jsonText, printable } from "./terminal.ts";

type Act = (context: Context, name: string, word: string | undefined) => Promise<number>;

const PATH = "/api/v1/users";
const ROLES = ["viewer", "operator", "admin"];

/** Legend: the word after `user`, and what it does to the user that the next word names. */
const ACTS: Readonly<Record<string, Act>> = {
  add: async (context, name, role = "") => {
    if (!ROLES.includes(role)) return wrong(context, `the role is one of ${ROLES.join(", ")}`);
    const password = await passwordOf(context);
    if (password === undefined) return EXIT.usage;
    return change(context, "POST", PATH, { name, role, password });
  },
  role: async (context, name, role = "") => {
    if (!ROLES.includes(role)) return wrong(context, `the role is one of ${ROLES.join(", ")}`);
    return change(context, "PUT", pathOf(name), { role });
  },
  password: async (context, name) => {
    const password = await passwordOf(context);
    if (password === undefined) return EXIT.usage;
    return change(context, "PUT", `${pathOf(name)}/password`, { password });
  },
  delete: (context, name) => change(context, "DELETE", pathOf(name)),
};

export async function user(context: Context): Promise<number> {
  const [act, name, word] = context.words;
  if (act === undefined) return list(context);
  const found = Object.hasOwn(ACTS, act) ? ACTS[act] : undefined;
  if (!found) {
    return wrong(context, `"user" takes ${Object.keys(ACTS).join(", ")}, not "${printable(act)}"`);
  }
  if (name === undefined) return wrong(context, `"user ${act}" needs the name of a user`);
  return found(context, name, word);
}

async function list({ client, options, out }: Context): Promise<number> {
  const { raw, value } = await client.get<{ readonly users: readonly UserView[] }>(PATH);
  if (options.json) {
    out(jsonText(raw, 2));
    return EXIT.fine;
  }
  if (value.users.length === 0) {
    const { value: setup } = await client.get<SetupView>("/api/v1/setup");
    out(`${setup.sentence}\nOr here: tandem user add NAME admin\n`);
    return EXIT.fine;
  }
  const rows = value.users.map(({ name, role, sessions }) => [
    ...[name, role, sessions === 1 ? "1 session" : `${sessions} sessions`],
  ]);
  out(`${columns(rows).join("\n")}\n`);
  return EXIT.fine;
}

async function change(
  { client, options, out, err }: Context,
  method: "POST" | "PUT" | "DELETE",
  path: string,
  content?: object,
): Promise<number> {
  const { done, raw, sentence } = await client.change(method, path, content);
  if (options.json) out(jsonText(raw, 2));
  else if (done) out(`${sentence}\n`);
  else err(`Refused: ${sentence}\n`);
  return done ? EXIT.fine : EXIT.degraded;
}

function pathOf(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}

/** The first line of a file, or what a person types twice. Undefined: there is none, and that was said. */
async function passwordOf(context: Context): Promise<string | undefined> {
  const { ask, options } = context;
  const file = options["passphrase-file"];
  try {
    if (file !== undefined) return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (error) {
    wrong(context, printable((error as Error).message));
    return undefined;
  }
  if (!ask) {
    wrong(context, "nobody is there to be asked for the password; use --passphrase-file");
    return undefined;
  }
  const password = await ask("Password: ", true);
  const again = await ask("The same again: ", true);
  if (password === again) return password;
  wrong(context, "the two are not the same");
  return undefined;
}

function wrong({ err }: Context, text: string): number {
  err(`tandem: ${text}\n`);
  return EXIT.usage;
}
