import type { Queryable } from '../db/pool.ts'
import { AuditError } from './errors.ts'
import { Frontier } from './merkle.ts'
import { frontierOf, partialTiles } from './tile.ts'
import { lookupIn, readTiles } from './tree-store.ts'
import type { SignedRoot, Start } from './verify-check.ts'
import { KeysOnce } from './verify-keys.ts'
import type { Problem } from './verify-report.ts'

/**
 * Where a verification begins: at nothing, or at a checkpoint that is trusted, if the tiles give
 * its root. Then no tile of the right edge can be another than when it was signed.
 * @returns what is wrong, where they do not
 */
export async function startAt(
  db: Queryable,
  trusted: SignedRoot | undefined,
): Promise<Start | Problem> {
  const keys = new KeysOnce()
  if (!trusted) return { frontier: new Frontier(), keys }
  const frontier = await loadEdge(db, trusted.size)
  if (!frontier?.root().equals(trusted.root)) {
    const what = `the tiles do not give the trusted root of size ${trusted.size}`
    return { kind: 'forked', index: 0, what: `${what}: verify the whole log` }
  }
  const { rows } = await db.query<{ index: number; entry: Buffer }>(
    `SELECT index, entry FROM audit_entry
     WHERE kind IN (SELECT kind FROM audit_kind WHERE action = 'key.created') AND index < $1
     ORDER BY index`,
    [trusted.size],
  )
  for (const row of rows) keys.know(row)
  return { frontier, keys }
}

async function loadEdge(db: Queryable, size: number): Promise<Frontier | undefined> {
  try {
    return frontierOf(size, lookupIn(await readTiles(db, partialTiles(size))))
  } catch (error) {
    if (error instanceof AuditError && error.code === 'tile-missing') return undefined
    throw error
  }
}
