import type { Page } from '../page.ts'
import type { MenuGroup, NavKey } from '../texts/nl.ts'
import { approvalsPage, decideApprovalPage } from './approvals.ts'
import { attentionPage } from './attention.ts'
import { auditLivePage } from './audit-live.ts'
import { auditLogPage } from './audit-log.ts'
import { bundleFile, entryFile, entryProofFile, proofFile, receiptFile } from './downloads.ts'
import { checkEntryPage, entryPage } from './entry.ts'
import { exceptionPage, exceptionsPage, reviewExceptionPage } from './exceptions.ts'
import { feedbackPage } from './feedback.ts'
import { figuresFile } from './figures.ts'
import { integrityPage } from './integrity.ts'
import { journeyPage } from './journey.ts'
import { messagesPage } from './messages.ts'
import { overviewPage } from './overview.ts'
import { decideParkedPage, parkedPage } from './parked.ts'
import { partiesPage, partyPage } from './parties.ts'
import { protocolPage } from './protocol.ts'
import { protocolPdf, protocolVersionsPage } from './protocol-versions.ts'
import { protocolsPage } from './protocols.ts'
import { grantPage, quotasPage } from './quotas.ts'
import { reportFile, reportPage, reportsPage } from './reports.ts'
import { annex1Page, enterAnnex1Page } from './reports-annex-1.ts'
import { endSessionPage, sessionsPage } from './sessions.ts'
import { registerPage, subjectsPage } from './subject.ts'
import { actPage } from './subject-act.ts'
import { closePage, extendPage, subjectCasePage } from './subject-case.ts'
import { resumePage, suspendNowPage, suspendPage } from './suspension.ts'
import { systemPage } from './system.ts'
import { verifyNow, verifyPage } from './verify.ts'

/** Every page behind the sign-in. A new room is one file and one line here. */
export const PAGES: readonly Page[] = [
  overviewPage,
  figuresFile,
  feedbackPage,
  exceptionsPage,
  exceptionPage,
  reviewExceptionPage,
  integrityPage,
  partiesPage,
  partyPage,
  systemPage,
  attentionPage,
  messagesPage,
  journeyPage,
  receiptFile,
  proofFile,
  bundleFile,
  parkedPage,
  decideParkedPage,
  auditLogPage,
  auditLivePage,
  entryPage,
  checkEntryPage,
  entryFile,
  entryProofFile,
  verifyPage,
  verifyNow,
  protocolsPage,
  protocolPage,
  protocolVersionsPage,
  protocolPdf,
  suspendNowPage,
  suspendPage,
  resumePage,
  subjectsPage,
  registerPage,
  subjectCasePage,
  actPage,
  extendPage,
  closePage,
  reportsPage,
  annex1Page,
  enterAnnex1Page,
  reportPage,
  reportFile,
  quotasPage,
  grantPage,
  approvalsPage,
  decideApprovalPage,
  sessionsPage,
  endSessionPage,
]

/** The menu by what a person comes for; a group without a page that the person may open does not show. */
const IN_MENU: Record<MenuGroup, readonly Page[]> = {
  exchange: [overviewPage, messagesPage, feedbackPage, exceptionsPage, protocolsPage],
  evidence: [auditLogPage, verifyPage, integrityPage, reportsPage],
  people: [subjectsPage, quotasPage],
  running: [attentionPage, approvalsPage, sessionsPage, partiesPage, systemPage],
}

type MenuItem = Pick<Page, 'operation' | 'own' | 'path'> & { key: NavKey; group: MenuGroup }

/** The menu, in its order; a person sees what the role may open. */
export const MENU: readonly MenuItem[] = Object.entries(IN_MENU).flatMap(([group, pages]) =>
  pages.map(({ nav, path, operation, own }) => ({
    key: nav,
    group: group as MenuGroup,
    path: path === '/' ? '' : path,
    operation,
    ...(own && { own }),
  })),
)
