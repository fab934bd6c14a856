# shellcheck shell=bash
# Sourced by the other scripts: runs steps quietly, one timed line each, and shows a step's output when it fails.
# Logs stay in target/logs.

LOGS=target/logs
STEPS=0
BEGAN=$SECONDS

# What is off by default. Tests, lints and documents have it on; without it the crates are looked at once more.
FEATURES=crosspoint/acme,crosspoint/otlp

# Shows that a long step is alive: every 30 seconds a line with the time and, for cargo, how many crates are compiled. Never
# quicker, so that the log of a build machine stays short.
EVERY=30

# alive LOG BEGAN: until it is ended.
alive() {
  local log=$1 began=$2 crates
  # The last sleep outlives the step: it must not keep the output open that others wait for the end of.
  while sleep "$EVERY" >/dev/null 2>&1; do
    crates=$(grep -c '^ *Compiling ' "$log" || true)
    if [ "$crates" -gt 0 ]; then
      printf '\n  … %ds, %d crates so far' $((SECONDS - began)) "$crates"
    else
      printf '\n  … %ds' $((SECONDS - began))
    fi
  done
}

# step NAME COMMAND...
step() {
  local name=$1 began=$SECONDS log
  shift
  log="$LOGS/${name//[^a-zA-Z0-9]/-}.log"
  mkdir -p "$LOGS"
  printf '%-34s' "$name"
  : >"$log"
  alive "$log" "$began" &
  local watcher=$! status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  [ $((SECONDS - began)) -lt "$EVERY" ] || printf '\n%-34s' "$name"
  if [ "$status" -eq 0 ]; then
    printf 'ok %5ds\n' $((SECONDS - began))
    STEPS=$((STEPS + 1))
  else
    printf 'FAILED after %ds: %s\n\n' $((SECONDS - began)) "$*"
    cat "$log"
    printf '\n%s failed (its output is above and in %s).\n' "$name" "$log" >&2
    exit "$status"
  fi
}

lints() {
  step "lints" cargo clippy --workspace --all-targets --features $FEATURES --locked -- -D warnings
  step "lints without features" cargo clippy --workspace --locked -- -D warnings
}

# passed WHAT: the last line.
passed() {
  printf '%s: all %d steps passed in %dm%02ds.\n' "$1" "$STEPS" $(((SECONDS - BEGAN) / 60)) $(((SECONDS - BEGAN) % 60))
}

# Has a workspace package of npm this script?
has_script() {
  [ -f "$1/package.json" ] && node -e 'process.exit(require(process.argv[1]).scripts?.[process.argv[2]] ? 0 : 1)' "$PWD/$1/package.json" "$2"
}
