import { closed, count, flag, list, map, matching, oneOf, text } from './closed-schema.ts'

const duration = matching('^[0-9]+(s|m)$')
const size = matching('^[0-9]+(m|g)$')
const image = matching('^[a-z./-]+:[A-Za-z0-9._-]+$')

const service = closed({
  image,
  'build?': closed({ context: text }),
  restart: oneOf('unless-stopped', 'no', 'always', 'on-failure'),
  'stop_grace_period?': duration,
  'env_file?': list(text),
  'environment?': map(text),
  'volumes?': list(matching('^[^:]+:/[^:]+(:ro)?$')),
  // On this machine alone: nothing else may be reachable from outside.
  'ports?': list(matching('^127\\.0\\.0\\.1:[0-9]+:[0-9]+$')),
  networks: list(text),
  'depends_on?': map(
    closed({
      condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
    }),
  ),
  'read_only?': flag,
  'tmpfs?': list(text),
  'cap_drop?': list(text),
  'security_opt?': list(text),
  'ulimits?': map(count),
  'mem_limit?': size,
  'memswap_limit?': size,
  'shm_size?': size,
  'pids_limit?': count,
  'command?': list({ type: 'string' }),
  'healthcheck?': closed({
    test: list(text),
    interval: duration,
    timeout: duration,
    retries: count,
    'start_period?': duration,
  }),
})

const network = closed({
  'internal?': flag,
  'ipam?': closed({ config: list(closed({ subnet: text, gateway: text })) }),
})

/** What deploy/compose.yaml uses of the Compose Specification. */
export const COMPOSE = closed({
  name: matching('^[a-z0-9][a-z0-9_-]*$'),
  services: map(service),
  networks: map(network),
  volumes: map(closed({})),
})
