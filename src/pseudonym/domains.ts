import { type RecordedEntry, recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { Questions, type Settled } from '../db/together.ts'
import { refuse } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { LocalKeys, type PseudonymKeys, storedName } from './evaluator.ts'
import { findPublicKey, keepPublishedKey, SUBJECT_DOMAIN } from './published-key.ts'

export type DomainState = 'opening' | 'current' | 'closing' | 'closed'

/** One key epoch of a framework or protocol. */
export interface Domain {
  /** `<framework or protocol id>/<major version>/<key epoch>`. */
  name: string
  protocol: string
  epoch: number
  state: DomainState
  /** ristretto255 element, 32 bytes. */
  publicKey: Buffer
  openedAt: Date
  /** When the recipient reported that its register is ready. */
  readyAt: Date | null
}

/** Why a rotation or a closing is refused; its message says what to do. */
export class DomainError extends Error {
  readonly code: 'unknown' | 'opening' | 'current' | 'closed' | 'open-work' | 'reason'

  constructor(code: DomainError['code'], message: string) {
    super(message)
    this.code = code
  }
}

const MOST_ASKED = 1_000

/** The current domains of protocols, each once asked: a message asks, and many come at once. */
async function findCurrent(
  db: Queryable,
  protocols: string[],
): Promise<Settled<string | undefined>[]> {
  const { rows } = await db.query<{ protocol: string; name: string }>({
    name: 'current-domains',
    text: `SELECT protocol, name FROM domain WHERE protocol = ANY($1) AND state = 'current'`,
    values: [[...new Set(protocols)]],
  })
  const names = new Map(rows.map(({ protocol, name }) => [protocol, name]))
  return protocols.map(protocol => ({ value: names.get(protocol) }))
}

/** Who rotates or closes, and when. */
export interface By {
  actor: Actor
  at: Date
}

export interface Closing extends By {
  /** Why, in words; kept as erasable details of the entry. */
  reason: string
  /** Looks at what is still open under the domain, in the transaction that closes it. */
  before: (tx: Tx) => Promise<void>
}

export interface Closed {
  domain: Domain
  /** Routes that went with it. */
  routes: number
  /** Secrets destroyed: the domain's, and one for each housing company's routes. */
  keys: number
}

export interface DomainOptions {
  pool: Pool
  keys: KeyStore
  /** Where the keys of the pseudonyms live; in the key store where it is absent. */
  evaluator?: PseudonymKeys
  clock?: () => Date
}

const GATEWAY: Actor = { role: 'gateway' }
const COLUMNS = `name, protocol, epoch, state, public_key AS "publicKey", opened_at AS "openedAt",
  ready_at AS "readyAt"`

/**
 * The pseudonym domains and their keys: the rows are here, the secrets in the key store. A public
 * key is published as an entry of the audit log (rule "public-key <base64url>"), in the transaction
 * that makes it.
 */
export class DomainStore {
  readonly #pool: Pool
  readonly #current: (protocol: string) => Promise<string | undefined>
  readonly #evaluator: PseudonymKeys
  readonly #keys: KeyStore
  readonly #clock: () => Date

  constructor({ pool, keys, evaluator, clock = () => new Date() }: DomainOptions) {
    this.#pool = pool
    this.#current = Questions.of(pool).kind(findCurrent, { most: MOST_ASKED })
    this.#evaluator = evaluator ?? new LocalKeys(keys)
    this.#keys = keys
    this.#clock = clock
  }

  /**
   * Opens the first epoch of a protocol and makes the subject key, where there is none yet. Any
   * number of processes may call it at once: one key is made.
   * @param major major version of the protocol
   */
  async ensureFirstDomain(protocol: string, major: number): Promise<Domain> {
    await this.ensureSubjectKey()
    return this.#exclusively(protocol, async tx => {
      const { rows } = await tx.query<Domain>(
        `SELECT ${COLUMNS} FROM domain WHERE protocol = $1 ORDER BY epoch DESC LIMIT 1`,
        [protocol],
      )
      return rows[0] ?? (await this.#open(tx, protocol, major, 1))
    })
  }

  /** The name of the domain that requests use now; undefined until the recipient is ready. */
  async current(protocol: string): Promise<string | undefined> {
    return this.#current(protocol)
  }

  /** The names of a protocol's domains whose key still exists, oldest epoch first. */
  async open(protocol: string): Promise<string[]> {
    const domains = await this.list(protocol)
    return domains.filter(domain => domain.state !== 'closed').map(domain => domain.name)
  }

  /** All domains, or those of one protocol, oldest epoch first. */
  async list(protocol?: string): Promise<Domain[]> {
    const { rows } = await this.#pool.query<Domain>(
      `SELECT ${COLUMNS} FROM domain WHERE $1::text IS NULL OR protocol = $1
       ORDER BY protocol, epoch`,
      [protocol],
    )
    return rows
  }

  /** One domain, or undefined. */
  async find(name: string, db: Queryable = this.#pool): Promise<Domain | undefined> {
    const { rows } = await db.query<Domain>(`SELECT ${COLUMNS} FROM domain WHERE name = $1`, [name])
    return rows[0]
  }

  /**
   * The public key of a domain, 32 bytes.
   * @throws Refusal HB-412 unknown
   */
  async publicKey(name: string): Promise<Buffer> {
    return (await this.#known(name)).publicKey
  }

  /** The public key of the subject index, 32 bytes; the key is made where there is none yet. */
  async ensureSubjectKey(): Promise<Buffer> {
    const known = await findPublicKey(this.#pool, SUBJECT_DOMAIN)
    if (known) return known
    return this.#exclusively(SUBJECT_DOMAIN, async tx => {
      return (await findPublicKey(tx, SUBJECT_DOMAIN)) ?? (await this.#makeKey(tx, SUBJECT_DOMAIN))
    })
  }

  /**
   * The recipient reports that its register is prepared: the opening domain becomes current, the
   * one before goes on closing. Reporting a current domain again changes nothing.
   * @param report the recipient, and when
   * @throws Refusal HB-412 unknown, HB-413 closing or closed
   */
  async markReady(name: string, { party, at }: { party: string; at: Date }): Promise<Domain> {
    const { protocol } = await this.#known(name)
    return this.#exclusively(protocol, async tx => {
      const domain = (await this.find(name, tx))!
      if (domain.state === 'current') return domain
      if (domain.state !== 'opening') throw refuse('HB-413', '/domain', 'key epoch')
      await tx.query(
        `UPDATE domain SET state = 'closing' WHERE protocol = $1 AND state = 'current'`,
        [protocol],
      )
      await tx.query(
        `UPDATE domain SET state = 'current', ready_at = $2,
           ready_by = (SELECT id FROM party WHERE id = $3) WHERE name = $1`,
        [name, at, party],
      )
      await recordKey(tx, 'key.ready', { ...domain, at, actor: { party, role: 'party' } })
      return (await this.find(name, tx))!
    })
  }

  /**
   * Opens the next key epoch of a protocol, `<id>/<major>/<n+1>`. Requests go on under the current one
   * until the recipient reports ready.
   * @param major major version of the protocol; that of the newest epoch where it is not given
   * @throws DomainError unknown (no epoch yet), opening (one is already)
   */
  async rotate(protocol: string, { actor, at, major }: By & { major?: number }): Promise<Domain> {
    return this.#exclusively(protocol, async tx => {
      const { rows } = await tx.query<Domain>(
        `SELECT ${COLUMNS} FROM domain WHERE protocol = $1 ORDER BY epoch DESC`,
        [protocol],
      )
      const [newest] = rows
      if (!newest) {
        const message = `${protocol} has no key yet: the first one opens when it comes into force`
        throw new DomainError('unknown', message)
      }
      const opening = rows.find(domain => domain.state === 'opening')
      if (opening) {
        const message = `${opening.name} is opening already: wait until the recipient reports ready, or close it`
        throw new DomainError('opening', message)
      }
      const former = Number(newest.name.split('/').at(-2))
      const opened = await this.#open(tx, protocol, major ?? former, newest.epoch + 1)
      await recordKey(tx, 'key.rotated', { ...opened, at, actor })
      return opened
    })
  }

  /**
   * Destroys a domain's key for good, with its routes and their keys: pseudonyms of it can be made no
   * more, and feedback by them is refused with HB-413. The entry `key.closed` holds the reason.
   * @throws DomainError unknown, current, closed; and what `before` throws
   */
  async close(name: string, { actor, at, reason, before }: Closing): Promise<Closed> {
    const protocol = (await this.find(name))?.protocol
    if (!protocol) throw new DomainError('unknown', `there is no domain ${name}`)
    return this.#exclusively(protocol, async tx => {
      // Against the shared lock of what refers to it: who is storing a route now goes first.
      await tx.query('SELECT FROM domain WHERE name = $1 FOR UPDATE', [name])
      const { state } = (await this.find(name, tx))!
      if (state === 'closed') throw new DomainError('closed', `${name} was closed before`)
      if (state === 'current') {
        const message = `${name} is current, requests use it: huisbrug keys rotate ${protocol} first`
        throw new DomainError('current', message)
      }
      await before(tx)
      const { rowCount: routes } = await tx.query('DELETE FROM route WHERE domain = $1', [name])
      await tx.query(`UPDATE domain SET state = 'closed', closed_at = $2 WHERE name = $1`, [
        name,
        at,
      ])
      const keys = await this.#destroyRouteKeys(tx, name)
      const domain = (await this.find(name, tx))!
      const details = { reason }
      await recordKey(tx, 'key.closed', { ...domain, at, actor, details, routes: routes ?? 0 })
      const destroyed = await this.#evaluator.destroy(name, tx)
      return { domain, routes: routes ?? 0, keys: keys + Number(destroyed) }
    })
  }

  // All rows are locked first, by name, as wrapping anew does.
  async #destroyRouteKeys(tx: Tx, domain: string): Promise<number> {
    const own = storedName(domain)
    const { rows } = await tx.query<{ name: string }>(
      `SELECT name FROM wrapped_key WHERE wrapped IS NOT NULL
         AND (name = $1 OR starts_with(name, $2)) ORDER BY name FOR NO KEY UPDATE`,
      [own, `route:${domain}:`],
    )
    const routes = rows.filter(({ name }) => name !== own)
    for (const { name } of routes) await this.#keys.destroy(name, tx)
    return routes.length
  }

  async #known(name: string): Promise<Domain> {
    const domain = await this.find(name)
    if (!domain) throw refuse('HB-412', '/domain', 'pseudonym domain')
    return domain
  }

  async #open(tx: Tx, protocol: string, major: number, epoch: number): Promise<Domain> {
    const name = `${protocol}/${major}/${epoch}`
    const publicKey = await this.#makeKey(tx, name)
    await tx.query(
      `INSERT INTO domain (name, protocol, epoch, state, public_key, opened_at)
       VALUES ($1, $2, $3, 'opening', $4, $5)`,
      [name, protocol, epoch, publicKey, this.#clock()],
    )
    return (await this.find(name, tx))!
  }

  async #makeKey(tx: Tx, domain: string): Promise<Buffer> {
    const publicKey = await this.#evaluator.make(domain, tx)
    const key = { name: domain, publicKey, at: this.#clock(), actor: GATEWAY }
    const { id } = await recordKey(tx, 'key.created', key)
    await keepPublishedKey(tx, { domain, publicKey, entryId: id })
    return publicKey
  }

  // One writer per protocol, over all processes, until the end of the transaction.
  async #exclusively<T>(protocol: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return inTransaction(this.#pool, async tx => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `domain ${protocol}`,
      ])
      return work(tx)
    })
  }
}

interface KeyEvent {
  name: string
  publicKey: Uint8Array
  at: Date
  actor: Actor
  details?: Record<string, unknown>
  routes?: number
}

async function recordKey(
  tx: Tx,
  action: 'key.created' | 'key.ready' | 'key.rotated' | 'key.closed',
  { name, publicKey, at, actor, details, routes }: KeyEvent,
): Promise<RecordedEntry> {
  const rule = `public-key ${Buffer.from(publicKey).toString('base64url')}`
  return recordEntry(tx, {
    action,
    at,
    actor,
    reason: `domain ${name}`,
    rule,
    ...(details && { details }),
    ...(routes !== undefined && { counts: { routes } }),
  })
}
