/** A world that goes on where an earlier one ended: its clock, and the grants that it takes over. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Known, known } from "./grants.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, get, redeem, refresh } from "./testing.ts";

let microsoft: Microsoft;
before(async () => {
  microsoft = await startMicrosoft();
});
after(() => microsoft.close());
beforeEach(() => microsoft.control({ reset: true }));

const order = async (body: unknown) =>
  (await fetch(`${microsoft.loginOrigin}/__world/control`, { method: "POST", body: JSON.stringify(body) }))
    .status;
const me = (token: unknown) => get(`${microsoft.graphOrigin}/v1.0/me`, token);
const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString()) as { iat: number };

test("tokens and ID tokens go by the world's clock", async () => {
  const then = Date.UTC(2050, 0, 1);
  assert.equal(await order({ clock: then }), 200);
  const { body } = await redeem(microsoft, ALICE);
  assert.ok(Math.abs(claimsOf(body.id_token).iat * 1000 - then) < 60_000);
  assert.equal((await me(body.access_token)).status, 200);
  assert.equal(await order({ clock: then + 3_601_000 }), 200);
  assert.equal((await me(body.access_token)).status, 401);
  assert.equal(await order({ reset: true }), 200);
  assert.ok(Math.abs(microsoft.world.now() - Date.now()) < 1000);
});

test("known says which refresh tokens would be taken", async () => {
  const first = (await redeem(microsoft, ALICE)).body;
  const second = (await refresh(microsoft, first.refresh_token)).body;
  const grants = async () =>
    ((await (await fetch(`${microsoft.loginOrigin}/__world/known`)).json()) as Known).grants.filter(
      ({ live, spent }) => [...live, ...spent].includes(String(first.refresh_token)),
    );
  const [grant] = await grants();
  assert.deepEqual(
    [grant?.email, grant?.live, grant?.spent],
    [ALICE, [second.refresh_token], [first.refresh_token]],
  );
  microsoft.control({ rotation: "reusable" });
  assert.deepEqual((await grants())[0]?.live, [first.refresh_token, second.refresh_token]);
  microsoft.control({ revoke: ALICE });
  assert.deepEqual((await grants())[0]?.live, []);
});

test("what another world called a grant is taken once where tokens are good once, and is unknown before", async () => {
  assert.equal((await refresh(microsoft, "old-refresh")).status, 400);
  const fresh = (await redeem(microsoft, ALICE)).body.refresh_token;
  const access = {
    token: "old-access",
    email: ALICE,
    resource: "graph",
    scopes: ["User.Read"],
    expires_at: Date.now() + 60_000,
  };
  assert.equal(await order({ adopt: { refresh_token: fresh, as: ["old-refresh"], access: [access] } }), 200);
  assert.equal((await me("old-access")).body.mail, ALICE);
  const next = await refresh(microsoft, "old-refresh");
  assert.equal((await me(next.body.access_token)).body.mail, ALICE);
  assert.equal((await refresh(microsoft, "old-refresh")).status, 400);
  assert.equal((await refresh(microsoft, next.body.refresh_token)).status, 200);
  assert.ok(known(microsoft.world).grants.some(({ spent }) => spent.includes("old-refresh")));
  for (const adopt of [{}, { refresh_token: "nobody's", as: [], access: [] }, { refresh_token: fresh }])
    assert.equal(await order({ adopt }), 400);
});
