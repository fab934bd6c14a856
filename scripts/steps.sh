# shellcheck shell=bash
# Sourced by the other scripts: runs steps quietly, one timed line each, and shows a step's output when it fails.
# Logs stay in target/logs.

LOGS=target/logs
STEPS=0
BEGAN=$SECONDS

# step NAME COMMAND...
step() {
  local name=$1 began=$SECONDS log
  shift
  log="$LOGS/${name//[^a-zA-Z0-9]/-}.log"
  mkdir -p "$LOGS"
  printf '%-34s' "$name"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf 'ok %5ds\n' $((SECONDS - began))
    STEPS=$((STEPS + 1))
  else
    local status=$?
    printf 'FAILED after %ds: %s\n\n' $((SECONDS - began)) "$*"
    cat "$log"
    printf '\n%s failed (its output is above and in %s).\n' "$name" "$log" >&2
    exit "$status"
  fi
}

# passed WHAT: the last line.
passed() {
  printf '%s: all %d steps passed in %dm%02ds.\n' "$1" "$STEPS" $(((SECONDS - BEGAN) / 60)) $(((SECONDS - BEGAN) % 60))
}

# Has a workspace package of npm this script?
has_script() {
  [ -f "$1/package.json" ] && node -e 'process.exit(require(process.argv[1]).scripts?.[process.argv[2]] ? 0 : 1)' "$PWD/$1/package.json" "$2"
}
