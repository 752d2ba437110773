/** Pure functions of the core against the libraries that one would use instead, in one Node process. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from "oauth4webapi";
import { root } from "../../scripts/local-postern.ts";
import { compare, type Results } from "./compare.ts";

interface BenchExports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  bench_allocate(size: number): number;
  bench_reset(): void;
  bench_length(): number;
  bench_pkce(random: number): number;
  bench_claims(token: number, length: number): number;
  bench_claims_json(token: number, length: number): number;
  bench_echo(bytes: number, length: number): number;
}

const RANDOM_BYTES = 32;
const PKCE_CHARACTERS = 43;
const PAYLOAD_BYTES = 4096;

/** Shaped like an ID token of Entra. */
function idToken(): string {
  const guid = () =>
    randomBytes(16)
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const now = Math.floor(Date.now() / 1000);
  const tid = guid();
  const claims = {
    aud: guid(),
    iss: `https://login.microsoftonline.com/${tid}/v2.0`,
    iat: now,
    nbf: now,
    exp: now + 3900,
    email: "alice.anders@contoso.example",
    name: "Alice Anders",
    nonce: randomBytes(32).toString("base64url"),
    oid: guid(),
    preferred_username: "alice.anders@contoso.example",
    rh: `0.${randomBytes(48).toString("base64url")}.`,
    sid: guid(),
    sub: randomBytes(32).toString("base64url"),
    tid,
    uti: randomBytes(16).toString("base64url"),
    ver: "2.0",
    wids: [guid(), guid()],
    xms_pl: "en-GB",
  };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ typ: "JWT", alg: "RS256", kid: randomBytes(20).toString("base64url") })}.${part(claims)}.${randomBytes(256).toString("base64url")}`;
}

function repeat(count: number, work: () => unknown): void {
  for (let n = 0; n < count; n += 1) work();
}

export async function measureFunctions(rounds: number): Promise<Results> {
  const module = new WebAssembly.Module(readFileSync(join(root, "dist", "postern.bench.wasm")));
  const core = new WebAssembly.Instance(module, {}).exports as unknown as BenchExports;
  core._initialize();
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const room = core.bench_allocate(64 * 1024);
  core.bench_reset();
  // Made anew only where the memory grew, as the shim does.
  let view = new Uint8Array(core.memory.buffer);
  const bytes = () => {
    if (view.buffer !== core.memory.buffer) view = new Uint8Array(core.memory.buffer);
    return view;
  };

  const pkce = () => {
    core.bench_reset();
    crypto.getRandomValues(bytes().subarray(room, room + RANDOM_BYTES));
    const at = core.bench_pkce(room);
    const both = decoder.decode(bytes().subarray(at, at + 2 * PKCE_CHARACTERS));
    return { verifier: both.slice(0, PKCE_CHARACTERS), challenge: both.slice(PKCE_CHARACTERS) };
  };
  const token = idToken();
  const write = (text: string) => encoder.encodeInto(text, bytes().subarray(room)).written;
  const claims = () => {
    core.bench_reset();
    return core.bench_claims(room, write(token));
  };
  const payload = randomBytes(PAYLOAD_BYTES);
  const crossing = () => {
    core.bench_reset();
    bytes().set(payload, room);
    const at = core.bench_echo(room, PAYLOAD_BYTES);
    return bytes().slice(at, at + core.bench_length());
  };
  const scratch = new Uint8Array(1 << 16);
  // What of the crossing is the copying: in, inside, out.
  const copies = () => {
    scratch.set(payload, 0);
    scratch.copyWithin(8192, 0, PAYLOAD_BYTES);
    return scratch.slice(8192, 8192 + PAYLOAD_BYTES);
  };

  const { verifier, challenge } = pkce();
  assert.equal(challenge, await calculatePKCECodeChallenge(verifier));
  assert.equal(verifier.length, generateRandomCodeVerifier().length);
  const at = core.bench_claims_json(room, write(token));
  assert.deepEqual(
    JSON.parse(decoder.decode(bytes().subarray(at, at + core.bench_length()))),
    decodeJwt(token),
  );
  assert.equal(claims(), Object.keys(decodeJwt(token)).length);
  assert.deepEqual(Buffer.from(crossing()), payload);

  const contestant = (name: string, count: number, work: () => unknown) => ({
    name,
    count,
    run: () => repeat(count, work),
  });
  return compare(
    [
      contestant("pkce postern", 20_000, pkce),
      {
        name: "pkce oauth4webapi",
        count: 2_000,
        run: async (_, count) => {
          for (let n = 0; n < count; n += 1) await calculatePKCECodeChallenge(generateRandomCodeVerifier());
        },
      },
      contestant("claims postern", 10_000, claims),
      contestant("claims jose", 10_000, () => decodeJwt(token)),
      contestant("crossing", 20_000, crossing),
      contestant("copies", 20_000, copies),
      ...instances(),
    ],
    { rounds },
  );
}

/** What the pool pays: a fresh instance, and a used one made as good as new. */
function instances() {
  const module = new WebAssembly.Module(readFileSync(join(root, "dist", "postern.wasm")));
  const fresh = () => {
    const { exports } = new WebAssembly.Instance(module, {});
    (exports._initialize as () => void)();
    return exports.memory as WebAssembly.Memory;
  };
  const memory = fresh();
  const snapshot = new Uint8Array(memory.buffer).slice();
  return [
    { name: "instance fresh", count: 300, run: () => repeat(300, fresh) },
    {
      name: "instance restored",
      count: 5_000,
      run: () => repeat(5_000, () => new Uint8Array(memory.buffer).set(snapshot)),
    },
  ];
}
