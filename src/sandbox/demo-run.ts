import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { targetGroupOf } from './batch-sender.ts'
import { connectDatabase, type FinalCounts, readFinalCounts } from './demo-counts.ts'
import type { DemoStage } from './demo-types.ts'

const LOOK_MS = 150
/** Longer than a claim on a hand-over lasts, so that what a kill left behind comes through. */
const STALLED_MS = 180_000

/** Waits until VDAB prepared its client file for the domain that requests use. */
export async function untilRegisterReady(stage: DemoStage): Promise<void> {
  const bar = stage.bars.bar('VDAB bereidt klanten blind voor')
  await untilNoNews(stage, () => {
    const { ready, preparing, clients } = stage.vdab.status()
    bar.update(ready.length > 0 ? clients : (preparing?.done ?? 0), clients)
    return ready.length > 0
  })
}

/**
 * Has the housing companies send, and waits until everything they and VDAB sent reached its end:
 * all answers and feedback taken, all events delivered, progress reported on each feedback, and all
 * evidence in the log.
 * @returns the database's counts at that moment
 */
export async function runExchange(stage: DemoStage): Promise<FinalCounts> {
  const show = createView(stage)
  stage.backOffice.program.command('send')
  const client = await connectDatabase(stage.databaseUrl)
  try {
    await untilNoNews(stage, () => show() && peersAreDone(stage))
    return await untilSettled(stage, client, show)
  } finally {
    await client.end()
  }
}

/** Whether the gateway took all that the peers have to say, so that only its own work is left. */
export function peersAreDone(stage: DemoStage): boolean {
  const vdab = stage.vdab.status()
  const { companies } = stage.backOffice.status()
  const asked = companies.reduce((sum, company) => sum + company.messagesWithTenants, 0)
  const told = companies.reduce((sum, company) => sum + company.feedback, 0)
  return (
    companies.every(company => company.notSent !== undefined && company.open === 0) &&
    vdab.requests >= asked &&
    vdab.open === 0 &&
    told >= vdab.feedback
  )
}

async function untilSettled(
  stage: DemoStage,
  client: pg.Client,
  show: () => boolean,
): Promise<FinalCounts> {
  let counts = await readFinalCounts(client)
  await untilNoNews(stage, async () => {
    show()
    counts = await readFinalCounts(client)
    return counts.pending === 0 && counts.unsequenced === 0 && peersAreDone(stage)
  })
  return counts
}

/** Looks again and again until it fits; ends without it where nothing changes any more. */
async function untilNoNews(
  stage: DemoStage,
  fits: () => boolean | Promise<boolean>,
): Promise<void> {
  let newsAt = performance.now()
  let before = ''
  while (!(await fits())) {
    const now = JSON.stringify([stage.vdab.status(), stage.backOffice.status()])
    if (now !== before) newsAt = performance.now()
    before = now
    if (performance.now() - newsAt > STALLED_MS) return
    await sleep(LOOK_MS, undefined, { signal: stage.options.signal })
  }
}

function createView(stage: DemoStage): () => boolean {
  const { bars, population } = stage
  const sent = bars.bar('Huurders uit de doelgroep verzonden')
  const answered = bars.bar('Vragen door VDAB beantwoord')
  const followed = bars.bar('Terugkoppelingen opgevolgd')
  return () => {
    const { companies } = stage.backOffice.status()
    const vdab = stage.vdab.status()
    const sum = (field: 'sent' | 'messagesWithTenants' | 'takenUp') =>
      companies.reduce((total, company) => total + company[field], 0)
    const wanted = companies.flatMap(({ company }) => targetGroupOf(population, company)).length
    sent.update(sum('sent'), Math.max(wanted, sum('sent')))
    answered.update(vdab.answered, Math.max(sum('messagesWithTenants'), vdab.answered))
    followed.update(sum('takenUp'), Math.max(vdab.feedback, sum('takenUp')))
    return true
  }
}
