import { type Page, PageProblem } from '../page.ts'

/** /console/integriteit */
export const integrityPage: Page = {
  method: 'get',
  path: '/integriteit',
  operation: 'overview:read',
  nav: 'integrity',
  answer: async () => {
    throw new PageProblem('not-found')
  },
}
