import { mayPerson } from '../../access/operations.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { readLogState } from '../reads/evidence.ts'
import { readIntegrity } from '../reads/integrity.ts'
import { texts } from '../texts/index.ts'

/**
 * /console/integriteit: what vouches for the audit log. Nothing in it is of one party, and all but the
 * checks is public at /log.
 */
export const integrityPage: Page = {
  method: 'get',
  path: '/integriteit',
  operation: 'overview:read',
  own: true,
  nav: 'integrity',
  answer: draw,
}

async function draw({ pool }: ConsoleDeps, { session, at }: PageRequest): Promise<Drawing> {
  const [log, integrity] = await Promise.all([readLogState(pool), readIntegrity(pool)])
  const mayCheck = mayPerson(session, 'evidence:read') && session.party === undefined
  const { witnesses, publishes } = integrity
  const tones = witnesses.map(it => ({
    ...it,
    tone: it.alarm ? 'bad' : it.fault ? 'warn' : 'good',
    age: it.cosignedAt && at.getTime() - it.cosignedAt.getTime(),
  }))
  const isBad = tones.some(it => it.alarm) || integrity.checks[0]?.isIntact === false
  const isLate = log.pending.late > 0 || publishes.missingSince || integrity.stampState.fault
  const tone = isBad ? 'bad' : isLate || !log.checkpoint ? 'warn' : 'good'
  return {
    view: 'integrity',
    title: texts().integrity.title,
    model: { ...integrity, ...log, witnesses: tones, tone, mayCheck },
  }
}
