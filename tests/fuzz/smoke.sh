#!/usr/bin/env bash
# Builds every fuzzer and runs each for some seconds; ends at the first finding.
#   tests/fuzz/smoke.sh [seconds]     6 when absent; findings go to build/fuzz/findings
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds="${1:-6}"
llvm="${LLVM:-$(node -p 'JSON.parse(require("fs").readFileSync("build/toolchain.json")).llvm' 2>/dev/null || echo 22)}"

cmake --preset asan "-DPOSTERN_LLVM_VERSION=$llvm" > /dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/findings

for fuzzer in build/asan/tests/fuzz/*_fuzz; do
  name="$(basename "$fuzzer")"
  corpus="build/fuzz/corpus/$name"
  mkdir -p "$corpus"
  seeds=()
  # What was found once stays found: checked-in inputs come first.
  if [ -d "tests/fuzz/seeds/$name" ]; then seeds=("tests/fuzz/seeds/$name"); fi
  echo "$name, $seconds s"
  ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=0 -verbosity=0 -artifact_prefix="build/fuzz/findings/$name-" "$corpus" "${seeds[@]}"
done
