/** What a refresh does to the stores (docs/storage.md), and nothing else: a share of workerd's time that is not Postern's. */
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly STORE: KVNamespace;
  readonly DB: D1Database;
  readonly OBJECT: DurableObjectNamespace<StoresObject>;
}

/** About a record with two tokens. */
const RECORD = "r".repeat(6_000);
const SOON_MS = 30_000;

export class StoresObject extends DurableObject<Env> {
  /** Set in time to come, as a journal's; there is nothing to do. */
  override alarm(): void {}

  /** Journal, record and outbox are committed one after the other, each with the alarm. */
  async refresh(name: string): Promise<void> {
    const { storage } = this.ctx;
    const commits: [puts: string[], deletes: string[]][] = [
      [["journal"], []],
      [["kept", "record", "version", "outbox"], ["journal"]],
      [[], ["kept", "outbox"]],
    ];
    for (const [puts, deletes] of commits) {
      storage.transactionSync(() => {
        for (const key of puts) storage.kv.put(key, RECORD);
        for (const key of deletes) storage.kv.delete(key);
      });
      await storage.setAlarm(Date.now() + SOON_MS);
      await storage.sync();
    }
    const insert = this.env.DB.prepare("INSERT OR REPLACE INTO rows (name, value) VALUES (?, ?)");
    await Promise.all([
      this.env.STORE.put(name, RECORD),
      this.env.DB.batch([1, 2, 3].map((n) => insert.bind(`${name}:${n}`, RECORD))),
    ]);
  }
}

export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname;
    await env.OBJECT.get(env.OBJECT.idFromName(name)).refresh(name);
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
