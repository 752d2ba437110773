/** Structured lines, one JSON object each. The core never puts a secret into one. */
const LEVELS = ["debug", "info", "warn", "error"];

export function log(
  threshold: string | undefined,
  level: string,
  event: string,
  pairs: [string, string][],
): void {
  if (LEVELS.indexOf(level) < Math.max(0, LEVELS.indexOf(threshold ?? "info"))) return;
  const line = JSON.stringify({ level, event, ...Object.fromEntries(pairs) });
  if (level === "error") console.error(line);
  else if (level === "warn") console.warn(line);
  else console.log(line);
}
