import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import { language } from '../language.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { readSystem } from '../reads/system.ts'
import { texts } from '../texts/index.ts'
import { healthNl } from '../texts/nl-health.ts'

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
      checks: checks.map(it => ({ ...it, said: said(it.detail), todo: said(it.remedy ?? '') })),
      headroom,
      node: process.version,
      release: deps.release,
    },
  }
}

const INSTANT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
const DAY = /\b\d{4}-\d\d-\d\d\b/g

/** What the program says, with its times as people write them; in English where Dutch has no words for it. */
function said(text: string): { text: string; lang: 'nl' | 'en' } {
  const dutch = language() === 'nl' ? healthNl(text) : undefined
  const told = (dutch ?? text)
    .replace(INSTANT, at => format.moment(new Date(at)))
    .replace(DAY, day => format.day(day))
  return { text: told, lang: dutch === undefined ? 'en' : 'nl' }
}
