import { mayPerson } from '../../access/operations.ts'
import { actorOf } from '../../access/scope.ts'
import { pdfOfPaper } from '../../protocol/readable/pdf.ts'
import { type Usage, type UsageReport, usageByNumber } from '../../subject/usage.ts'
import { usagePaper } from '../../subject/usage-paper.ts'
import type { ConsoleDeps } from '../deps.ts'
import { endOfDay, startOfDay } from '../format.ts'
import type { Answer, Drawing, PageRequest } from '../page.ts'
import { texts } from '../texts/index.ts'
import type { Wanted } from './subject-act.ts'
import { drawCase } from './subject-case.ts'
import { reasonFor } from './subject-reason.ts'

const MOST = 1_000

/**
 * What was shared about a person, as a page or as a PDF; each reading is an entry that the person sees.
 * @throws Refusal as usageByNumber does, and HB-907 or HB-908 while no evidence can be kept
 */
export async function showUsage(
  deps: ConsoleDeps,
  request: PageRequest,
  { found, act, approval }: Wanted,
): Promise<Answer> {
  const { form, session, at } = request
  const period = periodOf(form)
  if (!period) return wrongPeriod(deps, request, found)
  await deps.disclosures?.assertOpen()
  const reason = reasonFor(found, act)
  const question = { insz: form['insz'] ?? '', reason, limit: MOST, ...period }
  const report = await usageByNumber(
    deps,
    { ...question, ...(approval && { approval }) },
    actorOf(session),
    at,
  )
  if (act === 'pdf') return pdfOf(report, found.caseRef)
  return {
    view: 'subject-usage',
    title: texts().subjects.usage.title,
    model: {
      found,
      report,
      usages: report.usages.map(toLine),
      most: MOST,
      values: form,
      mayRead: mayPerson(session, 'evidence:read'),
    },
  }
}

async function pdfOf(report: UsageReport, caseRef: string): Promise<Answer> {
  const content = await pdfOfPaper(usagePaper(report, caseRef))
  return { file: `inzage-${caseRef}.pdf`, type: 'application/pdf', content }
}

function toLine(usage: Usage) {
  const isOurs = usage.receiverSystem === 'huisbrug'
  return { ...usage, at: new Date(usage.logtime), isOurs }
}

async function wrongPeriod(
  deps: ConsoleDeps,
  request: PageRequest,
  found: Wanted['found'],
): Promise<Drawing> {
  const wrong = { field: 'period' as const, text: texts().common.wrongDate }
  return { ...(await drawCase(deps, request, found, { wrong })), status: 400 }
}

/** Two Belgian days, both included, as instants; undefined where one does not exist. */
function periodOf(form: PageRequest['form']): { from?: string; until?: string } | undefined {
  const [van, tot] = [form['van'] ?? '', form['tot'] ?? '']
  const [from, until] = [startOfDay(van), endOfDay(tot)]
  if ((van !== '' && !from) || (tot !== '' && !until)) return undefined
  return {
    ...(from && { from: from.toISOString() }),
    ...(until && { until: until.toISOString() }),
  }
}
