/**
 * What operations declare of their answers (`.result`, shapes), read as far as declarations go: whether a real answer fits.
 * tsc, which reads all of TypeScript, checks that it is TypeScript.
 */
import module from "../../../dist/postern.wasm";

export interface Declared {
  readonly name: string;
  readonly rpc: string;
  readonly rpc_alias: string;
  readonly method: string;
  readonly path: string;
  readonly access: string;
  readonly permission: string;
  readonly rpc_result: string;
  readonly result: string;
  readonly streams: boolean;
  /** What it calls of a provider's API, by a row. */
  readonly call?: { readonly api: string; readonly target: string; readonly items: string };
  readonly parameters: readonly DeclaredParameter[];
}

export interface DeclaredParameter {
  readonly name: string;
  readonly rpc_name: string;
  readonly kind: string;
  readonly required: boolean;
  readonly type?: string;
}

interface Manifest {
  readonly operations: readonly Declared[];
  readonly problems: readonly { readonly code: string }[];
  readonly shapes: readonly { readonly name: string; readonly type: string }[];
}

interface ManifestExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  postern_manifest(): number;
  postern_manifest_length(): number;
}

function readManifest(): Manifest {
  const core = new WebAssembly.Instance(module, {}).exports as unknown as ManifestExports;
  core._initialize();
  const at = core.postern_manifest();
  const bytes = new Uint8Array(core.memory.buffer, at, core.postern_manifest_length());
  return JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
}

/** Says what of a value at a place does not fit; nothing where all of it does. */
type Fits = (value: unknown, place: string) => string[];

const wrong = (place: string, value: unknown, wanted: string) => [
  `${place} is ${JSON.stringify(value) ?? "absent"}, not ${wanted}`,
];

const PRIMITIVES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  unknown: () => true,
};

class TypeReader {
  readonly #tokens: string[];
  readonly #named: (name: string) => Fits;

  constructor(text: string, named: (name: string) => Fits) {
    this.#tokens = text.match(/"[^"]*"|\w+|\S/g) ?? [];
    this.#named = named;
  }

  static read(text: string, named: (name: string) => Fits): Fits {
    const reader = new TypeReader(text, named);
    const fits = reader.#union();
    if (reader.#tokens.length > 0) throw new Error(`more than a type: ${reader.#tokens.join(" ")}`);
    return fits;
  }

  #take(wanted?: string): string {
    const token = this.#tokens.shift() ?? "the end";
    if (wanted !== undefined && token !== wanted) throw new Error(`${wanted} was expected, not ${token}`);
    return token;
  }

  #takes(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #union(): Fits {
    const all = [this.#listOf()];
    while (this.#takes("|")) all.push(this.#listOf());
    return (value, place) => {
      const complaints = all.map((fits) => fits(value, place));
      return complaints.find(({ length }) => length === 0) ?? complaints.flat();
    };
  }

  #listOf(): Fits {
    let fits = this.#single();
    while (this.#takes("[")) {
      this.#take("]");
      const each = fits;
      fits = (value, place) =>
        Array.isArray(value)
          ? value.flatMap((item, n) => each(item, `${place}[${n}]`))
          : wrong(place, value, "a list");
    }
    return fits;
  }

  #single(): Fits {
    const token = this.#take();
    if (token === "(") {
      const fits = this.#union();
      this.#take(")");
      return fits;
    }
    if (token === "{") return this.#object();
    if (token.startsWith('"'))
      return (value, place) => (JSON.stringify(value) === token ? [] : wrong(place, value, token));
    const primitive = PRIMITIVES[token];
    if (primitive === undefined) return this.#named(token);
    return (value, place) => (primitive(value) ? [] : wrong(place, value, token));
  }

  #object(): Fits {
    const members = new Map<string, { fits: Fits; optional: boolean }>();
    let others: Fits | undefined;
    while (!this.#takes("}")) {
      const name = this.#take().replace(/^"(.*)"$/, "$1");
      if (name === "[") {
        for (const wanted of [undefined, ":", "string", "]", ":"]) this.#take(wanted);
        others = this.#union();
      } else {
        const optional = this.#takes("?");
        this.#take(":");
        members.set(name, { fits: this.#union(), optional });
      }
      this.#takes(",");
    }
    return (value, place) => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return wrong(place, value, "an object");
      const there = Object.entries(value);
      const missing = [...members].filter(([name, { optional }]) => !optional && !(name in value));
      return [
        ...missing.map(([name]) => `${place}.${name} is absent`),
        ...there.flatMap(([name, member]) => {
          const fits = members.get(name)?.fits ?? others;
          return fits?.(member, `${place}.${name}`) ?? [`${place}.${name} is declared nowhere`];
        }),
      ];
    };
  }
}

export const manifest = readManifest();

const shapes = new Map<string, Fits>([
  [
    "ProblemCode",
    (value, place) =>
      manifest.problems.some(({ code }) => code === value) ? [] : wrong(place, value, "a problem's code"),
  ],
]);

function shape(name: string): Fits {
  const known = shapes.get(name);
  if (known !== undefined) return known;
  const text = manifest.shapes.find((one) => one.name === name)?.type;
  if (text === undefined) throw new Error(`there is no type ${name}`);
  const fits = TypeReader.read(text, (other) => (value, place) => shape(other)(value, place));
  shapes.set(name, fits);
  return fits;
}

/** Of a type's text: what does not fit it. */
export function complaintsOf(type: string, value: unknown, place = "answer"): string[] {
  return TypeReader.read(type, shape)(value, place);
}

const answers = new Map<string, Fits>();

/** Of an operation's answer, as HTTP has it or as RPC. */
export function complaintsOfAnswer(operation: Declared, value: unknown, over: "http" | "rpc"): string[] {
  if ((value as { success?: unknown } | null)?.success === false) return complaintsOf("Refusal", value);
  const fits = answers.get(operation.name) ?? TypeReader.read(operation.result, shape);
  answers.set(operation.name, fits);
  const whole = over === "rpc" && operation.rpc_result !== "" ? { [operation.rpc_result]: value } : value;
  return fits(whole, operation.name);
}

/** Those with an answer for callers. What the proxy answers, or content is, an API has declared. */
export const answering = manifest.operations.filter(
  ({ access, result }) => access !== "browser" && access !== "authority" && result !== "Response",
);

/** A test may have let a provider answer whatever it liked. */
const isProviders = ({ call }: Declared) => call !== undefined;

function hold(operation: Declared | undefined, value: unknown, over: "http" | "rpc"): void {
  if (operation === undefined || isProviders(operation)) return;
  const complaints = complaintsOfAnswer(operation, value, over);
  if (complaints.length > 0)
    throw new Error(`not as declared (core/flow/*/operations.h): ${complaints.join("; ")}`);
}

const routes = answering
  .filter(({ path }) => path !== "")
  .map((operation) => ({
    operation,
    pattern: new URLPattern({ pathname: operation.path }),
  }));

/** An answer over HTTP that does not fit what is declared of it fails the test. */
export function holdHttp(method: string, url: string, value: unknown): void {
  const asked = routes.find(
    ({ operation, pattern }) =>
      operation.method === method && pattern.test({ pathname: new URL(url).pathname }),
  );
  hold(asked?.operation, value, "http");
}

/** The same service, each of whose answers is held to what is declared of it. */
export function heldRpc<Service extends object>(service: Service): Service {
  const call = (name: PropertyKey) => Reflect.get(service, name) as (...all: unknown[]) => Promise<unknown>;
  return new Proxy(service, {
    get: (_, name) => {
      const operation = answering.find(({ rpc, rpc_alias }) => name === rpc || name === rpc_alias);
      // What is of the stub itself wants to be called on it.
      if (operation === undefined || name === "")
        return (...all: unknown[]) => Reflect.apply(call(name), service, all);
      return async (...all: unknown[]) => {
        const answer = await Reflect.apply(call(name), service, all);
        hold(operation, answer, "rpc");
        return answer;
      };
    },
  });
}
