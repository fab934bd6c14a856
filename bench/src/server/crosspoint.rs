//! Our own server, with keys and an advertised address instead of `--dev`, which stays on loopback.
