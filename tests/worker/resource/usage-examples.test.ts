/** The examples of the reference implementation of an Azure worker, as its callers wrote them (docs/migrating.md). */
import { expect, test } from "vitest";
import { ok } from "../support/agreed.ts";
import {
  Browser,
  connected,
  createKey,
  expectSafePage,
  get,
  newOrg,
  newUser,
  rpc,
  send,
} from "../support/client.ts";
import { ALICE } from "../support/world.ts";

test("OAuth flow: a link, the person's way, and the page at its end", async () => {
  const { key } = await createKey(newOrg());
  const user = newUser();
  const response = await get(`/connect?user_id=${user}&confirm=page`, key);
  const { auth_url, state } = response.json;
  expect(state).toEqual(expect.any(String));
  const browser = new Browser();
  const callback = await browser.upToCallback(String(auth_url), ALICE);
  expectSafePage(await browser.open(callback), 200, "connected");
  expect((await get(`/user?user_id=${user}`, key)).json.mail).toBe(ALICE);
});

test("RPC integration: profile, subscriptions and mail of one person", async () => {
  const { org, user: userId } = await connected();
  const AZURE = rpc(org);
  const profile = await AZURE.getUser({ userId });
  const subscriptions = ok(await AZURE.listSubscriptions({ userId }));
  const mail = ok(await AZURE.getMail({ userId, top: 10 }));
  expect(profile).toMatchObject({ mail: ALICE, displayName: expect.any(String) });
  expect(subscriptions[0]).toMatchObject({ subscriptionId: expect.any(String) });
  expect(mail).toHaveLength(10);
  expect(mail[0]).toMatchObject({ subject: expect.any(String), from: expect.any(Object) });
});

test("admin dashboard: all resources of a subscription at once", async () => {
  const { org, user: userId } = await connected();
  const AZURE = rpc(org);
  const [first] = ok(await AZURE.listSubscriptions({ userId }));
  const subscriptionId = String(first?.subscriptionId);
  const [subscriptions, resourceGroups, resources] = await Promise.all([
    AZURE.listSubscriptions({ userId }),
    AZURE.listResourceGroups({ userId, subscriptionId }),
    AZURE.listResources({ userId, subscriptionId }),
  ]);
  expect(ok(subscriptions).length).toBeGreaterThan(0);
  expect(ok(resourceGroups)[0]).toMatchObject({ name: expect.any(String), location: expect.any(String) });
  expect(ok(resources)[0]).toMatchObject({ id: expect.any(String), type: expect.any(String) });
});

test("its seven endpoints, and what all of its errors have", async () => {
  const who = await connected();
  const [subscription] = (await get(`/subscriptions?user_id=${who.user}`, who.key)).json.subscriptions as {
    subscriptionId: string;
  }[];
  const at = `/subscriptions/${subscription?.subscriptionId}`;
  for (const path of ["/user", `${at}/resourceGroups`, `${at}/resources`])
    expect([path, (await get(`${path}?user_id=${who.user}`, who.key)).status]).toEqual([path, 200]);
  expect((await get("/health", "")).json).toMatchObject({ status: "ok", timestamp: expect.any(String) });
  const refused = await get(`/user?user_id=${newUser()}`, who.key);
  expect(refused.json).toMatchObject({ success: false, error: expect.any(String) });
  expect((await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key)).status).toBe(200);
});
