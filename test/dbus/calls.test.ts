// Calls of the connection to other programs: each one settles, and none takes the connection with it.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type BusCall,
  type BusError,
  type BusMessage,
  TIMED_OUT,
} from "../../daemon/io/dbus-connection.ts";
import { describeUnless } from "../support/unless.ts";
import { type BusClient, busClient, refusalOf, replyTo } from "./bus-client.ts";
import { missing, PrivateBus } from "./private-bus.ts";

const EVERYBODY = `<busconfig>
  <policy context="default">
    <allow own="test.Callee"/>
    <allow send_type="method_call"/>
  </policy>
</busconfig>
`;

const CALL: BusCall = {
  destination: "test.Callee",
  path: "/callee",
  interface: "test.Callee",
  member: "Ask",
  signature: "su",
  body: ["what", 7],
};

describeUnless(missing(), "a call to a program on the bus", () => {
  let bus: PrivateBus;
  let caller: BusClient;
  let callee: BusClient;
  let asked: BusMessage[];

  beforeEach(async () => {
    asked = [];
    bus = new PrivateBus(EVERYBODY);
    await bus.start();
    caller = await busClient(bus);
    callee = await busClient(bus, (message) => asked.push(message));
    await callee.connection.callBus("RequestName", "su", [CALL.destination, 0]);
  });

  afterEach(async () => {
    await Promise.all([caller.connection.close(), callee.connection.close()]);
    await bus.end();
  });

  async function nextAsked(): Promise<BusMessage> {
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    return asked.shift() as BusMessage;
  }

  test("brings the answer, whatever others answer before", async () => {
    const first = caller.connection.call(CALL, 5000);
    const second = caller.connection.call({ ...CALL, body: ["else", 8] }, 5000);
    const [one, two] = [await nextAsked(), await nextAsked()];
    expect(one).toMatchObject({ path: "/callee", interface: "test.Callee", member: "Ask" });
    expect([one.body, two.body]).toEqual([
      ["what", 7],
      ["else", 8],
    ]);
    callee.connection.send(replyTo(two, "(us)", [[2, "two"]]));
    callee.connection.send(replyTo(one, "", []));
    expect(await second).toEqual([[2, "two"]]);
    expect(await first).toEqual([]);
  });

  test("brings what it was refused with", async () => {
    const refusal = refusalIn(caller.connection.call(CALL, 5000));
    callee.connection.send(refusalOf(await nextAsked(), "test.Error.No"));
    expect(await refusal).toMatchObject({ errorName: "test.Error.No", message: "Not here." });
  });

  test("without an answer ends in time, a late one is dropped, and the next call is answered", async () => {
    const before = performance.now();
    const late = await refusalIn(caller.connection.call(CALL, 50));
    expect(late).toMatchObject({ errorName: TIMED_OUT, message: "no answer within 50 ms" });
    expect(performance.now() - before).toBeLessThan(1000);
    callee.connection.send(replyTo(await nextAsked(), "s", ["too late"]));
    const next = caller.connection.call(CALL, 5000);
    callee.connection.send(replyTo(await nextAsked(), "s", ["in time"]));
    expect(await next).toEqual(["in time"]);
    expect(caller.ended).toBe("");
  });

  test("to nobody is refused by the bus", async () => {
    const call = { ...CALL, destination: "test.Nobody" };
    const { errorName } = await refusalIn(caller.connection.call(call, 5000));
    expect(errorName).toBe("org.freedesktop.DBus.Error.ServiceUnknown");
  });

  test("ends when the program ends before it has answered", async () => {
    const refusal = refusalIn(caller.connection.call(CALL, 5000));
    await nextAsked();
    await callee.connection.close();
    expect(await refusal).toMatchObject({ errorName: "org.freedesktop.DBus.Error.NoReply" });
    expect(caller.ended).toBe("");
  });

  test("ends when the bus ends before it is answered, and so does the next one", async () => {
    const refusal = refusalIn(caller.connection.call(CALL, 5000));
    await nextAsked();
    await bus.stop();
    expect(await refusal).toMatchObject({ message: "the bus closed the connection" });
    const next = await refusalIn(caller.connection.call(CALL, 5000));
    expect(next).toMatchObject({ message: "not connected" });
  });

  test("ends for the reason for which the connection is given up", async () => {
    const refusal = refusalIn(caller.connection.call(CALL, 5000));
    caller.connection.end("this is enough");
    caller.connection.end("and said once");
    expect(await refusal).toMatchObject({ message: "this is enough" });
    expect(caller.ended).toBe("this is enough");
  });
});

/** What a call is refused with; to be asked for before it can be. */
function refusalIn(answer: Promise<unknown>): Promise<BusError> {
  return answer.then(
    () => Promise.reject(new Error("it was answered")),
    (error: BusError) => error,
  );
}
