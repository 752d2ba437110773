/** Published descriptions of Graph, Azure Resource Manager and Key Vault, as tests/data/descriptions has them. */
import arm from "../data/descriptions/arm.json" with { type: "json" };
import byHand from "../data/descriptions/by-hand.json" with { type: "json" };
import graph from "../data/descriptions/graph.json" with { type: "json" };

/** `string`, `number`, `boolean`, `object`, `anything`, `array of …`, `map of …`, or the name of a schema. */
export type TypeWord = string;

export interface Schema {
  readonly members: Readonly<Record<string, TypeWord>>;
  readonly required: readonly string[];
  readonly readOnly: readonly string[];
  /** Other members than these may be there too. */
  readonly open: boolean;
}

/** What an answer's body holds: one object, or a page whose member `list` is an array of `of`. */
export type Answer = Schema & { readonly list?: string; readonly of?: Schema };

export interface Description {
  readonly api: "arm" | "graph" | "vault";
  readonly source: string;
  readonly method: string;
  readonly path: string;
  readonly apiVersions: readonly string[];
  readonly query: readonly string[];
  readonly headers: readonly string[];
  readonly body?: Schema;
  /** By status, where "2XX" is any that says success; null is an answer without a body. */
  readonly answers: Readonly<Record<string, Answer | null>>;
  readonly longRunning: boolean;
}

interface Written {
  readonly operations: readonly WrittenOperation[];
  readonly schemas: Readonly<Record<string, Partial<Schema>>>;
}

interface WrittenOperation
  extends Pick<Description, "api" | "source" | "method" | "path" | "query">,
    Partial<Pick<Description, "apiVersions" | "headers" | "longRunning">> {
  readonly body?: { readonly schema: string };
  readonly answers: Readonly<Record<string, { schema: string; list?: string; of?: string } | null>>;
}

const APIS = ["arm", "graph", "vault"] as const;
const GRAPH = "/v1.0/";

const FILES = {
  arm: arm as unknown as Written,
  graph: graph as unknown as Written,
  // No package tells it.
  vault: byHand.vault as unknown as Written,
};

const written = (api: Description["api"]): Written => FILES[api];

function schemaIn({ schemas }: Written, name: string): Schema {
  const schema = schemas[name];
  if (schema?.members === undefined) throw new Error(`no schema ${name}`);
  const { members, required = [], readOnly = [], open = false } = schema;
  return { members, required, readOnly, open };
}

function descriptionOf(file: Written, operation: WrittenOperation): Description {
  const { body, answers, apiVersions = [], headers = [], longRunning = false, ...rest } = operation;
  const answerOf = (answer: WrittenOperation["answers"][string]): Answer | null => {
    if (answer === null) return null;
    const { schema, list, of } = answer;
    const told = schemaIn(file, schema);
    return list === undefined || of === undefined ? told : { ...told, list, of: schemaIn(file, of) };
  };
  return {
    ...rest,
    apiVersions,
    headers,
    longRunning,
    ...(body === undefined ? {} : { body: schemaIn(file, body.schema) }),
    answers: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]),
    ),
  };
}

export function loadDescriptions(): Description[] {
  return APIS.flatMap((api) => {
    const file = written(api);
    return file.operations.map((operation) => descriptionOf(file, operation));
  });
}

/** The schema that a type word names, also within `array of` and `map of`; undefined where it names none. */
export function schemaOf(api: Description["api"], word: TypeWord): Schema | undefined {
  const file = written(api);
  const name = word.replace(/^(?:(?:array|map) of )+/, "");
  return name in file.schemas ? schemaIn(file, name) : undefined;
}

/** Resource Manager says how a resource's id is built: types and names in pairs behind the last provider. */
const SEVERAL: Readonly<Record<string, string>> = {
  scope: ".+",
  resourceId: "(?:.*/)?providers/[^/]+(?:/[^/]+/[^/]+)+",
  // A name in a drive has no colon.
  "item-path": "[^:]+",
};

const PARAMETER = /\{([^}]+)\}/g;

function patternOf({ api, path }: Description): RegExp {
  const pieces = path.replace(/\/$/, "").split(PARAMETER);
  const pattern = pieces.map((piece, index) =>
    index % 2 === 0 ? piece.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : (SEVERAL[piece] ?? "[^/]+"),
  );
  return new RegExp(`^${pattern.join("")}/?$`, api === "arm" ? "i" : "");
}

/** A path of more fixed characters says more: `/{resourceId}` is also the shape of many other paths. */
const fixed = (path: string): number => path.replace(PARAMETER, "").length;

/** Finds the description of a concrete path, which may have a query; unless told what lies under /v1.0 is Graph's. */
export function match(
  method: string,
  path: string,
  descriptions: readonly Description[] = loadDescriptions(),
  api: Description["api"] = path.startsWith(GRAPH) ? "graph" : "arm",
): Description | undefined {
  const [plain = ""] = path.split("?");
  return descriptions
    .filter((one) => one.api === api && one.method === method && patternOf(one).test(plain))
    .sort((one, other) => fixed(other.path) - fixed(one.path))[0];
}
