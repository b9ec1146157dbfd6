import type { IdentityView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText } from "./terminal.ts";

/** Who this box is, for the other box's configuration: nothing but that, so that scripts can take it. */
export async function showIdentity({ client, options, out }: Context): Promise<number> {
  const { raw, value } = await client.get<IdentityView>("/api/v1/identity");
  out(options.json ? jsonText(raw, 2) : `${value.identity}\n`);
  return EXIT.fine;
}
