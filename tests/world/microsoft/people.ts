/** Who lives in the world and what they own. Fixed data, different for each person, so that a mix-up is seen. */
import { createHash } from "node:crypto";

export const CONTOSO = "11111111-1111-4111-8111-111111111111";
export const FABRIKAM = "22222222-2222-4222-8222-222222222222";
/** The tenant that all personal Microsoft accounts share. */
export const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";

export interface Person {
  readonly email: string;
  readonly givenName: string;
  readonly surname: string;
  readonly tid: string;
  readonly domain: string;
  readonly oid: string;
  readonly subscriptions: number;
  readonly messages: number;
}

/** An object id that is the same in every run: Postern keeps its connections between runs and compares it. */
export function oidOf(email: string): string {
  const hex = createHash("sha256").update(email).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function person(email: string, tid: string, subscriptions: number, messages: number): Person {
  const [local = "", domain = ""] = email.split("@");
  const [given = "", family = ""] = local.split(".");
  const title = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return {
    email,
    givenName: title(given),
    surname: title(family),
    tid,
    domain,
    oid: oidOf(email),
    subscriptions,
    messages,
  };
}

export const PEOPLE: readonly Person[] = [
  person("alice.anders@contoso.example", CONTOSO, 7, 47),
  person("bob.brandt@contoso.example", CONTOSO, 2, 12),
  person("carol.costa@fabrikam.example", FABRIKAM, 1, 3),
  person("dave.dahl@outlook.example", CONSUMERS, 0, 0),
];

export const displayName = (who: Person) => `${who.givenName} ${who.surname}`;

/** Whether a tenant segment of the login origin lets this person in, as Entra decides it. */
export function admits(tenant: string, who: Person): boolean {
  if (tenant === "common") return true;
  if (tenant === "organizations") return who.tid !== CONSUMERS;
  if (tenant === "consumers") return who.tid === CONSUMERS;
  return tenant.toLowerCase() === who.tid || tenant.toLowerCase() === who.domain;
}

export const isPersonal = (who: Person) => who.tid === CONSUMERS;

/** Whoever of contoso.example is called Bob is a guest of fabrikam.example. */
export function isGuestOf(tenant: string, who: Person): boolean {
  return who.email.startsWith("bob.") && tenantId(tenant) === FABRIKAM;
}

/** The directory that a token is for: the one that the request named, or the person's own. */
export function tenantOf(tenant: string, who: Person): string {
  return isGuestOf(tenant, who) ? FABRIKAM : who.tid;
}

export function isTenant(segment: string): boolean {
  return (
    /^(common|organizations|consumers)$/.test(segment) ||
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment) ||
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(segment)
  );
}

/** The id that stands in issuers and discovery for a tenant segment. */
export function tenantId(segment: string): string {
  if (segment === "consumers") return CONSUMERS;
  return PEOPLE.find((who) => who.domain === segment.toLowerCase())?.tid ?? segment;
}

export interface Message {
  readonly id: string;
  readonly subject: string;
  readonly receivedDateTime: string;
  readonly isRead: boolean;
  readonly bodyPreview: string;
  readonly body: { contentType: string; content: string };
  readonly from: { emailAddress: { name: string; address: string } };
}

const START = Date.UTC(2026, 0, 5, 8);
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");

export function messagesOf(who: Person): Message[] {
  return Array.from({ length: who.messages }, (_, n) => ({
    id: `msg-${who.givenName.toLowerCase()}-${n}`,
    subject: `Message ${n} for ${who.givenName}`,
    receivedDateTime: iso(START + n * 7 * HOUR),
    isRead: n % 3 !== 0,
    bodyPreview: `Only ${displayName(who)} can read this.`,
    body: { contentType: "text", content: `Only ${displayName(who)} can read this. `.repeat(20) },
    from: { emailAddress: { name: `Sender ${n % 4}`, address: `sender${n % 4}@example.com` } },
  }));
}

export interface CalendarEvent {
  readonly id: string;
  readonly subject: string;
  readonly start: { dateTime: string; timeZone: string };
  readonly end: { dateTime: string; timeZone: string };
  readonly isAllDay: boolean;
}

export function eventsOf(who: Person): CalendarEvent[] {
  const bare = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}.0000000`;
  return Array.from({ length: who.messages === 0 ? 0 : 60 }, (_, n) => {
    const start = START + n * 6 * 24 * HOUR;
    return {
      id: `event-${who.givenName.toLowerCase()}-${n}`,
      subject: `Meeting ${n} of ${who.givenName}`,
      start: { dateTime: bare(start), timeZone: "UTC" },
      end: { dateTime: bare(start + HOUR), timeZone: "UTC" },
      isAllDay: false,
    };
  });
}

export interface Subscription {
  readonly id: string;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly displayName: string;
  readonly state: string;
}

export function subscriptionsOf(who: Person, tid = who.tid): Subscription[] {
  if (tid !== who.tid) {
    const subscriptionId = oidOf(`subscription of ${who.email} in ${tid}`);
    const id = `/subscriptions/${subscriptionId}`;
    return [
      { id, subscriptionId, tenantId: tid, displayName: `${who.givenName} as a guest`, state: "Enabled" },
    ];
  }
  return Array.from({ length: who.subscriptions }, (_, n) => {
    const subscriptionId = oidOf(`subscription ${n} of ${who.email}`);
    return {
      id: `/subscriptions/${subscriptionId}`,
      subscriptionId,
      tenantId: who.tid,
      displayName: `${who.givenName} subscription ${n}`,
      state: n === 5 ? "Disabled" : "Enabled",
    };
  });
}

/** The directories in which somebody has an account, as a member or as a guest. */
export function tenantsOf(who: Person) {
  return [who.tid, ...(isGuestOf(FABRIKAM, who) ? [FABRIKAM] : [])].map((tenantId) => ({
    id: `/tenants/${tenantId}`,
    tenantId,
    tenantCategory: tenantId === who.tid ? "Home" : "ManagedBy",
  }));
}

export interface AzureItem {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Record<string, string>;
}

export function groupsOf(subscription: Subscription): AzureItem[] {
  return Array.from({ length: 5 }, (_, n) => ({
    id: `${subscription.id}/resourceGroups/rg-${n}`,
    name: `rg-${n}`,
    type: "Microsoft.Resources/resourceGroups",
    location: n % 2 === 0 ? "westeurope" : "eastus",
    tags: { of: subscription.displayName },
  }));
}

export function resourcesOf(subscription: Subscription): AzureItem[] {
  return groupsOf(subscription).flatMap((group, g) =>
    Array.from({ length: 3 }, (_, n) => ({
      id: `${group.id}/providers/Microsoft.Storage/storageAccounts/store${g}${n}`,
      name: `store${g}${n}`,
      type: "Microsoft.Storage/storageAccounts",
      location: group.location,
      tags: { of: subscription.displayName },
    })),
  );
}
