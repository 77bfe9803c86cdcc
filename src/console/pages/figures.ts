import { type Page, PageProblem } from '../page.ts'

/** /console/cijfers */
export const figuresFile: Page = {
  method: 'get',
  path: '/cijfers',
  operation: 'overview:read',
  nav: 'overview',
  answer: async () => {
    throw new PageProblem('not-found')
  },
}
