import { createHash, randomBytes } from 'node:crypto'
import { recordEntries, recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import type { ConsoleRole } from '../config-people.ts'
import { inTransaction, type Pool, type Queryable } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { actorOf, type Holder } from './scope.ts'

export type { ConsoleRole } from '../config-people.ts'

const LINK_MS = 15 * 60_000
const LIMITS: SessionLimits = { idleMs: 30 * 60_000, sessionMs: 10 * 3_600_000 }
// Told apart from a party's token at a glance, by people and by scanners for leaked secrets.
const TOKEN = /^hbp_[A-Za-z0-9_-]{43}$/

/** How long a session lasts without use, and at most. */
export interface SessionLimits {
  idleMs: number
  sessionMs: number
}

/** Whom the identity provider vouched for. */
export interface SignedInPerson extends Holder {
  /** 32 bytes, the same for every session of one person; tells nothing of who it is. */
  person: Uint8Array
  /** 32 bytes for the session at the provider, where it gave one: this one ends with it. */
  provider?: Uint8Array | undefined
  /** What the provider calls the person, to be shown in the list of sessions. */
  name: string | undefined
}

/** How a session came to be: a one-time link, the identity provider, or a token for a script. */
export type SessionWay = 'link' | 'provider' | 'token'

/** A session as it is listed. */
export interface SessionLine {
  id: string
  role: ConsoleRole
  /** The party of whom it is the privacy officer; null for all. */
  party: string | null
  way: SessionWay
  name: string | null
  createdAt: Date
  seenAt: Date
  expiresAt: Date
}

/** A person who is signed in. */
export interface ConsoleSession extends Holder {
  /** Names the session in evidence; nothing can be opened with it. */
  id: string
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
  readonly #limits: SessionLimits

  constructor(parts: { pool: Pool; now?: () => Date; limits?: SessionLimits }) {
    this.#pool = parts.pool
    this.#limits = parts.limits ?? LIMITS
    this.#now = parts.now ?? (() => new Date())
  }

  /**
   * Makes a link token: 32 random bytes in base64url, good once, for 15 minutes.
   * @param party of whom it makes somebody the privacy officer; all where absent
   * @throws Refusal HB-116 where there is no such party
   */
  async makeLink(role: ConsoleRole, party?: string): Promise<string> {
    const token = newToken()
    const at = this.#now()
    await assertParty(this.#pool, party)
    await this.#pool.query(
      `INSERT INTO console_link (digest, role, party, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5)`,
      [digestOf(token), role, party ?? null, at, new Date(at.getTime() + LINK_MS)],
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
      const who = await useLink(tx, linkToken, at)
      return { cookie, ...(await this.#signIn(tx, cookie, { ...who, way: 'link' }, at)) }
    })
  }

  /**
   * Opens a session for whom the identity provider vouched for, always a new one; the entry commits with it.
   * @returns the cookie's value, which is stored nowhere, and the session
   * @throws Refusal HB-116 where it is of a party that is not here
   */
  async openFor(
    who: SignedInPerson,
  ): Promise<ConsoleSession & { cookie: string; expiresAt: Date }> {
    const cookie = newToken()
    await assertParty(this.#pool, who.party)
    return inTransaction(this.#pool, async tx => ({
      cookie,
      ...(await this.#signIn(tx, cookie, { ...who, way: 'provider' }, this.#now())),
    }))
  }

  /**
   * Makes a session for a script: its secret goes into `Authorization: Bearer` and ends as every
   * session does; the entry commits with it.
   * @returns `token`, which is stored nowhere, and the session
   * @throws Refusal HB-116 where there is no such party
   */
  async makeToken(
    role: ConsoleRole,
    party?: string,
  ): Promise<ConsoleSession & { token: string; expiresAt: Date }> {
    const at = this.#now()
    await assertParty(this.#pool, party)
    const token = `hbp_${newToken()}`
    return inTransaction(this.#pool, async tx => ({
      token,
      ...(await this.#signIn(tx, token, { role, ...ofParty(party), way: 'token' }, at)),
    }))
  }

  /**
   * The session of a cookie or token, or undefined where there is none, it was closed, was idle for
   * too long or is too old. Counts as use.
   */
  async findSession(cookie: string | undefined): Promise<ConsoleSession | undefined> {
    if (!cookie || cookie.length > 100) return undefined
    const at = this.#now()
    const { rows } = await this.#pool.query<HolderRow & { csrf: string }>(
      `UPDATE console_session SET seen_at = $2
       WHERE digest = $1 AND expires_at > $2 AND seen_at > $3 RETURNING role, party, csrf`,
      [digestOf(cookie), at, this.#idleAt(at)],
    )
    return rows[0] && { id: sessionId(cookie), ...holderOf(rows[0]), csrf: rows[0].csrf }
  }

  /** Who is signed in now, the newest first. */
  async listSessions(): Promise<SessionLine[]> {
    const at = this.#now()
    const { rows } = await this.#pool.query<Omit<SessionLine, 'id'> & { digest: Buffer }>(
      `SELECT digest, role, party, way, name, created_at AS "createdAt", seen_at AS "seenAt",
         expires_at AS "expiresAt" FROM console_session
       WHERE expires_at > $1 AND seen_at > $2 ORDER BY created_at DESC, digest`,
      [at, this.#idleAt(at)],
    )
    return rows.map(({ digest, ...line }) => ({ id: idOf(digest), ...line }))
  }

  /**
   * Ends a session by its id, such as one whose token leaked; the entry commits with it.
   * @returns whether there was one
   */
  async endSession(id: string, by: Actor = { role: 'operator' }): Promise<boolean> {
    const digest = digestPart(id)
    if (!digest) return false
    return inTransaction(this.#pool, async tx => {
      const { rowCount } = await tx.query(
        'DELETE FROM console_session WHERE substring(digest FOR 12) = $1',
        [digest],
      )
      if (rowCount !== 1) return false
      const at = this.#now()
      const details = { session: id }
      await recordEntry(tx, { action: 'console.session-ended', at, actor: by, details })
      return true
    })
  }

  /**
   * Ends what the identity provider says is over, at once: the sessions that began with that one there, or,
   * where it names none or ours know none, all of the person. The entries commit with it.
   * @param use takes the token that says so, in the same transaction
   * @returns how many ended
   */
  async endAtProvider(
    { person, provider }: { person: Uint8Array | null; provider: Uint8Array | null },
    use: (tx: Queryable) => Promise<void>,
  ): Promise<number> {
    const at = this.#now()
    return inTransaction(this.#pool, async tx => {
      await use(tx)
      const { rows } = await tx.query<{ digest: Buffer }>(
        `DELETE FROM console_session
         WHERE provider = $2 OR (person = $1 AND ($2::bytea IS NULL OR provider IS NULL))
         RETURNING digest`,
        [person, provider],
      )
      const actor = { role: 'gateway' }
      const drafts = rows.map(({ digest }) => ({ details: { session: idOf(digest) } }))
      const ended = drafts.map(it => ({
        action: 'console.session-ended' as const,
        at,
        actor,
        ...it,
      }))
      await recordEntries(tx, ended)
      return ended.length
    })
  }

  /** Ends a session; without one nothing happens. */
  async closeSession(cookie: string): Promise<void> {
    await this.#pool.query('DELETE FROM console_session WHERE digest = $1', [digestOf(cookie)])
  }

  async #signIn(
    tx: Queryable,
    secret: string,
    who: Holder & { way: SessionWay } & Partial<SignedInPerson>,
    at: Date,
  ): Promise<ConsoleSession & { expiresAt: Date }> {
    const csrf = newToken()
    const id = sessionId(secret)
    const expiresAt = new Date(at.getTime() + this.#limits.sessionMs)
    const { role, party, way, person, provider, name } = who
    const known = [person ?? null, provider ?? null, name ?? null]
    await tx.query(
      `INSERT INTO console_session (digest, role, party, way, person, provider, name, csrf, created_at,
         seen_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`,
      [digestOf(secret), role, party ?? null, way, ...known, csrf, at, expiresAt],
    )
    const session = { id, role, ...ofParty(party) }
    const actor = actorOf(session)
    await recordEntry(tx, { action: 'console.signed-in', at, actor, decision: 'allowed' })
    await sweep(tx, at, this.#idleAt(at))
    return { ...session, csrf, expiresAt }
  }

  #idleAt(at: Date): Date {
    return new Date(at.getTime() - this.#limits.idleMs)
  }
}

/**
 * Who is behind a session that is open: the same 32 bytes for each session of one person, null where
 * nobody vouched for who it is (a link, a token, a command).
 */
export async function findPerson(db: Queryable, session: string): Promise<Buffer | null> {
  const digest = digestPart(session)
  if (!digest) return null
  const { rows } = await db.query<{ person: Buffer | null }>(
    'SELECT person FROM console_session WHERE substring(digest FOR 12) = $1',
    [digest],
  )
  return rows[0]?.person ?? null
}

type HolderRow = { role: ConsoleRole; party: string | null }

async function useLink(tx: Queryable, token: string, at: Date): Promise<Holder> {
  const { rows } = await tx.query<HolderRow>(
    `UPDATE console_link SET used_at = $2
     WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING role, party`,
    [digestOf(token), at],
  )
  if (!rows[0]) throw refuse('HB-112', '', 'console: one-time link')
  return holderOf(rows[0])
}

function holderOf({ role, party }: HolderRow): Holder {
  return { role, ...ofParty(party) }
}

function ofParty(party: string | null | undefined): { party?: string } {
  return party ? { party } : {}
}

async function assertParty(db: Queryable, party: string | undefined): Promise<void> {
  if (party === undefined) return
  const { rowCount } = await db.query("SELECT FROM party WHERE id = $1 AND kind <> 'gateway'", [
    party,
  ])
  if (rowCount === 0) throw refuse('HB-116', '', 'the party of a privacy officer')
}

async function sweep(tx: Queryable, at: Date, idle: Date): Promise<void> {
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
  return idOf(digestOf(cookie))
}

function idOf(digest: Buffer): string {
  return `ses_${digest.toString('base64url').slice(0, 16)}`
}

function digestPart(id: string): Buffer | undefined {
  const part = /^ses_([A-Za-z0-9_-]{16})$/.exec(id)?.[1]
  return part === undefined ? undefined : Buffer.from(part, 'base64url')
}
