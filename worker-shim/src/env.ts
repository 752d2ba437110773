/** What the Worker is bound to. Variables are read by the core, by the names of the manifest. */

import { FieldWriter } from "./fields.ts";
import { manifest } from "./generated/manifest.gen.ts";
import { KeyRing, SealingFault } from "./sealing.ts";

/** KV, D1 and the objects as wrangler.jsonc names them (`npm run types`), and what secrets and variables the shim reads. */
export interface Bindings extends ConfiguredBindings {
  MASTER_KEYS: string;
  LOG_LEVEL?: string;
  /** Comma-separated origins whose pages may call the API with a key of their own. */
  CORS_ALLOWED_ORIGINS?: string;
}

/** The database that the core calls so; undefined where the Worker is bound to none. */
export function databaseNamed(bindings: object, name: string): D1Database | undefined {
  const bound = (bindings as Record<string, unknown>)[name];
  return bound instanceof Object && "batch" in bound ? (bound as D1Database) : undefined;
}

/** Where an object is, as the core says. Without a jurisdiction or a hint they are empty. */
export interface ObjectPlace {
  binding: string;
  jurisdiction: string;
  locationHint: string;
  name: string;
}

/** Throws where the Worker is bound to no objects of that name. */
export function objectAt(bindings: Bindings, { binding, jurisdiction, locationHint, name }: ObjectPlace) {
  const bound = (bindings as unknown as Record<string, Bindings["CONNECTION"] | undefined>)[binding];
  if (!bound) throw new TypeError(`no objects are bound as ${binding}`);
  const namespace =
    jurisdiction === "" ? bound : bound.jurisdiction(jurisdiction as DurableObjectJurisdiction);
  const id = namespace.idFromName(name);
  // A hint counts for an object that is not there yet.
  return locationHint === ""
    ? namespace.get(id)
    : namespace.get(id, { locationHint: locationHint as DurableObjectLocationHint });
}

interface Prepared {
  environment: Uint8Array;
  withSecrets: Uint8Array;
  ring: KeyRing | undefined;
}

// Bindings are the same object for every request of an isolate, or at least the same values: what is
// made of them is made once.
const prepared = new WeakMap<object, Prepared>();

export function prepare(env: Bindings): Prepared {
  const known = prepared.get(env);
  if (known) return known;
  const made: Prepared = {
    environment: environmentFields(env, false),
    withSecrets: environmentFields(env, true),
    ring: ringOf(env),
  };
  prepared.set(env, made);
  return made;
}

function environmentFields(env: Bindings, authority: boolean): Uint8Array {
  const values = env as unknown as Record<string, unknown>;
  const writer = new FieldWriter();
  for (const variable of manifest.environment) {
    const value = values[variable.name];
    if (typeof value === "string" && (authority || !variable.authority_only))
      writer.add(variable.name, value);
  }
  return writer.bytes().slice();
}

function ringOf(env: Bindings): KeyRing | undefined {
  try {
    return new KeyRing(env.MASTER_KEYS ?? "");
  } catch (fault) {
    const said = fault instanceof SealingFault ? fault.message : "";
    console.error(
      JSON.stringify({ level: "error", event: "variable_not_valid", variable: "MASTER_KEYS", said }),
    );
    // Every seal and open answers "refused" then; /health stays up to be looked at.
    return undefined;
  }
}
