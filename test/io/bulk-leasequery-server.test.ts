import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import { BulkLeaseQuery } from "../../daemon/core/bulk-leasequery.ts";
import { LeaseBook } from "../../daemon/core/lease-book.ts";
import { BulkLeaseQueryServer, type BulkSession } from "../../daemon/io/bulk-leasequery-server.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { makeLease } from "../support/leases.ts";
import { queryBytes } from "../support/query-message.ts";

const HOST = "127.0.0.1";
const NOW = 1_780_000_500;
let server: BulkLeaseQueryServer | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

function open(session: () => BulkSession, isAllowed = () => true) {
  const address = ipv4(HOST);
  return BulkLeaseQueryServer.open({ address, port: 0, isAllowed, session, nowSeconds: () => NOW });
}

function dial(port: number): Socket {
  const socket = connect(port, HOST);
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

function bulkQuery(): Uint8Array {
  const bytes = queryBytes({ options: [[53, [14]]] });
  return Uint8Array.from([bytes.length >>> 8, bytes.length & 255, ...bytes]);
}

/** Messages until the one that ends an answer. */
async function answer(socket: Socket): Promise<number> {
  let rest = Buffer.alloc(0);
  let messages = 0;
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      messages++;
      // Option 53 is the first one of every message.
      if (rest[2 + 240 + 2] === 15) return messages;
      rest = rest.subarray(2 + rest.readUInt16BE(0));
    }
  }
  throw new Error(`closed after ${messages} messages`);
}

describe("over TCP", () => {
  test("ten thousand leases come through, to several at once", async () => {
    const book = new LeaseBook(1);
    for (let at = 0; at < 10_000; at++) book.apply(makeLease(at + 1, at));
    const serverId = ipv4("10.77.0.1");
    const nothing = { addresses: () => [], parameter: () => undefined };
    const source = { book, hashSeed: 1, serverId, ...nothing };
    server = await open(() => new BulkLeaseQuery(source));
    const { port } = server;
    const answers = [1, 2, 3].map(async () => {
      const socket = dial(port);
      const query = bulkQuery();
      socket.write(query.subarray(0, 100));
      socket.write(query.subarray(100));
      return answer(socket);
    });
    expect(await Promise.all(answers)).toEqual([10_001, 10_001, 10_001]);
  });

  test("only who may ask, and not more of them than there is room for", async () => {
    let isAllowed = false;
    let sessions = 0;
    const session = () => {
      sessions++;
      return { receive: () => true, pull: () => undefined };
    };
    server = await open(session, () => isAllowed);
    const denied = dial(server.port);
    await once(denied, "close");
    expect(sessions).toBe(0);
    isAllowed = true;
    for (let i = 0; i < LIMITS.bulkConnectionsMax; i++) await once(dial(server.port), "connect");
    const one = dial(server.port);
    await once(one, "close");
    expect(sessions).toBe(LIMITS.bulkConnectionsMax);
  });

  test("what is no query ends the connection", async () => {
    const sessions: BulkSession[] = [
      { receive: () => false, pull: () => undefined },
      {
        receive: () => true,
        pull: () => {
          throw new DecodeError("magic cookie", 236, "not a DHCP message");
        },
      },
    ];
    server = await open(() => sessions.shift() as BulkSession);
    for (let i = 0; i < 2; i++) {
      const socket = dial(server.port);
      socket.write("x");
      await once(socket, "close");
    }
    expect(sessions).toEqual([]);
  });

  test("a port that is taken is said", async () => {
    server = await open(() => ({ receive: () => true, pull: () => undefined }));
    const again = { address: ipv4(HOST), port: server.port, isAllowed: () => true };
    const session = () => ({ receive: () => true, pull: () => undefined });
    await expect(
      BulkLeaseQueryServer.open({ ...again, session, nowSeconds: () => NOW }),
    ).rejects.toMatchObject({ name: "IoError", code: "EADDRINUSE" });
  });
});
