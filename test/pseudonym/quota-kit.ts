import type { Agreement } from '../../src/protocol/document.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { agreementOf } from '../../src/protocol/lookup.ts'
import type { Allowance } from '../../src/pseudonym/quota.ts'
import { sampleSet } from '../protocol/sample.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

/** The first two epochs of the framework. */
export const [FIRST, SECOND] = ['wm-vdab/1/1', 'wm-vdab/1/2'] as const
export const MORNING = new Date('2026-01-15T10:00:00.000Z')
/** An instant so many days after that morning. */
export const later = (days: number) => new Date(MORNING.getTime() + days * 86_400_000)

/** The sample documents, in which the parties have these quotas. */
export function setWith(quotas: Record<string, Allowance>): ProtocolSet {
  const set = sampleSet()
  const framework = agreementOf(set, 'wm-vdab')!
  const evaluation = Object.entries(quotas).map(([party, allowance]) => ({ party, ...allowance }))
  const { modalities } = framework.document
  const document: Agreement = {
    ...framework.document,
    modalities: { ...modalities, evaluation },
  } as Agreement
  return { ...set, protocols: new Map([...set.protocols, ['wm-vdab', { ...framework, document }]]) }
}

/** A database with VDAB, a housing company, and two epochs that are open. */
export async function quotaDatabase(): Promise<TestDatabase> {
  const database = await testDatabase({ max: 12 })
  await database.pool.query(
    `INSERT INTO party (id, kind, name, kbo, jwks) VALUES
       ('vdab', 'employment-service', 'VDAB', '0316380841', '{}'),
       ('woonboog', 'housing-company', 'Woonboog', '0999000327', '{}')`,
  )
  await database.pool.query(
    `INSERT INTO domain (name, protocol, epoch, state, public_key)
     VALUES ($1, 'wm-vdab', 1, 'opening', '\\x00'), ($2, 'wm-vdab', 2, 'opening', '\\x00')`,
    [FIRST, SECOND],
  )
  return database
}

/** As it was made: every table that a test of quotas writes is empty again, the epochs are opening. */
export async function emptyQuotas({ pool }: TestDatabase): Promise<void> {
  await pool.query('TRUNCATE quota_use, quota_grant, exception, published_key')
  await pool.query('DELETE FROM audit_detail')
  await pool.query('DELETE FROM audit_pending')
  await pool.query(`UPDATE domain SET state = 'opening', ready_at = NULL, ready_by = NULL`)
}

/** The recipient reports ready: the domain is current from then on. */
export async function reportReady(database: TestDatabase, domain = FIRST as string): Promise<void> {
  await database.pool.query(
    `UPDATE domain SET state = 'current', ready_at = now(), ready_by = 'vdab' WHERE name = $1`,
    [domain],
  )
}
