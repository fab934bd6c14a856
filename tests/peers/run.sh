#!/usr/bin/env bash
# Talks to software that we did not write: aiortc, GStreamer, LiveKit's token minter, a bot in Python, pipecat, Twilio's npm package and coturn's client. Sets up what is missing (a Python
# environment and npm packages below target/peers; Debian packages as root, saying which and why), starts a server on free
# ports of the loopback interface and runs every peer against it. The last line counts: "N passed, N failed".
#
#   tests/peers/run.sh            everything, with one worker and with two
#   tests/peers/run.sh aiortc     one of: aiortc, gstreamer, tokens, bots, phones, coturn
#
# The server is $CROSSPOINT_BIN, $SERVER_UNDER_TEST or target/debug/crosspoint.
set -euo pipefail
cd "$(dirname "$0")"
ROOT=$(cd ../.. && pwd)
STATE=$ROOT/target/peers
mkdir -p "$STATE"

SERVER=${CROSSPOINT_BIN:-${SERVER_UNDER_TEST:-$ROOT/target/debug/crosspoint}}
# Not for the server, to which every CROSSPOINT_… is a setting.
unset CROSSPOINT_BIN
[ -x "$SERVER" ] || { echo "no server at $SERVER: build it with \`cargo build -p crosspoint\`" >&2; exit 1; }

# What the peers need of Debian, and why.
GST_PACKAGES=(gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice
  python3-gst-1.0 gir1.2-gst-plugins-bad-1.0)

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_gstreamer() {
  local missing=() as_root=()
  for package in "${GST_PACKAGES[@]}"; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "peers: installing ${missing[*]}: GStreamer's webrtcbin is one of the players"
  { "${as_root[@]}" apt-get update -q && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q \
    --no-install-recommends "${missing[@]}"; } >"$STATE/apt.log" 2>&1 || { tail -n 20 "$STATE/apt.log" >&2; exit 1; }
}

install_coturn() {
  local as_root=()
  command -v turnutils_uclient >/dev/null && return
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "peers: installing coturn: its client tries our TURN server (coturn's own service stays off)"
  if command -v systemctl >/dev/null; then "${as_root[@]}" systemctl mask coturn >/dev/null 2>&1 || true; fi
  { "${as_root[@]}" apt-get update -q && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q \
    --no-install-recommends coturn; } >"$STATE/apt.log" 2>&1 || { tail -n 20 "$STATE/apt.log" >&2; exit 1; }
}

# install_venv NAME REQUIREMENTS: a Python environment below target/peers.
install_venv() {
  local venv=$STATE/$1 requirements=$2
  if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    echo "peers: installing $(grep -v '^#' "$requirements" | tr '\n' ' ')from PyPI into target/peers/$1"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$requirements" >"$STATE/pip.log" 2>&1 ||
      { tail -n 20 "$STATE/pip.log" >&2; exit 1; }
    cp "$requirements" "$venv/requirements.txt"
  fi
}

install_python() { install_venv venv requirements.txt; }

# install_node FOLDER PACKAGE
install_node() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.package-lock.stamp"; then
    echo "peers: installing $2 from npm into tests/peers/$1"
    (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts --no-workspaces >"$STATE/npm.log" 2>&1) ||
      { tail -n 20 "$STATE/npm.log" >&2; exit 1; }
    cp "$1/package-lock.json" "$1/node_modules/.package-lock.stamp"
  fi
}

free_ports() {
  python3 - <<'PY'
import socket
def bind(kind, port=0):
    one = socket.socket(socket.AF_INET, kind)
    one.bind(("127.0.0.1", port))
    return one
tcp = [bind(socket.SOCK_STREAM) for _ in range(2)]
while True:
    first = bind(socket.SOCK_DGRAM)
    try:
        second = bind(socket.SOCK_DGRAM, first.getsockname()[1] + 1)
        break
    except OSError:
        pass
ports = [one.getsockname()[1] for one in (*tcp, first)]
for one in (*tcp, first, second):
    one.close()
print(*ports)
PY
}

PID=
stop_server() {
  if [ -n "$PID" ]; then
    kill -9 "$PID" 2>/dev/null || true
    wait "$PID" 2>/dev/null || true
  fi
  PID=
}
trap stop_server EXIT

# start_server WORKERS
start_server() {
  # A port that was free may be taken meanwhile: try again then.
  for _ in 1 2 3; do
    read -r HTTP TCP UDP < <(free_ports)
    export PEER_URL="http://127.0.0.1:$HTTP"
    "$SERVER" serve --dev --log.level "${SERVER_LOG:-info}" --http.bind "127.0.0.1:$HTTP" --media.tcp_port "$TCP" --media.udp_port "$UDP" \
      --turn.port 0 \
      --media.workers "$1" >"$STATE/server.log" 2>&1 &
    PID=$!
    for _ in $(seq 200); do
      curl -fs "$PEER_URL/readyz" >/dev/null 2>&1 && return
      kill -0 "$PID" 2>/dev/null || break
      sleep 0.05
    done
    stop_server
  done
  cat "$STATE/server.log" >&2
  echo "the server did not get ready" >&2
  exit 1
}

PASSED=0
FAILED=0
# check NAME COMMAND...
check() {
  local name=$1 log=$STATE/peer.log
  shift
  if timeout 180 "$@" >"$log" 2>&1 </dev/null; then
    PASSED=$((PASSED + 1))
    echo "ok $((PASSED + FAILED)) - $name"
  else
    FAILED=$((FAILED + 1))
    echo "not ok $((PASSED + FAILED)) - $name"
    sed 's/^/# /' "$log"
    tail -n 30 "$STATE/server.log" | sed 's/^/# server: /'
  fi
}

mint() { "$SERVER" token create --dev --room "$1" --identity "$2"; }

run_aiortc() {
  local python=$STATE/venv/bin/python
  check "aiortc publishes over WHIP and another aiortc views it over WHEP ($1)" \
    env PUBLISH="$(mint aiortc camera)" VIEW="$(mint aiortc viewer)" "$python" aiortc_whip_whep.py aiortc
}

run_gstreamer() {
  check "GStreamer's webrtcbin views over WHEP what aiortc publishes over WHIP ($1)" \
    env PUBLISH="$(mint gstreamer camera)" VIEW="$(mint gstreamer viewer)" ./gstreamer_views.sh "$STATE/venv/bin/python"
}

run_tokens() {
  check "tokens minted by livekit-server-sdk are accepted, and those with another secret are not ($1)" \
    node --test tokens/tokens.test.js
}

run_bots() {
  check "the example bot of /ws/audio says again what it heard ($1)" \
    env BOT="$(mint bots echo)" SPEAKER="$(mint bots speaker)" "$STATE/venv/bin/python" audio_bots.py bots
}

run_phones() {
  local company=$PEER_URL/api/phone/simulator account=AC00000000000000000000000000000000
  check "Twilio's npm package takes our documents and signatures for its own ($1)" \
    env PEER_COMPANY="$company" PEER_ACCOUNT=$account PEER_TOKEN=simulated node --test phone/twilio_vectors.test.js
  check "pipecat's serializer for Twilio answers a call of the simulated telephone company ($1)" \
    env PEER_URL="$company" PEER_ACCOUNT=$account PEER_TOKEN=simulated "$STATE/phone-venv/bin/python" phone/pipecat_echo.py
}

run_coturn() {
  read -r http turn media < <(free_ports)
  check "coturn's client relays through our TURN server over UDP, TCP and TLS ($1)" \
    ./coturn.sh "$SERVER" "${1%% *}" "$http" "$turn" "$media"
}

WANTED=("${@:-aiortc gstreamer tokens bots phones coturn}")
read -ra WANTED <<<"${WANTED[*]}"
for peer in "${WANTED[@]}"; do
  case $peer in
  aiortc | bots) install_python ;;
  gstreamer) install_python && install_gstreamer ;;
  tokens) install_node tokens livekit-server-sdk ;;
  phones) install_venv phone-venv phone/requirements.txt && install_node phone twilio ;;
  coturn) install_coturn ;;
  *) echo "no such peer: $peer" >&2 && exit 2 ;;
  esac
done
for workers in 1 2; do
  start_server $workers
  for peer in "${WANTED[@]}"; do
    "run_$peer" "$workers worker$([ $workers = 1 ] || echo s)"
  done
  stop_server
done
echo "$PASSED passed, $FAILED failed"
[ $FAILED -eq 0 ]
