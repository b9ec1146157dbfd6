import { spawnSync } from "node:child_process";
import { linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import {
  type HttpHandler,
  type HttpResponse,
  streamResponse,
  textResponse,
} from "../../daemon/http/message.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import {
  folderReader,
  type HttpServer,
  listenLoopback,
  listenUnix,
} from "../../daemon/io/http-server.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FakeBox, fakeLease } from "../support/fake-box.ts";

const hello: HttpHandler = ({ transport }) => plain(`hello over ${transport}`);

function plain(text: string): HttpResponse {
  return textResponse(200, "text/plain", text);
}

let folder = "";
let servers: HttpServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-http-"));
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
  rmSync(folder, { recursive: true, force: true });
});

function keep(server: HttpServer): HttpServer {
  servers.push(server);
  return server;
}

function getUnix(socketPath: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { host: "any.example" } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("on a Unix socket", () => {
  test("serves, for the daemon's group only, and leaves no file behind", async () => {
    const path = join(folder, "tandem.sock");
    const server = await listenUnix(path, { answer: hello });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await getUnix(path, "/")).toEqual({ status: 200, text: "hello over unix" });
    await server.close();
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  test("takes the place of a file that nobody answers on", async () => {
    const path = join(folder, "tandem.sock");
    await leaveStaleSocket(path);
    keep(await listenUnix(path, { answer: hello }));
    expect((await getUnix(path, "/")).status).toBe(200);
  });

  test("refuses to push another daemon aside", async () => {
    const path = join(folder, "tandem.sock");
    keep(await listenUnix(path, { answer: hello }));
    await expect(listenUnix(path, { answer: hello })).rejects.toThrow(
      "another Tandem already answers",
    );
    expect((await getUnix(path, "/")).status).toBe(200);
  });

  test("never removes a file that is not a socket", async () => {
    const path = join(folder, "tandem.sock");
    writeFileSync(path, "precious");
    await expect(listenUnix(path, { answer: hello })).rejects.toThrow("is not a socket");
    expect(statSync(path).size).toBe(8);
  });

  test("a missing folder or a path too long is an IoError that names it", async () => {
    await expect(listenUnix(join(folder, "no", "x.sock"), { answer: hello })).rejects.toThrow(
      IoError,
    );
    await expect(listenUnix(join(folder, "x".repeat(120)), { answer: hello })).rejects.toThrow(
      "too long",
    );
  });
});

test("over a Unix socket for the page people are as on loopback, and no admin", async () => {
  const path = join(folder, "page.sock");
  const answer: HttpHandler = ({ transport, remote }) => plain(`${transport} ${remote}`);
  keep(await listenUnix(path, { answer }, "tcp"));
  const { get } = process.getBuiltinModule("node:http");
  const said = await new Promise((resolve) =>
    get({ socketPath: path, path: "/" }, (response) => response.once("data", resolve)),
  );
  expect(String(said)).toBe("tcp 127.0.0.1");
});

describe("on loopback", () => {
  test("serves on 127.0.0.1, and says when the port is taken", async () => {
    const server = keep(await listenLoopback(0, { answer: hello }));
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(await response.text()).toBe("hello over tcp");
    const again = listenLoopback(server.port, { answer: hello });
    await expect(again).rejects.toThrow(IoError);
    await expect(again).rejects.toThrow(
      `127.0.0.1:${server.port}: another program uses it already`,
    );
  });

  test("headers over the limit and broken requests are refused, and the server stays", async () => {
    const server = keep(await listenLoopback(0, { answer: hello }));
    const long = "x".repeat(LIMITS.httpHeaderBytesMax);
    const answers = await Promise.all([
      raw(server.port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`),
      raw(server.port, "\x16\x03\x01\x02\r\n\r\n"),
      raw(server.port, "GET / HTTP/1.1\r\n\r\n"),
    ]);
    expect(answers.map((answer) => answer.slice(0, 12))).toEqual([
      "HTTP/1.1 431",
      "HTTP/1.1 400",
      "HTTP/1.1 400",
    ]);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });
});

test("odd requests get an answer, or an end, and nothing lingers", async () => {
  const { answer } = createWebApp(new FakeBox());
  const server = keep(await listenLoopback(0, { answer }));
  const first = async (text: string) =>
    (await raw(server.port, text)).split("\r\n")[0]?.slice(9, 12) ?? "";
  const host = "Host: localhost\r\n";
  expect(await first(`TRACE / HTTP/1.1\r\n${host}\r\n`)).toBe("405");
  expect(await first(`OPTIONS * HTTP/1.1\r\n${host}\r\n`)).toBe("400");
  expect(await first(`POST / HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`)).toBe("405");
  expect(await first(`POST / HTTP/1.1\r\n${host}Content-Length: 9999999\r\n\r\nabc`)).toBe("413");
  expect(await first(`CONNECT evil:1 HTTP/1.1\r\n${host}\r\n`)).toBe("");
  const close = `${host}Connection: close\r\n\r\n`;
  expect(await first(`GET //evil.example/x HTTP/1.1\r\n${close}`)).toBe("404");
  expect(await first(`GET http://evil.example/api/v1/status HTTP/1.1\r\n${close}`)).toBe("200");
  expect(await first("GET /api/v1/status HTTP/1.0\r\n\r\n")).toBe("421");
  const twoHosts = `${host}Host: evil.example\r\nConnection: close\r\n\r\n`;
  expect(await first(`GET /api/v1/status HTTP/1.1\r\n${twoHosts}`)).toBe("421");
  expect(await first(`HEAD /api/v1/leases?format=csv HTTP/1.1\r\n${close}`)).toBe("200");
  expect(await first(`GET /api/v1/status HTTP/1.1\r\nUpgrade: websocket\r\n${close}`)).toBe("200");
});

describe("the body of a POST", () => {
  const echo: HttpHandler = ({ body }) =>
    plain(`${body.length}: ${new TextDecoder().decode(body)}`);

  test("is handed over whole, however it comes", async () => {
    const server = keep(await listenLoopback(0, { answer: echo }));
    const whole = await fetch(`http://127.0.0.1:${server.port}/`, { method: "POST", body: "Büro" });
    expect(await whole.text()).toBe("5: Büro");
    const chunked = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    const pieces = await raw(server.port, `${chunked}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`);
    expect(pieces).toContain("3: abc");
    const none = await raw(server.port, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(none).toContain("0: ");
  });

  test("is refused above the limit, also when its length is not said before", async () => {
    const server = keep(await listenLoopback(0, { answer: echo }));
    const size = LIMITS.httpBodyBytesMax + 1;
    const piece = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`;
    const head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await raw(server.port, `${head}${piece}`)).toMatch(/^HTTP\/1\.1 413 /);
    const fits = { method: "POST", body: "x".repeat(size - 1) };
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, fits);
    expect(await answer.text()).toMatch(/^65536: x/);
  });

  test("that does not come is waited for as long as a request may take", async () => {
    const server = keep(await listenLoopback(0, { answer: echo }));
    const text = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab";
    expect(await raw(server.port, text)).toMatch(/^HTTP\/1\.1 408 /);
  }, 15_000);
});

test("an answer that fails on its way cuts the connection, and nothing else", async () => {
  const server = keep(
    await listenLoopback(0, {
      answer: ({ path }) => {
        if (path === "/throws") throw new Error("ours");
        if (path === "/rejects") return Promise.reject(new Error("ours"));
        if (path !== "/breaks") return plain("fine");
        return streamResponse("text/plain", (sink) => {
          sink.write(new TextEncoder().encode("half"));
          sink.cut();
        });
      },
    }),
  );
  await expect(fetch(`http://127.0.0.1:${server.port}/throws`)).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${server.port}/rejects`)).rejects.toThrow();
  const broken = fetch(`http://127.0.0.1:${server.port}/breaks`).then((answer) => answer.text());
  await expect(broken).rejects.toThrow();
  expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("fine");
});

test("HEAD is answered with the head alone, and the connection can be used again", async () => {
  const server = keep(await listenLoopback(0, createWebApp(new FakeBox())));
  const head = "HEAD /api/v1/status HTTP/1.1\r\nHost: localhost\r\n";
  const text = await raw(server.port, `${head}\r\n${head}Connection: close\r\n\r\n`);
  const answers = text.split("\r\n\r\n");
  expect(answers).toHaveLength(3);
  expect(answers[0]).toMatch(/^HTTP\/1\.1 200 .*content-length: [1-9][0-9]+/s);
  expect(answers[1]).toMatch(/^HTTP\/1\.1 200 .*content-length: [1-9][0-9]+/s);
});

test("a long body is made in turns, and a client that goes away in between does no harm", async () => {
  const box = new FakeBox();
  for (let n = 0; n < 5000; n++) box.book.set(fakeLease(n).address, fakeLease(n));
  let turn = 0;
  const turns: number[] = [];
  const pages = box.leases.bind(box);
  box.leases = (query) => {
    turns.push(turn);
    setImmediate(() => turn++);
    return pages(query);
  };
  const server = keep(await listenLoopback(0, createWebApp(box)));
  const target = "/api/v1/leases?format=csv";
  const response = await fetch(`http://127.0.0.1:${server.port}${target}`);
  expect((await response.text()).split("\r\n")).toHaveLength(5000 + 2);
  expect(turns).toEqual([0, 1, 2, 3, 4, 5]);
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await until(() => turns.length > 6);
  socket.destroy();
  expect((await fetch(`http://127.0.0.1:${server.port}/api/v1/status`)).status).toBe(200);
});

test("answering does not load Node's web client, which would cost the box many megabytes", async () => {
  const script = `
    import { createWebApp } from "./daemon/http/routes.ts";
    import { listenLoopback } from "./daemon/io/http-server.ts";
    import { FakeBox } from "./test/support/fake-box.ts";
    const { get } = process.getBuiltinModule("node:http");
    const server = await listenLoopback(0, createWebApp(new FakeBox()));
    for (const path of ["status", "leases?format=csv", "events?format=json", "events"]) {
      const target = { host: "127.0.0.1", port: server.port, path: "/api/v1/" + path };
      await new Promise((resolve) => get(target, (response) => response.once("data", resolve)));
    }
    console.log(process.moduleLoadList.filter((name) => /undici|webstreams/.test(name)).join());
    process.exit();`;
  const options = { cwd: join(import.meta.dirname, "../.."), encoding: "utf8" } as const;
  const { stdout, status } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", script],
    options,
  );
  expect({ stdout, status }).toEqual({ stdout: "\n", status: 0 });
});

describe("event streams over a real socket", () => {
  test("a listener that closes its connection is forgotten", async () => {
    const box = new FakeBox();
    const { answer, streams } = createWebApp(box);
    const server = keep(await listenLoopback(0, { answer }));
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${server.port}/api/v1/events`, {
      signal: stop.signal,
    });
    await response.body?.getReader().read();
    expect(streams.count).toBe(1);
    stop.abort();
    await until(() => streams.count === 0);
    expect(box.listenerCount).toBe(0);
  });

  test("one that waits behind another on the same connection is forgotten with it", async () => {
    const box = new FakeBox();
    const { answer, streams } = createWebApp(box);
    const server = keep(await listenLoopback(0, { answer }));
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2));
    await until(() => streams.count === 2);
    socket.destroy();
    await until(() => streams.count === 0);
    expect(box.listenerCount).toBe(0);
  });

  test("one that does not read is cut off; its memory and its place are free", async () => {
    const box = new FakeBox();
    const { answer, streams } = createWebApp(box);
    const server = keep(await listenLoopback(0, { answer }));
    const socket = connect(server.port, "127.0.0.1");
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    socket.on("error", () => {});
    socket.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.pause();
    await until(() => streams.count === 1);
    const lease = fakeLease(1, { vendorClass: "v".repeat(60_000) });
    for (let n = 0; n < 2000 && streams.count > 0; n++) {
      box.grant(lease);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(streams.count).toBe(0);
    socket.resume();
    await until(() => closed);
  });

  test("stopping the server ends open streams", async () => {
    const { answer, streams } = createWebApp(new FakeBox());
    const server = await listenLoopback(0, { answer });
    const response = await fetch(`http://127.0.0.1:${server.port}/api/v1/events`);
    const reader = response.body?.getReader();
    await reader?.read();
    streams.closeAll();
    expect((await reader?.read())?.done).toBe(true);
    await server.close();
  });
});

test("folderReader reads by name and says which file is missing", () => {
  writeFileSync(join(folder, "a"), "abc");
  const read = folderReader(new URL(`file://${folder}/`));
  expect([...read("a")]).toEqual([97, 98, 99]);
  expect(() => read("b")).toThrow(`${folder}/b: ENOENT`);
});

/** A socket file as a killed daemon leaves it: the process is gone, the file is not. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  linkSync(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
  expect(statSync(path).isSocket()).toBe(true);
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
