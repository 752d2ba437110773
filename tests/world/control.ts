/** `/__world/…` on the login origin: what tests read and order. */
import { type Fault, isRecord, type Place, parseFault } from "./faults.ts";
import { type Call, json, type Outcome } from "./http.ts";
import { signIn } from "./sign-in.ts";
import type { World } from "./state.ts";

export async function handleControl(world: World, call: Call): Promise<Outcome> {
  const { ledger } = world;
  switch (`${call.method} ${call.url.pathname.slice("/__world/".length)}`) {
    case "GET stats":
      return json(200, ledger.stats());
    case "GET requests":
      return json(200, ledger.requests);
    case "GET secrets":
      return json(200, ledger.secrets());
    case "GET authorizations":
      return json(200, ledger.authorizations());
    case "GET known":
      return json(200, world.known());
    case "GET people":
      return json(200, world.rules.people);
    case "GET settings":
      return json(200, world.settings);
    case "POST control":
      return guarded(async () => {
        control(world, JSON.parse(call.body));
        return world.settings;
      });
    case "POST sign-in":
      return guarded(async () => ({ redirect: await signIn(signInOrder(JSON.parse(call.body))) }));
    default:
      return json(404, { error: "no such control" });
  }
}

async function guarded(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return json(200, await work());
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function signInOrder(order: unknown) {
  if (!isRecord(order) || typeof order.authorize_url !== "string")
    throw new Error("authorize_url is missing");
  if (order.deny === true) return { authorizeUrl: order.authorize_url };
  if (typeof order.email !== "string") throw new Error("email, or deny: true, is missing");
  return { authorizeUrl: order.authorize_url, email: order.email };
}

/** What `control` takes of a world that has these settings. */
export type Order<Settings extends object> = Partial<Settings> & {
  readonly [place in Place]?: Fault | readonly Fault[];
} & {
  readonly clear_faults?: true;
  readonly reset_stats?: true;
  readonly expire_access_tokens?: true;
  readonly reset?: true;
  readonly revoke?: string | true;
  readonly clock?: number;
  readonly adopt?: object;
};

/**
 * Members, all optional: the settings; the names of places (a fault or a list of them, added to what is ordered);
 * `clear_faults`, `reset_stats`, `expire_access_tokens` (true); `revoke` (an e-mail, or true for everybody);
 * `reset` (true: defaults, no faults, no counts, the machine's time; grants stay);
 * `clock` (its time, in milliseconds); `adopt` (as the provider's grants.ts says).
 */
export function control(world: World, order: unknown): void {
  if (!isRecord(order)) throw new Error("control takes an object");
  // Validate all before doing any, and reset before setting, whatever order the members come in.
  const todo: (() => void)[] = [];
  const { rules } = world;
  const clear = () => world.faults.clear();
  for (const [name, value] of Object.entries(order)) {
    const place = rules.places.find((known) => known === name);
    if (place !== undefined) {
      const faults = (Array.isArray(value) ? value : [value]).map((one) => parseFault(one, rules));
      todo.push(() => faults.forEach((fault) => void world.faults.add(place, fault)));
    } else if (Object.hasOwn(rules.settings, name)) {
      if (rules.settings[name]?.(value) !== true) throw new Error(`bad ${name}`);
      todo.push(() => Object.assign(world.settings, { [name]: value }));
    } else if (name === "revoke" && (value === true || typeof value === "string")) {
      todo.push(() => world.revoke(value === true ? undefined : value));
    } else if (name === "clock" && typeof value === "number") {
      todo.push(() => world.setClock(value));
    } else if (name === "adopt") {
      todo.push(() => world.adopt(value));
    } else if (value !== true) throw new Error(`bad control ${name}`);
    else if (name === "clear_faults") todo.unshift(clear);
    else if (name === "reset_stats") todo.push(() => world.ledger.resetStats());
    else if (name === "expire_access_tokens") todo.push(() => world.expireAccessTokens());
    else if (name === "reset") {
      todo.unshift(() => {
        clear();
        Object.assign(world.settings, rules.defaults);
        world.ledger.resetStats();
        world.setClock();
      });
    } else throw new Error(`no control ${name}`);
  }
  for (const action of todo) action();
}
