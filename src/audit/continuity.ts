import type { Config } from '../config.ts'
import { inTransaction, type Pool, type Queryable } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Checkpoint } from './checkpoint.ts'
import { AuditError } from './errors.ts'
import { numberOf, publicKeys, readLogNumber } from './log-key.ts'
import { noteKeyId } from './note.ts'
import { type KeptCheckpoint, type PublishedCheckpoints, readKept } from './published.ts'
import { hashOfRange, tilesOf } from './tile.ts'
import { lookupIn, readTiles } from './tree-store.ts'

/** What is needed to see whether the database holds what was published. */
export interface ContinuityParts {
  pool: Pool
  keys: KeyStore
  config: Pick<Config, 'logOrigin'>
  published: PublishedCheckpoints
}

/**
 * Sees to it that the log contains the checkpoints that this process knows to have been published. One that
 * is missing is noted in the database, for all processes: nobody signs or discloses from then on.
 * @throws AuditError `log-rolled-back`
 */
export async function assertContinuous(parts: ContinuityParts): Promise<void> {
  const lost = await findLost(parts)
  if (!lost) return
  await noteLost(parts, lost)
  throw new AuditError('log-rolled-back', describeLost(lost))
}

/**
 * The checkpoint that this process knows to have been published and that the log does not contain; undefined
 * where there is none. Those of logs before the present one do not count: a person accepted that. Those by
 * other keys are of another database.
 */
export async function findLost(parts: ContinuityParts): Promise<KeptCheckpoint | undefined> {
  const { pool, keys, config, published } = parts
  const kept = await published.read()
  if (kept.length === 0) return undefined
  const present = await readLogNumber(pool)
  const own = await publicKeys(keys)
  const ours = kept.filter(it => own.some(key => it.keyId === keyIdOf(it, key)))
  const lost: KeptCheckpoint[] = []
  for (const it of ours) {
    const number = numberOf(config.logOrigin, it.origin) ?? 0
    const isGone = number > present || (number === present && !(await contains(pool, it)))
    if (isGone) lost.push(it)
  }
  return lost.toSorted((one, other) => compare(config.logOrigin, other, one))[0]
}

/** What happened, and what to do, for people. */
export function describeLost({ origin, size }: Checkpoint): string {
  return (
    `the database is older than what was published: a checkpoint of ${origin} with ${size} entries is not in ` +
    'the log; restore a newer backup, or run huisbrug audit recover (see "Restore" in docs/operations.md)'
  )
}

/** The checkpoint that some process noted as missing. */
export async function readLost(db: Queryable): Promise<KeptCheckpoint | undefined> {
  const { rows } = await db.query<{ lost: string | null }>('SELECT lost FROM audit_disclosure')
  return rows[0]?.lost ? readKept(rows[0].lost) : undefined
}

// The epoch stops a leader that does not know of it.
async function noteLost({ pool, config }: ContinuityParts, lost: KeptCheckpoint): Promise<void> {
  await inTransaction(pool, async tx => {
    await tx.query('SELECT FROM audit_disclosure FOR UPDATE')
    const known = await readLost(tx)
    if (known && compare(config.logOrigin, known, lost) >= 0) return
    await tx.query('UPDATE audit_head SET epoch = epoch + 1')
    await tx.query('UPDATE audit_disclosure SET lost = $1', [lost.note])
  })
}

/** Which of two checkpoints is the later: that of the later log, then the longer. */
function compare(origin: string, one: Checkpoint, other: Checkpoint): number {
  const number = (it: Checkpoint) => numberOf(origin, it.origin) ?? 0
  return number(one) - number(other) || one.size - other.size
}

async function contains(db: Queryable, { size, root }: Checkpoint): Promise<boolean> {
  const { rows } = await db.query<{ size: number }>('SELECT size FROM audit_head')
  if ((rows[0]?.size ?? 0) < size) return false
  const whole = { start: 0, end: size }
  const lookup = lookupIn(await readTiles(db, tilesOf(whole)))
  try {
    return hashOfRange(whole, lookup).equals(root)
  } catch (error) {
    if (error instanceof AuditError) return false
    throw error
  }
}

function keyIdOf({ origin }: Checkpoint, publicKey: Buffer): string {
  return noteKeyId(origin, publicKey).toString('hex')
}
