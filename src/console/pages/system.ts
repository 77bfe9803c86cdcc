import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { readSystem } from '../reads/system.ts'
import { texts } from '../texts/index.ts'

/** /console/systeem: whether the machinery runs. Of all parties together, so not for the officer of one. */
export const systemPage: Page = {
  method: 'get',
  path: '/systeem',
  operation: 'overview:read',
  nav: 'system',
  answer: draw,
}

async function draw(deps: ConsoleDeps, { at }: PageRequest): Promise<Drawing> {
  const [system, checks, names] = await Promise.all([
    readSystem(deps.pool, at),
    deps.health?.() ?? [],
    partyNames(deps.pool),
  ])
  const { capacity, lastHour } = system.sequencing
  const headroom = Math.max(0, Math.round(100 - (100 * lastHour) / capacity))
  const outbox = system.outbox.map(line => ({
    ...line,
    name: names.get(line.destination) ?? line.destination,
    overdue: line.due && line.due < at ? at.getTime() - line.due.getTime() : undefined,
  }))
  const circuits = system.circuits.map(it => ({ ...it, name: names.get(it.party) ?? it.party }))
  return {
    view: 'system',
    title: texts().system.title,
    model: {
      ...system,
      outbox,
      circuits,
      checks,
      headroom,
      node: process.version,
      release: deps.release,
    },
  }
}
