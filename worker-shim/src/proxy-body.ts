/** The body that a caller sends: held where it is short, so that it can be sent again, and passed on as it comes otherwise. */

/** Up to here a body is held. */
const MOST_HELD_BODY = 64 * 1024;
/** Whoever sends piece by piece may wait for what the API makes of the first ones. */
const LONGEST_HELD_MS = 200;

export type Body = Uint8Array<ArrayBuffer> | ReadableStream | null;

/** What is wrong with it, in words for the caller. */
export class UnusableBody extends Error {}

export async function bodyOf(request: Request): Promise<Body> {
  const { body, method } = request;
  if (body === null) return null;
  const named = request.headers.get("content-length");
  const length = named === null ? Number.NaN : Number(named);
  const readsOnly = method === "GET" || method === "HEAD";
  if (length > MOST_HELD_BODY && !readsOnly) return body;
  const begun = await begin(body, readsOnly ? 0 : MOST_HELD_BODY, readsOnly || named !== null);
  const { pieces, total, rest } = begun;
  if (readsOnly) {
    if (total === 0 && !rest) return null;
    throw new UnusableBody("The proxy passes no body of GET and HEAD on: call without it");
  }
  if (named !== null && (!/^\d+$/.test(named) || total > length || (!rest && total < length)))
    throw new UnusableBody("The body is not as long as its Content-Length says");
  return rest ? continued(pieces, rest) : joined(pieces, total);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface Begun {
  readonly pieces: readonly Uint8Array[];
  readonly total: number;
  /** undefined: that was all. `next` is on its way already. */
  readonly rest?: {
    readonly body: ReadableStream;
    readonly reader: Reader;
    readonly next?: ReturnType<Reader["read"]>;
  };
}

/** Up to the end, or a piece beyond `most`; or, unless it is `patient`, as much as came at once. */
async function begin(body: ReadableStream<Uint8Array>, most: number, patient: boolean): Promise<Begun> {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  let total = 0;
  const late = patient ? undefined : scheduler.wait(LONGEST_HELD_MS);
  while (total <= most) {
    const next = reader.read();
    const piece = await (late ? Promise.race([next, late]) : next);
    if (!piece) return { pieces, total, rest: { body, reader, next } };
    if (piece.done) return { pieces, total };
    pieces.push(piece.value);
    total += piece.value.length;
  }
  return { pieces, total, rest: { body, reader } };
}

function joined(pieces: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** What was read of it, then the rest. */
function continued(
  pieces: readonly Uint8Array[],
  { body, reader, next }: NonNullable<Begun["rest"]>,
): ReadableStream {
  const { readable, writable } = new IdentityTransformStream();
  const write = async () => {
    const writer = writable.getWriter();
    for (const piece of pieces) await writer.write(piece);
    const piece = await next;
    if (piece?.value) await writer.write(piece.value);
    writer.releaseLock();
    reader.releaseLock();
    if (piece?.done) await writable.close();
    else await body.pipeTo(writable);
  };
  // The answer tells of a body that broke off.
  write().catch((error: unknown) => writable.abort(error).catch(() => undefined));
  return readable;
}
