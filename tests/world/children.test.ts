import assert from "node:assert/strict";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild, stopChild, takenPorts } from "../../scripts/children.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-children-"));
});
after(() => rmSync(folder, { recursive: true }));

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function grandchildOf(script: string) {
  const file = join(folder, `${script.length}.log`);
  const child = startChild("bash", ["-c", script], {
    cwd: folder,
    env: process.env,
    log: openSync(file, "w"),
  });
  for (let n = 0; n < 100; n += 1) {
    const pid = Number(readFileSync(file, "utf8").trim());
    if (pid > 0) return { child, pid };
    await sleep(20);
  }
  throw new Error("the grandchild never said its name");
}

test("a stopped child takes its grandchildren with it, at once", async () => {
  const { child, pid } = await grandchildOf("sleep 300 & echo $!; wait");
  assert.ok(isRunning(pid));
  const start = performance.now();
  await stopChild(child);
  assert.ok(!isRunning(pid));
  assert.ok(performance.now() - start < 2000);
});

test("one that ignores SIGTERM is killed", async () => {
  const { child, pid } = await grandchildOf("trap '' TERM; sleep 300 & echo $!; wait");
  await stopChild(child, 300);
  await sleep(50);
  assert.ok(!isRunning(pid));
});

test("a taken port is named, on either loopback address", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(await takenPorts([port]), [port]);
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(await takenPorts([port]), []);
});
