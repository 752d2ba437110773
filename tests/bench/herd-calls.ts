/** What a herd is told to do, and how it went: between the benchmark and the Worker that calls for it. */
export interface Call {
  readonly minTtl?: number;
  /** A refresh, whatever the token's age. */
  readonly forced?: boolean;
  /**
   * Given up so many milliseconds after it began: a socket hangs up; over a binding it is a `fetch`, whose signal is
   * aborted.
   */
  readonly abortAfter?: number;
}

/** Whose fronts are called: Postern's, or those of Workers that do nothing. */
export type Contestant = "postern" | "plain";

export interface Order {
  readonly contestant: Contestant;
  /** How many of them are called. */
  readonly fronts: number;
  readonly userId: string;
  readonly key: string;
  readonly count: number;
  /** In turn. */
  readonly calls: readonly Call[];
}

export interface Ended {
  /** How many were answered what: `token`, `connected`, `gave up`, a problem's code, an error. */
  readonly answers: Record<string, number>;
  readonly tokens: readonly string[];
}

/** Instances of the core in one isolate: in use, idle, and the bytes of both. */
export interface Instances {
  readonly live: number;
  readonly free: number;
  readonly bytes: number;
}
