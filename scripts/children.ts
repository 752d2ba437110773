/** Processes that must not outlive us, and ports that must be free. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** In a group of its own: Ctrl-C reaches us alone, and we end the whole group in order. `ipc`: with a channel to us. */
export function startChild(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; log: number; ipc?: boolean },
): ChildProcess {
  return spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", options.log, options.log, ...(options.ipc === true ? ["ipc" as const] : [])],
    detached: true,
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // nobody is left in that group
  }
}

/**
 * Whether anybody in the group still runs. The dead whom nobody buried do not count: a container's first process often
 * reaps no orphans, and a signal alone cannot tell them from the living.
 */
function isAlive(group: number): boolean {
  if (process.platform !== "linux") return signalGroup(group, 0);
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(pgrp) === group && state !== "Z";
    } catch {
      return false; // ended while we looked
    }
  });
}

/** Ends the group as a crash or a power cut would. */
export function killChild(child: ChildProcess): void {
  if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
}

/** Ends the group and waits until its last member is gone, not only the one that we started. */
export async function stopChild(child: ChildProcess, graceMs = 5000): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  const end = performance.now() + graceMs;
  while (isAlive(pid)) {
    if (performance.now() > end) {
      signalGroup(pid, "SIGKILL");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    // A machine without IPv6 has nobody listening there either.
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Both loopback addresses: a browser may try either one for `localhost`. */
export async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const taken: number[] = [];
  for (const port of ports)
    if (!(await isFree(port, "127.0.0.1")) || !(await isFree(port, "::1"))) taken.push(port);
  return taken;
}

/** Below the ports that the kernel gives to whoever asks for any: one of those may be gone before it is bound. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if ((await takenPorts([port])).length === 0) return port;
  }
}
