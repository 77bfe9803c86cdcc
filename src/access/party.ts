import { recordEntry } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { Shared } from '../db/together.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Logger } from '../log.ts'
import {
  type CheckedDraft,
  checkChange,
  checkDraft,
  checkKeySource,
  checkRetries,
  closedAddresses,
  PARTY_ID,
} from './party-draft.ts'
import { type EndingKeys, KeyUse, readEndingKeys, readKeyUse, startKeys } from './party-key-use.ts'
import { type FetchJwks, PartyKeys } from './party-keys.ts'
import * as rows from './party-rows.ts'
import {
  type Party,
  type PartyChange,
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
  readonly #use: KeyUse
  readonly #cache = new Map<string, { party: Party | undefined; until: number }>()
  readonly #reading = new Shared<Party | undefined>()

  constructor(parts: PartyStoreParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => new Date())
    this.#partyKeys = new PartyKeys({ ...parts, now: this.#now })
    this.#use = new KeyUse({ ...parts, now: this.#now })
  }

  /** The party of that id, also a disabled one; at most a second old. */
  async find(id: string): Promise<Party | undefined> {
    if (!PARTY_ID.test(id)) return undefined
    const cached = this.#cache.get(id)
    if (cached && cached.until > performance.now()) return cached.party
    return this.#reading.ask(id, () => this.findNow(id))
  }

  /** The same as it is now: by the time that it takes nobody learns who was here a moment ago. */
  async findNow(id: string): Promise<Party | undefined> {
    if (!PARTY_ID.test(id)) return undefined
    const party = await rows.selectParty(this.#parts.pool, id)
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    this.#cache.set(id, { party, until: performance.now() + CACHE_MS })
    return party
  }

  /** Has a party read anew the next time. */
  #forget(id: string): void {
    this.#cache.delete(id)
    this.#reading.forget(id)
  }

  /** The party's key of that id, if it counts now. */
  async findKey(party: Party, kid: string): Promise<PublicKey | undefined> {
    return this.#partyKeys.find(party, kid)
  }

  /** All signing keys of the party that count now. */
  async keysOf(party: Party): Promise<PublicKey[]> {
    return this.#partyKeys.list(party)
  }

  /**
   * Notes that a party proved itself with a key, or that something was sealed for it; to be called only
   * once the signature was found good.
   */
  async noteUse(party: string, key: Pick<PublicKey, 'kid' | 'until'>): Promise<void> {
    await this.#use.note(party, key)
  }

  /**
   * The key to seal for what goes to a party; undefined where it registered none, none counts now, or it
   * is disabled.
   */
  async encryptionKeyOf(id: string): Promise<EncryptionKey | undefined> {
    const party = await this.find(id)
    if (!party || party.disabledAt) return undefined
    const [key] = await this.#partyKeys.listEncryption(party)
    if (key) await this.noteUse(id, key)
    return key
  }

  /** The parties that need new keys within 30 days, the first to need them first. */
  async endingKeys(): Promise<EndingKeys[]> {
    return readEndingKeys(this.#parts.pool, this.#now())
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
    const used = await readKeyUse(this.#parts.pool, id)
    const keys = [
      ...signing.map(key => ({ ...key, use: 'sig' as const })),
      ...encryption.map(key => ({ ...key, use: 'enc' as const, algorithms: ['ECDH-ES'] })),
    ]
    const webhook = await rows.selectWebhook(this.#parts.pool, id)
    return {
      party,
      keys: keys.map(({ kid, use, algorithms, until }) => {
        const { since, lastUsed } = used.get(kid) ?? { since: undefined, lastUsed: undefined }
        return { kid, use, algorithms, since, lastUsed, until }
      }),
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
    const at = this.#now()
    const checked = await checkDraft(draft, this.#parts.allowLoopback, at)
    const warnings = await this.#probe(checked.jwksUrl, checked.networks)
    const secret = checked.webhook === undefined ? undefined : newWebhookSecret()
    const party = await inTransaction(this.#parts.pool, async tx => {
      const added = await rows.insertParty(tx, checked, at)
      if (!added) throw new PartyError('exists', `there is a party ${checked.id} already`)
      if (checked.webhook && secret)
        await this.#setWebhook(tx, checked.id, checked.webhook, secret, at)
      await startKeys(tx, checked.id, kidsOf(checked), at)
      await recordEntry(tx, addedEntry(checked, at))
      return added
    })
    this.#forget(party.id)
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
    expires?: Date,
  ): Promise<{ party: Party; warnings: string[] }> {
    const { pool, allowLoopback } = this.#parts
    const at = this.#now()
    const networks = (await rows.selectParty(pool, id))?.networks ?? []
    const next = await checkKeySource(source, { allowLoopback, networks }, at, expires)
    const warnings = await this.#probe(next.jwksUrl, networks)
    const party = await inTransaction(this.#parts.pool, async tx => {
      const current = await rows.lockParty(tx, id)
      if (!current) throw unknown(id)
      const end = new Date(at.getTime() + overlapMs)
      const jwks = next.jwks && rows.mergeKeys(current.jwks, next.jwks, at, end)
      const kids = kidsOf(next)
      const former = new Set(kidsOf(current))
      await startKeys(
        tx,
        id,
        kids.filter(kid => !former.has(kid)),
        at,
      )
      await recordEntry(tx, changedEntry(id, kids, overlapMs, at))
      return rows.updateKeys(tx, id, jwks, next.jwksUrl)
    })
    this.#forget(id)
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
    this.#forget(id)
    return party
  }

  /**
   * Changes what is known of a party beside its keys.
   * @returns the party, and warnings about addresses of it that its networks do not allow any more
   * @throws PartyError
   */
  async change(id: string, change: PartyChange): Promise<{ party: Party; warnings: string[] }> {
    const { pool, allowLoopback } = this.#parts
    const at = this.#now()
    const party = await inTransaction(pool, async tx => {
      const current = await rows.lockParty(tx, id)
      if (!current) throw unknown(id)
      const checked = checkChange(change, allowLoopback, current)
      const { contacts, networks, addresses } = checked
      const values = { ...(networks && { networks }), ...addresses }
      const fields = [...(contacts ? ['contacts'] : []), ...Object.keys(values)]
      const details = { party: id, ...values }
      await recordEntry(tx, { action: 'party.changed', at, actor: OPERATOR, fields, details })
      return rows.changeParty(tx, id, checked)
    })
    this.#forget(id)
    const webhook = await rows.selectWebhook(pool, id)
    const addresses = { ...party, webhook: webhook?.url }
    return { party, warnings: closedAddresses(addresses, { allowLoopback, ...party }) }
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
    this.#forget(id)
    return party
  }

  /**
   * Lets a party in again; what waited for it goes on.
   * @throws PartyError unknown, enabled
   */
  async enable(id: string): Promise<Party> {
    const at = this.#now()
    const party = await inTransaction(this.#parts.pool, async tx => {
      const current = await rows.lockParty(tx, id)
      if (!current) throw unknown(id)
      if (!current.disabledAt) throw new PartyError('enabled', `party ${id} is not disabled`)
      const details = { party: id, enabled: true }
      const fields = ['disabled']
      await recordEntry(tx, { action: 'party.changed', at, actor: OPERATOR, fields, details })
      return rows.enableParty(tx, id, at)
    })
    this.#forget(id)
    return party
  }

  async #probe(url: string | undefined, networks: readonly string[]): Promise<string[]> {
    if (url === undefined) return []
    try {
      await this.#partyKeys.probe(url, networks)
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
  const { id, kind, kbo, jwks, jwksUrl, networks } = draft
  const keys = jwks ? { keys: kidsOf(draft) } : { jwksUrl }
  const opened = networks.length > 0 && { networks }
  const details = { party: id, kind, kbo, ...keys, ...opened }
  return { action: 'party.added', at, actor: OPERATOR, details }
}

function kidsOf({ jwks }: Pick<Party, 'jwks'>): string[] {
  return jwks?.keys.map(({ kid }) => kid) ?? []
}

function changedEntry(id: string, kids: string[], overlapMs: number, at: Date): EntryDraft {
  const details = { party: id, keys: kids, overlapSeconds: Math.round(overlapMs / 1000) }
  return { action: 'party.changed', at, actor: OPERATOR, fields: ['jwks'], details }
}
