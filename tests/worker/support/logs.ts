/** Everything that the Worker wrote to the console in this file's tests. */
import { vi } from "vitest";

const lines: string[] = [];

export function recordLogs(): void {
  for (const method of ["debug", "log", "info", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
      lines.push(
        values.map((value) => (value instanceof Error ? `${value.stack}` : String(value))).join(" "),
      );
    });
  }
}

export function logLines(): readonly string[] {
  return lines;
}

export function eventsLogged(event: string): Record<string, unknown>[] {
  return lines.flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const entry = JSON.parse(line) as Record<string, unknown>;
    return entry.event === event ? [entry] : [];
  });
}
