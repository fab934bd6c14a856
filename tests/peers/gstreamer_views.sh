#!/usr/bin/env bash
# aiortc publishes, GStreamer views. gstreamer_views.sh PYTHON-WITH-AIORTC; Debian's own Python has GStreamer.
set -euo pipefail
cd "$(dirname "$0")"
# GStreamer makes itself an RSA certificate, which this server's DTLS does not take: an ECDSA one is put in its place.
PEM=$(mktemp)
trap 'rm -f "$PEM"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=viewer -days 2 \
  -keyout "$PEM.key" -out "$PEM" 2>/dev/null
cat "$PEM.key" >>"$PEM"
rm "$PEM.key"
# The publisher goes when its standard input ends, and that is with this script.
coproc PUBLISHER { "$1" aiortc_publish.py gstreamer; }
read -r -t 30 line <&"${PUBLISHER[0]}"
[ "$line" = publishing ]
PEM=$PEM /usr/bin/python3 gstreamer_whep.py gstreamer
