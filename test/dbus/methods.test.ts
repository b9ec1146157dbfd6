// What people and programs have done over the bus: through dbus-send, busctl, and by hand for what no tool sends.

import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { NO_REPLY_EXPECTED, TYPE } from "../../daemon/io/dbus-connection.ts";
import { describeUnless, testUnless, withoutProgram } from "../support/unless.ts";
import { usedBytes } from "../support/used-bytes.ts";
import { box, DRILL, MAIN, Recorded, ROOT } from "./appliance.ts";
import { type BusClient, busClient } from "./bus-client.ts";
import { has, missing, PrivateBus } from "./private-bus.ts";

const REFUSED = "org.tandem.Appliance1.Error.Refused";
const INVALID = "org.freedesktop.DBus.Error.InvalidArgs";

/** Legend: method, its arguments for dbus-send, what the box is told. */
const ACTS: readonly (readonly [method: string, args: readonly string[], told: string])[] = [
  ["Handover", [], "handover"],
  ["EnterMaintenance", [], "maintenance-on"],
  ["LeaveMaintenance", [], "maintenance-off"],
  ["StartDrill", ["string:planned"], "drill"],
  ["StartDrill", ["string:unplugged"], "unplug"],
  ["DeclarePartnerDown", [], "partner-down"],
];

describeUnless(missing(), "what can be had done over the bus", () => {
  let bus: PrivateBus;
  let service: Recorded;
  let client: BusClient;

  beforeAll(async () => {
    bus = new PrivateBus();
    await bus.start();
    service = new Recorded(bus.address);
    service.bus.start(box());
    await service.until(/connected/);
    client = await busClient(bus);
  });

  beforeEach(() => {
    service.box.told.length = 0;
    service.box.refusal = undefined;
    service.box.drills = [DRILL];
  });

  afterAll(async () => {
    await client?.connection.close();
    await service?.bus.stop();
    await bus?.end();
  });

  const dbusSend = (method: string, args: readonly string[] = []) =>
    bus.call(ROOT, `${MAIN}.${method}`, args);

  /** With any arguments, also such as no tool sends. Resolves with the name of the error, or with what is answered. */
  const ask = (member: string, signature: string, body: unknown[], interfaceName = MAIN) => {
    const call = { destination: MAIN, path: ROOT, interface: interfaceName, member };
    return client.connection.call({ ...call, signature, body }, 5000).then(
      (answer) => JSON.stringify(answer),
      (error: { errorName: string; message: string }) => `${error.errorName}: ${error.message}`,
    );
  };

  test.each(ACTS)("%s %j is carried out, and says what comes of it", async (method, args, what) => {
    const { ok, output } = await dbusSend(method, args);
    expect(ok).toBe(true);
    const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)} was carried out.`;
    expect(output).toContain(`string "${sentence}"`);
    expect(service.box.told).toEqual([what]);
  });

  test.each(ACTS)(
    "%s %j is refused with the sentence that the command line says",
    async (method, args) => {
      service.box.refusal = "the partner is not heard";
      const { ok, output } = await dbusSend(method, args);
      expect(ok).toBe(false);
      expect(output).toBe(`Error ${REFUSED}: The partner is not heard.\n`);
      expect(service.box.told).toEqual([]);
    },
  );

  test.each(ACTS)(
    "%s %j is carried out for who does not wait for an answer",
    async (method, args, what) => {
      const target = [`--dest=${MAIN}`, ROOT, `${MAIN}.${method}`];
      const { ok, output } = await bus.run("dbus-send", [
        "--system",
        "--type=method_call",
        ...target,
        ...args,
      ]);
      expect({ ok, output }).toEqual({ ok: true, output: "" });
      await vi.waitUntil(() => service.box.told.length > 0, { timeout: 5000 });
      expect(service.box.told).toEqual([what]);
    },
  );

  test("nobody is answered who does not want it", async () => {
    const seen = await bus.monitor(`sender='${MAIN}',type='method_return'`);
    const call = { type: TYPE.call, destination: MAIN, path: ROOT, interface: MAIN };
    client.connection.send({ ...call, member: "Handover", flags: NO_REPLY_EXPECTED });
    client.connection.send({ ...call, member: "Nonsense", flags: NO_REPLY_EXPECTED });
    expect(await ask("Preflight", "s", ["drill"])).toBe('[true,"Drill is possible."]');
    await vi.waitUntil(() => seen().includes("Drill is possible"), { timeout: 5000 });
    expect(seen().split("method return").length - 1).toBe(1);
    expect(service.box.told).toEqual(["handover"]);
  });

  test("Preflight says what would happen, and nothing happens", async () => {
    for (const verb of ["handover", "maintenance-on", "maintenance-off", "drill", "unplug"]) {
      const { output } = await dbusSend("Preflight", [`string:${verb}`]);
      expect(output).toMatch(/boolean true\n +string ".+ is possible\."\n/);
    }
    service.box.refusal = "this box has no partner";
    const { output } = await dbusSend("Preflight", ["string:handover"]);
    expect(output).toMatch(/boolean false\n +string "This box has no partner\."\n/);
    expect(service.box.told).toEqual([]);
  });

  testUnless(withoutProgram(has("busctl"), "busctl"), "busctl shows the drills", async () => {
    service.box.drills = [
      {
        ...DRILL,
        dhcpMilliseconds: Number.POSITIVE_INFINITY,
        names: { asked: 9, answered: 8, afterMilliseconds: 20 },
      },
      { ...DRILL, sentence: "a\0b\ud800" },
    ];
    const json = await bus.run("busctl", [
      ...["--system", "--json=short", "call", MAIN, ROOT, MAIN, "GetDrills"],
    ]);
    const [first, second] = JSON.parse(json.output).data[0];
    expect(first).toEqual({
      Id: { type: "u", data: 4711 },
      Kind: { type: "s", data: "planned" },
      At: { type: "s", data: "2026-03-01T12:00:00.000Z" },
      MeasuredBy: { type: "s", data: "B" },
      DetectionMilliseconds: { type: "u", data: 3 },
      GatewayMilliseconds: { type: "u", data: 12 },
      DhcpMilliseconds: { type: "u", data: 0xffff_ffff },
      OutageMilliseconds: { type: "u", data: 15 },
      RevertedMilliseconds: { type: "u", data: 40 },
      PingsSent: { type: "u", data: 900 },
      PingsLost: { type: "u", data: 1 },
      NamesAsked: { type: "u", data: 9 },
      NamesAnswered: { type: "u", data: 8 },
      Leases: { type: "u", data: 7 },
      Sentence: { type: "s", data: "The gateway was handed over." },
    });
    expect(second.Sentence.data).toBe("a\uFFFDb\uFFFD");
    expect(second).not.toHaveProperty("DhcpMilliseconds");
    service.box.drills = [];
    const none = await bus.run("busctl", ["--system", "call", MAIN, ROOT, MAIN, "GetDrills"]);
    expect(none.output).toBe("aa{sv} 0\n");
  });

  test("arguments that mean harm get an error, and nothing happens", async () => {
    const long = "x".repeat(900_000);
    const kind = /There is no kind of drill ".*": it is planned or unplugged\.$/s;
    const cases: readonly (readonly [string, string, unknown[], string, RegExp])[] = [
      ["StartDrill", "", [], INVALID, /StartDrill takes "s"\.$/],
      ["StartDrill", "ss", ["planned", "planned"], INVALID, /takes "s"/],
      ["StartDrill", "v", [["s", "planned"]], INVALID, /takes "s"/],
      ["StartDrill", "u", [1], INVALID, /takes "s"/],
      ["StartDrill", "s", [""], INVALID, kind],
      ["StartDrill", "s", ["drill"], INVALID, kind],
      ["StartDrill", "s", ["Planned"], INVALID, kind],
      ["StartDrill", "s", ["constructor"], INVALID, kind],
      ["StartDrill", "s", ["__proto__"], INVALID, kind],
      ["StartDrill", "s", ["planned\n\u001b[2J\u0007"], INVALID, /"planned\uFFFD\uFFFD\[2J\uFFFD"/],
      ["StartDrill", "s", [long], INVALID, /^.{1,300}$/s],
      ["Preflight", "s", [`handover${long}`], INVALID, /^.{1,300}$/s],
      ["Preflight", "s", ["partner-down"], INVALID, /There is no verb "partner-down"/],
      ["Handover", "s", ["now"], INVALID, /Handover takes ""/],
      ["Handover", "s", [long], INVALID, /^.{1,300}$/s],
      ["DeclarePartnerDown", "as", [["a", "b"]], INVALID, /takes ""/],
      ["GetDrills", "u", [4_294_967_295], INVALID, /takes ""/],
    ];
    for (const [member, signature, body, error, text] of cases) {
      const answer = await ask(member, signature, body);
      expect(answer.slice(0, error.length + 2), `${member} ${signature}`).toBe(`${error}: `);
      expect(answer.slice(error.length + 2), `${member} ${signature}`).toMatch(text);
    }
    const properties = "org.freedesktop.DBus.Properties";
    expect(await ask("Get", "ss", [long.slice(1 << 19), long.slice(1 << 19)], properties)).toMatch(
      /^.{1,300}$/,
    );
    expect(await ask("Get", "ss", [MAIN, long], properties)).toMatch(/^.{1,300}$/);
    expect(await ask("Handover", "", [], `${MAIN}.Network`)).toContain("UnknownInterface");
    expect(service.box.told).toEqual([]);
    expect(service.said).toEqual(["connected"]);
  });

  test("of 30 MB of arguments that were refused nothing is kept", async () => {
    const many = async (count: number) => {
      const argument = "y".repeat(100_000);
      for (let i = 0; i < count; i++) await ask("StartDrill", "s", [`${i}${argument}`]);
    };
    await many(100);
    const before = await usedBytes();
    await many(300);
    const grown = (await usedBytes()) - before;
    console.log(`${grown} bytes after 30 MB of arguments`);
    expect(grown).toBeLessThan(4 << 20);
    expect(service.box.told).toEqual([]);
  });

  test("a program that does not have the name does nothing, whoever asks", async () => {
    const second = new Recorded(bus.address);
    second.bus.start(box());
    await second.until(/belongs to process/);
    const [name] = await ownNames(client);
    const call = { path: ROOT, interface: MAIN, member: "Handover", signature: "", body: [] };
    const asked = client.connection.call({ ...call, destination: name ?? "" }, 5000);
    await expect(asked).rejects.toMatchObject({
      errorName: "org.freedesktop.DBus.Error.AccessDenied",
      message:
        "This program does not have the name org.tandem.Appliance1 on this bus, and does nothing here.",
    });
    expect(second.box.told).toEqual([]);
    await second.bus.stop();
  });
});

/** Unique names of whoever waits for the appliance's name. */
async function ownNames({ connection }: BusClient): Promise<string[]> {
  const [owners] = await connection.callBus("ListQueuedOwners", "s", [MAIN]);
  return (owners as string[]).slice(1);
}
