import { describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import type { LeasePage, Problem } from "../../daemon/http/api-types.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FAKE_IDENTITY, FakeBox, fakeCondition, fakeLease, fakeWhy } from "../support/fake-box.ts";
import { fakePartner } from "../support/fake-pair.ts";
import { type Answer, type Asked, ask } from "./ask.ts";

function setUp(leases = 0) {
  const box = new FakeBox();
  for (let n = 0; n < leases; n++) box.book.set(fakeLease(n).address, fakeLease(n));
  const faults: unknown[] = [];
  const onFault = (error: unknown) => faults.push(error);
  const { answer } = createWebApp(box, { actions: box, onFault });
  const send = (target: string, asked: Asked) => ask(answer, target, asked);
  const get = (target: string, headers: Record<string, string> = {}) => send(target, { headers });
  return { box, send, get, faults };
}

/** As the page of the box sends it. */
const PAGE = { origin: "http://127.0.0.1:8080", "content-type": "application/json" };

function problemOf(response: Answer): Problem {
  expect(response.header("content-type")).toBe("application/problem+json");
  const body = response.json() as Problem;
  expect(body.status).toBe(response.status);
  return body;
}

describe("GET /api/v1/status", () => {
  test("is the view's status, never cached", () => {
    const { box, get } = setUp();
    const response = get("/api/v1/status");
    expect(response.status).toBe(200);
    expect(response.header("content-type")).toBe("application/json");
    expect(response.header("cache-control")).toBe("no-store");
    expect(response.json()).toEqual(box.status());
  });

  test("an error of our own is a problem without its text, and is reported", () => {
    const { box, get, faults } = setUp();
    box.status = () => {
      throw new Error("secret path");
    };
    const response = get("/api/v1/status");
    expect(response.status).toBe(500);
    expect(JSON.stringify(problemOf(response))).not.toContain("secret");
    expect(faults).toHaveLength(1);
    expect(response.header("x-content-type-options")).toBe("nosniff");
  });
});

describe("GET /api/v1/leases", () => {
  test("gives 100 at a time unless asked otherwise", () => {
    const { get } = setUp(150);
    const first = get("/api/v1/leases").json() as LeasePage;
    expect(first.total).toBe(150);
    expect(first.leases).toHaveLength(100);
    const second = get("/api/v1/leases?offset=100&limit=1000").json() as LeasePage;
    expect(second.leases.map((lease) => lease.address)[0]).toBe("10.77.0.200");
    expect(second.leases).toHaveLength(50);
  });

  test("passes network, state, search and order on", () => {
    const { box, get } = setUp();
    const seen: unknown[] = [];
    box.leases = (query) => {
      seen.push(query);
      return { total: 0, offset: 0, leases: [] };
    };
    get("/api/v1/leases?network=office&state=active&search=PRINT&sort=-seenAt&limit=5");
    expect(seen).toEqual([
      {
        offset: 0,
        limit: 5,
        network: "office",
        state: "active",
        search: "print",
        sort: "seenAt",
        descending: true,
      },
    ]);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=ten", "limit"],
    ["limit=1e2", "limit"],
    ["offset=-1", "offset"],
    ["offset=1.5", "offset"],
    ["state=sleepy", "state"],
    ["sort=colour", "sort"],
    ["sort=--mac", "sort"],
    ["sort=-", "sort"],
    [`search=${"x".repeat(LIMITS.searchTextMax + 1)}`, "search"],
  ])("refuses %s and names the parameter", (query, name) => {
    const { get } = setUp();
    const response = get(`/api/v1/leases?${query}`);
    expect(response.status).toBe(400);
    expect(problemOf(response).detail).toContain(`"${name}"`);
  });
});

describe("leases as CSV", () => {
  test.each([
    ["Accept", "/api/v1/leases", { accept: "text/csv" }],
    ["format", "/api/v1/leases?format=csv", {}],
  ])("by %s: all of them, read page by page", (_, path, headers) => {
    const { box, get } = setUp(2500);
    const response = get(path, headers as Record<string, string>);
    expect(response.header("content-type")).toMatch(/^text\/csv/);
    const lines = response.text().split("\r\n");
    expect(lines[0]).toMatch(/^address,network,state,mac,/);
    expect(lines).toHaveLength(2500 + 2);
    expect(new Set(lines.slice(1)).size).toBe(2501);
    expect(box.leaseQueries).toBeGreaterThanOrEqual(3);
  });

  test("page by page: the next one is made when the client has read the last", () => {
    const { box, get } = setUp(2500);
    const reader = get("/api/v1/leases?format=csv").stream();
    expect(box.leaseQueries).toBe(1);
    expect(reader.timesFull).toBe(1);
    reader.read();
    expect(box.leaseQueries).toBe(2);
    reader.close();
    expect(box.leaseQueries).toBe(2);
  });

  test("an error on the way cuts the answer short, and is reported", () => {
    const { box, get, faults } = setUp(2500);
    const reader = get("/api/v1/leases?format=csv").stream();
    box.leases = () => {
      throw new Error("ours");
    };
    expect(reader.rest().length).toBeGreaterThan(1000);
    expect(reader.state).toBe("cut");
    expect(faults).toEqual([new Error("ours")]);
  });

  test("a limit holds for CSV as well", () => {
    const { get } = setUp(30);
    const text = get("/api/v1/leases?format=csv&limit=7&offset=3").text();
    expect(text.trimEnd().split("\r\n")).toHaveLength(8);
    expect(text).toContain("10.77.0.103,");
  });

  test("a device's name never becomes a formula", () => {
    const { box, get } = setUp();
    box.grant(fakeLease(1, { hostname: '=cmd|"/c calc"!a1', vendorClass: "a,b" }));
    const line = get("/api/v1/leases?format=csv").text().split("\r\n")[1];
    expect(line).toContain(`,"'=cmd|""/c calc""!a1","a,b",`);
  });

  test("an unknown format is not acceptable", () => {
    const { get } = setUp();
    expect(get("/api/v1/leases?format=xml").status).toBe(406);
    expect(get("/api/v1/leases", { accept: "application/xml" }).status).toBe(406);
    expect(get("/api/v1/leases", { accept: "text/html, */*;q=0.8" }).status).toBe(200);
  });
});

describe("GET /api/v1/why", () => {
  test("passes the question on and gives the view's answer", () => {
    const { box, get } = setUp();
    const answer = fakeWhy({ query: "printer", severity: "fine" });
    box.answers.set("printer", answer);
    const response = get("/api/v1/why?client=%20printer%20");
    expect(response.status).toBe(200);
    expect(response.header("cache-control")).toBe("no-store");
    expect(response.json()).toEqual(answer);
  });

  test.each(["", "?client=", "?client=%20", `?client=${"x".repeat(LIMITS.searchTextMax + 1)}`])(
    "%s is refused",
    (query) => {
      const response = setUp().get(`/api/v1/why${query}`);
      expect(response.status).toBe(400);
      expect(problemOf(response).detail).toContain('"client"');
    },
  );
});

describe("GET /metrics", () => {
  test("is OpenMetrics: families together, labels escaped, end mark last", () => {
    const { box, get } = setUp();
    box.figures = { memory_bytes: 5, "office:ack": 3, broken: Number.NaN };
    box.change({ conditions: [fakeCondition({ subject: 'a"b\\c\nd' })] });
    const response = get("/metrics");
    expect(response.header("content-type")).toMatch(/^application\/openmetrics-text/);
    const text = response.text();
    expect(text).toContain("# TYPE tandem_packets counter\n");
    expect(text).toContain('tandem_packets_total{network="office",kind="ack"} 41\n');
    expect(text).toContain("# TYPE tandem_pool_events counter\n");
    expect(text).toContain('subject="a\\"b\\\\c\\nd"');
    expect(text).toContain("tandem_process_memory_bytes 5\n");
    expect(text).not.toContain("office:ack");
    expect(text).not.toContain("NaN");
    expect(text.endsWith("# EOF\n")).toBe(true);
    const typed = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(new Set(typed).size).toBe(typed.length);
  });
});

describe("metrics of a pair", () => {
  test("state of both, backlog and counters; none for a box alone", () => {
    const { box, get } = setUp();
    expect(get("/metrics").text()).not.toContain("tandem_pair");
    box.change({ partner: fakePartner({ backlog: 12, partnerState: null, inStep: false }) });
    const text = get("/metrics").text();
    expect(text).toContain('tandem_pair_state{state="normal"} 1\n');
    expect(text).toContain('tandem_pair_state{state="communications-interrupted"} 0\n');
    expect(text).toContain('tandem_pair_partner_state{state="normal"} 0\n');
    expect(text).toContain("tandem_pair_connected 1\n");
    expect(text).toContain("tandem_pair_backlog 12\n");
    expect(text).toContain('tandem_pair_events_total{kind="updates-sent"} 41\n');
  });
});

describe("read-only", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "%s is refused everywhere",
    (method) => {
      const { send } = setUp();
      for (const path of ["/", "/api/v1/status", "/api/v1/leases", "/nothing"]) {
        const response = send(path, { method });
        expect(response.status).toBe(405);
        expect(response.header("allow")).toBe("GET, HEAD");
        problemOf(response);
      }
    },
  );

  test("HEAD is GET without the body, and holds no event stream", () => {
    const { box, get, send } = setUp();
    const response = send("/api/v1/status", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.text()).toBe("");
    expect(response.header("content-length")).toBe(String(get("/api/v1/status").bytes().length));
    const events = send("/api/v1/events", { method: "HEAD" });
    expect(events.status).toBe(200);
    expect(events.header("content-type")).toBe("text/event-stream");
    expect(events.text()).toBe("");
    expect(box.listenerCount).toBe(0);
  });
});

describe("what the box is told to do", () => {
  const PATH = "/api/v1/pair/partner-down";

  test("over the Unix socket, with POST: done, or refused with the reason", () => {
    const { box, send } = setUp();
    const refused = send(PATH, { method: "POST", transport: "unix" });
    expect(refused.status).toBe(409);
    expect(problemOf(refused).detail).toBe("This box is in no pair.");
    box.partnerDownResult = { isDone: true, text: "this box works without its partner" };
    const done = send(PATH, { method: "POST", transport: "unix" });
    expect([done.status, done.header("cache-control")]).toEqual([200, "no-store"]);
    expect(done.json()).toEqual({ sentence: "This box works without its partner." });
    expect(box.partnerDowns).toBe(2);
  });

  test("nothing by another site, by who has not logged in, by another method, or at another path", () => {
    const { box, send, get } = setUp();
    expect(send(PATH, { method: "POST" }).status).toBe(403);
    expect(send(PATH, { method: "POST", headers: PAGE }).status).toBe(401);
    expect(get(PATH).status).toBe(405);
    for (const method of ["GET", "HEAD"]) {
      const read = send(PATH, { method, transport: "unix" });
      expect([read.status, read.header("allow")]).toEqual([405, "POST"]);
    }
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
      expect(send(PATH, { method, transport: "unix" }).status).toBe(405);
    }
    for (const path of ["/api/v1/status", "/", "/api/v1/pair"]) {
      const posted = send(path, { method: "POST", transport: "unix" });
      expect([posted.status, posted.header("allow")]).toEqual([405, "GET, HEAD"]);
    }
    expect(box.partnerDowns).toBe(0);
  });
});

describe("the configuration that both boxes share", () => {
  const PATH = "/api/v1/configuration";

  test("is seen over any socket", () => {
    const { box, get } = setUp();
    expect(get(PATH).json()).toEqual(box.configView);
    box.configView = undefined;
    expect(get(PATH).status).toBe(503);
  });

  test.each(["keep", "take"])("%s is for an admin", (choice) => {
    const { box, send } = setUp();
    expect(send(`${PATH}/${choice}`, { method: "POST", headers: PAGE }).status).toBe(401);
    expect(send(`${PATH}/${choice}`, { transport: "unix" }).status).toBe(405);
    expect(box.choices).toEqual([]);
    const refused = send(`${PATH}/${choice}`, { method: "POST", transport: "unix" });
    expect(problemOf(refused).detail).toBe("Both boxes have the same configuration.");
    box.choiceResult = { isDone: true, text: "the partner is asked" };
    const done = send(`${PATH}/${choice}`, { method: "POST", transport: "unix" });
    expect(done.json()).toEqual({ sentence: "The partner is asked." });
    expect(box.choices).toEqual([choice, choice]);
  });
});

describe("who the box is", () => {
  const PATH = "/api/v1/identity";

  test("is told an admin only", () => {
    const { send, get } = setUp();
    expect(send(PATH, { transport: "unix" }).json()).toEqual({ identity: FAKE_IDENTITY });
    expect(get(PATH).status).toBe(401);
    expect(send(PATH, { method: "POST", transport: "unix" }).status).toBe(405);
  });

  test("a box that cannot have a key says why", () => {
    const { box, send } = setUp();
    box.identity = () => {
      throw new IoError("/var/lib/tandem/key cannot be written", "EROFS");
    };
    const answer = send(PATH, { transport: "unix" });
    expect(answer.status).toBe(503);
    expect(problemOf(answer).detail).toBe(
      "The box has no key: /var/lib/tandem/key cannot be written.",
    );
  });
});

describe("who may ask", () => {
  test.each(["127.0.0.1", "127.0.0.1:8081", "localhost:9", "LOCALHOST", "[::1]", "[::1]:8080"])(
    "Host %s is this box",
    (host) => {
      const { get } = setUp();
      expect(get("/api/v1/status", { host }).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8080",
    "10.77.0.2",
    "localhost:80:80",
    "evil@localhost",
    "",
  ])('Host "%s" is refused, on TCP', (host) => {
    const { get, send } = setUp();
    const response = get("/api/v1/status", { host });
    expect(response.status).toBe(421);
    problemOf(response);
    const overUnix = send("/api/v1/status", { headers: { host }, transport: "unix" });
    expect(overUnix.status).toBe(200);
  });

  test("pages of other sites may link here but not read", () => {
    const { get } = setUp();
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    expect(get("/api/v1/status", headers).status).toBe(403);
    const link = { ...headers, "sec-fetch-mode": "navigate" };
    expect(get("/api/v1/status", link).status).toBe(200);
    expect(get("/api/v1/status", { "sec-fetch-site": "same-origin" }).status).toBe(200);
  });
});

test("every answer carries the security headers", () => {
  const { get, send } = setUp();
  const responses = [
    get("/api/v1/status"),
    get("/api/v1/leases?limit=x"),
    get("/nothing"),
    get("/api/v1/status", { host: "evil.example" }),
    send("/", { method: "POST" }),
    send("/api/v1/events", { method: "HEAD" }),
  ];
  for (const response of responses) {
    const policy = response.header("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.header("x-content-type-options")).toBe("nosniff");
    expect(response.header("referrer-policy")).toBe("no-referrer");
  }
});

test("an unknown path is a problem, and the page says when it is not installed", () => {
  const { get } = setUp();
  expect(problemOf(get("/api/v1/nothing")).status).toBe(404);
  expect(problemOf(get("/")).detail).toContain("not installed");
});
