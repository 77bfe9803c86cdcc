import { compactVerify, createRemoteJWKSet, customFetch, errors } from 'jose'
import type { Queryable } from '../db/pool.ts'
import { Refusal, refuse } from '../errors.ts'
import { parseStrictJson } from '../json.ts'
import type { Logger } from '../log.ts'
import { type Claims, faultsOf } from './check.ts'
import { foreignClaimChecks, foreignHeaderChecks } from './issuer-claims.ts'
import type { TrustedIssuer } from './issuer-settings.ts'
import { parseKbo } from './kbo.ts'
import type { FetchJwks } from './party-keys.ts'

// How long keys count without being fetched again, how often at most for a kid that is not among
// them, and how long an issuer that did not answer is left alone.
const FRESH_MS = 10 * 60_000
const COOLDOWN_MS = 30_000
const AWAY_MS = 10_000

type IssuerKeys = ReturnType<typeof createRemoteJWKSet>

interface Known {
  settings: TrustedIssuer
  keys: Promise<IssuerKeys> | undefined
  awayUntil: number
}

/** The issuers that are trusted beside the gateway itself, with their keys by discovery. */
export class TrustedIssuers {
  readonly #known: ReadonlyMap<string, Known>
  readonly #fetch: FetchJwks
  readonly #log: Logger | undefined
  readonly #cooldownMs: number

  /** @param parts.fetch the guarded client */
  constructor(parts: {
    settings: readonly TrustedIssuer[]
    fetch: FetchJwks
    log?: Logger
    cooldownMs?: number
  }) {
    this.#known = new Map(
      parts.settings.map(one => [one.issuer, { settings: one, keys: undefined, awayUntil: 0 }]),
    )
    this.#fetch = parts.fetch
    this.#log = parts.log
    this.#cooldownMs = parts.cooldownMs ?? COOLDOWN_MS
  }

  /** The settings of an issuer that is trusted. */
  find(iss: unknown): TrustedIssuer | undefined {
    return typeof iss === 'string' ? this.#known.get(iss)?.settings : undefined
  }

  /**
   * Checks a token of a trusted issuer: header, signature, claims.
   * @throws Refusal HB-103, HB-104, HB-125 with every fault, HB-126 where its keys cannot be had
   */
  async verify(
    issuer: TrustedIssuer,
    token: string,
    { header, claims }: { header: Claims; claims: Claims },
    now: Date,
  ): Promise<void> {
    const faults = faultsOf(foreignHeaderChecks(header, issuer), 'HB-125')
    if (faults.length > 0) throw new Refusal(faults)
    if (!(await this.#isSignedBy(issuer, token)))
      throw refuse('HB-125', '', 'RFC 9068 4: signature')
    const wrong = faultsOf(foreignClaimChecks(claims, issuer, now), 'HB-125')
    if (wrong.length > 0) throw new Refusal(wrong)
  }

  async #isSignedBy(issuer: TrustedIssuer, token: string): Promise<boolean> {
    const known = this.#known.get(issuer.issuer)
    if (!known) return false
    const keys = await this.#keysOf(known).catch(() => {
      throw refuse('HB-126', '', 'RFC 8414 3: metadata')
    })
    try {
      await compactVerify(token, keys, { algorithms: [...issuer.algorithms] })
      return true
    } catch (error) {
      if (error instanceof errors.JOSEError && !isAway(error)) return false
      // They may have moved: where none are left to go by, the metadata is read again.
      if (!keys.fresh) known.keys = undefined
      throw refuse('HB-126', '', 'RFC 8414 2: jwks_uri')
    }
  }

  #keysOf(known: Known): Promise<IssuerKeys> {
    known.keys ??= this.#discover(known).catch(error => {
      known.keys = undefined
      throw error
    })
    return known.keys
  }

  // RFC 8414 section 3.1, and where OpenID Connect Discovery puts the same.
  async #discover(known: Known): Promise<IssuerKeys> {
    const { issuer } = known.settings
    const { origin, pathname } = new URL(issuer)
    const path = pathname.replace(/\/$/, '')
    const places = [
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]
    const [first, second] = await Promise.allSettled(
      places.map(place => this.#get(known, place).then(bytes => jwksUriOf(bytes, issuer))),
    )
    const found = [first, second].find(one => one?.status === 'fulfilled')
    if (found?.status !== 'fulfilled') {
      known.awayUntil = Date.now() + AWAY_MS
      this.#log?.warn('a trusted issuer could not be discovered', { host: new URL(issuer).host })
      throw new Error('no metadata')
    }
    return createRemoteJWKSet(found.value, {
      cacheMaxAge: FRESH_MS,
      cooldownDuration: this.#cooldownMs,
      [customFetch]: async url => {
        const bytes = await this.#get(known, url).catch(error => {
          known.awayUntil = Date.now() + AWAY_MS
          throw error
        })
        return new Response(Buffer.from(bytes), { status: 200 })
      },
    })
  }

  async #get(known: Known, url: string): Promise<Uint8Array> {
    if (Date.now() < known.awayUntil) throw new Error('left alone')
    const bytes = await this.#fetch(url)
    return isStrictJson(bytes) ? bytes : Promise.reject(new Error('no JSON, or a name twice'))
  }
}

/**
 * The party that a token of a trusted issuer is for.
 * @returns its id, or undefined where the claim stands for none, or for more than one
 */
export async function partyOf(
  db: Queryable,
  claims: Claims,
  { party }: TrustedIssuer,
): Promise<string | undefined> {
  const value = String(claims[party.claim])
  if (party.parties !== 'kbo') return party.parties.get(value)
  const kbo = parseKbo(value)
  if (kbo === undefined) return undefined
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM party WHERE kbo = $1 AND kind <> 'gateway' LIMIT 2",
    [kbo],
  )
  return rows.length === 1 ? rows[0]?.id : undefined
}

// Two readers of a key set with a name twice need not find the same key.
function isStrictJson(bytes: Uint8Array): boolean {
  try {
    return parseStrictJson(bytes) !== undefined
  } catch {
    return false
  }
}

function jwksUriOf(bytes: Uint8Array, issuer: string): URL {
  const metadata = parseStrictJson(bytes) as Record<string, unknown> | null
  // RFC 8414 3.3: metadata that names another issuer is not of this one.
  if (metadata?.issuer !== issuer) throw new Error('metadata of another issuer')
  return new URL(String(metadata.jwks_uri))
}

/** Whether the fault is that of the key set, and not of the token. */
function isAway(error: errors.JOSEError): boolean {
  const { JWKSInvalid, JWKSTimeout } = errors
  const isBroken = error instanceof JWKSInvalid || error instanceof JWKSTimeout
  return isBroken || error.code === 'ERR_JOSE_GENERIC'
}
