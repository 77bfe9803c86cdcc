import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Config } from '../config.ts'
import { ALL_OPERATIONS } from './operations.ts'
import { assertAllowedUrl } from './peer-url.ts'

/** What may be named in a setting; RS256 only there, for issuers that sign with nothing else. */
export const ISSUER_ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'] as const
const USUAL_ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256'] as const
const SETTING = 'HUISBRUG_TRUSTED_ISSUERS'

/** An issuer of access tokens that this gateway takes beside its own. */
export interface TrustedIssuer {
  /** Its identifier (RFC 8414 section 2): the `iss` of its tokens, and where its metadata is. */
  issuer: string
  /** What `aud` has to name. */
  audience: string
  algorithms: readonly string[]
  /** The claim that says who it is, and what its value is: an enterprise number, or one of these. */
  party: { claim: string; parties: ReadonlyMap<string, string> | 'kbo' }
  /** The claim with scopes, and which operations each opens; without that they are their names. */
  scope: { claim: string; operations: ReadonlyMap<string, readonly string[]> | undefined }
  /** Longest time until its end that a token may have, in seconds. */
  maxSeconds: number
}

interface Stated {
  issuer: string
  audience?: string
  algorithms?: string[]
  party: { claim: string; values?: Record<string, string>; kbo?: true }
  scope?: { claim?: string; values?: Record<string, string[]> }
  maxSeconds?: number
}

const TEXT = { type: 'string', minLength: 1, maxLength: 512 } as const
const object = (required: string[], properties: object, more: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
  ...more,
})
const map = (values: object) => ({ type: 'object', minProperties: 1, additionalProperties: values })

const isStated = new Ajv2020({ allErrors: true }).compile<Stated[]>({
  type: 'array',
  maxItems: 16,
  items: object(['issuer', 'party'], {
    issuer: TEXT,
    audience: TEXT,
    algorithms: { type: 'array', minItems: 1, items: { enum: ISSUER_ALGORITHMS } },
    party: object(
      ['claim'],
      { claim: TEXT, values: map(TEXT), kbo: { const: true } },
      { oneOf: [{ required: ['values'] }, { required: ['kbo'] }] },
    ),
    scope: object([], {
      claim: TEXT,
      values: map({ type: 'array', items: { enum: ALL_OPERATIONS } }),
    }),
    maxSeconds: { type: 'integer', minimum: 60, maximum: 86_400 },
  }),
})

type Networks = { outbound?: Pick<Config['outbound'], 'serviceNetworks'> }

/**
 * The issuers of HUISBRUG_TRUSTED_ISSUERS: a JSON list, or the path of a file that holds one; none where
 * there is no such setting.
 * @throws Error naming the setting, the place in it and the rule
 */
export function readTrustedIssuers(
  config: Pick<Config, 'trustedIssuers' | 'publicUrl' | 'allowLoopback'> & Networks,
): TrustedIssuer[] {
  if (config.trustedIssuers === undefined) return []
  const stated = parse(config.trustedIssuers)
  const issuers = stated.map((one, i) => {
    assertAddress(one.issuer, `${SETTING}: /${i}/issuer`, config)
    return toIssuer(one, config.publicUrl)
  })
  if (new Set(issuers.map(one => one.issuer)).size < issuers.length)
    throw new Error(`${SETTING} names one issuer twice`)
  return issuers
}

function toIssuer(stated: Stated, publicUrl: string): TrustedIssuer {
  const { issuer, audience = publicUrl, algorithms = USUAL_ALGORITHMS, party, scope } = stated
  const { claim = 'scope', values } = scope ?? {}
  return {
    issuer,
    audience,
    algorithms,
    party: {
      claim: party.claim,
      parties: party.values ? new Map(Object.entries(party.values)) : 'kbo',
    },
    scope: { claim, operations: values && new Map(Object.entries(values)) },
    maxSeconds: stated.maxSeconds ?? 3_600,
  }
}

function assertAddress(
  issuer: string,
  place: string,
  { publicUrl, allowLoopback, outbound }: Pick<Config, 'publicUrl' | 'allowLoopback'> & Networks,
): void {
  if (issuer === publicUrl) throw new Error(`${place} is this gateway itself`)
  try {
    const networks = outbound?.serviceNetworks
    if (!assertAllowedUrl(issuer, { allowLoopback, networks }).search) return
  } catch {
    // Falls through: the one message for all that it may not be.
  }
  throw new Error(
    `${place} must be an https address that is publicly reachable or in a network of HUISBRUG_SERVICE_NETWORKS, without query`,
  )
}

function parse(text: string): Stated[] {
  const stated = parseJson(text.trimStart().startsWith('[') ? text : readText(text))
  if (isStated(stated)) return stated
  const [first] = isStated.errors ?? []
  throw new Error(`${SETTING}: ${first?.instancePath || '/'} ${first?.message}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Error(`${SETTING}: the file cannot be read`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${SETTING} is not JSON`)
  }
}
