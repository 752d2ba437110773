/** What one isolate shares between requests: values, never promises. */
import { IsolateMemory } from "./memory.ts";

export const memory = new IsolateMemory();
