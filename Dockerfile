# The gateway as an image, built from the sources: docker build -t huisbrug:0.1.0 .
# What it does not hold: what only developing needs, an embedded database, a setting, a secret.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Not "npm ci": it takes packages for other platforms, which the lock leaves out, for a fault. This keeps
# to the versions and digests of the lock as well.
RUN npm install --ignore-scripts --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY schemas schemas/
COPY protocols protocols/
COPY docs/api docs/api/
COPY src src/
RUN node scripts/build.ts
COPY LICENSE CHANGELOG.md ./
COPY bin/huisbrug.mjs bin/start.mjs bin/
# Whatever the umask of who checked out: everybody may read the program, and only its user the data folder.
RUN mkdir app && mv dist app/ && cp -R bin LICENSE CHANGELOG.md package.json app/ && chmod -R u=rwX,go=rX app
RUN mkdir -p folders/protocols && mkdir -m 700 folders/data

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm install --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Huisbrug" \
      org.opencontainers.image.description="Gateway for lawful, provable data exchange between Flemish housing companies and VDAB" \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="0.1.0"
# Nothing is installed from here on, nor by who gets in.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
WORKDIR /app
COPY --from=packages /packages/node_modules node_modules/
COPY --from=build /build/app/ ./
COPY --from=build --chown=10001:10001 /build/folders/ /
ENV NODE_ENV=production \
    HUISBRUG_HOST=0.0.0.0 \
    HUISBRUG_HEALTH_PORT=8081 \
    HUISBRUG_DATA_DIR=/data \
    HUISBRUG_PROTOCOLS_DIR=/protocols
USER 10001:10001
EXPOSE 8080 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HUISBRUG_HEALTH_PORT}/health/live`).then(it => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/huisbrug.mjs"]
CMD ["serve"]
