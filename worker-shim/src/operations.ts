/** The operations by name, from the generated manifest. */
import { manifest, type OperationInfo } from "./generated/manifest.gen.ts";

const byName = new Map<string, OperationInfo>(
  manifest.operations.map((operation) => [operation.name, operation]),
);

export function operationNamed(name: string): OperationInfo | undefined {
  return byName.get(name);
}

export const operations: readonly OperationInfo[] = manifest.operations;
