import { inTransaction, type Tx } from '../db/pool.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type ContinuityParts, findLost, readLost } from './continuity.ts'
import { loadLogVerifierKey, numberOf, openLogSigner, originOf, readLogNumber } from './log-key.ts'
import { noteVerifier } from './note.ts'
import { recordEntry } from './record.ts'

/** What a person accepted, and the log that follows. */
export interface Recovered {
  /** Origin of the new log. */
  origin: string
  verifierKey: string
  /** Entries that it begins with: those that the database holds. */
  kept: number
  /** Entries of the last checkpoint that was published of the log before; undefined where only the key differs. */
  published: number | undefined
}

/**
 * Begins the next log, with another origin, where the present one cannot go on: the database lacks what was
 * published, or the key that signed is gone. To go on under the former name would be a fork. The new log has
 * the entries that are there, and an entry that holds the last checkpoint of the former.
 * @param reason judged by the caller; kept in the details of that entry
 * @returns undefined where the log can go on as it is
 */
export async function recoverLog(
  parts: ContinuityParts & { clock: () => Date },
  reason: string,
): Promise<Recovered | undefined> {
  const { pool, keys, clock } = parts
  const { logOrigin } = parts.config
  const [found, noted] = [await findLost(parts), await readLost(pool)]
  const lost = found ?? noted
  if (!lost && (await isOwn(parts))) return undefined
  const present = await readLogNumber(pool)
  const former = Math.max(present, lost ? (numberOf(logOrigin, lost.origin) ?? 0) : 0)
  const origin = originOf(logOrigin, former + 1)
  const kept = await inTransaction(pool, async tx => {
    const size = await begin(tx, former + 1, lost?.note ?? '', clock())
    await recordEntry(tx, {
      action: 'log.recovered',
      at: clock(),
      actor: { role: 'operator' },
      counts: { kept: size, ...(lost && { published: lost.size }) },
      details: { reason, origin, ...(lost && { published: lost.note }) },
    })
    return size
  })
  const verifierKey = await loadLogVerifierKey(keys, logOrigin)
  return { origin, verifierKey, kept, published: lost?.size }
}

// The epoch stops whoever leads; it takes the lead again, of the new log.
async function begin(tx: Tx, number: number, published: string, at: Date): Promise<number> {
  const { rows } = await tx.query<{ size: number }>(
    'UPDATE audit_head SET epoch = epoch + 1 RETURNING size',
  )
  const size = rows[0]!.size
  await tx.query(
    'INSERT INTO audit_recovery (number, kept, published, at) VALUES ($1, $2, $3, $4)',
    [number, size, published, at],
  )
  await tx.query('UPDATE audit_disclosure SET lost = NULL')
  return size
}

/** Whether the last checkpoint of the log is by the key that this process has. */
async function isOwn({ pool, keys, config }: ContinuityParts): Promise<boolean> {
  const { rows } = await pool.query<{ note: string }>(
    `SELECT note FROM audit_checkpoint
     WHERE size > coalesce((SELECT kept FROM audit_recovery ORDER BY number DESC LIMIT 1), 0)
     ORDER BY size DESC LIMIT 1`,
  )
  if (!rows[0]) return true
  const { verifierKey } = await openLogSigner(keys, config.logOrigin)
  try {
    openCheckpoint(rows[0].note, noteVerifier(verifierKey))
    return true
  } catch {
    return false
  }
}
