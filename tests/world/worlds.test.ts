import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signIn } from "./sign-in.ts";
import { ALICE, attemptAt } from "./testing.ts";
import { providerVariables } from "./variables.ts";
import { addressesOf, startWorlds, type Worlds } from "./worlds.ts";

const POSTERN = "https://postern.example";

let worlds: Worlds;
before(async () => {
  worlds = await startWorlds({
    github: { redirectUris: [`${POSTERN}/callback/github`] },
    google: { redirectUris: [`${POSTERN}/callback/google`] },
  });
});
after(() => worlds.close());

test("each provider is its own world: people, requests and settings are nobody else's", async () => {
  const { microsoft, github, google } = worlds;
  github.control({ expires_in: 1 });
  google.control({ expires_in: 2 });
  assert.deepEqual(
    [microsoft, github, google].map(({ world }) => world.settings.expires_in),
    [3600, 1, 2],
  );
  const origins = [microsoft.loginOrigin, github.origin, google.origin];
  assert.equal(new Set(origins).size, 3);
  for (const origin of origins) {
    const people = (await (await fetch(`${origin}/__world/people`)).json()) as { email: string }[];
    assert.ok(people.some(({ email }) => email === ALICE));
    const bad = { method: "POST", body: JSON.stringify({ nonsense: true }) };
    assert.equal((await fetch(`${origin}/__world/control`, bad)).status, 400);
  }
});

test("the variables name what is there: a person who signs in comes back to Postern", async () => {
  const addresses = addressesOf(worlds);
  const paths = { GITHUB: "/login/oauth/authorize", GOOGLE: "/o/oauth2/v2/auth" } as const;
  for (const name of ["GITHUB", "GOOGLE"] as const) {
    const variables = providerVariables(name, addresses[name], POSTERN);
    assert.equal(variables[`${name}_ORIGIN`], variables[`${name}_LOGIN_ORIGIN`]);
    const of = attemptAt(`${variables[`${name}_LOGIN_ORIGIN`]}${paths[name]}`, {
      client_id: variables[`${name}_CLIENT_ID`] ?? "",
      redirect_uri: variables[`${name}_REDIRECT_URI`] ?? "",
      scope: "openid",
    });
    const order = { authorize_url: of.url, email: ALICE };
    const answer = await fetch(`${variables[`${name}_ORIGIN`]}/__world/sign-in`, {
      method: "POST",
      body: JSON.stringify(order),
    });
    const { redirect } = (await answer.json()) as { redirect: string };
    assert.ok(redirect.startsWith(`${POSTERN}/callback/${name.toLowerCase()}?`), redirect);
    assert.equal(new URL(await signIn({ authorizeUrl: of.url })).searchParams.get("error"), "access_denied");
  }
});

test("one that cannot start takes the others with it", async () => {
  const { port } = worlds.google;
  await assert.rejects(startWorlds({ google: { port } }), /EADDRINUSE/);
  const other = await startWorlds();
  await other.close();
  await assert.rejects(fetch(`${other.github.origin}/user`));
});
