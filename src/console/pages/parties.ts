import { type Page, PageProblem } from '../page.ts'

/** /console/partijen */
export const partiesPage: Page = {
  method: 'get',
  path: '/partijen',
  operation: 'overview:read',
  nav: 'parties',
  answer: async () => {
    throw new PageProblem('not-found')
  },
}

/** /console/partijen/:id */
export const partyPage: Page = { ...partiesPage, path: '/partijen/:id' }
