/**
 * The memory that large answers may take while their links are rewritten, and until their callers have taken them: an isolate
 * has 128 MB for all that it does. Nobody waits while he holds some, or several could hold each other up.
 */

const MIB = 1024 * 1024;
const MOST_BYTES = 40 * MIB;
/** What every answer may have: one large answer keeps nobody from a small one. */
export const FREE_BYTES = MIB / 4;
const STANDSTILL_MS = 30_000;

export class Lease {
  #bytes = 0;
  #movedAt = Date.now();
  readonly #letGo: () => void;

  /** `letGo` gives up what it is for, where it stands still for half a minute: a cancelled request may never end its lease. */
  constructor(letGo: () => void) {
    this.#letGo = letGo;
  }

  /** Has this many bytes from now on; false: there is no room, and it has what it had. */
  resize(bytes: number): boolean {
    const wanted = Math.max(0, bytes - FREE_BYTES);
    if (wanted > this.#bytes && takenBut(this) + wanted > MOST_BYTES) return false;
    this.#bytes = wanted;
    this.#movedAt = Date.now();
    if (wanted > 0) leases.add(this);
    else leases.delete(this);
    return true;
  }

  end(): void {
    this.#bytes = 0;
    leases.delete(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Has it stood still for too long? Then it is ended. */
  endsOf(now: number): boolean {
    if (now - this.#movedAt <= STANDSTILL_MS) return false;
    this.end();
    this.#letGo();
    return true;
  }
}

const leases = new Set<Lease>();

function takenBut(lease: Lease): number {
  const now = Date.now();
  let sum = 0;
  for (const one of leases) if (one !== lease && !one.endsOf(now)) sum += one.bytes;
  return sum;
}

/** While an answer is rewritten its bytes, its text and what is written of it lie in memory at once: one at a time. */
let rewritingSince: number | undefined;
const LONGEST_REWRITING_MS = 5_000;
const TURN_MS = 20;

/** Begins a turn, in this request's own time; false: it did not come within five seconds. */
export async function turn(signal: AbortSignal): Promise<boolean> {
  for (let waited = 0; isTaken(); waited += TURN_MS) {
    if (waited >= LONGEST_REWRITING_MS) return false;
    await scheduler.wait(TURN_MS, { signal });
  }
  rewritingSince = Date.now();
  return true;
}

/** Whoever was cancelled may never end his. */
const isTaken = () => rewritingSince !== undefined && Date.now() - rewritingSince < LONGEST_REWRITING_MS;

export function endTurn(): void {
  rewritingSince = undefined;
}
