import { createHash } from 'node:crypto'
import type { PartyStore } from '../access/party.ts'
import { AuditError } from '../audit/errors.ts'
import { recordEntry } from '../audit/record.ts'
import { inTransaction, type Pool } from '../db/pool.ts'
import type { NotesSource } from '../protocol/kept-notes.ts'
import type {
  NotedSuspension,
  PresentedStatement,
  StatementFault,
  StatementNotes,
  VerifiedStatement,
} from '../protocol/notes.ts'
import { type VerifyingKey, verifyStatement } from '../protocol/statement.ts'
import type { ProtocolSet } from '../protocol/versions.ts'
import { readSuspensions } from './suspension-store.ts'

export interface ProtocolStatementsParts {
  pool: Pool
  parties: Pick<PartyStore, 'list' | 'findKey'>
  clock: () => Date
}

/** A statement that did not count, and the key with which it was tried. */
interface Tried {
  key: string
  fault: StatementFault
}

const COLUMNS = `protocol, version, digest, party_id AS party, statement, signer, function,
  to_char(signed_on, 'YYYY-MM-DD') AS date, signed_at AS at, thumbprint`

/**
 * What the database knows of protocols: signatures that verified and suspensions. A signature is
 * verified once, against the keys that its party has at that moment, and kept: a later rotation does
 * not undo it, and of a revocation not even the loss of its file does. Nothing counts that is not
 * kept, with its evidence.
 */
export class ProtocolStatements implements NotesSource {
  readonly #parts: ProtocolStatementsParts
  readonly #verified = new Map<string, VerifiedStatement>()
  readonly #tried = new Map<string, Tried>()

  constructor(parts: ProtocolStatementsParts) {
    this.#parts = parts
  }

  /** Tries the signatures of a set that did not verify before; a database error rejects. */
  async statements(set: ProtocolSet): Promise<StatementNotes> {
    const presented = [...set.versions.values()].flat().flatMap(one => one.presented)
    const open = new Map(presented.map(one => [one.jws, one]))
    const isOpen = (one: PresentedStatement) => !this.#verified.has(one.jws)
    if (presented.some(isOpen)) await this.#recall([...open.values()].filter(isOpen))
    await this.#try([...open.values()].filter(isOpen))
    for (const jws of this.#tried.keys()) if (!open.has(jws)) this.#tried.delete(jws)
    const faults = new Map([...this.#tried].map(([jws, { fault }]) => [jws, fault]))
    return { verified: new Map(this.#verified), faults, revocations: await this.#revocations() }
  }

  /** Every suspension by command or console, the first one first. */
  async suspensions(): Promise<readonly NotedSuspension[]> {
    return readSuspensions(this.#parts.pool)
  }

  /** Reads what this or another process verified before. */
  async #recall(open: readonly PresentedStatement[]): Promise<void> {
    const { rows } = await this.#parts.pool.query(
      `SELECT jws, ${COLUMNS} FROM protocol_statement WHERE jws_digest = ANY($1)`,
      [open.map(({ jws }) => digestOf(jws))],
    )
    for (const { jws, ...statement } of rows) this.#keep(jws, statement)
  }

  async #revocations(): Promise<VerifiedStatement[]> {
    const { rows } = await this.#parts.pool.query<VerifiedStatement>(
      `SELECT ${COLUMNS} FROM protocol_statement WHERE statement = 'revoke' ORDER BY verified_at`,
    )
    return rows
  }

  /** Parties are read anew, for one that was added a moment ago may have signed before. */
  async #try(open: readonly PresentedStatement[]): Promise<void> {
    if (open.length === 0) return
    const parties = new Map((await this.#parts.parties.list()).map(one => [one.id, one]))
    const byParty = Map.groupBy(open, ({ party }) => party)
    const tries = [...byParty].map(async ([id, presented]) => {
      const party = parties.get(id)
      for (const one of presented) {
        const usable = party && !party.disabledAt
        const key = usable ? await this.#parts.parties.findKey(party, one.kid) : undefined
        await this.#tryOne(one, key)
      }
    })
    await Promise.all(tries)
  }

  async #tryOne(presented: PresentedStatement, key: VerifyingKey | undefined): Promise<void> {
    const { jws } = presented
    const tried = this.#tried.get(jws)
    const name = key ? fingerprintOf(key) : ''
    // What is dated later may count later.
    if (tried?.key === name && tried.fault !== 'future') return
    const now = this.#parts.clock()
    const result = await verifyStatement(jws, presented, key ? [key] : [], now)
    const fault = typeof result === 'string' ? result : await this.#note(jws, result, now)
    if (fault) this.#tried.set(jws, { key: name, fault })
    else if (typeof result !== 'string') this.#keep(jws, result)
  }

  #keep(jws: string, statement: VerifiedStatement): void {
    this.#verified.set(jws, statement)
    this.#tried.delete(jws)
  }

  /** Keeps a statement with its evidence; of several processes one does. */
  async #note(jws: string, one: VerifiedStatement, now: Date): Promise<StatementFault | undefined> {
    const { party, protocol, version, digest, signer, function: role, date, thumbprint } = one
    try {
      await inTransaction(this.#parts.pool, async tx => {
        const { rowCount } = await tx.query(
          `INSERT INTO protocol_statement (jws_digest, protocol, version, digest, party_id, statement,
             signer, function, signed_on, signed_at, thumbprint, jws, verified_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
          [
            ...[digestOf(jws), protocol, version, digest, party, one.statement],
            ...[signer, role, date, one.at, thumbprint, jws, now],
          ],
        )
        if (rowCount !== 1) return
        await recordEntry(tx, {
          action: 'protocol.signed',
          at: now,
          actor: { party, role: 'party' },
          protocol: { id: protocol, version, digest },
          reason: one.statement,
          details: { signer, function: role, date, thumbprint },
        })
      })
      return undefined
    } catch (error) {
      // What may not be in the evidence, such as a national number, is no statement.
      if (error instanceof AuditError) return 'malformed'
      throw error
    }
  }
}

function digestOf(jws: string): Buffer {
  return createHash('sha256').update(jws).digest()
}

function fingerprintOf({ key }: VerifyingKey): string {
  return key.export({ format: 'der', type: 'spki' }).toString('base64')
}
