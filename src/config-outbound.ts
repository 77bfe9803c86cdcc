/** How peers are called, as the environment says it. */
export interface OutboundEnvironment {
  HUISBRUG_HTTPS_PROXY?: string
  HUISBRUG_CA_FILE?: string
}

export const OUTBOUND_SCHEMA = {
  HUISBRUG_HTTPS_PROXY: { type: 'string', pattern: '^https?://([^/?#@\\s]+@)?[^/?#@\\s]+/?$' },
  HUISBRUG_CA_FILE: { type: 'string', minLength: 1 },
} as const

/** How peers are called. */
export interface OutboundSettings {
  /** The proxy that every call goes through, with its credentials: never to be logged. */
  proxyUrl: string | undefined
  /** File of certificates that are trusted beside those of Node. */
  caFile: string | undefined
}

/** @throws Error naming the setting, never its value */
export function outboundOf(env: OutboundEnvironment): OutboundSettings {
  const { HUISBRUG_HTTPS_PROXY: proxyUrl, HUISBRUG_CA_FILE: caFile } = env
  if (proxyUrl === undefined || URL.canParse(proxyUrl)) return { proxyUrl, caFile }
  throw new Error('HUISBRUG_HTTPS_PROXY must be the http or https address of a proxy')
}
