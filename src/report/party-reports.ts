import type { Pool, Tx } from '../db/pool.ts'
import { isAccession, isAgreement } from '../protocol/document.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { readableStatus } from '../protocol/readable/status.ts'
import { warningsOf } from './annex-1.ts'
import { readAnnex1Lines } from './annex-1-read.ts'
import { annex1Report } from './annex-1-report.ts'
import { releaseEffect, releaseQuarter } from './dashboard.ts'
import { dashboardReport } from './dashboard-report.ts'
import type { Report } from './document.ts'
import { type Days, readEvaluationFigures } from './evaluation-read.ts'
import { type EvaluationAgreement, evaluationReport } from './evaluation-report.ts'
import { type Asking, makeReport } from './made.ts'
import { daysOf, type Quarter, quarterBeside, quartersWithin } from './period.ts'

/** A report with what it is made of, for programs. */
export interface Made {
  report: Report
  data: object
}

/** Who asks for a report of which housing company. */
export type PartyAsking = Asking & { party: string }

/**
 * Annex 1 of a housing company as it reported it on days of a period, exact, with its entry.
 * @throws RangeError where there is no such housing company
 */
export function makeAnnex1(
  pool: Pool,
  { party: id, from, until, ...asking }: PartyAsking & Days,
): Promise<Made> {
  return makeReport(pool, asking, async tx => {
    const party = await readCompany(tx, id)
    const lines = await readAnnex1Lines(tx, id, { from, until })
    const report = annex1Report(party, lines, { from, until, on: dayOf(asking.at) })
    const items = lines.map(line => ({ ...line, warnings: warningsOf(line.report) }))
    const entry = {
      ...entryOf('annex-1', id, { from, until }),
      counts: { lines: lines.length },
    }
    return { report: { report, data: { party, from, until, items } }, entry }
  })
}

/**
 * The dashboard of a housing company over a quarter that is over, with its entry: reach, outflow, and what
 * became of those about whom there was feedback in the quarter before; each number under disclosure control.
 * @throws RangeError where there is no such housing company, or the quarter is not over
 */
export function makeDashboard(
  pool: Pool,
  set: ProtocolSet,
  { party: id, quarter, ...asking }: PartyAsking & { quarter: Quarter },
): Promise<Made> {
  const { from, until } = daysOf(quarter)
  const { by, at } = asking
  const on = dayOf(at)
  if (until >= on) throw new RangeError(`the quarter ${quarter} is not over yet`)
  return makeReport(pool, asking, async tx => {
    const party = await readCompany(tx, id)
    const before = quarterBeside(quarter, -1)
    const parts = [
      ...(await releaseQuarter(tx, set, { by, at, party: id, quarter })),
      ...(await releaseEffect(tx, set, { by, at, party: id, quarter: before })),
    ]
    const report = dashboardReport(party, quarter, parts, on)
    const entry = {
      ...entryOf('dashboard', id, { from, until }),
      counts: { lines: parts.length },
    }
    return { report: { report, data: { party, quarter, parts } }, entry }
  })
}

/**
 * The skeleton of an interim or final evaluation of a housing company over a period, with its entry.
 * @throws RangeError where there is no such housing company, or the period ends before it begins
 */
export function makeEvaluation(
  pool: Pool,
  set: ProtocolSet,
  asked: PartyAsking & Days & { kind: 'interim' | 'final' },
): Promise<Made> {
  const { party: id, from, until, kind, ...asking } = asked
  const { by, at } = asking
  if (from > until) throw new RangeError('the period ends before it begins')
  const on = dayOf(at)
  return makeReport(pool, asking, async tx => {
    const party = await readCompany(tx, id)
    const days = { from, until }
    const quarters = quartersWithin(from, until, on)
    const parts = []
    for (const quarter of quarters) {
      parts.push(...(await releaseQuarter(tx, set, { by, at, party: id, quarter })))
      const isTold = daysOf(quarterBeside(quarter, 1)).until < on
      if (isTold) parts.push(...(await releaseEffect(tx, set, { by, at, party: id, quarter })))
    }
    const figures = await readEvaluationFigures(tx, id, days)
    const annex1 = await readAnnex1Lines(tx, id, days)
    const agreements = agreementsOf(set, id, at)
    const data = { kind, party, days, on, agreements, figures, parts, annex1 }
    const counts = { lines: parts.length + annex1.length }
    const entry = { ...entryOf(`${kind}-evaluation`, id, days), counts }
    return { report: { report: evaluationReport(data), data }, entry }
  })
}

function entryOf(reason: string, party: string, days: Days) {
  return { reason, recipient: party, details: { party, ...days } }
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

async function readCompany(tx: Tx, id: string): Promise<{ id: string; name: string; kbo: string }> {
  const { rows } = await tx.query<{ id: string; name: string; kbo: string }>(
    `SELECT id, name, kbo FROM party WHERE id = $1 AND kind = 'housing-company'`,
    [id],
  )
  if (!rows[0]) throw new RangeError(`there is no housing company ${id}`)
  return rows[0]
}

/** The agreements that a party is in, by its own document or by one that it joined. */
function agreementsOf(set: ProtocolSet, party: string, at: Date): EvaluationAgreement[] {
  return [...set.protocols.values()].flatMap(one => {
    if (!one.document.parties.some(({ id }) => id === party)) return []
    const framework = isAccession(one) ? set.protocols.get(one.document.framework) : one
    if (!framework || !isAgreement(framework)) return []
    const { document } = framework
    return [
      {
        id: one.id,
        title: one.document.context.title,
        standing: readableStatus(one, at, document).sentence,
        purposes: document.purposes.map(({ title }) => title),
        groups: document.dataSubjects.map(({ targetGroup }) => targetGroup.label),
      },
    ]
  })
}
