# The image that the chart runs: Node, the bundled program, nothing else.
#
#   docker build -t outrigger .
#   docker run --rm -v "$PWD/outrigger.yaml:/etc/outrigger.yaml:ro" outrigger check -c /etc/outrigger.yaml
#
# Both base images can be replaced (--build-arg), by a mirror's or by digest. The first needs npm. The second needs
# Node 24, in /usr/local/bin or where distroless images have it, and nothing else: no shell is ever started in it.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUN_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The optional packages are Nodes, which this image has. esbuild's binary is an optional package too, of esbuild itself.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN node scripts/build.ts /build/out \
  && printf '{"name":"outrigger","private":true,"type":"module"}\n' > /build/out/package.json \
  && cp LICENSE /build/out/

FROM ${RUN_IMAGE}
WORKDIR /opt/outrigger
# Owned by root, readable by all: the program cannot change itself, and a read-only root file system is no hindrance.
COPY --from=build /build/out/ ./
# The user of distroless images and of the chart; a number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV PATH=/usr/local/bin:/nodejs/bin:/usr/bin:/bin NODE_ENV=production
# What a sidecar would set by starting a second time; a name server does so to be without (cli/lean-allocator.ts).
ENV MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_TOP_PAD_=0
# Conventional places only, nothing listens until a configuration says so: http, tcp, status, DNS (UDP and TCP; above
# 1024 because 65532 may not bind below). The admin address is loopback and not for publishing.
EXPOSE 8080 15001 15020 5353/udp 5353/tcp
# No HEALTHCHECK: it would start a Node every few seconds. Ask the status address: /live, /ready, /startup.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/outrigger/outrigger.js"]
CMD ["--help"]
