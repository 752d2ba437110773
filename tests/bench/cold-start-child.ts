/** One cold start in a process of its own: `cold-start-child.ts MODULE` prints what each part took, in microseconds. */
import { readFileSync } from "node:fs";
import { CoreInstance, STEP } from "../../worker-shim/src/core.ts";
import { fields, optional, readEffects, readOutcome, writeInput } from "../../worker-shim/src/effects.ts";
import { FieldWriter } from "../../worker-shim/src/fields.ts";

export interface ColdStart {
  readonly compile: number;
  readonly instance: number;
  readonly flow: number;
}

/** A warm token read over RPC: the flow that most isolates begin with soon. */
function firstFlow(core: CoreInstance): void {
  const message = new FieldWriter(4096);
  const now = Date.now();
  const environment = fields(
    ...["AZURE_CLIENT_ID", "11111111-2222-4333-8444-555555555555"],
    ...["AZURE_REDIRECT_URI", "https://postern.example/callback/azure"],
  );
  const body = '{"userId":"user-1","integration":"azure"}';
  writeInput(
    message,
    {
      operation: "get_token",
      entry: "rpc",
      entropyBytes: 0,
      environment,
      bindingOrg: "acme",
      bindingPermissions: "*",
      body,
    },
    now,
  );
  let step = core.start(message);
  const token = fields("access-1".repeat(200), "User.Read", now + 3_600_000, 1);
  while (step === STEP.effects) {
    message.clear();
    message.add(now);
    for (const { id, name } of readEffects(core.output())) {
      if (name !== "memory.get") throw new Error(`a warm read asks for ${name}`);
      message.add(id, fields(...optional(token)));
    }
    step = core.resume(message);
  }
  const { status } = readOutcome(core.output());
  if (step !== STEP.done || status !== 200)
    throw new Error(`the flow ended with step ${step}, status ${status}`);
}

const bytes = readFileSync(process.argv[2] ?? "");
const microseconds = (from: number, to: number) => (to - from) * 1000;
const begin = performance.now();
const module = new WebAssembly.Module(bytes);
const compiled = performance.now();
const instance = new CoreInstance(module);
const instantiated = performance.now();
firstFlow(instance);
const done = performance.now();
const took: ColdStart = {
  compile: microseconds(begin, compiled),
  instance: microseconds(compiled, instantiated),
  flow: microseconds(instantiated, done),
};
console.log(JSON.stringify(took));
