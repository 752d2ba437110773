/** Looks for secrets in bytes, in every form in which they might hide. */
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Base64 of these bytes inside longer ones: what does not depend on the neighbours, for each alignment. */
function base64Cores(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const text = btoa(String.fromCharCode(...padded)).replaceAll("=", "");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
}

export function formsOf(secret: string): string[] {
  const bytes = encoder.encode(secret);
  const base64 = base64Cores(bytes);
  const forms = [
    secret,
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    hex(bytes),
    hex(bytes).toUpperCase(),
    encodeURIComponent(secret),
    Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(forms.map((form) => latin1.decode(encoder.encode(form))))];
}

export interface Hay {
  readonly where: string;
  readonly bytes: Uint8Array | string;
}

/** Text of the bytes, and of what they say in base64url: stores nest one in the other. */
function readings(bytes: Uint8Array | string): string[] {
  const text = latin1.decode(typeof bytes === "string" ? encoder.encode(bytes) : bytes);
  const inner = (text.match(/[A-Za-z0-9_+/-]{16,}/g) ?? []).flatMap((word) => {
    try {
      return [atob(word.replaceAll("-", "+").replaceAll("_", "/"))];
    } catch {
      return [];
    }
  });
  return [text, ...inner];
}

/** `place: secret's kind` for each that is found; the secrets themselves are not repeated. */
export function findSecrets(secrets: ReadonlyMap<string, string>, hay: readonly Hay[]): string[] {
  const needles = [...secrets].flatMap(([secret, kind]) =>
    formsOf(secret).map((form) => [form, kind] as const),
  );
  const found = new Set<string>();
  for (const { where, bytes } of hay) {
    for (const text of readings(bytes)) {
      for (const [form, kind] of needles) if (text.includes(form)) found.add(`${where}: ${kind}`);
    }
  }
  return [...found];
}
