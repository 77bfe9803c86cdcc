import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { CHECK } from './key-store.ts'
import { type KeyProvider, KeyProviderError, type Keyring } from './provider.ts'

export interface Rewrapped {
  /** Names of the keys, former and new. */
  from: string
  to: string
  /** Secrets that this call wrapped anew. */
  rewrapped: number
  /** Secrets that open under the new key: all there are. */
  verified: number
}

export interface RewrapOptions {
  pool: Pool
  keyring: Keyring
  /** Called in the transaction that wraps the last secret, with how many there are. */
  record: (tx: Tx, outcome: { from: string; to: string; keys: number }) => Promise<unknown>
  onBatch?: (rewrapped: number) => void
}

const BATCH = 20
const LOCK = 'huisbrug rewrap'

interface Row {
  name: string
  wrapped: Buffer
  wrapped_by: string
}

/**
 * Wraps every secret anew, from the current key to the next, in small transactions: readers find each
 * secret under the one or the other. From the first on, all processes wrap under the next one. A
 * second run at the same time shares the work; one after a kill goes on where it was.
 * @throws Error where there is no next key, or a secret does not open under it in the end;
 *   KeyProviderError where a key cannot be reached
 */
export async function rewrapKeys(options: RewrapOptions): Promise<Rewrapped> {
  const { pool, keyring, onBatch } = options
  const { current, next } = keyring
  if (!next) {
    throw new Error(
      'there is no new key: give it as HUISBRUG_NEW_MASTER_KEY, HUISBRUG_NEW_MASTER_KEY_FILE or ' +
        'HUISBRUG_NEW_KEY_COMMAND, to every process first',
    )
  }
  let rewrapped = 0
  for (;;) {
    const done = await inTransaction(pool, tx => rewrapBatch(tx, options, next, rewrapped === 0))
    rewrapped += done
    if (done === 0) break
    onBatch?.(rewrapped)
  }
  return { from: current.id, to: next.id, rewrapped, verified: await verify(pool, next) }
}

// The row of the check goes first and alone: with it, all processes begin to wrap under the next key.
async function rewrapBatch(
  tx: Tx,
  { keyring, record }: RewrapOptions,
  next: KeyProvider,
  first: boolean,
): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK])
  const begun = first ? await rewrapRows(tx, keyring, next, `name = '${CHECK}'`) : 0
  const done = begun || (await rewrapRows(tx, keyring, next, 'true'))
  if (done === 0) return 0
  const { rows } = await tx.query<{ left: number; keys: number }>(
    `SELECT count(*) FILTER (WHERE wrapped_by IS DISTINCT FROM $1)::int AS left, count(*)::int AS keys
     FROM wrapped_key WHERE wrapped IS NOT NULL`,
    [next.id],
  )
  const { left = 0, keys = 0 } = rows[0] ?? {}
  if (left === 0) await record(tx, { from: keyring.current.id, to: next.id, keys })
  return done
}

async function rewrapRows(
  tx: Tx,
  { current }: Keyring,
  next: KeyProvider,
  which: string,
): Promise<number> {
  const { rows } = await tx.query<Row>(
    `SELECT name, wrapped, wrapped_by FROM wrapped_key
     WHERE wrapped IS NOT NULL AND wrapped_by IS DISTINCT FROM $1 AND ${which}
     ORDER BY name LIMIT ${BATCH} FOR NO KEY UPDATE`,
    [next.id],
  )
  const strange = rows.find(row => row.wrapped_by !== current.id)
  if (strange) {
    throw new Error(
      `${strange.name} is wrapped under ${strange.wrapped_by}: finish the change to that key first`,
    )
  }
  for (const { name, wrapped } of rows) {
    const secret = await unwrapFormer(current, name, wrapped)
    await tx.query('UPDATE wrapped_key SET wrapped = $2, wrapped_by = $3 WHERE name = $1', [
      name,
      await next.wrap(name, secret),
      next.id,
    ])
  }
  return rows.length
}

async function unwrapFormer(key: KeyProvider, name: string, wrapped: Buffer): Promise<Buffer> {
  return key.unwrap(name, wrapped).catch(error => {
    if (error instanceof KeyProviderError) throw error
    throw new Error(
      `${name} does not open under ${key.id}: it is damaged; nothing was changed of it`,
    )
  })
}

async function verify(pool: Pool, next: KeyProvider): Promise<number> {
  const { rows } = await pool.query<Row>(
    'SELECT name, wrapped, wrapped_by FROM wrapped_key WHERE wrapped IS NOT NULL ORDER BY name',
  )
  for (const { name, wrapped, wrapped_by } of rows) {
    const opens = wrapped_by === next.id && (await opensUnder(next, name, wrapped))
    if (!opens) throw new Error(`${name} does not open under ${next.id}: keep both keys, run again`)
  }
  return rows.length
}

// A key that is out of reach must not read as a secret that is wrong.
async function opensUnder(key: KeyProvider, name: string, wrapped: Buffer): Promise<boolean> {
  try {
    return (await key.unwrap(name, wrapped)).length > 0
  } catch (error) {
    if (error instanceof KeyProviderError) throw error
    return false
  }
}
