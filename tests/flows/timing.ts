/** Prints what one process takes for one module, in ms; scripts/traces.mjs runs it again and again. */
import { type CoreExports, compile, crossingsOf, newInstance, play, transcripts } from "./transcripts.ts";

const PASSES = 20;
const all = transcripts.map(crossingsOf);

/** Processor time, because the machine has other work too. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Every flow once; the instances are made before, as a host that keeps them does. */
function pass(module: object): number {
  const flows = all.flat().filter(({ isStart }) => isStart).length;
  const instances = Array.from({ length: flows }, () => newInstance(module));
  const start = used();
  for (const crossings of all) play(crossings, () => instances.pop() as CoreExports);
  return used() - start;
}

const begin = performance.now();
const module = compile();
const compiled = performance.now();
newInstance(module);
const instantiated = performance.now();
const first = pass(module);
// V8 compiles again what runs often, behind our back: the last passes are those of a process that is warm.
const later = Array.from({ length: PASSES }, () => pass(module)).slice(-5);

console.log(
  JSON.stringify({
    compile: compiled - begin,
    "instance and constructors": instantiated - compiled,
    "all traces, first time in a process": first,
    "all traces, warm": later.toSorted((a, b) => a - b)[2],
  }),
);
