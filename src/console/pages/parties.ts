import type { ConsoleDeps } from '../deps.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { readParties, readParty } from '../reads/parties.ts'
import { texts } from '../texts/index.ts'

const PATH = '/partijen'
const ID = /^[A-Za-z0-9._-]{1,64}$/

/** /console/partijen: who takes part, and whether they can go on. */
export const partiesPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'overview:read',
  own: true,
  nav: 'parties',
  answer: async ({ reading }, { scope, at }) => ({
    view: 'parties',
    title: texts().parties.title,
    model: { lines: await readParties(reading, scope, at), path: PATH },
  }),
}

/** /console/partijen/:id: one party, with its keys, contacts, networks and webhook. Read only. */
export const partyPage: Page = {
  method: 'get',
  path: `${PATH}/:id`,
  operation: 'overview:read',
  own: true,
  nav: 'parties',
  answer: drawParty,
}

async function drawParty(
  { pool }: ConsoleDeps,
  { params, scope, at }: PageRequest,
): Promise<Drawing> {
  const id = params['id'] ?? ''
  const detail = ID.test(id) ? await readParty(pool, id, scope) : undefined
  if (!detail) throw new PageProblem('not-found')
  const keys = detail.keys.map(key => ({
    ...key,
    isOver: key.until !== undefined && key.until <= at,
  }))
  return { view: 'party', title: detail.party.name, model: { ...detail, keys, path: PATH } }
}
