/** Lines of the guides, as whoever pastes them into a shell sends them. */
import { ORIGIN } from "./variables.ts";

/** The `curl` lines of a text, without what a shell takes for a comment. */
export const linesOf = (text: string) =>
  [...text.replaceAll(/\\\n\s*/g, "").matchAll(/^\s*curl (.*?)(?:\s+#.*)?$/gm)].map(([, line = ""]) =>
    line.trim(),
  );

/** As a shell and curl read it. */
export function requestOf(line: string, variables: Record<string, string>): [string, RequestInit] {
  const set = (text: string) => text.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? "");
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare = ""]) => single ?? set(double ?? bare),
  );
  const of = (flag: string) => words.flatMap((word, n) => (words[n - 1] === flag ? [word] : []));
  const headers = new Headers(of("-H").map((header) => header.split(/: (.*)/, 2) as [string, string]));
  // What a file holds is anybody's: its name does as well.
  const [body] = [...of("-d"), ...of("--data-binary")];
  const at = words.at(-1)?.replace(/^(https:\/\/<your host>|http:\/\/localhost:8787)/, ORIGIN) ?? "";
  return [at, { method: of("-X")[0] ?? "GET", headers, ...(body === undefined ? {} : { body }) }];
}
