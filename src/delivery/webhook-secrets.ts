import type { Context } from '../context.ts'
import { inTransaction, type Queryable } from '../db/pool.ts'

/** How long the former secret signs beside the new one after a rotation. */
export const OVERLAP_HOURS = 24

const current = (party: string) => `webhook:${party}`
const former = (party: string) => `webhook:${party}:former`

/** The secrets that sign now, the newest first: two while a rotation is under way; empty: none is set. */
export async function findSecrets(
  { keys }: Pick<Context, 'keys'>,
  party: string,
  overlap: boolean | undefined,
): Promise<Buffer[]> {
  const found = [await keys.find(current(party)), overlap && (await keys.find(former(party)))]
  return found.filter(secret => Buffer.isBuffer(secret))
}

/** The newest secret as it is in the database at this moment; undefined where none is set. */
export async function readSecret(
  { keys }: Pick<Context, 'keys'>,
  party: string,
  db?: Queryable,
): Promise<Buffer | undefined> {
  keys.forget(current(party))
  return keys.find(current(party), db)
}

/** Keeps a new secret. The one before signs on beside it where it is told so, else it is gone. */
export async function keepSecret(
  { keys }: Pick<Context, 'keys'>,
  tx: Queryable,
  party: string,
  secret: Uint8Array,
  overlap: 'with-former' | 'alone',
): Promise<void> {
  const before = overlap === 'with-former' ? await readSecret({ keys }, party, tx) : undefined
  await keys.put(current(party), secret, tx)
  if (before) await keys.put(former(party), before, tx)
  else await keys.destroy(former(party), tx)
}

/** Destroys a party's secrets, for its webhook is removed. */
export async function destroySecrets(
  { keys }: Pick<Context, 'keys'>,
  tx: Queryable,
  party: string,
): Promise<void> {
  await keys.destroy(current(party), tx)
  await keys.destroy(former(party), tx)
}

/** Destroys former secrets that do not sign any more. */
export async function endOverlaps(context: Context): Promise<void> {
  await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<{ party: string }>(
      `UPDATE webhook SET former_until = NULL WHERE former_until <= now()
       RETURNING party_id AS party`,
    )
    for (const { party } of rows) await context.keys.destroy(former(party), tx)
  })
}
