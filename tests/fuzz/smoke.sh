#!/usr/bin/env bash
# Builds every fuzzer and runs each for some seconds, two at a time; ends at the first finding.
#   tests/fuzz/smoke.sh [seconds]     6 when absent; findings go to build/fuzz/findings
set -euo pipefail
cd "$(dirname "$0")/../.."
export SECONDS_EACH="${1:-6}"
llvm="${LLVM:-$(node -p 'JSON.parse(require("fs").readFileSync("build/toolchain.json")).llvm' 2>/dev/null || echo 22)}"

cmake --preset asan "-DPOSTERN_LLVM_VERSION=$llvm" > /dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/findings build/fuzz/logs

smoke() {
  name="$(basename "$1")"
  corpus="build/fuzz/corpus/$name"
  log="build/fuzz/logs/$name.smoke.log"
  mkdir -p "$corpus"
  seeds=()
  # What was found once stays found: checked-in inputs come first.
  if [ -d "tests/fuzz/seeds/$name" ]; then seeds=("tests/fuzz/seeds/$name"); fi
  if ! ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" "$1" -max_total_time="$SECONDS_EACH" -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 -artifact_prefix="build/fuzz/findings/$name-" \
    "$corpus" "${seeds[@]}" > "$log" 2>&1; then
    echo "$name: a finding"
    cat "$log"
    return 255 # xargs starts no other
  fi
  echo "$name, $SECONDS_EACH s"
}
export -f smoke
printf '%s\n' build/asan/tests/fuzz/*_fuzz | xargs -P 2 -I{} bash -c 'smoke {}'
