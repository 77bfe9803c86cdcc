import { parseStrictJson } from '../json.ts'
import type { Logger } from '../log.ts'
import {
  type EncryptionKey,
  importEncryptionKeys,
  importKeys,
  JwksError,
  type PublicJwks,
  type PublicKey,
  parsePublicJwks,
} from './public-jwks.ts'

// How long a fetched set is trusted, how often at most it is fetched again for a kid that it does
// not have, and how long it may serve on when its address does not answer.
const FRESH_MS = 10 * 60_000
const RETRY_MS = 30_000
const STALE_MS = 60 * 60_000

/** Fetches the bytes of a key set; must be the guarded client, for the address is a peer's. */
export type FetchJwks = (url: string, networks?: readonly string[]) => Promise<Uint8Array>

/** Where a party's keys come from: a stored set or an address, exactly one of them. */
export interface KeySource {
  id: string
  jwks: PublicJwks | undefined
  jwksUrl: string | undefined
  /** Private networks in which the address may be. */
  networks?: readonly string[]
  /** Since when nothing is fetched for it any more. */
  disabledAt?: Date | undefined
}

/** What a set holds, apart by what it is for: no key can be taken for one of the other kind. */
interface Keys {
  signing: PublicKey[]
  encryption: EncryptionKey[]
}

const NO_KEYS: Keys = { signing: [], encryption: [] }

interface Fetched {
  keys: Keys
  fetchedAt: number
  triedAt: number
  pending: Promise<void> | undefined
}

/** The public keys of parties, stored or fetched. */
export class PartyKeys {
  readonly #fetch: FetchJwks
  readonly #log: Logger
  readonly #now: () => Date
  readonly #fetched = new Map<string, Fetched>()
  readonly #stored = new Map<string, { text: string; keys: Keys }>()

  constructor(parts: { fetchJwks: FetchJwks; log: Logger; now: () => Date }) {
    this.#fetch = parts.fetchJwks
    this.#log = parts.log
    this.#now = parts.now
  }

  /** The party's signing key of that id, or undefined where it has none now. */
  async find(party: KeySource, kid: string): Promise<PublicKey | undefined> {
    const { signing } = await this.#keysFor(party, kid)
    return signing.find(key => key.kid === kid)
  }

  /** The signing keys that count now. */
  async list(party: KeySource): Promise<PublicKey[]> {
    return (await this.#keysFor(party, undefined)).signing
  }

  /**
   * The encryption keys that count now, the one to seal for first: the first of the set that is not
   * on its way out, or else the one that stays longest.
   */
  async listEncryption(party: KeySource): Promise<EncryptionKey[]> {
    const { encryption } = await this.#keysFor(party, undefined)
    return encryption.toSorted((one, other) => endOf(other) - endOf(one))
  }

  /**
   * Fetches and checks the set at an address, without keeping it.
   * @throws JwksError, or the error of the fetch
   */
  async probe(url: string, networks?: readonly string[]): Promise<void> {
    await this.#read(url, networks)
  }

  async #read(url: string, networks: readonly string[] | undefined): Promise<Keys> {
    const bytes = await this.#fetch(url, networks)
    return toKeys(await parsePublicJwks(parseJson(bytes)))
  }

  async #keysFor(party: KeySource, kid: string | undefined): Promise<Keys> {
    const now = this.#now().getTime()
    const keys = party.jwksUrl
      ? await this.#fetchedKeys(party, party.jwksUrl, kid, now)
      : this.#storedKeys(party)
    const counts = ({ until }: { until: Date | undefined }) => !until || until.getTime() > now
    return { signing: keys.signing.filter(counts), encryption: keys.encryption.filter(counts) }
  }

  // Imported once: importing takes as long as verifying, and would show who is registered.
  #storedKeys(party: KeySource): Keys {
    const text = JSON.stringify(party.jwks)
    const known = this.#stored.get(party.id)
    if (known?.text === text) return known.keys
    const keys = toKeys(party.jwks ?? { keys: [] })
    this.#stored.set(party.id, { text, keys })
    return keys
  }

  async #fetchedKeys(
    party: KeySource,
    url: string,
    kid: string | undefined,
    now: number,
  ): Promise<Keys> {
    const id = `${party.id} ${url}`
    const entry = this.#fetched.get(id) ?? {
      keys: NO_KEYS,
      fetchedAt: -Infinity,
      triedAt: -Infinity,
      pending: undefined,
    }
    this.#fetched.set(id, entry)
    const wanting = kid !== undefined && !entry.keys.signing.some(key => key.kid === kid)
    const asked =
      !party.disabledAt &&
      (wanting || now - entry.fetchedAt >= FRESH_MS) &&
      now - entry.triedAt >= RETRY_MS
    if (asked && !entry.pending) entry.pending = this.#refresh(entry, party, url, now)
    if (wanting || now - entry.fetchedAt >= FRESH_MS) await entry.pending
    return now - entry.fetchedAt < STALE_MS ? entry.keys : NO_KEYS
  }

  async #refresh(entry: Fetched, party: KeySource, url: string, now: number): Promise<void> {
    entry.triedAt = now
    try {
      entry.keys = await this.#read(url, party.networks)
      entry.fetchedAt = now
    } catch (error) {
      const reason = error instanceof JwksError ? error.code : 'unreachable'
      this.#log.warn('the keys of a party could not be fetched', { party: party.id, reason })
    } finally {
      entry.pending = undefined
    }
  }
}

function toKeys(jwks: PublicJwks): Keys {
  return { signing: importKeys(jwks), encryption: importEncryptionKeys(jwks) }
}

function endOf({ until }: EncryptionKey): number {
  return until?.getTime() ?? Number.MAX_VALUE
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes)
  } catch {
    throw new JwksError('shape', 'the key set is not JSON, or has a name twice')
  }
}
