import type { Queryable } from '../../db/pool.ts'
import {
  type Counted,
  countLatencies,
  countOutcomes,
  countRefusals,
  LATENCIES,
  type LatencyCount,
  type OutcomeCount,
  type RefusalCount,
} from '../../exchange/figures-count.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Over how long: hours of a day, days, or weeks of a year. */
export const PERIODS = ['24u', '7', '30', '365'] as const
export type Period = (typeof PERIODS)[number]

export const OUTCOMES = [
  'delivered',
  'pending',
  'parked',
  'expired',
  'withdrawn',
  'refused',
] as const
/** Most days that feedback took to be closed, of each class but the last. */
export const CLOSING_DAYS = [2, 7, 14, 30] as const

/** One bar of each chart: from this instant on, an hour, a UTC day or a week from Monday. */
export interface Slot {
  at: Date
  /** Messages accepted, as a whole or in part, and refused. */
  volume: number[]
  /** Items in the order of OUTCOMES. */
  outcome: number[]
  /** Hand-overs in the order of LATENCIES. */
  latency: number[]
}

/** One bar of the chart of closing: a day or a week, and feedback by CLOSING_DAYS, and longer. */
export interface ClosingSlot {
  at: Date
  closing: number[]
}

/** Whose figures, until when. */
export interface Asked {
  now: Date
  /** Of what it sent, and what was handed to it; null for all. */
  party: string | null
}

/** The figures of a period, empty slots too. Days that were counted come from their counts. */
export async function readSlots(db: Queryable, asked: Asked, period: Period): Promise<Slot[]> {
  const { now } = asked
  const slots = emptySlots(period, now)
  const [first] = slots
  if (!first) return []
  const unit = period === '24u' ? 'hour' : 'day'
  const rows = await (unit === 'hour'
    ? readLive(db, asked, { from: first.at, until: soon(now), unit })
    : readDays(db, asked, dayOf(now, Number(period) - 1)))
  for (const row of rows.outcomes) addOutcome(slotAt(slots, row.at), row)
  for (const row of rows.latencies)
    add(
      slotAt(slots, row.at)?.latency,
      LATENCIES.map(name => row[name]),
    )
  return slots
}

/** Feedback closed over a period; over 24 hours today and yesterday, for closing is known by day. */
export async function readClosingSlots(
  db: Queryable,
  { now, party }: Asked,
  period: Period,
): Promise<ClosingSlot[]> {
  const starts = period === '24u' ? daysUntil(now, 2) : startsOf(period, now)
  const slots = starts.map(at => ({ at, closing: [...CLOSING_DAYS, 0].map(() => 0) }))
  const since = dayOf(now, period === '24u' ? 1 : Number(period) - 1)
  const { rows } = await db.query<{ day: string; days: number; closed: number }>(CLOSINGS, [
    since,
    dayOf(now),
    party,
  ])
  for (const { day, days, closed } of rows) {
    const totals = slotAt(slots, new Date(`${day}T00:00:00Z`))?.closing
    const place = CLOSING_DAYS.findIndex(most => days <= most)
    const index = place < 0 ? CLOSING_DAYS.length : place
    if (totals) totals[index] = (totals[index] ?? 0) + closed
  }
  return slots
}

const CLOSINGS = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day, days, sum(closed)::bigint AS closed FROM figure_closing
  WHERE day BETWEEN $1 AND $2 AND ($3::text IS NULL OR party_id = $3) GROUP BY 1, 2`

/** What has no code of its own: items that were refused one by one. */
export const NO_CODE = 'none'

/** A code, and how many items it refused in these seven days and in the seven before. */
export interface RefusalLine {
  code: string
  week: number
  before: number
}

/** Refusals by code over the seven UTC days with today against the seven before; most first. */
export async function readRefusals(db: Queryable, asked: Asked): Promise<RefusalLine[]> {
  const { now, party } = asked
  const [days, today] = await Promise.all([
    db.query<Dated<RefusalCount>>(DAY_REFUSALS, [dayOf(now, 13), party]),
    readUncounted(db, asked).then(counted => countRefusals(db, counted)),
  ])
  const own = today.filter(row => party === null || row.party === party)
  const start = new Date(`${dayOf(now, 6)}T00:00:00Z`)
  const sum = (rows: readonly Dated<RefusalCount>[]) =>
    rows.reduce((total, row) => total + row.items, 0)
  return [...Map.groupBy([...days.rows, ...own], row => row.code)]
    .map(([code, rows]) => {
      const week = sum(rows.filter(row => row.at >= start))
      return { code, week, before: sum(rows) - week }
    })
    .sort((a, b) => b.week - a.week || b.before - a.before || (a.code < b.code ? -1 : 1))
}

type Dated<T> = Omit<T, 'protocol' | 'party' | 'recipient'>

interface Rows {
  outcomes: Dated<OutcomeCount>[]
  latencies: Dated<LatencyCount>[]
}

/** What was counted since a day, and live what was not: today, and yesterday just after midnight. */
async function readDays(db: Queryable, asked: Asked, since: string): Promise<Rows> {
  const values = [since, asked.party]
  const [outcomes, latencies, today] = await Promise.all([
    db.query<Rows['outcomes'][number]>(DAY_OUTCOMES, values),
    db.query<Rows['latencies'][number]>(DAY_LATENCIES, values),
    readUncounted(db, asked).then(counted => readLive(db, asked, counted)),
  ])
  return {
    outcomes: [...outcomes.rows, ...today.outcomes],
    latencies: [...latencies.rows, ...today.latencies],
  }
}

async function readLive(db: Queryable, { party }: Asked, counted: Counted): Promise<Rows> {
  const [outcomes, latencies, companies] = await Promise.all([
    countOutcomes(db, counted),
    countLatencies(db, counted),
    party === null ? undefined : readCompanies(db),
  ])
  const isOwn = (row: { party: string }) => party === null || row.party === party
  const shows = (row: LatencyCount) =>
    party === null || row.recipient === party || (isOwn(row) && !companies?.has(row.recipient))
  return { outcomes: outcomes.filter(isOwn), latencies: latencies.filter(shows) }
}

/** The days since the newest that was counted; at most two: what no job counts is not counted here. */
async function readUncounted(db: Queryable, { now }: Asked): Promise<Counted> {
  const { rows } = await db.query<{ day: string }>(LAST, [dayOf(now, 2)])
  const from = new Date(Date.parse(rows[0]?.day ?? dayOf(now, 2)) + DAY_MS)
  return { from, until: soon(now), unit: 'day' }
}

const LAST = `
  SELECT to_char(greatest(max(day), $1::date), 'YYYY-MM-DD') AS day FROM figure_day`

const at = `(day::timestamp AT TIME ZONE 'UTC') AS at`

const DAY_OUTCOMES = `
  SELECT ${at}, sum(messages)::bigint AS messages, sum(refused_messages)::bigint AS "refusedMessages",
    ${OUTCOMES.map(name => `sum(${name})::bigint AS ${name}`).join(', ')}
  FROM figure_outcome WHERE day >= $1 AND ($2::text IS NULL OR party_id = $2) GROUP BY day`

const DAY_REFUSALS = `
  SELECT ${at}, code, sum(messages)::bigint AS messages, sum(items)::bigint AS items
  FROM figure_refusal WHERE day >= $1 AND ($2::text IS NULL OR party_id = $2) GROUP BY day, code`

// Which housing company has a person is not for who sent the message to know.
const DAY_LATENCIES = `
  SELECT ${at}, ${LATENCIES.map(name => `sum(${name})::bigint AS ${name}`).join(', ')}
  FROM figure_latency WHERE day >= $1 AND ($2::text IS NULL OR recipient = $2 OR (party_id = $2
    AND recipient NOT IN (SELECT id FROM party WHERE kind = 'housing-company')))
  GROUP BY day`

async function readCompanies(db: Queryable): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM party WHERE kind = 'housing-company'",
  )
  return new Set(rows.map(row => row.id))
}

function emptySlots(period: Period, now: Date): Slot[] {
  return startsOf(period, now).map(start => ({
    at: start,
    volume: [0, 0],
    outcome: OUTCOMES.map(() => 0),
    latency: LATENCIES.map(() => 0),
  }))
}

function startsOf(period: Period, now: Date): Date[] {
  if (period === '24u') {
    const hour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS
    return Array.from({ length: 24 }, (_, index) => new Date(hour - (23 - index) * HOUR_MS))
  }
  const days = Number(period)
  if (days < 100) return daysUntil(now, days)
  const first = Date.parse(dayOf(now, days - 1))
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY_MS
  const weeks = Math.floor((now.getTime() - monday) / (7 * DAY_MS)) + 1
  return Array.from({ length: weeks }, (_, i) => new Date(monday + i * 7 * DAY_MS))
}

function daysUntil(now: Date, days: number): Date[] {
  const first = Date.parse(dayOf(now, days - 1))
  return Array.from({ length: days }, (_, i) => new Date(first + i * DAY_MS))
}

function slotAt<T extends { at: Date }>(slots: readonly T[], at: Date): T | undefined {
  return slots.findLast(slot => slot.at <= at)
}

function addOutcome(slot: Slot | undefined, row: Rows['outcomes'][number]): void {
  add(slot?.volume, [row.messages - row.refusedMessages, row.refusedMessages])
  add(
    slot?.outcome,
    OUTCOMES.map(name => row[name]),
  )
}

function add(totals: number[] | undefined, counts: readonly number[]): void {
  for (const [index, count] of counts.entries()) {
    if (totals) totals[index] = (totals[index] ?? 0) + count
  }
}

// What arrives while the page is drawn, by a clock that is a little ahead.
function soon(now: Date): Date {
  return new Date(now.getTime() + HOUR_MS)
}

/** A UTC day, so many before an instant. */
function dayOf(at: Date, before = 0): string {
  return new Date(at.getTime() - before * DAY_MS).toISOString().slice(0, 10)
}
