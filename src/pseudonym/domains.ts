import { type RecordedEntry, recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { keepPublishedKey, SUBJECT_DOMAIN } from './published-key.ts'
import { generateKeyPair, type KeyPair } from './voprf.ts'

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
  clock?: () => Date
}

const GATEWAY: Actor = { role: 'gateway' }
const SUBJECT_KEY = SUBJECT_DOMAIN
const COLUMNS = `name, protocol, epoch, state, public_key AS "publicKey", opened_at AS "openedAt",
  ready_at AS "readyAt"`

/**
 * The pseudonym domains and their keys: the rows are here, the secrets in the key store. A public
 * key is published as an entry of the audit log (rule "public-key <base64url>"), in the transaction
 * that makes it.
 */
export class DomainStore {
  readonly #pool: Pool
  readonly #keys: KeyStore
  readonly #clock: () => Date

  constructor({ pool, keys, clock = () => new Date() }: DomainOptions) {
    this.#pool = pool
    this.#keys = keys
    this.#clock = clock
  }

  /**
   * Opens the first epoch of a protocol and makes the subject key, where there is none yet. Any
   * number of processes may call it at once: one key is made.
   * @param major major version of the protocol
   */
  async ensureFirstDomain(protocol: string, major: number): Promise<Domain> {
    await this.#ensureSubjectKey()
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
    const { rows } = await this.#pool.query<{ name: string }>(
      `SELECT name FROM domain WHERE protocol = $1 AND state = 'current'`,
      [protocol],
    )
    return rows[0]?.name
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

  /**
   * The secret key of a domain, 32 bytes. Never log, send or store it.
   * @throws Refusal HB-412 unknown, HB-413 the key was destroyed
   */
  async key(name: string): Promise<Buffer> {
    const key = await this.#keys.find(keyName(name))
    if (key) return key
    await this.#known(name)
    throw refuse('HB-413', '/domain', 'key epoch')
  }

  /** The secret key of the subject index, 32 bytes; made on first use. */
  async subjectKey(): Promise<Buffer> {
    return (await this.#keys.find(SUBJECT_KEY)) ?? (await this.#ensureSubjectKey())
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
      const keys = await this.#destroyKeys(tx, name)
      const domain = (await this.find(name, tx))!
      const details = { reason }
      await recordKey(tx, 'key.closed', { ...domain, at, actor, details, routes: routes ?? 0 })
      return { domain, routes: routes ?? 0, keys }
    })
  }

  async #destroyKeys(tx: Tx, domain: string): Promise<number> {
    const { rows } = await tx.query<{ name: string }>(
      `SELECT name FROM wrapped_key WHERE wrapped IS NOT NULL
         AND (name = $1 OR starts_with(name, $2)) ORDER BY name FOR NO KEY UPDATE`,
      [keyName(domain), `route:${domain}:`],
    )
    for (const row of rows) await this.#keys.destroy(row.name, tx)
    return rows.length
  }

  async #known(name: string): Promise<Domain> {
    const domain = await this.find(name)
    if (!domain) throw refuse('HB-412', '/domain', 'pseudonym domain')
    return domain
  }

  async #open(tx: Tx, protocol: string, major: number, epoch: number): Promise<Domain> {
    const name = `${protocol}/${major}/${epoch}`
    const { publicKey } = await this.#makeKey(tx, name, keyName(name))
    await tx.query(
      `INSERT INTO domain (name, protocol, epoch, state, public_key, opened_at)
       VALUES ($1, $2, $3, 'opening', $4, $5)`,
      [name, protocol, epoch, publicKey, this.#clock()],
    )
    return (await this.find(name, tx))!
  }

  async #ensureSubjectKey(): Promise<Buffer> {
    return this.#exclusively(SUBJECT_KEY, async tx => {
      const found = await this.#keys.find(SUBJECT_KEY, tx)
      return found ?? Buffer.from((await this.#makeKey(tx, SUBJECT_KEY, SUBJECT_KEY)).secretKey)
    })
  }

  async #makeKey(tx: Tx, domain: string, name: string): Promise<KeyPair> {
    const pair = generateKeyPair()
    await this.#keys.put(name, pair.secretKey, tx)
    const { publicKey } = pair
    const at = this.#clock()
    const { id } = await recordKey(tx, 'key.created', {
      name: domain,
      publicKey,
      at,
      actor: GATEWAY,
    })
    await keepPublishedKey(tx, { domain, publicKey, entryId: id })
    return pair
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

function keyName(domain: string): string {
  return `domain:${domain}`
}
