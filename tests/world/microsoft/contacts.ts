/** Graph's contacts: learn.microsoft.com/graph/api/user-list-contacts. */
import type { Reply } from "../http.ts";
import { exchangeList } from "./lists.ts";
import type { Person } from "./people.ts";
import { type Asked, exchangeDenied, exchangeId, holds, mailboxMissing, methodNotAllowed } from "./topic.ts";

const MAY_READ = ["Contacts.Read", "Contacts.Read.Shared", "Contacts.ReadWrite", "Contacts.ReadWrite.Shared"];

export function contacts(asked: Asked): Reply | undefined {
  if (asked.segments.join("/") !== "me/contacts") return undefined;
  const { call, token, world, person } = asked;
  if (call.method !== "GET") return methodNotAllowed("GET");
  const missing = mailboxMissing(asked);
  if (missing !== undefined) return missing;
  if (!holds(token, MAY_READ)) return exchangeDenied();
  return exchangeList(call, world.origins.graph, contactsOf(person), "displayName asc");
}

function contactsOf(who: Person) {
  return Array.from({ length: who.messages === 0 ? 0 : 14 }, (_, n) => {
    const id = exchangeId(`contact ${n} of ${who.email}`);
    const changeKey = exchangeId(`change key of ${id}`, "EQAAAB").slice(0, 32);
    const name = `Contact ${String(n).padStart(2, "0")} of ${who.givenName}`;
    return {
      id,
      "@odata.etag": `W/"${changeKey}"`,
      changeKey,
      createdDateTime: "2026-01-05T08:00:00Z",
      lastModifiedDateTime: "2026-01-05T08:00:00Z",
      parentFolderId: exchangeId(`contacts of ${who.email}`),
      displayName: name,
      givenName: `Contact ${n}`,
      surname: `of ${who.givenName}`,
      companyName: n % 2 === 0 ? "Example" : null,
      jobTitle: null,
      mobilePhone: `+49 30 5550${n}`,
      businessPhones: [],
      categories: [],
      emailAddresses: [{ name, address: `contact${n}.${who.givenName.toLowerCase()}@example.com` }],
    };
  });
}
