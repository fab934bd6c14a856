# syntax=docker/dockerfile:1

# The SDK and the console.
FROM node:22-bookworm-slim AS web
WORKDIR /src
ENV PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
COPY package.json package-lock.json ./
COPY sdk sdk
COPY web web
COPY examples examples
COPY tests/browser tests/browser
RUN npm ci && npm run build -w sdk/ts && npm run build -w web

# The server, with the console inside.
FROM rust:1.95-bookworm AS server
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p crosspoint \
 && install -D target/release/crosspoint /out/crosspoint

# What runs: the binary, the system's certificate authorities, a user without rights.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin crosspoint \
 && install -d -o crosspoint -g crosspoint -m 0750 /var/lib/crosspoint
COPY --from=server /out/crosspoint /usr/local/bin/crosspoint
USER 10001:10001
# Shows and calls outlast the container here (store.path).
VOLUME /var/lib/crosspoint
EXPOSE 8080/tcp 7881/tcp 7882/udp 3478/tcp 3478/udp 5349/tcp
STOPSIGNAL SIGTERM
ENTRYPOINT ["crosspoint"]
CMD ["serve"]
