/**
 * What truly happened to every token request, as the fault proxy saw it, and what Postern was seen to have: the proxy
 * stands between both and knows the answers that never arrived.
 */
export type Fate = "pass" | "delay" | "drop request" | "cut before answer" | "cut in answer";

export interface Exchange {
  readonly id: number;
  readonly connection: string;
  readonly grantType: string;
  /** The code or the refresh token that was shown. */
  readonly presented: string;
  /** Which workerd asked: counted from 1, one more after each kill. */
  readonly generation: number;
  readonly at: number;
  fate: Fate;
  forwardedAt?: number;
  answeredAt?: number;
  /** 0 where the provider was never asked. */
  status: number;
  error?: string;
  refreshToken?: string;
  accessToken?: string;
  delivered: "nothing" | "part" | "all";
  /** When the last byte that was to go had gone into workerd's socket, or the connection was cut. */
  endedAt?: number;
  /** What workerd's work came to at that time (Postern.busyMs). */
  busyMs?: number | undefined;
  /** Its access token was seen by a caller. */
  served?: boolean;
  /** How it is known that Postern had the answer; absent: it is not. */
  held?: string;
}

/** A request is gone: the provider spent what was shown, whatever came of the answer. */
export const wasSpent = (exchange: Exchange) => exchange.accessToken !== undefined;

export interface Kill {
  readonly number: number;
  readonly generation: number;
  readonly at: number;
  readonly aim: string;
  /** What its work came to by then (Postern.busyMs). */
  readonly busyMs: number | undefined;
}

export class Truth {
  /** When it all began, in milliseconds of the epoch. */
  readonly epoch = Date.now();
  readonly #started = performance.now();
  readonly exchanges: Exchange[] = [];
  readonly kills: Kill[] = [];
  /** Whose code it is that a sign-in brought back. */
  readonly codes = new Map<string, string>();
  /** Which exchange gave out a token. */
  readonly #refreshTokens = new Map<string, Exchange>();
  readonly #accessTokens = new Map<string, Exchange>();
  readonly #byConnection = new Map<string, Exchange[]>();
  readonly #byPresented = new Map<string, Exchange[]>();
  /** Anything that the proxy could not place is a defect of the torture. */
  readonly oddities: string[] = [];

  now(): number {
    return performance.now() - this.#started;
  }

  arrived(form: URLSearchParams, generation: number): Exchange {
    const grantType = form.get("grant_type") ?? "";
    const presented = form.get("refresh_token") ?? form.get("code") ?? "";
    const source = this.#refreshTokens.get(presented);
    const connection = source?.connection ?? this.codes.get(presented);
    if (connection === undefined) this.oddities.push(`a ${grantType} of nobody that is known`);
    // Who shows a refresh token has it.
    if (source !== undefined) source.held ??= "it showed the refresh token";
    const exchange: Exchange = {
      id: this.exchanges.length + 1,
      connection: connection ?? "?",
      grantType,
      presented,
      generation,
      at: this.now(),
      fate: "pass",
      status: 0,
      delivered: "nothing",
    };
    this.exchanges.push(exchange);
    add(this.#byConnection, exchange.connection, exchange);
    add(this.#byPresented, presented, exchange);
    return exchange;
  }

  answered(exchange: Exchange, status: number, body: Record<string, unknown>): void {
    exchange.answeredAt = this.now();
    exchange.status = status;
    if (typeof body.error === "string") exchange.error = body.error;
    if (typeof body.access_token !== "string") return;
    exchange.accessToken = body.access_token;
    this.#accessTokens.set(body.access_token, exchange);
    if (typeof body.refresh_token !== "string") return;
    exchange.refreshToken = body.refresh_token;
    this.#refreshTokens.set(body.refresh_token, exchange);
  }

  ended(exchange: Exchange, delivered: Exchange["delivered"], busyMs?: number): void {
    exchange.delivered = delivered;
    exchange.endedAt = this.now();
    exchange.busyMs = busyMs;
  }

  /** The exchange that a token came from. */
  issuerOf(token: string): Exchange | undefined {
    return this.#accessTokens.get(token) ?? this.#refreshTokens.get(token);
  }

  /** In the order of their arrival. */
  of(connection: string): readonly Exchange[] {
    return this.#byConnection.get(connection) ?? [];
  }

  /** Everything that showed this code or refresh token. */
  thatShowed(presented: string): readonly Exchange[] {
    return this.#byPresented.get(presented) ?? [];
  }

  /** The exchange that spent what `exchange` gave out; undefined while that is the newest of its grant. */
  spenderOf(exchange: Exchange): Exchange | undefined {
    return this.thatShowed(exchange.refreshToken ?? "").find(wasSpent);
  }

  /** The exchange that gave the newest refresh token of the grant that `exchange` belongs to. */
  newestOf(exchange: Exchange): Exchange {
    let newest = wasSpent(exchange) ? exchange : this.#refreshTokens.get(exchange.presented);
    if (newest === undefined) return exchange;
    for (let next = this.spenderOf(newest); next !== undefined; next = this.spenderOf(newest)) newest = next;
    return newest;
  }

  /** When the workerd that asked was killed, if it was. */
  killOf(exchange: Exchange): Kill | undefined {
    return this.kills.find((kill) => kill.generation === exchange.generation);
  }
}

function add(map: Map<string, Exchange[]>, key: string, exchange: Exchange): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [exchange]);
  else list.push(exchange);
}
