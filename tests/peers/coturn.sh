#!/usr/bin/env bash
# coturn's own client against our TURN server: over UDP, TCP and TLS, on ports of its own and on that of HTTPS, by channels and by
# indications, with static and with time-limited credentials. A server of its own, since it needs a certificate.
#
#   tests/peers/coturn.sh SERVER WORKERS HTTP_PORT TURN_PORT MEDIA_PORT
set -euo pipefail
SERVER=$1 WORKERS=$2 HTTP=$3 TURN=$4 MEDIA=$5
FOLDER=$(mktemp -d)
PIDS=()
end() {
  for pid in "${PIDS[@]}"; do kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$FOLDER"
}
trap end EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -keyout "$FOLDER/key.pem" -out "$FOLDER/cert.pem" 2>/dev/null
"$SERVER" serve --dev --media.workers "$WORKERS" --http.bind "127.0.0.1:$HTTP" --media.udp_port "$MEDIA" --media.tcp_port 0 \
  --http.tls_cert "$FOLDER/cert.pem" --http.tls_key "$FOLDER/key.pem" --turn.port "$TURN" --turn.tls_port 0 \
  --turn.realm example.org --turn.secret north --turn.static_users "ann: secret" --turn.allocations_per_user 1000 \
  --turn.user_bitrate none --turn.allowed_peers 127.0.0.1 >"$FOLDER/server.log" 2>&1 &
PIDS+=($!)
# HTTPS has the number for TCP, the peer for UDP.
turnutils_peer -L 127.0.0.1 -p "$HTTP" >"$FOLDER/peer.log" 2>&1 &
PIDS+=($!)
for _ in $(seq 200); do
  curl -fsk "https://127.0.0.1:$HTTP/readyz" >/dev/null && break
  sleep 0.05
done

FAILED=0
# try NAME ARGUMENTS…: nothing may get lost. Over TLS the client begins with versions that are out of use, and tries on.
try() {
  local name=$1 said
  shift
  said=$(timeout 60 turnutils_uclient -c -n 30 -m 4 -e 127.0.0.1 -r "$HTTP" "$@" 127.0.0.1 2>&1 || true)
  if grep -q 'Total lost packets 0 ' <<<"$said"; then
    echo "$name: nothing lost"
  else
    echo "$name: FAILED"
    tail -n 15 <<<"$said"
    FAILED=1
  fi
}
STATIC=(-u ann -w secret)
try "UDP, channels" -p "$TURN" "${STATIC[@]}"
try "UDP, indications" -s -p "$TURN" "${STATIC[@]}"
try "UDP, a time-limited credential" -p "$TURN" -W north
try "UDP, from client to client" -y -p "$TURN" "${STATIC[@]}"
try "UDP, with more requests than are needed" -g -G -D -p "$TURN" "${STATIC[@]}"
try "TCP" -t -p "$TURN" "${STATIC[@]}"
try "TLS on the TURN port" -t -S -p "$TURN" "${STATIC[@]}"
try "TLS on the port of HTTPS" -t -S -p "$HTTP" -W north
try "TCP on the port of HTTPS" -t -p "$HTTP" -W north
curl -fsk "https://127.0.0.1:$HTTP/healthz" >/dev/null || { echo "HTTPS does not answer on its port"; FAILED=1; }
[ "$FAILED" = 0 ] || tail -n 20 "$FOLDER/server.log"
exit "$FAILED"
