/** Answers through the proxy: what a slow side does to the other, what is not passed on, and what becomes of a call whose caller goes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { answerTo, MIB, Proxied, textOf, USER, until } from "./proxied.ts";

let api: Proxied;
before(async () => {
  api = await Proxied.start();
});
after(() => api?.stop());

/** What comes back for a request with this first line. */
async function raw(line: string): Promise<string> {
  const socket = connect(Number(api.origin.port), "127.0.0.1");
  socket.write(
    `${line}\r\nhost: ${api.origin.host}\r\nauthorization: Bearer ${api.key}\r\nconnection: close\r\n\r\n`,
  );
  let text = "";
  for await (const piece of socket) text += String(piece);
  return text;
}

describe("a body on its way to the caller", () => {
  test("comes piece by piece, before its end", async () => {
    let finish = () => {};
    api.serve = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      finish = () => response.end("data: 2\n\n");
    };
    const answer = await answerTo(api.ask("/events").end());
    const [piece] = (await once(answer, "data")) as [Buffer];
    assert.equal(String(piece), "data: 1\n\n");
    finish();
    assert.match(await textOf(answer), /2/);
  });

  test("of 64 MiB comes whole", async () => {
    const piece = Buffer.alloc(MIB, "0123456789");
    const whole = createHash("sha256");
    for (let n = 0; n < 64; n += 1) whole.update(piece);
    api.serve = async (_, response) => {
      response.writeHead(200, { "content-length": 64 * MIB, "content-type": "application/octet-stream" });
      for (let n = 0; n < 64; n += 1) if (!response.write(piece)) await once(response, "drain");
      response.end();
    };
    const answer = await answerTo(api.ask("/down").end());
    assert.equal(answer.headers["content-length"], `${64 * MIB}`);
    const hash = createHash("sha256");
    for await (const part of answer) hash.update(part as Buffer);
    assert.equal(hash.digest("hex"), whole.digest("hex"));
  });

  test("waits for a caller that does not read, and holds nothing meanwhile", async () => {
    let sent = 0;
    api.serve = async (call, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      const piece = Buffer.alloc(64 * 1024);
      let open = true;
      call.socket.on("close", () => {
        open = false;
        response.emit("drain");
      });
      while (open && sent < 512 * MIB) {
        sent += piece.length;
        if (!response.write(piece)) await once(response, "drain");
      }
    };
    const call = api.ask("/slow");
    const answer = await answerTo(call.end());
    answer.pause();
    await until(async () => {
      const before = sent;
      await sleep(500);
      return sent > 0 && sent === before;
    });
    // Sockets hold some of it, more of them where the machine is slow; without a brake all of it would have left.
    assert.ok(sent < 256 * MIB, `${sent} bytes left the API`);
    assert.equal((await api.postern.figures()).live, 0);
    call.destroy();
  });
});

describe("an API", () => {
  test("that says nothing holds no instance", async () => {
    const held: ServerResponse[] = [];
    api.serve = (_, response) => held.push(response);
    const call = api.ask("/silent");
    call.end();
    await until(() => held.length === 1);
    assert.equal((await api.postern.figures()).live, 0);
    for (const response of held) response.end("late");
    assert.equal(await textOf(await answerTo(call)), "late");
  });

  test("that leads to another server is not followed there", async () => {
    let visits = 0;
    const other = createServer((_, response) => {
      visits += 1;
      response.end();
    });
    other.listen(0);
    await once(other, "listening");
    const location = `http://localhost:${(other.address() as AddressInfo).port}/x`;
    for (const [status, method] of [
      [302, "GET"],
      [307, "POST"],
      [308, "PUT"],
    ] as const) {
      api.serve = (_, response) => response.writeHead(status, { location }).end();
      const answer = await answerTo(api.ask("/leads", { method }).end());
      answer.resume();
      assert.deepEqual([answer.statusCode, answer.headers.location], [status, location]);
    }
    other.close();
    assert.equal(visits, 0);
  });

  test("is not asked by TRACE, which gives back what it is sent", async () => {
    let arrived = 0;
    api.serve = (_, response) => {
      arrived += 1;
      response.end();
    };
    for (const method of ["TRACE", "TRACK"]) {
      // Not a method that Node's client knows.
      const text = await raw(`${method} /v1/proxy/azure/${USER}/x HTTP/1.1`);
      assert.match(text, /^HTTP\/1.1 (400|501)/);
    }
    assert.equal(arrived, 0);
  });

  test("gets no body by GET: some take it for another request", async () => {
    let arrived = 0;
    api.serve = (_, response) => {
      arrived += 1;
      response.end();
    };
    const answer = await answerTo(api.ask("/x", { headers: { "content-length": 2 } }).end("{}"));
    assert.deepEqual([answer.statusCode, JSON.parse(await textOf(answer)).code], [400, "invalid_request"]);
    assert.equal(arrived, 0);
  });
});

describe("a caller who goes away", () => {
  const waiting = () => {
    const open = new Set<ServerResponse>();
    let arrived = 0;
    api.serve = (_, response) => {
      arrived += 1;
      open.add(response);
      response.on("close", () => open.delete(response));
    };
    return { open, arrived: () => arrived };
  };

  test("over a binding, before the API has answered: the API is let go", async () => {
    const calls = waiting();
    const path = `/v1/proxy/azure/${USER}/wait`;
    const headers = { authorization: `Bearer ${api.key}` };
    const gone = await api.postern.http(path, { headers }, 300);
    assert.match(gone.thrown ?? "", /abort/i);
    assert.equal(calls.arrived(), 1);
    await until(() => calls.open.size === 0);
    assert.equal((await api.postern.figures()).live, 0);
  });

  test("while JSON is read for its links: the room for it is free again", async () => {
    let whole = false;
    api.serve = (_, response) => {
      response.setHeader("content-type", "application/json");
      const size = (whole ? 5 : 12) * MIB;
      response.write(`{"x":"${"x".repeat(size)}`);
      // Without its end nobody can rewrite it.
      if (whole) response.end('"}');
    };
    const path = `/v1/proxy/azure/${USER}/json`;
    const headers = { authorization: `Bearer ${api.key}` };
    for (let n = 0; n < 3; n += 1)
      assert.match((await api.postern.http(path, { headers }, 1_000)).thrown ?? "", /abort/i);
    whole = true;
    const answer = await api.postern.http(path, { headers });
    assert.deepEqual([answer.status, answer.text?.length], [200, 5 * MIB + 8]);
  });

  test("over RPC: the API is let go", async () => {
    const calls = waiting();
    const parameters = { userId: USER, request: { url: "https://graph/wait" }, goneAfter: 500 };
    await api.postern.proxy(parameters);
    assert.equal(calls.arrived(), 1);
    await until(() => calls.open.size === 0);
  });
});

describe("over RPC", () => {
  test("a request goes on with its method, path, headers and body, and its answer comes back", async () => {
    api.serve = async (call, response) => {
      const body = await textOf(call);
      const { authorization, "x-mine": mine } = call.headers;
      const bearer = /^Bearer (?!pk_)/.test(authorization ?? "");
      response.setHeader("content-type", "application/json").setHeader("x-api", "1");
      response.writeHead(201).end(JSON.stringify({ url: call.url, method: call.method, body, mine, bearer }));
    };
    const answer = await api.postern.proxy({
      integration: "azure",
      userId: USER,
      request: {
        url: "https://anything.example/v1.0/me/x?$top=1",
        init: { method: "POST", body: "hello", headers: { "x-mine": "1" } },
      },
    });
    assert.deepEqual([answer.status, answer.headers["x-api"]], [201, "1"]);
    assert.deepEqual(JSON.parse(answer.text), {
      url: "/v1.0/me/x?$top=1",
      method: "POST",
      body: "hello",
      mine: "1",
      bearer: true,
    });
  });

  test("links lead to where the request was sent, so that the next call is the same one", async () => {
    const { port } = api.server.address() as AddressInfo;
    api.serve = (_, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ "@odata.nextLink": `http://localhost:${port}/v1.0/users?p=2` }));
    };
    const answer = await api.postern.proxy({ userId: USER, request: { url: "https://graph/v1.0/users" } });
    assert.equal(JSON.parse(answer.text)["@odata.nextLink"], "https://graph/v1.0/users?p=2");
  });

  test("refusals are answers", async () => {
    const wrong = await api.postern.proxy({ userId: USER });
    assert.deepEqual([wrong.status, JSON.parse(wrong.text).code], [400, "invalid_request"]);
    const url = "https://graph/x";
    const denied = await api.postern.proxy({ userId: USER, request: { url } }, "READER");
    assert.deepEqual([denied.status, JSON.parse(denied.text).error.code], [403, "permission_denied"]);
    const nobody = await api.postern.proxy({ userId: "nobody", request: { url } });
    assert.deepEqual([nobody.status, JSON.parse(nobody.text).code], [404, "not_connected"]);
  });
});
