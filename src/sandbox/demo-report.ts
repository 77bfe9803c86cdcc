import { join } from 'node:path'
import type { FinalCounts } from './demo-counts.ts'
import { peersAreDone } from './demo-run.ts'
import type { DemoReport, DemoStage } from './demo-types.ts'
import { type LeakReport, scanForLeaks } from './leak-scan.ts'

/** What was checked at the end, beside the counts. */
export interface Checks {
  auditEntries: number
  auditVerified: boolean
  balanced: boolean
  leaks: LeakReport
}

interface Doctor {
  checks?: { name: string; ok: boolean }[]
}

/**
 * Checks the run as an outsider would: `huisbrug audit verify`, the conservation of `huisbrug
 * doctor`, and a search for national numbers everywhere they may not be.
 */
export async function checkRun(stage: DemoStage): Promise<Checks> {
  const [verified, doctor, leaks] = await Promise.all([
    stage.programs.run(['audit', 'verify']),
    stage.programs.run(['doctor']),
    scanStage(stage),
  ])
  const { checks = [] } = doctor.json as Doctor
  return {
    auditEntries: Number(verified.json['entries'] ?? 0),
    auditVerified: verified.code === 0 && verified.json['ok'] === true,
    balanced: checks.some(check => check.name === 'conservation' && check.ok),
    leaks,
  }
}

function scanStage(stage: DemoStage): Promise<LeakReport> {
  const { population, databaseUrl, options, peersFolder } = stage
  const numbers = [...population.tenants.map(tenant => tenant.insz), ...population.otherClients]
  const { queueUrl, dataDir } = options
  return scanForLeaks(numbers, {
    databaseUrl,
    redisUrl: queueUrl && /^rediss?:/.test(queueUrl) ? queueUrl : undefined,
    files: [join(dataDir, 'logs'), join(dataDir, 'postgres.log'), peersFolder],
  })
}

/** The figures of a run. */
export function toReport(
  stage: DemoStage,
  counts: FinalCounts,
  checks: Checks,
  seconds: number,
): DemoReport {
  const { companies } = stage.backOffice.status()
  const { pending: _, unsequenced: __, ...counted } = counts
  const { auditEntries, auditVerified, balanced } = checks
  return {
    population: stage.population.tenants.length,
    tenants: companies.reduce((sum, company) => sum + company.sent, 0),
    ...counted,
    auditEntries,
    auditVerified,
    balanced,
    nationalNumbersLeaked: checks.leaks.leaked,
    seconds: Math.round(seconds * 10) / 10,
  }
}

/** Whether the run kept every promise and reached its end. */
export function isGood(report: DemoReport, counts: FinalCounts, stage: DemoStage): boolean {
  return (
    report.parked === 0 &&
    report.auditVerified &&
    report.balanced &&
    report.nationalNumbersLeaked === 0 &&
    counts.pending === 0 &&
    peersAreDone(stage) &&
    leftOut(stage) === 0
  )
}

/** Tenants of the target group whose request was refused; in a closed month nobody expects more. */
export function leftOut(stage: DemoStage): number {
  const { companies } = stage.backOffice.status()
  return companies
    .filter(company => !company.periodClosed)
    .reduce((sum, company) => sum + (company.notSent ?? 0), 0)
}
