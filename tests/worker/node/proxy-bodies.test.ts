/** Bodies on their way to the API: their lengths, what breaks off, and what the API does not want to the end. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { answerTo, MIB, Proxied, textOf, USER, until } from "./proxied.ts";

let api: Proxied;
before(async () => {
  api = await Proxied.start();
});
after(() => api?.stop());

describe("a body on its way to the API", () => {
  for (const size of [0, 10, 64 * 1024, 64 * 1024 + 1, 3 * MIB])
    test(`of ${size} bytes arrives whole, with its length`, async () => {
      const sent = Buffer.alloc(size, "abcdefg");
      const seen = { length: "", hash: "" };
      api.serve = async (call, response) => {
        const hash = createHash("sha256");
        for await (const piece of call) hash.update(piece as Buffer);
        seen.length = call.headers["content-length"] ?? "none";
        seen.hash = hash.digest("hex");
        response.end("{}");
      };
      const call = api.ask("/up", { method: "PUT", headers: { "content-length": size } });
      call.end(sent);
      assert.equal((await answerTo(call)).statusCode, 200);
      assert.deepEqual(seen, { length: `${size}`, hash: createHash("sha256").update(sent).digest("hex") });
    });

  test("without a length arrives piece by piece, before its end", async () => {
    const pieces: string[] = [];
    api.serve = async (call, response) => {
      for await (const piece of call) pieces.push(String(piece));
      response.end(`${pieces.join("")}, ${call.complete}`);
    };
    const call = api.ask("/up", { method: "POST", headers: { "transfer-encoding": "chunked" } });
    call.write("the first piece, ");
    await until(() => pieces.length > 0);
    call.write("the second, ");
    await until(() => pieces.length > 1);
    call.end("the last");
    assert.equal(await textOf(await answerTo(call)), "the first piece, the second, the last, true");
  });

  const long = "x".repeat(70_000);
  const STREAMS = [
    ["a short one", { pieces: ["a", "b"], gap: 5 }],
    ["a slow one", { pieces: ["a", "b", "c"], gap: 300 }],
    ["a long one", { pieces: [long, long, long], gap: 5 }],
    ["a long and slow one", { pieces: [long, long], gap: 300 }],
  ] as const;
  for (const [what, stream] of STREAMS)
    for (const [way, breaks] of [
      ["RPC", false],
      ["RPC", true],
      ["a binding", false],
      // Where a Worker's stream fails the runtime gives a binding a body that ends well; a socket's it does not.
      ["a socket", true],
    ] as const)
      test(`${what} by ${way} ${breaks ? "breaks off at the API too" : "ends as it ends"}`, async () => {
        const seen = { text: "", whole: false };
        let over = false;
        api.serve = async (call, response) => {
          try {
            for await (const piece of call) seen.text += String(piece);
            seen.whole = call.complete;
          } catch {
            seen.whole = false;
          }
          over = true;
          response.end("{}");
        };
        const sent = { ...stream, breaks };
        const path = `/v1/proxy/azure/${USER}/up`;
        const headers = { authorization: `Bearer ${api.key}` };
        if (way === "a socket") {
          const call = api.ask("/up", { method: "PUT", headers: { "transfer-encoding": "chunked" } });
          call.on("error", () => undefined);
          for (const piece of stream.pieces) {
            call.write(piece);
            await sleep(stream.gap);
          }
          call.destroy();
          if (stream.gap > 200 || stream.pieces[0] === long) await until(() => over);
          assert.equal(seen.whole, false);
          return;
        }
        const answer =
          way === "RPC"
            ? await api.postern.proxy(
                { userId: USER, request: { url: "https://graph/up", init: { method: "PUT" } } },
                "ALL",
                sent,
              )
            : await api.postern.http(path, { method: "PUT", headers }, undefined, sent);
        if (breaks) {
          assert.notEqual(answer.status, 200);
          // What broke off before anything left never arrives.
          if (seen.text !== "") await until(() => over);
          assert.equal(seen.whole, false);
        } else {
          assert.equal(answer.status, 200);
          assert.deepEqual(seen, { text: stream.pieces.join(""), whole: true });
        }
      });

  for (const [length, fits] of [
    [140_000, true],
    [200_000, false],
    [70_001, false],
  ] as const)
    test(`that says ${length} bytes and has 140000 ${fits ? "is sent with its length" : "is not taken for whole"}`, async () => {
      const seen = { length: "", text: 0, whole: false };
      api.serve = async (call, response) => {
        seen.length = call.headers["content-length"] ?? "none";
        try {
          for await (const piece of call) seen.text += (piece as Buffer).length;
          seen.whole = call.complete;
        } catch {
          seen.whole = false;
        }
        response.end("{}");
      };
      const headers = { authorization: `Bearer ${api.key}`, "content-length": `${length}` };
      const path = `/v1/proxy/azure/${USER}/up`;
      const answer = await api.postern.http(path, { method: "PUT", headers }, undefined, {
        pieces: [long, long],
        gap: 5,
      });
      assert.equal(answer.status === 200, fits);
      if (fits) assert.deepEqual(seen, { length: "140000", text: 140_000, whole: true });
    });

  test("that the API does not want to the end: its answer comes", async () => {
    api.serve = (_, response) => {
      response.writeHead(413).end("enough");
    };
    const path = `/v1/proxy/azure/${USER}/up`;
    const headers = { authorization: `Bearer ${api.key}` };
    const pieces = Array.from({ length: 20 }, () => long);
    const answer = await api.postern.http(path, { method: "PUT", headers }, undefined, { pieces, gap: 20 });
    assert.deepEqual([answer.status, answer.text, answer.thrown], [413, "enough", undefined]);
  });
});
