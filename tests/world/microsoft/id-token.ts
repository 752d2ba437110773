/** What Entra says in an ID token. */
import { randomUUID } from "node:crypto";
import type { BadIdToken } from "../id-token.ts";
import { displayName, type Person } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

export interface Signee {
  readonly person: Person;
  readonly clientId: string;
  readonly nonce: string | undefined;
}

export function idToken(
  world: MicrosoftWorld,
  { person, clientId, nonce }: Signee,
  bad: BadIdToken | undefined,
): string | undefined {
  const claims = {
    iss: `${world.origins.login}/${person.tid}/v2.0`,
    aud: clientId,
    // Entra's `sub` is pairwise: not the oid.
    sub: Buffer.from(`${person.oid}/${clientId}`).toString("base64url"),
    oid: person.oid,
    tid: bad === "wrong-tid" ? randomUUID() : person.tid,
    name: displayName(person),
    preferred_username: person.email,
    email: person.email,
    ver: "2.0",
  };
  const made = world.signer.make(
    { claims, nonce, clientSecret: world.client.secret, now: world.now(), saysNotBefore: true },
    bad,
  );
  world.ledger.remember("id_tokens", made);
  return made;
}
