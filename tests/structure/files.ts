/** The repository's own files, as git knows them. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codeOf } from "./source.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  path: string;
  text: string;
}

/** Those that are committed or about to be, below these folders. */
export function files(pattern: RegExp, ...folders: string[]): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard", "--", ...folders], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return listed
    .split("\0")
    .filter((path) => pattern.test(path) && existsSync(root + path))
    .map((path) => ({ path, text: readFileSync(root + path, "utf8") }));
}

export function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

export const lines = (text: string): number => text.split("\n").length - 1;

/** `path:line: text` of every line that matches. */
export function offences(
  sources: SourceFile[],
  pattern: RegExp,
  prepare: (text: string) => string = (text) => codeOf(text),
): string[] {
  const found: string[] = [];
  for (const { path, text } of sources) {
    for (const [index, line] of prepare(text).split("\n").entries()) {
      if (pattern.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
    }
  }
  return found;
}
