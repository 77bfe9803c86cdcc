import { type Page, PageProblem } from '../page.ts'

/** /console/terugkoppeling */
export const feedbackPage: Page = {
  method: 'get',
  path: '/terugkoppeling',
  operation: 'overview:read',
  nav: 'feedback',
  answer: async () => {
    throw new PageProblem('not-found')
  },
}
