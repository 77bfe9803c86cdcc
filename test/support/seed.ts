import { inTransaction, type Pool, type Tx } from '../../src/db/pool.ts'

/**
 * Writes rows of messages and hand-overs past the product, as a test needs them: in one transaction that
 * passes for one with evidence. The steps from state to state still have to be allowed ones.
 */
export function seedRows<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(pool, async tx => {
    await tx.query("SELECT set_config('huisbrug.evidence', 'yes', true)")
    return work(tx)
  })
}
