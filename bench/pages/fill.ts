import type { Pool } from '../../src/db/pool.ts'
import { countFigures } from '../../src/exchange/figures.ts'
import { fillLog } from '../audit-query/fill.ts'
import { ENTRIES_A_MESSAGE } from '../audit-query/ids.ts'
import { ROWS } from './rows.ts'

// The rules of steps and of evidence hold for each row, one by one: not for what is put there at once.
const RULED = ['message', 'hand_over', 'feedback']
const ENTRY_MS = 3_150

/** How large, and whom to tell how far it is. */
export interface Filling {
  entries: number
  say(line: string): void
}

/**
 * Fills an empty scratch database with a year as a gateway has it, until now: entries, a message for every
 * ten of them, and all that goes with these; figures are counted by the product.
 * @returns when the log begins
 */
export async function fillSystem(pool: Pool, { entries, say }: Filling): Promise<Date> {
  const start = new Date(Math.floor((Date.now() - entries * ENTRY_MS) / 1000) * 1000)
  const told = (done: number) => done % 1_000_000 === 0 && say(`  filling: ${done} entries`)
  await fillLog(pool, entries, told, start)
  await fillRows(pool, start, { entries, say })
  return start
}

/** The rows beside the log. */
export async function fillRows(pool: Pool, start: Date, { entries, say }: Filling): Promise<void> {
  const messages = entries / ENTRIES_A_MESSAGE
  await putRows(pool, start, { messages, names: Object.keys(ROWS), say })
  await pool.query('VACUUM ANALYZE')
  const began = performance.now()
  while ((await countFigures({ pool, clock: () => new Date() })) > 0);
  await pool.query('VACUUM ANALYZE')
  say(`  figures: ${seconds(began)} s`)
}

/** Those of ROWS that are named, in that order, of so many messages. */
export async function putRows(
  pool: Pool,
  start: Date,
  { messages, names, say }: { messages: number; names: string[]; say(line: string): void },
): Promise<void> {
  const triggers = (way: string) =>
    Promise.all(RULED.map(table => pool.query(`ALTER TABLE ${table} ${way} TRIGGER USER`)))
  await triggers('DISABLE')
  for (const name of names) {
    const began = performance.now()
    const filled = ROWS[name]!.replaceAll('$1', `'${start.toISOString()}'`)
    await pool.query(filled.replaceAll('$2', String(messages)))
    say(`  ${name}: ${seconds(began)} s`)
  }
  await triggers('ENABLE')
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000)
}
