/** One provider: connects, lets callers call, kills and starts again, and at the end looks at every connection. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { callAgainAndAgain, type Ground } from "./callers.ts";
import { Chance } from "./chance.ts";
import { Connection } from "./connection.ts";
import { Postern } from "./postern.ts";
import type { Provider, Registration } from "./provider.ts";
import { type FaultProxy, type Moment, startProxy } from "./proxy.ts";
import { killRisks } from "./risk.ts";
import { readStored, type Stored } from "./stored.ts";
import { Tally } from "./tally.ts";
import { type Exchange, Truth, wasSpent } from "./truth.ts";
import { judgeLoss } from "./verdict.ts";

const ORGANIZATIONS = ["acme", "umbrella"] as const;
const CALLERS = 3;
const FINAL_WITHIN_MS = 240_000;
/** Between two kills. */
const MOST_REQUESTS = 40;
/** Nobody waits longer than this for them. */
const LONGEST_WAIT_MS = 4000;
/** Shorter than what is refreshed on use, so that every read wants a new token; longer, so that some do not. */
const LIVES = [120, 120, 120, 900] as const;
/** Between an answer's last byte and the write of what it brought lie few milliseconds: most kills are aimed there. */
const MOMENTS: Record<Moment, number> = { arrived: 20, forwarded: 20, answered: 15, delivered: 45 };

export interface RunOptions {
  readonly kills: number;
  readonly connections: number;
  readonly seed: string;
  readonly start: (registration: Registration) => Promise<Provider>;
  readonly say: (text: string) => void;
}

export class Run {
  readonly truth = new Truth();
  readonly tally = new Tally();
  connections: Connection[] = [];
  readonly #options: RunOptions;
  readonly #chance: Chance;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #signIns = new Set<Promise<void>>();
  readonly #shownTooSoon = new Set<Exchange>();
  #stored = new Map<string, Stored>();
  #postern: Postern | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed, "kills");
  }

  /** Ends every process and forgets what is on disk. May be called at any time, and more than once. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  get log(): string {
    return this.#postern?.log ?? "";
  }

  async run(): Promise<string> {
    const { seed, kills, say } = this.#options;
    const postern = await Postern.prepare();
    this.#postern = postern;
    this.#stops.push(() => postern.remove());
    const proxy = await startProxy(this.truth, new Chance(seed, "proxy"));
    this.#stops.push(() => proxy.close());
    const { redirectUri } = postern;
    const provider = await this.#options.start({ loginOrigin: proxy.origin, redirectUri });
    this.#stops.push(() => provider.close());
    proxy.upstream = provider.loginPort;
    proxy.busyMs = () => postern.busyMs();
    postern.configure(provider, proxy.origin);
    await postern.start();
    proxy.generation = postern.generation;
    provider.accessTokensLive(LIVES[0]);
    await this.#connectAll(postern, provider);
    say(`${provider.name}: ${this.connections.length} connections; ${kills} kills`);

    proxy.faults = true;
    const over = new AbortController();
    const ground: Ground = {
      postern,
      truth: this.truth,
      tally: this.tally,
      lost: (connection, cause) => this.#lost(connection, cause, false),
    };
    const callers = this.connections.flatMap((connection) =>
      Array.from({ length: CALLERS }, (_, n) =>
        callAgainAndAgain(connection, ground, new Chance(seed, `${connection.user}/${n}`), over.signal),
      ),
    );
    this.#stops.push(async () => over.abort());
    for (let number = 1; number <= kills; number += 1) {
      provider.accessTokensLive(this.#chance.one(LIVES));
      const aim = await this.#aim(proxy);
      await this.#kill(number, aim, postern, proxy);
      if (number % 10 === 0) say(`  ${number} kills, ${this.truth.exchanges.length} token requests`);
    }
    // The callers go on for a while after the last kill but one; the last start is undisturbed.
    await sleep(1000);
    over.abort();
    await Promise.all(callers);
    proxy.faults = false;
    await Promise.all(this.#signIns);
    await this.#kill(kills + 1, "the end", postern, proxy);
    await Promise.all(this.connections.map((connection) => this.#lookAtLast(connection, provider)));
    return provider.name;
  }

  async #connectAll(postern: Postern, provider: Provider): Promise<void> {
    const keys = new Map<string, string>();
    for (const org of ORGANIZATIONS) {
      const made = await postern.call("/v1/api-keys", {
        method: "POST",
        headers: { authorization: `Bearer ${postern.variables.ADMIN_API_KEY}` },
        body: { org_id: org, name: "torture", permissions: ["*"] },
      });
      if (made.status !== 201) throw new Error(`no API key: ${made.status} ${made.text}`);
      keys.set(org, String(made.json.key));
    }
    for (let n = 0; n < this.#options.connections; n += 1) {
      const org = ORGANIZATIONS[n % ORGANIZATIONS.length] ?? ORGANIZATIONS[0];
      const who = provider.people[n % provider.people.length] ?? provider.people[0];
      const of = { user: `user-${n + 1}`, org, who, key: keys.get(org) ?? "" };
      const connection = new Connection(of, postern, provider, this.truth, (one, cause) =>
        this.#judge(one, cause, false),
      );
      this.connections.push(connection);
      await connection.connect();
    }
  }

  /**
   * Waits for the moment to strike: a while, told in token requests because a crowded machine makes fewer of them; then
   * any moment, or a few milliseconds after one of them got so far.
   */
  async #aim(proxy: FaultProxy): Promise<string> {
    const chance = this.#chance;
    // Sometimes at once, over what it has just begun to recover.
    let left = chance.of(0.15) ? 0 : Math.floor(chance.between(1, MOST_REQUESTS));
    if (left > 0)
      await seen(proxy, LONGEST_WAIT_MS, (moment) => {
        if (moment === "arrived") left -= 1;
        return left === 0;
      });
    if (chance.of(0.4)) {
      await sleep(chance.between(0, 300));
      return "any moment";
    }
    const wanted = chance.weighted(MOMENTS);
    const later = Math.floor(chance.between(0, 6));
    await seen(proxy, LONGEST_WAIT_MS, (moment) => moment === wanted);
    if (later > 0) await sleep(later);
    return `${later} ms after a request had ${wanted}`;
  }

  async #kill(number: number, aim: string, postern: Postern, proxy: FaultProxy): Promise<void> {
    const { truth } = this;
    const { generation } = postern;
    const kill = { number, generation, at: truth.now(), aim, busyMs: postern.busyMs() };
    truth.kills.push(kill);
    await postern.kill();
    // What workerd had sent goes its way before the next one begins, as it would on a wire.
    await proxy.settled();
    const scratch = join(postern.folder, "scratch");
    const stored = await readStored(postern.state, scratch, postern.variables.MASTER_KEYS ?? "");
    for (const { user } of this.connections) {
      const now = stored.get(user);
      this.#believe(user, now);
      this.tally.risks.push(...killRisks(truth, user, kill, now, this.#stored.get(user)));
    }
    this.#stored = stored;
    proxy.generation += 1;
    await postern.start();
  }

  /** What the disk says of what Postern had; and that it never showed what it had not stored. */
  #believe(user: string, stored: Stored | undefined): void {
    const { truth, tally } = this;
    const tokens = {
      "it was stored": stored?.refreshToken,
      "its answer was kept": stored?.refresh?.keptToken,
      "its answer was kept for the sign-in": stored?.signIn?.keptToken,
    };
    let newest = 0;
    for (const [how, token] of Object.entries(tokens)) {
      const issuer = token === undefined ? undefined : truth.issuerOf(token);
      if (issuer === undefined) continue;
      issuer.held ??= how;
      newest = Math.max(newest, issuer.id);
    }
    const shown = truth.of(user).findLast((exchange) => exchange.served === true);
    if (shown !== undefined && shown.id > newest && !this.#shownTooSoon.has(shown)) {
      this.#shownTooSoon.add(shown);
      const text = `what request ${shown.id} brought was served, and is not on disk`;
      tally.failures.push({ user, at: truth.now(), text });
    }
  }

  #lost(connection: Connection, cause: string, final: boolean): void {
    const { truth, tally } = this;
    connection.live = false;
    this.#judge(connection, cause, final);
    const again = connection
      .connect()
      .catch((error: unknown) => {
        tally.failures.push({ user: connection.user, at: truth.now(), text: String(error) });
      })
      .finally(() => this.#signIns.delete(again));
    this.#signIns.add(again);
  }

  /** Once for each grant: until a person has signed in again, whoever asks is told the same. */
  #judge(connection: Connection, cause: string, final: boolean): void {
    const { truth, tally } = this;
    const { user } = connection;
    const verdict = judgeLoss(truth, user, cause);
    const { exchange, honest, reason } = verdict;
    if (tally.losses.some((known) => known.user === user && known.verdict.exchange === exchange)) return;
    tally.losses.push({ user, at: truth.now(), verdict, final });
    connection.note(`needs_reauth (${cause}): ${honest ? "honest" : "WRONG"}, ${reason}`);
    if (!honest) tally.failures.push({ user, at: truth.now(), text: `lost: ${reason}` });
  }

  /** Nothing is disturbed any more: it refreshes, and the provider takes what it serves. Or it says what it has lost. */
  async #lookAtLast(connection: Connection, provider: Provider): Promise<void> {
    const { truth, tally } = this;
    const wrong = await this.#wrongAtLast(connection, provider).catch(String);
    if (wrong !== undefined)
      tally.failures.push({ user: connection.user, at: truth.now(), text: `at the end: ${wrong}` });
  }

  async #wrongAtLast(connection: Connection, provider: Provider): Promise<string | undefined> {
    const end = performance.now() + FINAL_WITHIN_MS;
    let losses = 0;
    while (performance.now() < end) {
      const answer = await connection.refresh();
      if (answer.status === 200)
        return (
          (await this.#wrongToken(connection, provider)) ??
          (await this.#wrongBackup(connection, Number(answer.json.version)))
        );
      if (answer.json.code === "needs_reauth" && losses === 0) {
        losses += 1;
        this.#lost(connection, String(answer.json.cause), true);
        await Promise.all(this.#signIns);
      } else if (answer.json.code === "provider_unavailable")
        await sleep(1000 * Math.min(5, Number(answer.headers["retry-after"] ?? 1)));
      else return `${answer.status} ${answer.text.slice(0, 300)}`;
    }
    return "it never refreshed";
  }

  /** What the stores behind the authority owe is delivered, too, however often it was interrupted. */
  async #wrongBackup(connection: Connection, version: number): Promise<string | undefined> {
    const answer = await connection.ask(`/v1/connections?user_id=${connection.user}`);
    const [listed] = (answer.json.connections ?? []) as Record<string, unknown>[];
    return listed?.status === "connected" && Number(listed.version) >= version
      ? undefined
      : `D1 has not got version ${version}: ${answer.status} ${JSON.stringify(listed)}`;
  }

  async #wrongToken(connection: Connection, provider: Provider): Promise<string | undefined> {
    const { truth } = this;
    const newest = truth.of(connection.user).findLast(wasSpent);
    if (newest !== undefined) newest.held ??= "it answered that it had refreshed";
    const token = String((await connection.token()).json.access_token);
    const issuer = truth.issuerOf(token);
    if (issuer?.connection !== connection.user) return "it served somebody else's token";
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${provider.graphOrigin}/v1.0/me`, { headers });
    const { id } = (await response.json()) as Record<string, unknown>;
    return response.status === 200 && id === connection.who.id
      ? undefined
      : `the provider answered ${response.status} for its token, and ${String(id)}`;
  }
}

/** Resolves as soon as `wanted` says so of what goes by, or after a time. */
async function seen(
  proxy: FaultProxy,
  milliseconds: number,
  wanted: (moment: Moment) => boolean,
): Promise<void> {
  const over = new AbortController();
  const passed = new Promise<void>((resolve) => {
    proxy.watch = (moment) => {
      if (wanted(moment)) resolve();
    };
  });
  await Promise.race([
    passed,
    sleep(milliseconds, undefined, { signal: over.signal }).catch(() => undefined),
  ]);
  proxy.watch = undefined;
  over.abort();
}
