import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { referenceOf } from '../protocol/lookup.ts'
import { type Balance, readBalances } from './conservation.ts'

const KIND = 'out-of-balance'
/** Days back that are still noted after a time in which the program was down. */
export const MAX_DAYS_BACK = 31
const TERMS = [
  'received',
  'accepted',
  'refused',
  'delivered',
  'pending',
  'parked',
  'expired',
  'withdrawn',
] as const

/**
 * Notes the balance of each UTC day that is over and was not noted yet: as it stands now, in the table
 * and as an entry for each protocol, in one transaction and once for all processes. A day that does not
 * balance opens an exception for each party, which closes once it does.
 */
export async function noteBalances(context: Context): Promise<void> {
  const { rows } = await context.pool.query<{ day: string }>(DAYS, [context.clock()])
  for (const { day } of rows) await inTransaction(context.pool, tx => noteDay(context, tx, day))
  await closeBalanced(context)
}

// Over by both clocks, so that one that jumps ahead notes no day that is still to come; and some
// minutes ago, so that what was received at its end is in. Nothing before the first message.
const DAYS = `
  WITH last AS (
    SELECT ((least(now(), $1::timestamptz) - interval '5 minutes') AT TIME ZONE 'UTC')::date - 1 AS day),
  first AS (
    SELECT least((SELECT min(received_day) FROM message), (SELECT min(day) FROM balance_day)) AS day)
  SELECT to_char(d, 'YYYY-MM-DD') AS day FROM last, first, generate_series(
    greatest(first.day, last.day - ${MAX_DAYS_BACK - 1})::timestamp, last.day, interval '1 day') AS d
  WHERE first.day IS NOT NULL AND NOT EXISTS (SELECT FROM balance_day b WHERE b.day = d::date)
  ORDER BY 1`

async function noteDay(context: Context, tx: Tx, day: string): Promise<void> {
  const at = context.clock()
  const { rowCount } = await tx.query(
    'INSERT INTO balance_day (day, noted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [day, at],
  )
  if (rowCount === 0) return
  const lines = await readBalances(tx, { from: day, until: day, perParty: true })
  await tx.query(INSERT, [JSON.stringify(lines)])
  const byProtocol = Map.groupBy(lines, line => line.protocol)
  // A day on which nothing was received is a balance too.
  if (byProtocol.size === 0) byProtocol.set('none', [])
  const noted = [...byProtocol].map(([protocol, own]) =>
    balanceEntry(context, { day, protocol, at }, own),
  )
  const wrong = lines.filter(line => !line.balanced)
  await openExceptions(tx, wrong, at)
  const opened = wrong.map(line => exceptionEntry(context, 'exception.opened', line, at))
  await recordEntries(tx, [...noted, ...opened])
  for (const { protocol, party } of wrong) {
    context.log.error('a day does not balance', { protocol, party, day })
  }
}

const INSERT = `
  INSERT INTO daily_balance (day, protocol, party_id, ${TERMS.join(', ')})
  SELECT day, protocol, party, ${TERMS.join(', ')} FROM jsonb_to_recordset($1) AS line (day date,
    protocol text, party text, ${TERMS.map(term => `${term} bigint`).join(', ')})`

function balanceEntry(
  context: Context,
  { day, protocol, at }: { day: string; protocol: string; at: Date },
  lines: readonly Balance[],
): EntryDraft {
  const reference = referenceOf(context.protocols.current(), protocol)
  const total = (term: (typeof TERMS)[number]) =>
    lines.reduce((sum, line) => sum + Number(line[term]), 0)
  const parties = lines.map(line => [line.party, TERMS.map(term => Number(line[term]))])
  return {
    action: 'balance.daily',
    at,
    actor: { role: 'gateway' },
    ...(reference && { protocol: reference }),
    reason: day,
    counts: Object.fromEntries(TERMS.map(term => [term, total(term)])),
    details: { day, protocol, terms: [...TERMS], parties },
  }
}

function exceptionEntry(
  context: Context,
  action: 'exception.opened' | 'exception.closed',
  { protocol, party, day }: Pick<Balance, 'protocol' | 'party' | 'day'>,
  at: Date,
): EntryDraft {
  const reference = referenceOf(context.protocols.current(), protocol)
  const actor = { role: 'gateway' }
  const about = { action, at, actor, reason: KIND, details: { protocol, party, day } }
  return { ...about, ...(reference && { protocol: reference }) }
}

async function openExceptions(tx: Tx, lines: readonly Balance[], at: Date): Promise<void> {
  await tx.query(
    `INSERT INTO exception (kind, parties, about, opened_at)
     SELECT '${KIND}', ARRAY[party], about, $3 FROM unnest($1::text[], $2::text[]) AS l (party, about)`,
    [lines.map(line => line.party), lines.map(line => `${line.protocol} ${line.day}`), at],
  )
}

/** What did not balance and does by now needs nobody any more. */
async function closeBalanced(context: Context): Promise<void> {
  const { rows: open } = await context.pool.query<{ id: string; party: string; about: string }>(
    `SELECT id, parties[1] AS party, about FROM exception WHERE kind = '${KIND}' AND closed_at IS NULL`,
  )
  const at = context.clock()
  for (const { id, party, about } of open) {
    const [protocol = '', day = ''] = about.split(' ')
    const lines = await readBalances(context.pool, { from: day, until: day, perParty: true })
    const line = lines.find(it => it.protocol === protocol && it.party === party)
    if (!line?.balanced) continue
    await inTransaction(context.pool, async tx => {
      const { rowCount } = await tx.query(
        'UPDATE exception SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL',
        [id, at],
      )
      if (rowCount) await recordEntries(tx, [exceptionEntry(context, 'exception.closed', line, at)])
    })
  }
}
