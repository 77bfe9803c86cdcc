import { parseNetworks } from './access/networks.ts'

/** How peers are called, as the environment says it. */
export interface OutboundEnvironment {
  HUISBRUG_HTTPS_PROXY?: string
  HUISBRUG_CA_FILE?: string
  HUISBRUG_SERVICE_NETWORKS?: string
}

export const OUTBOUND_SCHEMA = {
  HUISBRUG_HTTPS_PROXY: { type: 'string', pattern: '^https?://([^/?#@\\s]+@)?[^/?#@\\s]+/?$' },
  HUISBRUG_CA_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_SERVICE_NETWORKS: { type: 'string', minLength: 1, maxLength: 1024 },
} as const

/** How peers are called. */
export interface OutboundSettings {
  /** The proxy that every call goes through, with its credentials: never to be logged. */
  proxyUrl: string | undefined
  /** File of certificates that are trusted beside those of Node. */
  caFile: string | undefined
  /** Private networks (CIDR) in which what the settings themselves name may be: never for a party. */
  serviceNetworks: readonly string[]
}

/** @throws Error naming the setting, never its value */
export function outboundOf(env: OutboundEnvironment): OutboundSettings {
  const { HUISBRUG_HTTPS_PROXY: proxyUrl, HUISBRUG_CA_FILE: caFile } = env
  const serviceNetworks = networksOf(env.HUISBRUG_SERVICE_NETWORKS)
  if (proxyUrl === undefined || URL.canParse(proxyUrl)) return { proxyUrl, caFile, serviceNetworks }
  throw new Error('HUISBRUG_HTTPS_PROXY must be the http or https address of a proxy')
}

function networksOf(list: string | undefined): string[] {
  const networks = parseNetworks(list?.split(',') ?? [])
  if (Array.isArray(networks)) return networks
  throw new Error(`HUISBRUG_SERVICE_NETWORKS: ${networks.fault}`)
}
