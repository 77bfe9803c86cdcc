import type { ConsoleDeps } from '../deps.ts'
import type { Page } from '../page.ts'
import { protocolLines } from '../reads/protocols.ts'
import { texts } from '../texts/index.ts'

/** /console/protocollen: every protocol with its state and, in plain words, why it is not in force. */
export const protocolsPage: Page = {
  method: 'get',
  path: '/protocollen',
  operation: 'overview:read',
  own: true,
  nav: 'protocols',
  answer: async (deps: ConsoleDeps, { at, scope }) => ({
    view: 'protocols',
    title: texts().protocols.title,
    model: { protocols: protocolLines(deps.protocols.current(), at, scope) },
  }),
}
