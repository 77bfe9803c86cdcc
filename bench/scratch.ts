import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/db/embedded.ts'
import { openPool, type Pool } from '../src/db/pool.ts'
import { createLogger } from '../src/log.ts'
import type { Options } from './part.ts'

/** A folder of its own under the temporary folder, gone at the end of the part. */
export function scratchFolder({ atEnd }: Pick<Options, 'atEnd'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-bench-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A durable PostgreSQL of its own, stopped and gone at the end of the part; the URL of an empty database. */
export async function scratchDatabase(options: Pick<Options, 'atEnd'>): Promise<string> {
  const starting = startEmbedded(scratchFolder(options), createLogger('error'))
  // Kept before it runs: who interrupts a start must not leave a server behind.
  options.atEnd(async () => (await starting).stop())
  const server = await starting
  const pool = openPool(server.url, { max: 1 })
  await assertDurable(pool)
  await pool.end()
  return server.url
}

/** @throws Error where a commit does not wait for the disk: its figures would mean nothing */
export async function assertDurable(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ durable: boolean }>(
    `SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on' AS durable`,
  )
  if (!rows[0]?.durable) throw new Error('the database is not durable')
}
