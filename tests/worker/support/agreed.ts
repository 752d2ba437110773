/** Somebody who agreed to all that typed calls want, with a key for all of them. */
import { expect } from "vitest";
import { Browser, type Connected, createKey, createLink, frontWith, newOrg, newUser } from "./client.ts";
import { CAROL } from "./world.ts";

const SCOPES = [
  "openid",
  "User.Read",
  "User.Read.All",
  "Mail.ReadWrite",
  "Mail.Send",
  "Calendars.ReadWrite",
  "Contacts.Read",
  "Files.ReadWrite",
  "Group.Read.All",
  "Team.ReadBasic.All",
  "Channel.ReadBasic.All",
  "ChannelMessage.Read.All",
  "ChannelMessage.Send",
  "Sites.Read.All",
  "https://management.azure.com/user_impersonation",
].join(" ");
export const PERMISSIONS = [
  "graph:read",
  "mail:read",
  "mail:write",
  "calendar:read",
  "calendar:write",
  "photo:read",
  "users:read",
  "groups:read",
  "contacts:read",
  "files:read",
  "files:write",
  "teams:read",
  "teams:write",
  "sites:read",
  "arm:read",
  "arm:write",
  "resources:read",
  "roles:read",
  "connect",
];
const allowing = frontWith({ AZURE_ALLOWED_SCOPES: SCOPES });

/** Somebody who agreed to all of it, and whose mail, files and resources no other test looks at. */
export async function agreed(): Promise<Connected> {
  const org = newOrg();
  const [{ key }, user] = [await createKey(org, PERMISSIONS), newUser()];
  const browser = new Browser(allowing);
  const link = await createLink(key, user, { scopes: SCOPES }, allowing);
  const page = await browser.open(await browser.upToCallback(link.url, CAROL));
  if (page.status !== 200) throw new Error(`not connected: ${page.status} ${page.text}`);
  return { org, key, user };
}

/** The answer, which is no refusal. */
export const ok = <T>(answer: T): Exclude<T, { success: false }> => {
  // Either all of it, to show why, or nothing.
  expect((answer as { success?: boolean }).success === false ? answer : undefined).toBeUndefined();
  return answer as Exclude<T, { success: false }>;
};
