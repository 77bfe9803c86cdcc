import { type Page, PageProblem } from '../page.ts'

/** /console/systeem */
export const systemPage: Page = {
  method: 'get',
  path: '/systeem',
  operation: 'overview:read',
  nav: 'system',
  answer: async () => {
    throw new PageProblem('not-found')
  },
}
