import { expect, test } from "vitest";
import { leavePair } from "../../daemon/backup/leave-pair.ts";
import { FakePairing, fakePairing } from "../support/fake-pairing.ts";

/** Is one of a pair until it was asked so often. */
function pairingFor(looks: number, unpaired: string) {
  const pairing = new FakePairing();
  const paired = fakePairing({ paired: true, unpaired: "" });
  const alone = fakePairing({ paired: false, unpaired });
  pairing.pairing = () => (looks-- > 0 ? paired : alone);
  return pairing;
}

test("waits until both have left, and says what came of it", async () => {
  const pairing = pairingFor(3, "The other box goes on alone.");
  const pauses: number[] = [];
  const said = await leavePair(pairing, async (milliseconds) => void pauses.push(milliseconds));
  expect(said).toBe("the other box goes on alone");
  expect(pauses).toEqual([200, 200, 200]);
  expect(pairing.acts).toEqual([{ kind: "retire" }]);
});

test("does not wait for ever, and not where there is no pair", async () => {
  let pauses = 0;
  const count = async () => void pauses++;
  expect(await leavePair(pairingFor(1000, ""), count)).toBe("the partner may not know of it");
  expect(pauses).toBe(75);
  const none = new FakePairing();
  none.result = { isDone: false, text: "this box is in no pair" };
  expect(await leavePair(none, count)).toBe("this box is in no pair");
  expect(pauses).toBe(75);
});
