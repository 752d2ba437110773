import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { CONSUMERS, CONTOSO } from "./people.ts";
import { ALICE, BOB, CAROL, REDIRECT } from "./testing.ts";

const DAVE = "dave.dahl@outlook.example";
const MAIL = "https://graph.microsoft.com/Mail.Read";

let microsoft: Microsoft;
before(async () => {
  microsoft = await startMicrosoft();
});
after(() => microsoft.close());

const asked = (more: Record<string, string> = {}) => ({
  client_id: microsoft.clientId,
  redirect_uri: REDIRECT,
  state: "the state",
  ...more,
});

/** Where an answer on the page leads; null where Entra keeps the person. */
async function answered(path: string, fields: Record<string, string>): Promise<URL | null> {
  const response = await fetch(`${microsoft.loginOrigin}${path}/answer`, {
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  const location = response.headers.get("location");
  return location === null ? null : new URL(location);
}

const said = (url: URL | null) => Object.fromEntries(url?.searchParams ?? []);

test("an administrator accepts for the directory, of whichever form the request is", async () => {
  const page = await fetch(
    `${microsoft.loginOrigin}/organizations/adminconsent?${new URLSearchParams(asked())}`,
  );
  const text = await page.text();
  for (const word of ["Accept", "Cancel", "/organizations/adminconsent/answer"])
    assert.ok(text.includes(word));
  const accept = { email: ALICE, answer: "accept" };
  const given = { admin_consent: "True", tenant: CONTOSO, state: "the state" };
  assert.deepEqual(said(await answered("/organizations/adminconsent", asked(accept))), given);
  for (const tenant of [CONTOSO, "contoso.example", "organizations"]) {
    const fields = asked({ ...accept, scope: MAIL });
    assert.deepEqual(said(await answered(`/${tenant}/v2.0/adminconsent`, fields)), { ...given, scope: MAIL });
  }
});

test("whoever declines, or may not, comes back without a directory", async () => {
  const cancel = await answered("/organizations/adminconsent", asked({ email: ALICE, answer: "cancel" }));
  assert.equal(cancel?.href.at(-1), "#");
  const { error, error_description, admin_consent, state, tenant } = said(cancel);
  assert.deepEqual([error, admin_consent, state, tenant], ["access_denied", "True", "the state", undefined]);
  assert.match(String(error_description), /^AADSTS65004/);
  const other = await answered(`/${CONTOSO}/adminconsent`, asked({ email: CAROL, answer: "accept" }));
  assert.match(String(said(other).error_description), /^AADSTS50020/);
  const personal = said(await answered("/common/adminconsent", asked({ email: DAVE, answer: "accept" })));
  assert.deepEqual([personal.error, personal.tenant], ["access_denied", CONSUMERS]);
  // Who is no administrator is told so, and stays.
  assert.equal(await answered("/organizations/adminconsent", asked({ email: BOB, answer: "accept" })), null);
});

test("a request that is none is refused where it may be answered, and kept where not", async () => {
  const get = (path: string, fields: Record<string, string>) =>
    fetch(`${microsoft.loginOrigin}${path}?${new URLSearchParams(fields)}`, { redirect: "manual" });
  const common = await get("/common/v2.0/adminconsent", asked({ scope: MAIL }));
  assert.match(common.headers.get("location") ?? "", /error=invalid_request/);
  const unknown = await get("/organizations/v2.0/adminconsent", asked({ scope: "https://evil.example/x" }));
  assert.match(unknown.headers.get("location") ?? "", /error=invalid_scope/);
  for (const fields of [{}, asked({ client_id: "x" }), asked({ redirect_uri: "https://evil.example/" })]) {
    const kept = await get("/organizations/adminconsent", fields);
    assert.equal(kept.headers.get("location"), null);
    assert.ok(kept.status >= 400);
  }
});
