/** An administrator's way: a link to the provider, Accept or Cancel, and back to a page that says what became of it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CONTOSO } from "../world/microsoft/people.ts";
import { ALICE, CAROL } from "../world/microsoft/testing.ts";
import { closeBrowser, Person, photograph } from "./browser.ts";
import { closeStack, type Stack, sharedStack } from "./local.ts";

const CONSENTS = "/v1/integrations/azure/admin-consents";

let stack: Stack;
let person: Person;
before(async () => {
  stack = await sharedStack();
  person = await Person.enter();
});
after(async () => {
  try {
    await person.leave();
  } finally {
    await closeBrowser();
    await closeStack();
  }
});

async function consentUrl(tenant = ""): Promise<string> {
  const query = tenant === "" ? "" : `?tenant_id=${tenant}`;
  const asked = await stack.call("GET", `/v1/integrations/azure/admin-consent-url${query}`);
  assert.equal(asked.status, 200);
  return String(asked.body.url);
}

/** At the provider: who signs in, and what is pressed. */
async function answers(who: string, button: "Accept" | "Cancel", tenant = "") {
  const page = await person.open(await consentUrl(tenant));
  await page.getByLabel("Account").selectOption(who);
  await page.getByRole("button", { name: button }).click();
  return page;
}

const claims = async () =>
  ((await stack.call("GET", CONSENTS)).body.admin_consents as { tenant_id: string }[]).map(
    ({ tenant_id }) => tenant_id,
  );

test("who declines, or is not of the directory that was asked, is told so, and nothing is kept", async () => {
  const declined = await answers(ALICE, "Cancel");
  await person.sees(declined, "No consent was given", 403);
  await photograph(declined, "admin-consent-denied");
  const elsewhere = await answers(CAROL, "Accept", CONTOSO);
  await person.sees(elsewhere, "No consent was given", 403);
  assert.deepEqual(await claims(), []);
});

test("an administrator accepts, and the claim is kept for the directory", async () => {
  const page = await answers(ALICE, "Accept", CONTOSO);
  await person.sees(page, "Microsoft has your consent", 200);
  await photograph(page, "admin-consented");
  // The page once more is the same page, and the same claim.
  await page.reload();
  await person.sees(page, "Microsoft has your consent", 200);
  assert.deepEqual(await claims(), [CONTOSO]);
  const claim = (await stack.call("GET", `${CONSENTS}/${CONTOSO}`)).body;
  assert.equal(claim.status, "claimed");
  const events = (await stack.call("GET", "/v1/events?type=admin_consent_claimed")).body.events as {
    type: string;
    data: { tenant_id: string };
  }[];
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.tenant_id]),
    [["integration.admin_consent_claimed", CONTOSO]],
  );
});

test("an answer that was not asked for is no consent", async () => {
  const asked = new URL(await consentUrl());
  const state = asked.searchParams.get("state") ?? "";
  const query = (more: Record<string, string>) =>
    new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state, ...more });
  const forged = await person.open(`${stack.origin}/callback/azure?${query({ state: `${state}x` })}`);
  await person.sees(forged, "This request for consent is not valid", 410);
  await photograph(forged, "admin-consent-over");
  const damaged = await person.open(`${stack.origin}/callback/azure?${query({ tenant: "evil" })}`);
  await person.sees(damaged, "The consent could not be recorded", 400);
  await photograph(damaged, "admin-consent-failed");
  assert.deepEqual(await claims(), [CONTOSO]);
});
