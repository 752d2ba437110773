/** Receivers of webhooks. What comes is read by Standard Webhooks' own library, at the time at which it comes. */
import { Webhook } from "standardwebhooks";
import { expect, vi } from "vitest";
import { type Connected, connect, createKey, newOrg, newUser, rpc } from "./client.ts";
import { configure } from "./stores.ts";

export interface Delivery {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly user: string;
  readonly org: string;
}

type Answer = Response | Promise<Response>;

const SECRET_BYTES = 32;

/** As the specification writes one. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

export const answers = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

/** One that never answers, until whoever asks has enough of it. */
export const silence = (_: Delivery, signal: AbortSignal) =>
  new Promise<Response>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

export class Receiver {
  readonly url: string;
  readonly secret: string;
  /** All that was asked of it, then what of that it took, and what was not good enough for the library. */
  readonly asked: Delivery[] = [];
  readonly taken: Delivery[] = [];
  readonly refused: string[] = [];
  /** What it answers to a delivery that is genuine. */
  answer: (delivery: Delivery, signal: AbortSignal) => Answer = () => answers(204);

  constructor(url = `https://hooks-${crypto.randomUUID().slice(0, 8)}.example/in`, secret = newSecret()) {
    this.url = url;
    this.secret = secret;
  }

  /** Its entry in WEBHOOKS. */
  entry(more: Record<string, unknown> = {}): Record<string, unknown> {
    return { url: this.url, secret: this.secret, ...more };
  }

  async take(request: Request): Promise<Response> {
    const headers = Object.fromEntries(request.headers);
    const body = await request.text();
    let event: { type: string; data: { user_id: string; org_id: string } };
    try {
      event = new Webhook(this.secret).verify(body, headers) as typeof event;
    } catch (error) {
      this.refused.push(`${headers["webhook-id"]}: ${error}`);
      return answers(401);
    }
    const delivery: Delivery = {
      url: request.url,
      headers,
      body,
      id: headers["webhook-id"] ?? "",
      at: Date.now(),
      type: event.type.replace(/^connection\./, ""),
      user: event.data.user_id,
      org: event.data.org_id,
    };
    this.asked.push(delivery);
    const response = await this.answer(delivery, request.signal);
    if (response.ok) this.taken.push(delivery);
    return response;
  }

  /** The ids that it took of this user's connection, in the order of their first arrival. */
  idsOf(user: string): string[] {
    return [...new Set(this.taken.filter((delivery) => delivery.user === user).map(({ id }) => id))];
  }
}

/** `{"org": [webhook, …]}`, as the variable has it. */
export function webhooksOf(org: string, ...entries: readonly unknown[]): { WEBHOOKS: string } {
  return { WEBHOOKS: JSON.stringify({ [org]: entries }) };
}

/** From now on these are what stands at their URLs; who else is asked is asked for real. */
export function listen(...receivers: readonly Receiver[]): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    const receiver = receivers.find((one) => one.url === url);
    if (!receiver) return real(input, init);
    const response = await receiver.take(new Request(url, init));
    const location = response.headers.get("location");
    // As fetch does it where nobody says otherwise.
    const follows =
      location !== null && response.status >= 300 && response.status < 400 && init?.redirect !== "manual";
    return follows ? globalThis.fetch(location, init) : response;
  });
}

/** Connected, in an organization whose events go to these; nothing has been sent yet. */
export async function subscribed(
  entries: readonly unknown[],
  { org = newOrg(), user = newUser() } = {},
): Promise<Connected> {
  const { key } = await createKey(org);
  const who = { org, key, user };
  await configure(who, webhooksOf(org, ...entries));
  expect((await connect(key, user)).status).toBe(200);
  return who;
}

/** What the log of events says of this user, in its order. */
export async function idsInLog(who: Connected): Promise<string[]> {
  const page = (await rpc(who.org).listEvents({ userId: who.user })) as { events: { id: string }[] };
  return page.events.map(({ id }) => id);
}

export const typesOf = (deliveries: readonly Delivery[]) => deliveries.map(({ type }) => type);

interface DeadLetter {
  readonly id: string;
  readonly type: string;
  readonly webhook: string;
  readonly attempts: number;
  readonly reason: string;
}
interface Page {
  readonly dead_letters: DeadLetter[];
  readonly cursor: string;
}
export const deadLetters = async (org: string) =>
  ((await rpc(org).listDeadLetters()) as unknown as Page).dead_letters;
