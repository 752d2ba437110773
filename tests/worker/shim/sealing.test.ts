/// <reference types="vite/types/importMeta.d.ts" />
/** What a release sealed opens for ever (tests/data/sealed), and what this one seals an earlier one opens. */
import { describe, expect, test } from "vitest";
import { fromBase64Url, KeyRing, SealingFault } from "../../../worker-shim/src/sealing.ts";
import { fromBase64 } from "../support/stored-state.ts";

interface Known {
  readonly master_keys: string;
  readonly answers: readonly {
    readonly about: string;
    readonly id: { readonly org: string };
    readonly context: string;
    readonly sealed: string;
    readonly plaintext: string;
  }[];
}

const files = import.meta.glob<Known>("../../data/sealed/*.json", { eager: true, import: "default" });

const fromUrl = (text: string) => fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));

/** As docs/storage.md tells it, without the code under test. */
async function openByHand(masterKeys: string, org: string, context: Uint8Array<ArrayBuffer>, sealed: string) {
  const [format, kid, body = ""] = sealed.split(".");
  const entry = masterKeys.split(",").find((one) => one.startsWith(`${kid}:`)) ?? "";
  expect(format).toBe("s1");
  const bytes = fromUrl(body);
  const key = fromUrl(entry.slice(entry.indexOf(":") + 1));
  const bits = await crypto.subtle.deriveBits(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new TextEncoder().encode("postern-organization-key-1"),
      info: new TextEncoder().encode(org),
    },
    await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]),
    256,
  );
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData: context },
    await crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["decrypt"]),
    bytes.subarray(12),
  );
  return new Uint8Array(opened);
}

describe.each(Object.entries(files))("what was sealed, %s", (_, { master_keys, answers }) => {
  const ring = new KeyRing(master_keys);

  test.each(answers)("$about opens", async ({ id, context, sealed, plaintext }) => {
    const opened = await ring.open(id.org, fromBase64Url(context), sealed);
    expect(opened).toEqual(fromBase64Url(plaintext));
    expect(await openByHand(master_keys, id.org, fromBase64Url(context), sealed)).toEqual(opened);
  });

  test.each(answers)("$about opens nowhere else", async ({ id, context, sealed }) => {
    const data = fromBase64Url(context);
    const elsewhere = data.slice();
    elsewhere[elsewhere.length - 1] = (elsewhere.at(-1) ?? 0) ^ 1;
    await expect(ring.open(`${id.org}x`, data, sealed)).rejects.toThrow(SealingFault);
    await expect(ring.open(id.org, elsewhere, sealed)).rejects.toThrow(SealingFault);
    await expect(ring.open(id.org, data, sealed.replace("s1.", "s2."))).rejects.toThrow(SealingFault);
  });

  test.each(answers)("$about, sealed anew, is of the same format", async ({ id, context, plaintext }) => {
    const sealed = await ring.seal(id.org, fromBase64Url(context), fromBase64Url(plaintext));
    const opened = await openByHand(master_keys, id.org, fromBase64Url(context), sealed);
    expect(opened).toEqual(fromBase64Url(plaintext));
  });
});

test("there are known answers", () => {
  expect(Object.values(files).map(({ answers }) => answers.length)).toEqual([8]);
});
