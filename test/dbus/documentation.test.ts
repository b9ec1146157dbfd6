// daemon/DBUS.md: what it shows works as it stands there, and it names everything there is.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPLIANCE, NETWORK } from "../../daemon/io/dbus-interfaces.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";
import { box, Recorded } from "./appliance.ts";
import { has, missing, PrivateBus } from "./private-bus.ts";

const TEXT = readFileSync(new URL("../../daemon/DBUS.md", import.meta.url), "utf8");

/** The commands in it, and what is said to be printed, "" when nothing is. */
const COMMANDS: readonly (readonly [command: string, printed: string])[] = Array.from(
  TEXT.matchAll(/```sh\n([\s\S]*?)```/g),
  ([, block = ""]) => block.trim().split("\n"),
)
  .flat()
  .filter((line) => !line.startsWith("busctl monitor"))
  .map((line): readonly [string, string] => {
    const [command = "", printed = ""] = line.split(/ +# /);
    return [command, printed];
  });

describe.each([APPLIANCE, NETWORK])("of $name everything is described and shown:", (table) => {
  test.each(table.properties.map(([name, type]) => [name, type] as const))("%s", (name, type) => {
    expect(TEXT).toMatch(new RegExp(`^\\| [^|]*\\b${name}\\b[^|]* \\| ${escaped(type)} \\|`, "m"));
    const read = `get-property org\\.tandem\\.Appliance1 \\S+ ${escaped(table.name)} ${name}`;
    expect(COMMANDS.some(([command]) => new RegExp(`${read}$`).test(command))).toBe(true);
  });

  test.each(table.methods.map(({ name }) => [name]))("%s", (name) => {
    expect(TEXT).toMatch(new RegExp(`^\\| [^|]*\\b${name}\\b`, "m"));
    expect(COMMANDS.some(([command]) => command.includes(`${table.name} ${name}`))).toBe(true);
  });

  test("signals", () => {
    for (const { name } of table.signals) {
      expect(TEXT).toMatch(new RegExp(`^\\| [^|]*\\b${name}\\b`, "m"));
    }
  });
});

describeUnless(missing() ?? withoutProgram(has("busctl"), "busctl"), "the commands", () => {
  let bus: PrivateBus;
  let service: Recorded;

  beforeAll(async () => {
    bus = new PrivateBus();
    await bus.start();
    service = new Recorded(bus.address);
    service.bus.start(box());
    await service.until(/connected/);
  });

  afterAll(async () => {
    await service?.bus.stop();
    await bus?.end();
  });

  test.each(COMMANDS)("%s", async (command, printed) => {
    const [program = "", ...args] = command.split(" ");
    const { ok, output } = await bus.run(program, args);
    expect(output).not.toMatch(/error|failed/i);
    expect(ok).toBe(true);
    // A type alone: what follows is different each time.
    const isType = !printed.includes(" ");
    expect(isType ? output.slice(0, printed.length) : output.trim()).toBe(printed);
  });
});

function escaped(text: string): string {
  return text.replace(/[.(){}]/g, "\\$&");
}
