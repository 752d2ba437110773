/** Writes what comes from the operations' declarations: TypeScript for the Worker, docs/api.md for people. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { apiDocument } from "./api-document.mjs";
import { at } from "./lib.mjs";

export function readManifest() {
  const module = new WebAssembly.Module(readFileSync(at("dist", "postern.wasm")));
  const { exports } = new WebAssembly.Instance(module, {});
  exports._initialize();
  const pointer = exports.postern_manifest();
  const bytes = new Uint8Array(exports.memory.buffer, pointer, exports.postern_manifest_length());
  return JSON.parse(new TextDecoder().decode(bytes));
}

const NOTICE = "// Generated from core/flow/*/operations.h; not to be edited.\n";

export function manifestModule(manifest) {
  const operations = manifest.operations.map(({ parameters, summary, result, ...used }) => used);
  return `${NOTICE}
export interface OperationInfo {
  readonly name: string;
  readonly rpc: string;
  readonly rpc_alias: string;
  readonly method: string;
  readonly path: string;
  readonly alias: string;
  readonly access: "open" | "key" | "admin" | "browser" | "authority";
  readonly permission: string;
  readonly entropy_bytes: number;
  readonly coalesced: boolean;
  readonly aside: boolean;
  readonly rpc_result: string;
}

export const manifest = {
  version: ${JSON.stringify(manifest.version)},
  environment: ${JSON.stringify(manifest.environment.map(({ name, authority_only }) => ({ name, authority_only })))},
  operations: ${JSON.stringify(operations)} satisfies readonly OperationInfo[] as readonly OperationInfo[],
  problems: ${JSON.stringify(manifest.problems.map(({ code, status, title }) => ({ code, status, title })))} as const,
} as const;
`;
}

const TYPES = { integer: "number", flag: "boolean", names: "string[]" };

export function rpcModule(manifest) {
  const methods = manifest.operations.filter((operation) => operation.rpc !== "");
  const lines = [NOTICE, "/** A refusal: never thrown, always answered. */"];
  lines.push(
    "export interface Refusal {\n  success: false;\n  code: string;\n  error: string;\n  status: number;\n  connect_url?: string;\n}\n",
  );
  lines.push("export interface PosternRpc {");
  for (const { rpc, rpc_alias, summary, result, parameters } of methods) {
    const fields = parameters.map((parameter) => {
      const type = TYPES[parameter.kind] ?? "string";
      const needed = parameter.required ? "" : "?";
      return `    /** ${parameter.summary} */\n    ${parameter.rpc_name}${needed}: ${type};`;
    });
    const optional = parameters.some((parameter) => parameter.required) ? "" : "?";
    for (const name of [rpc, rpc_alias].filter(Boolean)) {
      lines.push(`  /** ${summary}. Answers ${result}. */`);
      lines.push(`  ${name}(parameters${optional}: {\n${fields.join("\n")}\n  }): Promise<unknown>;`);
    }
  }
  lines.push(
    "  /** listEvents again and again: calls back with events in their order, each at least once, for `seconds` (60; at most 900). Answers {cursor}, to begin with the next time. */",
    "  subscribe(\n    parameters: { cursor?: string; type?: string; userId?: string; integration?: string; seconds?: number },\n    onEvents: (events: unknown[], cursor: string) => unknown,\n  ): Promise<unknown>;",
  );
  lines.push("}\n");
  return lines.join("\n");
}

export function generate() {
  const manifest = readManifest();
  mkdirSync(at("worker-shim", "src", "generated"), { recursive: true });
  writeFileSync(at("worker-shim", "src", "generated", "manifest.gen.ts"), manifestModule(manifest));
  writeFileSync(at("worker-shim", "src", "generated", "rpc.gen.ts"), rpcModule(manifest));
  writeFileSync(at("docs", "api.md"), apiDocument(manifest));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) generate();
