import { expect, test } from "vitest";
import { ControlParts } from "../daemon/control-parts.ts";

test("each part hears what is its own, and all of the channel; what is nobody's is left alone", () => {
  const heard: string[] = [];
  const part = (name: string, kind: number) => ({
    owns: ([first]: Uint8Array) => first === kind,
    opened: (isPrimary: boolean) => void heard.push(`${name} opened ${isPrimary}`),
    received: (message: Uint8Array) => void heard.push(`${name} ${message.join()}`),
    closed: () => void heard.push(`${name} closed`),
  });
  const parts = new ControlParts([part("a", 1)]);
  parts.join(part("b", 2));
  parts.join({ owns: () => false, received: () => void heard.push("never") });
  parts.opened(true);
  for (const message of [[1, 7], [2], [3], []]) parts.received(Uint8Array.from(message));
  parts.closed();
  expect(heard).toEqual([
    ...["a opened true", "b opened true", "a 1,7", "b 2", "a closed", "b closed"],
  ]);
});
