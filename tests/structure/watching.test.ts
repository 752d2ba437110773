/** What `npm run dev` and `npm run watch` see of changed sources. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchSources } from "../../scripts/watching.mjs";

test("a source is told of each time that it is written, also by renaming another over it", {
  timeout: 30_000,
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "watching-"));
  const write = (path: string) => writeFileSync(join(root, path), "x");
  mkdirSync(join(root, "sources", "generated"), { recursive: true });
  write("sources/a.cpp");
  let tell: (paths: string[]) => void = () => {};
  const close = await watchSources(["sources"], async (paths) => tell(paths), root);
  t.after(async () => {
    await close();
    rmSync(root, { recursive: true });
  });
  const next = async (change: () => void) => {
    const told = new Promise<string[]>((resolve) => {
      tell = resolve;
    });
    change();
    return told;
  };
  const replace = () => {
    write("sources/.a.cpp.swp");
    renameSync(join(root, "sources/.a.cpp.swp"), join(root, "sources/a.cpp"));
  };

  assert.deepEqual(await next(replace), ["sources/a.cpp"]);
  assert.deepEqual(await next(replace), ["sources/a.cpp"]);
  const several = () => {
    write("sources/generated/names.cpp");
    write("sources/a.cpp~");
    mkdirSync(join(root, "sources/new"));
    write("sources/new/b.h");
  };
  assert.deepEqual(await next(several), ["sources/new/b.h"]);
  assert.deepEqual(await next(() => rmSync(join(root, "sources/a.cpp"))), ["sources/a.cpp"]);
});
