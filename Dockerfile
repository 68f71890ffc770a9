# Holdfast's image: the compiled service, its production dependencies and Node, run by a user who is not root.
#
#   docker build -t holdfast .
#   docker run -p 7420:7420 -v holdfast:/data -e HOLDFAST_TOKENS=… --stop-timeout 20 holdfast
#
# HOLDFAST_TOKENS is needed: the service listens on every address of its container, and without tokens it binds
# loopback only. An orderly stop takes up to 15 s (10 s of grace and what follows), so a stop time-out must be longer.
# Your functions go to /app/functions; the folder of the image holds the examples.
#
# scripts/image.sh builds this file without a container engine and tries what it promises.

ARG NODE_IMAGE=node:26-slim

# What is needed to compile is not needed to run: the stages install apart. No install script has anything to do here:
# the native modules come as prebuilt packages, and Node is the base's own.
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY src src
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json packages/client/package.json
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM ${NODE_IMAGE}
# Owned by the user before it becomes a volume: what is changed after VOLUME is lost. By number, so that an
# orchestrator that demands a user who is not root can see that this one is not.
RUN mkdir /data && chown 1000:1000 /data && chmod 700 /data
WORKDIR /app
COPY package.json LICENSE README.md ./
COPY --from=dependencies /app/node_modules node_modules
RUN mkdir -p node_modules/.cache/holdfast && chown 1000:1000 node_modules/.cache/holdfast
COPY --from=build /app/dist dist
COPY openapi openapi
COPY functions functions
COPY bin bin
ENV NODE_ENV=production HOLDFAST_HOST=0.0.0.0 HOLDFAST_PORT=7420 HOLDFAST_DATA_DIR=/data
USER 1000:1000
# What Node compiles for a start is kept in the image: by the user who runs it, as Node keeps it apart for each. It is code,
# and like all other code of the image not that user's to write.
RUN HOLDFAST_HOST=127.0.0.1 HOLDFAST_DATA_DIR=/data/warm timeout --preserve-status 15 node bin/serve.js && rm -rf /data/warm \
  && test -n "$(ls -A node_modules/.cache/holdfast)"
USER root
RUN chown -R root:root node_modules/.cache && chmod -R a+rX,go-w node_modules/.cache
USER 1000:1000
VOLUME /data
EXPOSE 7420
STOPSIGNAL SIGTERM
# Asks the service itself, as there is no curl in the base. It looks at the loopback side of the listening port.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HOLDFAST_PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1: no shell and no npm stand between it and the signals, and its exit code is the container's.
CMD ["node", "bin/serve.js"]
