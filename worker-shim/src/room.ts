/**
 * The memory that answers may take while their links are rewritten: an isolate has 128 MB for all that it does. Leases are
 * given back by whoever took them; a request that is cancelled may never come to that, so those that stand still run out.
 */

const MIB = 1024 * 1024;
const MOST_BYTES = 96 * MIB;
/** What every answer may have: one large answer keeps nobody from a small one. */
const FREE_BYTES = MIB / 4;
/** Bytes, text, its pieces and what is written of them lie in memory at once. */
export const WHILE_REWRITTEN = 6;
const STANDSTILL_MS = 30_000;

export class Lease {
  #bytes = 0;
  #movedAt = Date.now();

  /** Has this many bytes from now on, each `times`; false: there is no room, and it has what it had. */
  resize(bytes: number, times: number): boolean {
    const wanted = Math.max(0, bytes - FREE_BYTES) * times;
    if (wanted > this.#bytes && taken(this) + wanted > MOST_BYTES) return false;
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

  standsStill(now: number): boolean {
    return now - this.#movedAt > STANDSTILL_MS;
  }
}

const leases = new Set<Lease>();

function taken(but: Lease): number {
  const now = Date.now();
  let sum = 0;
  for (const lease of leases) {
    if (lease.standsStill(now)) leases.delete(lease);
    else if (lease !== but) sum += lease.bytes;
  }
  return sum;
}
