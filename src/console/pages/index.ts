import type { Page } from '../page.ts'
import type { NavKey } from '../texts/nl.ts'
import { approvalsPage, decideApprovalPage } from './approvals.ts'
import { auditLogPage } from './audit-log.ts'
import { entryPage } from './entry.ts'
import { journeyPage } from './journey.ts'
import { messagesPage } from './messages.ts'
import { overviewPage } from './overview.ts'
import { decideParkedPage, parkedPage } from './parked.ts'
import { protocolPage } from './protocol.ts'
import { protocolsPage } from './protocols.ts'
import { grantPage, quotasPage, reviewPage } from './quotas.ts'
import { endSessionPage, sessionsPage } from './sessions.ts'
import { resumePage, suspendPage } from './suspension.ts'
import { verifyNow, verifyPage } from './verify.ts'

/** Every page behind the sign-in. A new room is one file and one line here. */
export const PAGES: readonly Page[] = [
  overviewPage,
  messagesPage,
  journeyPage,
  parkedPage,
  decideParkedPage,
  auditLogPage,
  entryPage,
  verifyPage,
  verifyNow,
  protocolsPage,
  protocolPage,
  suspendPage,
  resumePage,
  quotasPage,
  grantPage,
  reviewPage,
  approvalsPage,
  decideApprovalPage,
  sessionsPage,
  endSessionPage,
]

const IN_MENU = [
  overviewPage,
  messagesPage,
  auditLogPage,
  verifyPage,
  protocolsPage,
  quotasPage,
  approvalsPage,
  sessionsPage,
]

/** The menu, in its order; a person sees what the role may open. */
export const MENU: readonly (Pick<Page, 'operation' | 'own' | 'path'> & { key: NavKey })[] =
  IN_MENU.map(({ nav, path, operation, own }) => ({
    key: nav,
    path: path === '/' ? '' : path,
    operation,
    ...(own && { own }),
  }))
