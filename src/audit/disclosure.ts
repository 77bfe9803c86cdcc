import type { Config } from '../config.ts'
import { inTransaction } from '../db/pool.ts'
import { type ErrorCode, Refusal, reason } from '../errors.ts'
import type { Logger } from '../log.ts'
import { assertContinuous, type ContinuityParts, describeLost } from './continuity.ts'
import { AuditError } from './errors.ts'
import { readKept } from './published.ts'
import { recordEntry } from './record.ts'

const FRESH_MS = 1_000
const RETRY_AFTER_SECONDS = 30
const RULE = 'docs/operations.md, Evidence stops'

/** Whether persons may be told about now. */
export interface Standing {
  /** Why not; absent while they may. */
  code?: Extract<ErrorCode, 'HB-907' | 'HB-908'>
  /** For people. */
  detail: string
  /** Age of the oldest entry without a place in the log, by the clock of the database; 0 where none waits. */
  seconds: number
}

export interface DisclosureParts extends ContinuityParts {
  config: Pick<Config, 'logOrigin' | 'evidenceMs'>
  clock: () => Date
  log?: Pick<Logger, 'info' | 'error'>
}

interface Row {
  stopped: boolean
  lost: string | null
  size: number
  seconds: number
  caughtUp: boolean
}

/**
 * No evidence, no disclosure: nothing about a person is taken in, computed or handed over while entries wait
 * too long for a signed place in the log, or while the log does not contain what was published. It ends by
 * itself. Looked at once a second at most in each process; a stop and its end are one entry each, whichever
 * process sees them first.
 */
export class Disclosures {
  readonly #parts: DisclosureParts
  #known: { standing: Promise<Standing>; until: number } | undefined
  #compared = false

  constructor(parts: DisclosureParts) {
    this.#parts = parts
  }

  /** How it stands, at most a second ago. */
  read(): Promise<Standing> {
    if (this.#known && performance.now() < this.#known.until) return this.#known.standing
    const standing = this.#look()
    const known = { standing, until: performance.now() + FRESH_MS }
    this.#known = known
    // What could not be read is read again by the next who asks.
    standing.catch(() => {
      if (this.#known === known) this.#known = undefined
    })
    return standing
  }

  async isOpen(): Promise<boolean> {
    return (await this.read()).code === undefined
  }

  /** @throws Refusal HB-907, HB-908 */
  async assertOpen(): Promise<void> {
    const { code } = await this.read()
    if (code) throw new Refusal(reason(code, '', RULE), { retryAfter: RETRY_AFTER_SECONDS })
  }

  async #look(): Promise<Standing> {
    const row = await this.#compare(await this.#row())
    const { lost, seconds, stopped } = row
    if (lost) return this.#stop(row, 'HB-908', describeLost(readKept(lost)))
    const waits = `the oldest entry waits ${Math.round(seconds)} s`
    if (seconds * 1000 > this.#parts.config.evidenceMs) return this.#stop(row, 'HB-907', waits)
    if (!stopped) return { seconds, detail: waits }
    if (row.caughtUp && (await this.#resume())) return { seconds, detail: waits }
    return { code: 'HB-907', seconds, detail: `${waits}; the log is catching up` }
  }

  async #row(): Promise<Row> {
    const { rows } = await this.#parts.pool.query<Row>({ name: 'disclosure', text: STANDING })
    return rows[0]!
  }

  /** At the start, and where the log got shorter: whether it contains what was published. */
  async #compare(row: Row): Promise<Row> {
    const isShorter = row.size < this.#parts.published.size
    if (row.lost || (this.#compared && !isShorter)) return row
    try {
      await assertContinuous(this.#parts)
      this.#compared = true
      return row
    } catch (error) {
      const isLost = error instanceof AuditError && error.code === 'log-rolled-back'
      if (isLost) return this.#row()
      // Without the key it cannot be told yet; nothing is signed without it either.
      if (error instanceof Refusal) return row
      throw error
    }
  }

  async #stop(row: Row, code: NonNullable<Standing['code']>, detail: string): Promise<Standing> {
    const { seconds } = row
    if (!row.stopped) await this.#note('disclosure.stopped', STOP, { code, detail, seconds })
    return { code, detail, seconds }
  }

  #resume(): Promise<boolean> {
    return this.#note('disclosure.resumed', RESUME)
  }

  /** Whether it could be noted; where the database takes nothing, it is noted when it does. */
  async #note(
    action: 'disclosure.stopped' | 'disclosure.resumed',
    change: string,
    why?: { code: string; detail: string; seconds: number },
  ): Promise<boolean> {
    const { pool, clock, log } = this.#parts
    try {
      const isFirst = await inTransaction(pool, async tx => {
        const { rowCount } = await tx.query(change)
        if (rowCount !== 1) return false
        const counts = why && { seconds: Math.round(why.seconds) }
        const because = why && { code: why.code, counts: counts ?? {} }
        await recordEntry(tx, { action, at: clock(), actor: { role: 'gateway' }, ...because })
        return true
      })
      if (isFirst && why) log?.error('nothing is disclosed any more', why)
      else if (isFirst) log?.info('what may be disclosed is disclosed again')
      return true
    } catch {
      return false
    }
  }
}

// The first in the order of writing is the oldest.
const STANDING = `
  SELECT d.stopped_at IS NOT NULL AS stopped, d.lost, h.size,
    coalesce(extract(epoch FROM clock_timestamp() - p.created_at), 0)::float8 AS seconds,
    coalesce(p.created_at > d.stopped_at, true) AS "caughtUp"
  FROM audit_disclosure d CROSS JOIN audit_head h
  LEFT JOIN LATERAL (SELECT created_at FROM audit_pending ORDER BY id LIMIT 1) p ON true`

const STOP = `UPDATE audit_disclosure SET stopped_at = clock_timestamp() WHERE stopped_at IS NULL`

const RESUME =
  'UPDATE audit_disclosure SET stopped_at = NULL WHERE stopped_at IS NOT NULL AND lost IS NULL'
