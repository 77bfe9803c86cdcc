import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
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

export interface DomainOptions {
  pool: Pool
  keys: KeyStore
  clock?: () => Date
}

const GATEWAY: Actor = { role: 'gateway' }
const SUBJECT_KEY = 'subject'
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
      await tx.query(`UPDATE domain SET state = 'current', ready_at = $2 WHERE name = $1`, [
        name,
        at,
      ])
      await recordKey(tx, 'key.ready', { ...domain, at, actor: { party, role: 'party' } })
      return (await this.find(name, tx))!
    })
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
    await recordKey(tx, 'key.created', {
      name: domain,
      publicKey,
      at: this.#clock(),
      actor: GATEWAY,
    })
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
}

async function recordKey(
  tx: Tx,
  action: 'key.created' | 'key.ready',
  { name, publicKey, at, actor }: KeyEvent,
): Promise<void> {
  const rule = `public-key ${Buffer.from(publicKey).toString('base64url')}`
  await recordEntry(tx, { action, at, actor, reason: `domain ${name}`, rule })
}

function keyName(domain: string): string {
  return `domain:${domain}`
}
