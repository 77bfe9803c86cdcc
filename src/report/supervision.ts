import type { Pool, Tx } from '../db/pool.ts'
import type { Reading } from '../db/reading.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { referenceOf } from '../protocol/lookup.ts'
import { type Breach, type BreachFilter, breachExtract } from './breach.ts'
import { assertAsked, readAgreements, readBreach, readCheckpoint } from './breach-read.ts'
import { type Asking, makeReport } from './made.ts'
import { processingRegister, type Register } from './register.ts'
import { readKeptVersions } from './register-read.ts'

/**
 * The record of processing activities (art. 30 GDPR) of a set of documents, with its entry.
 * @throws RangeError where the document that is asked for is not there
 */
export function makeRegister(
  pool: Pool,
  set: ProtocolSet,
  { protocol, ...asking }: Asking & { protocol?: string | undefined },
  reading?: Pick<Reading, 'within'>,
): Promise<Register> {
  const make = async (tx: Tx) => {
    const kept = await readKeptVersions(tx)
    const report = processingRegister(set, asking.at, { only: protocol, kept })
    const reference = referenceOf(set, protocol)
    const entry = {
      reason: 'processing-register',
      counts: { protocols: report.activities.length },
      ...(reference && { protocol: reference }),
      ...(protocol !== undefined && { details: { protocol } }),
    }
    return { report, entry }
  }
  return makeReport(pool, asking, make, reading)
}

/**
 * The extract for the notification of a breach (art. 33 GDPR), up to the newest checkpoint, with its entry.
 * @throws RangeError where a party or agreement that is asked for is not there
 */
export function makeBreach(
  pool: Pool,
  set: ProtocolSet,
  { by, at, format, ...filter }: Asking & BreachFilter,
  reading?: Pick<Reading, 'within'>,
): Promise<Breach> {
  const make = async (tx: Tx) => {
    await assertAsked(tx, filter)
    const checkpoint = await readCheckpoint(tx)
    const read = await readBreach(tx, filter, checkpoint?.size ?? 0)
    const digests = read.rows.flatMap(({ digest }) => digest ?? [])
    const documents = await readAgreements(tx, digests)
    const report = breachExtract(filter, checkpoint, read, documents)
    const { from, until, filter: only, totals } = report
    const reference = referenceOf(set, filter.protocol)
    const entry = {
      reason: 'breach-extract',
      counts: {
        lines: report.lines.length,
        messages: totals.messages,
        persons: totals.persons.total,
        refusals: totals.refusals,
      },
      ...(reference && { protocol: reference }),
      details: { from, until, ...only, ...checkpoint },
    }
    return { report, entry }
  }
  return makeReport(pool, { by, at, ...(format && { format }) }, make, reading)
}
