/**
 * Brings Emscripten into build/emscripten-sdk, for `npm run build -- --toolchain emscripten` alone: Debian's package
 * unpacked, not installed, with this machine's clang. Nothing here is part of a normal setup.
 * EMSDK, as Emscripten's own SDK sets it, is used in its place.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, fail, llvmVersion, ownNodeEnv, quietly, read, say } from "./lib.mjs";

/** The first is used; the next one when Debian's archive has it no more. Each only with exactly these bytes. */
const RELEASES = [
  {
    version: "6.0.5",
    suite: "sid",
    package: "6.0.5+dfsg+~1.41.5-2",
    sha256: "24e9eecd0a6e0c25896acf7dd42ae4261ae70c0669d4a42bde595afb7e4675c2",
    download: "6 MB",
  },
  {
    version: "3.1.69",
    suite: "trixie",
    package: "3.1.69+dfsg-3",
    sha256: "d2ac788b952c56ab6736b4db2ac0825aa63cfb4c08b8abaefe19e324779d1b2d",
    download: "237 MB",
  },
];
const OLDEST_LLVM = 21;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const sdk = (...parts) => at("build", "emscripten-sdk", ...parts);
const OTHERWISE =
  "Or install Emscripten by its own SDK, and set EMSDK to its folder: that one is used then (docs/toolchains.md).";

/** Where `em++` lies in an SDK that the reader installed. */
function installedRoot(folder) {
  const root = join(folder, "upstream", "emscripten");
  if (!existsSync(join(root, "em++")))
    fail(`emscripten: EMSDK is ${folder}, but there is no upstream/emscripten/em++ below it.
Set it to the folder that Emscripten's SDK was installed to, or unset it.`);
  return root;
}

function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Where `apt-get` of this machine gets Debian from. */
function mirrors() {
  if (process.env.POSTERN_DEBIAN_MIRROR) return [process.env.POSTERN_DEBIAN_MIRROR];
  const format = "$(REPO_URI) $(ORIGIN) $(LABEL)";
  const list = () => read("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  let listed = list();
  if (listed === undefined) fail(`emscripten: this needs Debian's apt-get and dpkg.\n${OTHERWISE}`);
  if (listed === "" && process.getuid?.() === 0) {
    quietly("emscripten: apt-get update", "apt-get", ["-q", "update"]);
    listed = list();
  }
  const found = listed
    .split("\n")
    .filter((line) => line.endsWith(" Debian Debian"))
    .map((line) => line.split(" ")[0]);
  if (found.length === 0)
    fail(`emscripten: apt knows no archive of Debian's. Run \`sudo apt-get update\` and try again; on a machine that is
not Debian, set POSTERN_DEBIAN_MIRROR to the address of a mirror.\n${OTHERWISE}`);
  return [...new Set(found)];
}

/** apt-get with a configuration of its own: the machine's lists and sources are neither read nor written. */
function aptGet(suite, mirror) {
  const folder = sdk("apt", suite);
  for (const part of ["lists/partial", "cache/archives/partial"])
    mkdirSync(join(folder, part), { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  writeFileSync(join(folder, "sources.list"), `deb ${signed}${mirror} ${suite} main\n`);
  const options = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    // The folders are ours; apt's own user may not reach them.
    "APT::Sandbox::User": "",
  };
  const set = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (...args) => {
    const { status, error, stdout, stderr } = spawnSync("apt-get", ["-q", ...set, ...args], {
      cwd: sdk(),
      encoding: "utf8",
    });
    return { ok: status === 0, output: `${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`.trim() };
  };
}

/** The package of a release, with the bytes that are expected; or why there is none. */
function download(release) {
  const file = sdk(`emscripten_${release.package}_all.deb`);
  const reasons = [];
  if (!existsSync(file)) {
    for (const mirror of mirrors()) {
      say(`emscripten: getting ${release.version} from Debian ${release.suite} (${release.download})`);
      const apt = aptGet(release.suite, mirror);
      const done = ["update", "download"].every((verb) => {
        const { ok, output } = apt(
          verb,
          verb === "update" ? "--error-on=any" : `emscripten=${release.package}`,
        );
        if (!ok) reasons.push(`apt-get ${verb}: ${output}`);
        return ok;
      });
      if (done) break;
    }
  }
  if (!existsSync(file)) return { reason: reasons.join("\n") };
  const found = sha256(file);
  if (found !== release.sha256) {
    rmSync(file);
    fail(`emscripten: the package ${release.package} is not the one that was tried: its sha256 is ${found},
scripts/emscripten.mjs expects ${release.sha256}.
It was removed. If Debian built it anew, look at what changed before the new sum goes into that file.`);
  }
  return { file };
}

/** What Emscripten reads beside its own em++. */
function configure(root, llvm, clang) {
  const settings = {
    LLVM_ROOT: dirname(clang),
    LLVM_ADD_VERSION: llvm,
    CLANG_ADD_VERSION: llvm,
    NODE_JS: at("node_modules", ".bin", "node"),
    // It wants a folder named, and calls nothing in it: we link without its optimizer.
    BINARYEN_ROOT: join(root, "no-binaryen"),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  writeFileSync(join(root, ".emscripten"), lines.join(""));
}

/** A first module, with the options of wasm/CMakeLists.txt: Emscripten compiles the libraries for them, and keeps them. */
function tryOut(folder, root, llvm) {
  say("emscripten: compiling its C and C++ libraries, once (minutes)");
  const source = join(folder, "first.cpp");
  const body = "return std::to_string(n).size();";
  const code = `#include <string>\nextern "C" unsigned first(unsigned n) { ${body} }\n`;
  writeFileSync(source, code);
  const flags = ["-std=c++23", "-Oz", "-flto", "-fno-exceptions", "-fno-rtti", "-Wno-version-check"];
  const sources = [source, at("wasm", "arena.cpp"), at("wasm", "no_imports.cpp")];
  const link = ["-O1", "--no-entry", "-Wl,--export=first", "-Wl,--stack-first"];
  const settings = ["-sSTANDALONE_WASM", "-sWASM_BIGINT", "-sMALLOC=none", "-sALLOW_MEMORY_GROWTH"];
  const args = [...flags, `-I${at()}`, ...sources, "-o", join(folder, "first.wasm"), ...link, ...settings];
  quietly(`emscripten: a first module with clang ${llvm}`, join(root, "em++"), args, {
    env: emscriptenEnv(),
  });
}

/** The environment that em++ runs in: its settings come from the file beside it. */
export function emscriptenEnv() {
  const env = ownNodeEnv();
  if (!process.env.EMSDK) for (const name of Object.keys(env)) if (name.startsWith("EM_")) delete env[name];
  return env;
}

/** Answers the folder that holds em++. */
export function bringEmscripten() {
  if (process.env.EMSDK) return installedRoot(process.env.EMSDK);
  const llvm = llvmVersion();
  if (Number(llvm) < OLDEST_LLVM)
    fail(
      `emscripten: it needs clang ${OLDEST_LLVM} or newer; this machine builds with ${llvm}.\n${OTHERWISE}`,
    );
  const clang = read("which", [`clang++-${llvm}`])?.trim();
  if (!clang) fail(`emscripten: there is no clang++-${llvm}. \`npm run setup\` installs it.`);
  if (read("python3", ["-c", "import sys; assert sys.version_info >= (3, 10)"]) === undefined)
    fail(
      `emscripten: em++ is a Python program and needs python3 3.10 or newer: sudo apt-get install python3`,
    );

  const folderOf = ({ version }) => sdk(version);
  const rootOf = (release) => join(folderOf(release), "usr", "share", "emscripten");
  const stampOf = (release) => join(folderOf(release), ".ready");
  // What it was made of: the project may have moved, clang may be another.
  const wanted = (release) => JSON.stringify([release.sha256, llvm, rootOf(release)]);
  const isReady = (release) =>
    existsSync(stampOf(release)) && readFileSync(stampOf(release), "utf8") === wanted(release);
  const ready = RELEASES.find(isReady);
  if (ready) return rootOf(ready);

  mkdirSync(sdk(), { recursive: true });
  const reasons = [];
  for (const release of RELEASES) {
    const { file, reason } = download(release);
    if (file === undefined) {
      say(`emscripten: no ${release.version} from Debian ${release.suite}`);
      reasons.push(`${release.version} (${release.suite}): ${reason}`);
      continue;
    }
    rmSync(folderOf(release), { recursive: true, force: true });
    quietly(`emscripten: unpacking ${release.package}`, "dpkg-deb", ["-x", file, folderOf(release)]);
    configure(rootOf(release), llvm, clang);
    tryOut(folderOf(release), rootOf(release), llvm);
    writeFileSync(stampOf(release), wanted(release));
    rmSync(file);
    return rootOf(release);
  }
  return fail(`emscripten: Debian's archive gave none of the versions that were tried.

${reasons.join("\n\n")}

Is the network there? If the archive has a newer version, scripts/emscripten.mjs is the place to name it, with its sha256.
${OTHERWISE}`);
}
