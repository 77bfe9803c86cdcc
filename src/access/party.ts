import { recordEntry } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Logger } from '../log.ts'
import {
  type CheckedDraft,
  checkDraft,
  checkKeySource,
  checkRetries,
  PARTY_ID,
} from './party-draft.ts'
import { type FetchJwks, PartyKeys } from './party-keys.ts'
import * as rows from './party-rows.ts'
import {
  type Party,
  type PartyDraft,
  PartyError,
  type PartyView,
  type Retries,
} from './party-types.ts'
import { type EncryptionKey, JwksError, type PublicKey } from './public-jwks.ts'
import { newWebhookSecret, showWebhookSecret } from './webhook-secret.ts'

// How long another process may still see a party as it was.
const CACHE_MS = 1_000
const MAX_CACHED = 10_000
const DEFAULT_OVERLAP_MS = 24 * 3_600_000

export interface PartyStoreParts {
  pool: Pool
  keys: KeyStore
  log: Logger
  /** The guarded client: key set addresses are the peers' own. */
  fetchJwks: FetchJwks
  allowLoopback: boolean
  now?: () => Date
}

/** The registered parties, their keys, and every change to them with its evidence. */
export class PartyStore {
  readonly #parts: PartyStoreParts
  readonly #now: () => Date
  readonly #partyKeys: PartyKeys
  readonly #cache = new Map<string, { party: Party | undefined; until: number }>()

  constructor(parts: PartyStoreParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => new Date())
    this.#partyKeys = new PartyKeys({ ...parts, now: this.#now })
  }

  /** The party of that id, also a disabled one; at most a second old. */
  async find(id: string): Promise<Party | undefined> {
    if (!PARTY_ID.test(id)) return undefined
    const cached = this.#cache.get(id)
    if (cached && cached.until > performance.now()) return cached.party
    const party = await rows.selectParty(this.#parts.pool, id)
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    this.#cache.set(id, { party, until: performance.now() + CACHE_MS })
    return party
  }

  /** The party's key of that id, if it counts now. */
  async findKey(party: Party, kid: string): Promise<PublicKey | undefined> {
    return this.#partyKeys.find(party, kid)
  }

  /** All signing keys of the party that count now. */
  async keysOf(party: Party): Promise<PublicKey[]> {
    return this.#partyKeys.list(party)
  }

  /** The key to seal for what goes to a party; undefined where it registered none, or none counts now. */
  async encryptionKeyOf(id: string): Promise<EncryptionKey | undefined> {
    const party = await this.find(id)
    return party && (await this.#partyKeys.listEncryption(party))[0]
  }

  /** All parties, by id. */
  async list(): Promise<Party[]> {
    return rows.selectParties(this.#parts.pool)
  }

  /**
   * One party with its keys and webhook.
   * @throws PartyError unknown
   */
  async show(id: string): Promise<PartyView> {
    const party = await rows.selectParty(this.#parts.pool, id)
    if (!party) throw unknown(id)
    const signing = await this.#partyKeys.list(party)
    const encryption = await this.#partyKeys.listEncryption(party)
    const keys = [
      ...signing,
      ...encryption.map(key => ({ ...key, algorithms: ['ECDH-ES'] as const })),
    ]
    const webhook = await rows.selectWebhook(this.#parts.pool, id)
    return {
      party,
      keys: keys.map(({ kid, algorithms, until }) => ({ kid, algorithms, until })),
      webhook,
    }
  }

  /**
   * Registers a party. A key set address that does not answer is only a warning, for its server may
   * start later; one that answers with a set that breaks the rules is refused.
   * @returns the party, the webhook secret (`whsec_…`, shown this once) where a webhook was given,
   * and warnings
   * @throws PartyError
   */
  async add(
    draft: PartyDraft,
  ): Promise<{ party: Party; webhookSecret?: string; warnings: string[] }> {
    const checked = await checkDraft(draft, this.#parts.allowLoopback)
    const warnings = await this.#probe(checked.jwksUrl)
    const at = this.#now()
    const secret = checked.webhook === undefined ? undefined : newWebhookSecret()
    const party = await inTransaction(this.#parts.pool, async tx => {
      const added = await rows.insertParty(tx, checked, at)
      if (!added) throw new PartyError('exists', `there is a party ${checked.id} already`)
      if (checked.webhook && secret)
        await this.#setWebhook(tx, checked.id, checked.webhook, secret, at)
      await recordEntry(tx, addedEntry(checked, at))
      return added
    })
    this.#cache.delete(party.id)
    return { party, warnings, ...(secret && { webhookSecret: showWebhookSecret(secret) }) }
  }

  /**
   * Gives a party new keys. Of a stored set the old keys count on for `overlapMs` (a day by default),
   * so that both sides can change over; where the set is or becomes an address, that alone decides.
   * @throws PartyError
   */
  async rotate(
    id: string,
    source: PartyDraft['jwks'],
    overlapMs = DEFAULT_OVERLAP_MS,
  ): Promise<{ party: Party; warnings: string[] }> {
    const next = await checkKeySource(source, this.#parts.allowLoopback)
    const warnings = await this.#probe(next.jwksUrl)
    const at = this.#now()
    const party = await inTransaction(this.#parts.pool, async tx => {
      const current = await rows.lockParty(tx, id)
      if (!current) throw unknown(id)
      const end = new Date(at.getTime() + overlapMs)
      const jwks = next.jwks && rows.mergeKeys(current.jwks, next.jwks, at, end)
      await recordEntry(
        tx,
        changedEntry(id, next.jwks?.keys.map(key => key.kid) ?? [], overlapMs, at),
      )
      return rows.updateKeys(tx, id, jwks, next.jwksUrl)
    })
    this.#cache.delete(id)
    return { party, warnings }
  }

  /**
   * Sets when hand-overs to a party are tried again, or the usual schedule where none is given; what
   * waits already keeps its time.
   * @throws PartyError unknown, retries
   */
  async setRetries(id: string, retries: Retries | undefined): Promise<Party> {
    checkRetries(retries)
    const at = this.#now()
    const party = await inTransaction(this.#parts.pool, async tx => {
      if (!(await rows.lockParty(tx, id))) throw unknown(id)
      const details = { party: id, retries: retries ?? 'usual' }
      const fields = ['retries']
      await recordEntry(tx, { action: 'party.changed', at, actor: OPERATOR, fields, details })
      return rows.updateRetries(tx, id, retries)
    })
    this.#cache.delete(id)
    return party
  }

  /**
   * Shuts a party out: here at once, in other processes within a second. Its tokens stop working.
   * @throws PartyError unknown, disabled
   */
  async disable(id: string): Promise<Party> {
    const at = this.#now()
    const party = await inTransaction(this.#parts.pool, async tx => {
      const current = await rows.lockParty(tx, id)
      if (!current) throw unknown(id)
      if (current.disabledAt) throw new PartyError('disabled', `party ${id} is disabled already`)
      await recordEntry(tx, {
        action: 'party.disabled',
        at,
        actor: OPERATOR,
        details: { party: id },
      })
      return rows.disableParty(tx, id, at)
    })
    this.#cache.delete(id)
    return party
  }

  async #probe(url: string | undefined): Promise<string[]> {
    if (url === undefined) return []
    try {
      await this.#partyKeys.probe(url)
      return []
    } catch (error) {
      if (error instanceof JwksError) throw new PartyError('jwks', error.message)
      return ['the key set address does not answer yet; until it does the party cannot sign in']
    }
  }

  async #setWebhook(tx: Tx, party: string, url: string, secret: Buffer, at: Date): Promise<void> {
    await rows.insertWebhook(tx, party, url, at)
    await this.#parts.keys.put(`webhook:${party}`, secret, tx)
  }
}

const OPERATOR = { role: 'operator' } as const

function unknown(id: string): PartyError {
  return new PartyError(
    'unknown',
    PARTY_ID.test(id) ? `there is no party ${id}` : 'there is no such party',
  )
}

function addedEntry(draft: CheckedDraft, at: Date): EntryDraft {
  const { id, kind, kbo, jwks, jwksUrl } = draft
  const keys = jwks ? { keys: jwks.keys.map(key => key.kid) } : { jwksUrl }
  return { action: 'party.added', at, actor: OPERATOR, details: { party: id, kind, kbo, ...keys } }
}

function changedEntry(id: string, kids: string[], overlapMs: number, at: Date): EntryDraft {
  const details = { party: id, keys: kids, overlapSeconds: Math.round(overlapMs / 1000) }
  return { action: 'party.changed', at, actor: OPERATOR, fields: ['jwks'], details }
}
