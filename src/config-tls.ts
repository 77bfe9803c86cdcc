export interface TlsEnvironment {
  HUISBRUG_PORT: number
  HUISBRUG_PUBLIC_URL?: string
  HUISBRUG_TLS_CERT_FILE?: string
  HUISBRUG_TLS_KEY_FILE?: string
  HUISBRUG_TLS_CLIENT_CA_FILE?: string
  HUISBRUG_ALLOW_LOOPBACK: boolean
  HUISBRUG_HEALTH_PORT?: number
}

/** The settings about what is listened on and TLS, as they are in the environment. */
export const TLS_SCHEMA = {
  HUISBRUG_HEALTH_PORT: { type: 'integer', minimum: 0, maximum: 65535 },
  HUISBRUG_TLS_CERT_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_TLS_KEY_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_TLS_CLIENT_CA_FILE: { type: 'string', minLength: 1 },
} as const

/** Files (PEM) that the gateway's own TLS is made of; they are read again when they change. */
export interface TlsSettings {
  certFile: string
  keyFile: string
  /** Who signs certificates of callers; absent: none is asked for. */
  clientCaFile: string | undefined
}

/**
 * The settings about TLS; undefined where a proxy ends it. Pure.
 * @throws Error naming the setting and the rule it breaks
 */
export function tlsOf(env: TlsEnvironment): TlsSettings | undefined {
  const certFile = env.HUISBRUG_TLS_CERT_FILE
  const keyFile = env.HUISBRUG_TLS_KEY_FILE
  const clientCaFile = env.HUISBRUG_TLS_CLIENT_CA_FILE
  if (certFile && keyFile) return { certFile, keyFile, clientCaFile }
  if (!certFile && !keyFile && !clientCaFile) return undefined
  throw new Error(
    'HUISBRUG_TLS_CERT_FILE and HUISBRUG_TLS_KEY_FILE belong together, and to any other',
  )
}

const LOCAL_HOST = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * How parties reach the gateway, without a slash at the end. Tokens and person-bearing bodies go there:
 * https, but on this machine.
 * @throws Error naming the setting and the rule it breaks
 */
export function publicUrlOf(env: TlsEnvironment): string {
  const scheme = tlsOf(env) ? 'https' : 'http'
  const text = env.HUISBRUG_PUBLIC_URL ?? `${scheme}://localhost:${env.HUISBRUG_PORT}`
  if (!URL.canParse(text)) throw new Error('HUISBRUG_PUBLIC_URL must be an address')
  const { protocol, hostname } = new URL(text)
  if (protocol === 'http:' && scheme === 'https')
    throw new Error('HUISBRUG_PUBLIC_URL must be https where HUISBRUG_TLS_CERT_FILE is set')
  if (protocol === 'http:' && !LOCAL_HOST.test(hostname))
    throw new Error('HUISBRUG_PUBLIC_URL must be https, unless it is this machine itself')
  return text.replace(/\/+$/, '')
}
