/** The Worker's default entrypoint, as the runtime calls it: the other tests call what is behind it. */
import { expect, test } from "vitest";
import { boundRpc, get, readToken, served } from "../support/client.ts";
import { proxied } from "../support/upstream.ts";

const through = (path: string, key = "") => get(path, key, {}, served);

test("serves operations, pages, and calls of APIs", async () => {
  const who = await proxied(["tokens:read", "proxy"]);
  expect((await through("/health")).status).toBe(200);
  const page = await through("/");
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const token = await through(`/v1/connections/azure/token?user_id=${who.user}`, who.key);
  expect(token.json.access_token).toBe((await readToken(who)).json.access_token);
  const me = await through(`/v1/proxy/azure/${who.user}/v1.0/me`, who.key);
  expect(me.json).toMatchObject({ userPrincipalName: expect.any(String) });
  expect((await through(`/v1/connections/azure/token?user_id=${who.user}`)).status).toBe(401);
});

test("a service binding's values are copied on their way", async () => {
  const who = await proxied(["tokens:read"]);
  const service = boundRpc({ org: who.org, permissions: ["tokens:read"] });
  const { access_token } = (await service.getToken({ userId: who.user })) as { access_token?: string };
  expect(access_token).toBe((await readToken(who)).json.access_token);
});
