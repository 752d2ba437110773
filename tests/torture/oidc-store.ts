/** Where `oidc-provider` keeps its state: all of it, in memory. What it brings forgets beyond a thousand entries. */
import type { Adapter, AdapterPayload } from "oidc-provider";

/** Models that end with the grant that they belong to. */
const OF_A_GRANT = new Set(["AccessToken", "AuthorizationCode", "RefreshToken"]);

interface Entry {
  readonly payload: AdapterPayload;
  readonly endsAt: number;
}

class Shelf implements Adapter {
  readonly #entries = new Map<string, Entry>();
  readonly #members: Map<string, Set<string>> | undefined;

  constructor(model: string) {
    this.#members = OF_A_GRANT.has(model) ? new Map() : undefined;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const endsAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
    this.#entries.set(id, { payload, endsAt });
    const { grantId } = payload;
    if (grantId === undefined || this.#members === undefined) return;
    const members = this.#members.get(grantId) ?? new Set();
    this.#members.set(grantId, members.add(id));
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = this.#entries.get(id);
    return entry === undefined || entry.endsAt <= Date.now() ? undefined : entry.payload;
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    for (const { payload } of this.#entries.values()) if (payload.uid === uid) return payload;
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const id of this.#members?.get(grantId) ?? []) this.#entries.delete(id);
    this.#members?.delete(grantId);
  }
}

/** An adapter for each model, as `oidc-provider` asks for them. */
export const memoryStore = (): ((model: string) => Adapter) => (model) => new Shelf(model);
