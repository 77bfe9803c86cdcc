import { createHash, randomBytes } from 'node:crypto'
import { recordEntry } from '../audit/record.ts'
import { inTransaction, type Pool, type Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'

export type ConsoleRole = 'privacy-officer' | 'auditor' | 'operator' | 'viewer'

const LINK_MS = 15 * 60_000
const IDLE_MS = 30 * 60_000
const SESSION_MS = 10 * 3_600_000
// Told apart from a party's token at a glance, by people and by scanners for leaked secrets.
const TOKEN = /^hbp_[A-Za-z0-9_-]{43}$/

/** A person who is signed in. */
export interface ConsoleSession {
  /** Names the session in evidence; nothing can be opened with it. */
  id: string
  role: ConsoleRole
  /** What every form of this session carries. */
  csrf: string
}

/** Whether this has the form of a person's token, and so is not one of a party. */
export function isPersonToken(secret: string): boolean {
  return TOKEN.test(secret)
}

/**
 * One-time links into the console and the sessions they open, and tokens that are a session for
 * scripts; of all only a digest is stored.
 */
export class ConsoleSessions {
  readonly #pool: Pool
  readonly #now: () => Date

  constructor(parts: { pool: Pool; now?: () => Date }) {
    this.#pool = parts.pool
    this.#now = parts.now ?? (() => new Date())
  }

  /** Makes a link token: 32 random bytes in base64url, good once, for 15 minutes. */
  async makeLink(role: ConsoleRole): Promise<string> {
    const token = newToken()
    const at = this.#now()
    await this.#pool.query(
      'INSERT INTO console_link (digest, role, created_at, expires_at) VALUES ($1, $2, $3, $4)',
      [digestOf(token), role, at, new Date(at.getTime() + LINK_MS)],
    )
    return token
  }

  /**
   * Turns a link token into a session, once; the entry commits with it.
   * @returns the cookie's value, which is stored nowhere, and the session
   * @throws Refusal HB-112
   */
  async openSession(
    linkToken: string,
  ): Promise<ConsoleSession & { cookie: string; expiresAt: Date }> {
    const at = this.#now()
    const cookie = newToken()
    return inTransaction(this.#pool, async tx => {
      const role = await useLink(tx, linkToken, at)
      return { cookie, ...(await signIn(tx, cookie, role, at)) }
    })
  }

  /**
   * Makes a session for a script: its secret goes into `Authorization: Bearer` and ends as every
   * session does; the entry commits with it.
   * @returns `token`, which is stored nowhere, and the session
   */
  async makeToken(role: ConsoleRole): Promise<ConsoleSession & { token: string; expiresAt: Date }> {
    const at = this.#now()
    const token = `hbp_${newToken()}`
    return inTransaction(this.#pool, async tx => ({
      token,
      ...(await signIn(tx, token, role, at)),
    }))
  }

  /**
   * The session of a cookie or token, or undefined where there is none, it was closed, was idle for
   * 30 minutes or is 10 hours old. Counts as use.
   */
  async findSession(cookie: string | undefined): Promise<ConsoleSession | undefined> {
    if (!cookie || cookie.length > 100) return undefined
    const at = this.#now()
    const { rows } = await this.#pool.query<{ role: ConsoleRole; csrf: string }>(
      `UPDATE console_session SET seen_at = $2
       WHERE digest = $1 AND expires_at > $2 AND seen_at > $3 RETURNING role, csrf`,
      [digestOf(cookie), at, new Date(at.getTime() - IDLE_MS)],
    )
    return rows[0] && { id: sessionId(cookie), ...rows[0] }
  }

  /**
   * Ends a session by its id, such as one whose token leaked.
   * @returns whether there was one
   */
  async endSession(id: string): Promise<boolean> {
    const digest = /^ses_([A-Za-z0-9_-]{16})$/.exec(id)?.[1]
    if (digest === undefined) return false
    const { rowCount } = await this.#pool.query(
      'DELETE FROM console_session WHERE substring(digest FOR 12) = $1',
      [Buffer.from(digest, 'base64url')],
    )
    return rowCount === 1
  }

  /** Ends a session; without one nothing happens. */
  async closeSession(cookie: string): Promise<void> {
    await this.#pool.query('DELETE FROM console_session WHERE digest = $1', [digestOf(cookie)])
  }
}

async function signIn(
  tx: Queryable,
  secret: string,
  role: ConsoleRole,
  at: Date,
): Promise<ConsoleSession & { expiresAt: Date }> {
  const csrf = newToken()
  const id = sessionId(secret)
  const expiresAt = new Date(at.getTime() + SESSION_MS)
  await tx.query(
    `INSERT INTO console_session (digest, role, csrf, created_at, seen_at, expires_at)
     VALUES ($1, $2, $3, $4, $4, $5)`,
    [digestOf(secret), role, csrf, at, expiresAt],
  )
  const actor = { role, client: id }
  await recordEntry(tx, { action: 'console.signed-in', at, actor, decision: 'allowed' })
  await sweep(tx, at)
  return { id, role, csrf, expiresAt }
}

async function useLink(tx: Queryable, token: string, at: Date): Promise<ConsoleRole> {
  const { rows } = await tx.query(
    `UPDATE console_link SET used_at = $2
     WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING role`,
    [digestOf(token), at],
  )
  if (!rows[0]) throw refuse('HB-112', '', 'console: one-time link')
  return rows[0].role
}

async function sweep(tx: Queryable, at: Date): Promise<void> {
  const idle = new Date(at.getTime() - IDLE_MS)
  await tx.query('DELETE FROM console_session WHERE expires_at <= $1 OR seen_at <= $2', [at, idle])
  await tx.query('DELETE FROM console_link WHERE expires_at <= $1', [at])
}

function newToken(): string {
  return randomBytes(32).toString('base64url')
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function sessionId(cookie: string): string {
  return `ses_${digestOf(cookie).toString('base64url').slice(0, 16)}`
}
