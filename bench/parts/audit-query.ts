import { type EntryFilter, queryEntries } from '../../src/audit/query.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { createLogger } from '../../src/log.ts'
import { CODES, COMPANIES, FORMER_PARTY, fillLog, RARE_PARTY } from '../audit-query/fill.ts'
import { ENTRIES_A_MESSAGE, MESSAGE_MS, messageId, START } from '../audit-query/ids.ts'
import { alternate, type Options, type Part, summarise } from '../part.ts'
import { scratchDatabase } from '../scratch.ts'

/** Of the log that is compared with, or a tenth of the other where that is less. */
const SMALL = 100_000
const FILL_MS = 600_000

/**
 * The 95th percentile of the time that a page of 100 entries takes out of ten million entries, against
 * out of one hundred thousand: the filters that people use, alone and together, frequent and rare.
 */
export const part: Part = {
  slow: true,
  about: 'a filtered page out of 10,000,000 entries (--entries) ÷ out of 100,000, 95th percentile',
  run,
}

async function run(options: Options) {
  const server = await scratchDatabase(options)
  const open = (name: string, size: number) => openLog(server, { ...options, name, size })
  const small = await open('small', Math.min(SMALL, Math.ceil(options.entries / 10)))
  const large = await open('large', options.entries)
  return await compare(small, large, options)
}

interface Log {
  pool: Pool
  size: number
}

async function openLog(
  server: string,
  { name, size, say, atEnd }: { name: string; size: number } & Options,
): Promise<Log> {
  const admin = openPool(server, { max: 1 })
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  await migrate(url.href, createLogger('error'))
  const pool = openPool(url.href, { max: 4, statementMs: FILL_MS })
  atEnd(() => pool.end())
  const started = performance.now()
  await fillLog(pool, size, done => {
    if (done % 1_000_000 === 0) say(`  filling: ${done} of ${size} entries`)
  })
  const kinds = await pool.query<{ n: number }>('SELECT count(*) AS n FROM audit_kind')
  const seconds = Math.round((performance.now() - started) / 1000)
  say(`  ${size} entries of ${kinds.rows[0]?.n} kinds in ${seconds} s`)
  return { pool, size }
}

async function compare(small: Log, large: Log, { rounds, quick, say }: Options) {
  const times: Record<'large' | 'small', Map<string, number[]>> = {
    large: new Map(),
    small: new Map(),
  }
  const side = (log: Log, kept: Map<string, number[]>) => async () => {
    const taken: number[] = []
    for (const [name, filter] of Object.entries(filtersOf(log.size))) {
      const time = await timeOf(log.pool, filter)
      taken.push(time)
      kept.set(name, [...(kept.get(name) ?? []), time])
    }
    return p95(taken)
  }
  const measured = await alternate(
    rounds,
    quick ? 0 : 3,
    side(large, times.large),
    side(small, times.small),
  )
  for (const [name, kept] of times.large) {
    const figures = [p95(kept), p95(times.small.get(name) ?? [])].map(time => time.toFixed(1))
    say(`  ${name}: ${figures[0]} ms, of the small log ${figures[1]} ms`)
  }
  return [summarise('audit-query', 'ms', measured, { most: 3 })]
}

async function timeOf(pool: Pool, filter: EntryFilter): Promise<number> {
  const started = performance.now()
  await queryEntries(pool, filter)
  return performance.now() - started
}

function p95(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN
}

const draw = (below: number) => Math.floor(Math.random() * below)

/** Each way to ask, with values drawn anew: those that find much, little, long ago and nothing. */
function filtersOf(size: number): Record<string, EntryFilter> {
  const company = `company-${draw(COMPANIES)}`
  const protocol = `wm-vdab-${company}`
  const code = `HB-${300 + draw(CODES)}`
  const until = new Date(START.getTime() + (draw(size) * MESSAGE_MS) / ENTRIES_A_MESSAGE)
  const from = new Date(until.getTime() - 7 * 86_400_000)
  const type = 'feedback.reachability'
  return {
    'no filter': {},
    time: { from, until },
    party: { party: company },
    'a rare party': { party: RARE_PARTY },
    'a party of long ago': { party: FORMER_PARTY },
    code: { code },
    message: { messageId: messageId(draw(size / ENTRIES_A_MESSAGE)) },
    refused: { decision: 'refused' },
    'refused, type': { decision: 'refused', type },
    'refused, until': { decision: 'refused', until },
    'party, code': { party: company, code },
    'party, code that never meet': { party: RARE_PARTY, code: `HB-${300 + CODES - 1}` },
    'party of long ago, refused': { party: FORMER_PARTY, decision: 'refused' },
    'protocol, action': { protocol, action: 'message.parked' },
    'recipient, action': { recipient: company, action: 'message.answered' },
    'protocol, type, time': { protocol, type, from, until },
    'action, code, time': { action: 'message.retrying', code, from, until },
    'role, until': { actor: 'privacy-officer', until },
    'party, role, decision': { party: company, actor: 'housing-company', decision: 'allowed' },
  }
}
