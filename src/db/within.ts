import type { Pool, Tx } from './pool.ts'

const SAVEPOINT: Readonly<Record<string, string>> = {
  BEGIN: 'SAVEPOINT within',
  COMMIT: 'RELEASE SAVEPOINT within',
  ROLLBACK: 'ROLLBACK TO SAVEPOINT within',
}

/**
 * A pool that is one transaction under way: what runs on it, its own transactions included, commits with
 * that transaction or not at all. One after another only; it is of use until the transaction ends.
 */
export function poolWithin(tx: Tx): Pool {
  const query = (text: unknown, ...rest: unknown[]) =>
    (tx.query as (...all: unknown[]) => unknown).call(
      tx,
      (typeof text === 'string' && SAVEPOINT[text]) || text,
      ...rest,
    )
  const client = { query, release: () => {} }
  return { query, connect: async () => client } as unknown as Pool
}
