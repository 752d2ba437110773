/** worker-shim/src/generated/rpc.gen.ts from the manifest: what a caller in TypeScript copies beside its Worker. */

const KINDS = { integer: "number", flag: "boolean", names: "string[]", words: "string[]" };

/** A refusal has `success: false` and an answer never has: that tells one from the other. */
const ANSWERED = `/** An answer of this type, or why there is none: \`answer.success === false\` tells. */
export type Answered<T> = (T & { readonly success?: true }) | Refusal;
`;

const SUBSCRIBE = `  /** listEvents again and again: calls back with events in their order, each at least once, for \`seconds\` (60; at most 900). Answers {cursor}, to begin with the next time. */
  subscribe(
    parameters: { cursor?: string; type?: string; userId?: string; subject?: string; integration?: string; seconds?: number },
    onEvents: (events: ConnectionEvent[], cursor: string) => unknown,
  ): Promise<Answered<{ cursor: string }>>;`;

const PROXY = `  /** Any call of a provider's API, with the connection's token: the API's answer, or a refusal of Postern's as one. Path and query of the request's URL are the API's (docs/proxy.md). */
  proxy(parameters: {
    integration?: string; userId: string; account?: string; subject?: string; resource?: string; tenant?: string;
    target?: string; wait?: number; links?: "keep"; request: Request;
  }): Promise<Response>;`;

function parametersOf({ parameters }) {
  const fields = parameters.map(({ rpc_name, kind, type: declared, required, summary }) => {
    const type = declared ?? KINDS[kind] ?? "string";
    return `    /** ${summary} */\n    ${rpc_name}${required ? "" : "?"}: ${type};`;
  });
  const optional = parameters.some(({ required }) => required) ? "" : "?";
  return `parameters${optional}: {\n${fields.join("\n")}\n  }`;
}

/** Where an operation has two names, a binding has a method of its own under the first. */
function commentOf({ rpc, rpc_alias, summary }, method) {
  if (!rpc_alias) return `  /** ${summary}. */`;
  const why =
    method === rpc_alias
      ? `\`${rpc}\` by its right name, which a service binding does not reach: it has a \`${rpc}\` of its own (docs/decisions/0003-rpc-connect.md).`
      : `@deprecated Over a service binding call \`${rpc_alias}\`. A binding is a Fetcher, whose own \`${rpc}\` opens a socket: it is found first, and throws a TypeError.`;
  return `  /**\n   * ${summary}.\n   *\n   * ${why}\n   */`;
}

/** Content comes as a Response, also a refusal; what is put somewhere goes as whatever a Request takes as its body. */
function contentMethod(operation) {
  const { name, rpc, result } = operation;
  const given = parametersOf(operation);
  if (result === "Response") return `${commentOf(operation, rpc)}\n  ${rpc}(${given}): Promise<Response>;`;
  const content = `    /** The content. */\n    content: BodyInit;\n    /** Its type; application/octet-stream when absent */\n    contentType?: string;\n  }`;
  return `${commentOf(operation, rpc)}\n  ${rpc}(${given.replace(/ {2}\}$/, content)}): Promise<Answered<PosternAnswers["${name}"]>>;`;
}

/** With `cursor` a list comes with what stands beside it: where the next page is. */
function methods(operation) {
  const { name, rpc, rpc_alias, rpc_result, parameters } = operation;
  if (operation.streams) return [contentMethod(operation)];
  const whole = `PosternAnswers["${name}"]`;
  const answer = rpc_result === "" ? whole : `${whole}["${rpc_result}"]`;
  const signature = (method, given, answered) =>
    `${commentOf(operation, method)}\n  ${method}(${given}): Promise<Answered<${answered}>>;`;
  const by_page = rpc_result !== "" && parameters.some(({ kind }) => kind === "cursor");
  return [rpc, rpc_alias].filter(Boolean).flatMap((method) => {
    const given = parametersOf(operation);
    const paged = signature(method, given.replace(/\n {2}\}$/, "\n  } & { cursor: string }"), whole);
    return [...(by_page ? [paged] : []), signature(method, given, answer)];
  });
}

export function rpcModule({ operations, problems, shapes }) {
  // What a browser is answered is no type, and what the authority is, nobody's business.
  const answering = operations.filter(({ access }) => access !== "browser" && access !== "authority");
  return `
export type ProblemCode =
${problems.map(({ code }) => `  | ${JSON.stringify(code)}`).join("\n")};

${shapes.map(({ name, type, summary }) => `/** ${summary}. */\nexport type ${name} = ${type};\n`).join("\n")}
${ANSWERED}
/** What each operation answers over HTTP, where it does not refuse. */
export interface PosternAnswers {
${answering.map(({ name, summary, result }) => `  /** ${summary}. */\n  ${name}: ${result};`).join("\n")}
}

/** A service binding: \`env.POSTERN\`. */
export interface PosternRpc {
${operations
  .filter(({ rpc }) => rpc !== "")
  .flatMap(methods)
  .join("\n")}
${PROXY}
${SUBSCRIBE}
}
`;
}
