#!/usr/bin/env bash
# Runs each fuzzer for long and prints a line of docs/fuzzing.md for each: npm run fuzz [seconds] [name]...
# Corpora grow in build/fuzz/corpus from run to run; findings go to build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds="${1:-1200}"
if [ $# -gt 0 ]; then shift; fi
llvm="${LLVM:-$(node -p 'JSON.parse(require("fs").readFileSync("build/toolchain.json")).llvm' 2>/dev/null || echo 22)}"

cmake --preset asan "-DPOSTERN_LLVM_VERSION=$llvm" > /dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/findings build/fuzz/logs
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for fuzzer in build/asan/tests/fuzz/*_fuzz; do names+=("$(basename "$fuzzer" _fuzz)"); done
fi

failed=0
for name in "${names[@]}"; do
  corpus="build/fuzz/corpus/${name}_fuzz"
  log="build/fuzz/logs/$name.log"
  mkdir -p "$corpus"
  seeds=()
  if [ -d "tests/fuzz/seeds/${name}_fuzz" ]; then seeds=("tests/fuzz/seeds/${name}_fuzz"); fi
  found=none
  ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" "build/asan/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" \
    "$corpus" "${seeds[@]}" > "$log" 2>&1 || { found="**see $log**"; failed=1; }
  awk -v name="$name" -v found="$found" '
    /cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corp = $(i + 1) } }
    /^Done / { seconds = $5 }
    /stat::number_of_executed_units/ { executions = $2 }
    END { sub("/.*", "", corp); printf "| %s | %s | %s | %s | %s | %s |\n", name, seconds, executions, cov, corp, found }' "$log"
done
exit "$failed"
