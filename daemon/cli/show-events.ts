import type { EventList, EventView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { jsonText, type Paint } from "./terminal.ts";
import { clockTime } from "./words.ts";

export async function showEvents({ client, options, out, paint }: Context): Promise<number> {
  if (!options.follow) {
    const { raw, value } = await client.get<EventList>("/api/v1/events");
    if (options.json) out(jsonText(raw, 2));
    else if (value.events.length === 0) out("Nothing has happened yet.\n");
    else out(value.events.map((event) => formatEvent(event, paint)).join(""));
    return EXIT.fine;
  }
  for await (const { raw, value } of client.follow()) {
    if (value.kind !== "log") continue;
    const event = (raw as { readonly event: unknown }).event;
    out(options.json ? jsonText(event) : formatEvent(value.event, paint));
  }
  return EXIT.down;
}

function formatEvent(event: EventView, paint: Paint): string {
  const level = event.severity.padEnd(7);
  const colour = COLOURS[event.severity];
  return `${paint("grey", clockTime(event.at))}  ${paint(colour, level)}  ${event.sentence}\n`;
}

const COLOURS = { debug: "grey", info: "green", warning: "yellow", error: "red" } as const;
