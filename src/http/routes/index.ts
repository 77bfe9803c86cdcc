import type { Route } from '../route.ts'
import { postAnswer } from './answer-post.ts'
import { getApprovals, postApproval } from './approvals.ts'
import { getAuditEntries, getAuditEntry } from './audit-entries.ts'
import { getAuditExport } from './audit-export.ts'
import { getDeliveries, postDeliveriesRetry, postDeliveryRetry } from './deliveries.ts'
import { postDetections } from './detections-post.ts'
import { getDomains, postDomainReady } from './domains.ts'
import { postEvaluations } from './evaluations-post.ts'
import { postExplain } from './explain-post.ts'
import { postFeedback } from './feedback-post.ts'
import { getLive, getMetrics, getReady } from './health.ts'
import { getInbox, postAcknowledgement } from './inbox.ts'
import { getCheckpoint, getEntryTile, getTile } from './log.ts'
import { getMessage } from './message-get.ts'
import { postMessages } from './messages-post.ts'
import { postPeriodClose } from './period-close-post.ts'
import { postProgress } from './progress-post.ts'
import { getProtocolDiff } from './protocol-diff-get.ts'
import { getProtocol, getProtocols } from './protocols-get.ts'
import { getReceipt } from './receipt-get.ts'
import { getAnnex1, postAnnex1 } from './reports.ts'
import { postErasure, postRestriction, postRestrictionLift } from './rights-post.ts'
import { postTenanciesEnded } from './tenancies-ended-post.ts'
import { postToken } from './token-post.ts'
import { postUsage } from './usage-post.ts'
import {
  getWebhook,
  postWebhookRotate,
  postWebhookTest,
  putWebhook,
  removeWebhook,
} from './webhook.ts'
import { getAuthorizationServer, getJwks } from './well-known.ts'
import { postAddCheckpoint } from './witness.ts'

/** What every process answers: its health and its figures. */
export const SERVICE_ROUTES: Route[] = [getLive, getReady, getMetrics]

/** What a process with the role evaluator answers. */
export const EVALUATION_ROUTES: Route[] = [postToken, postEvaluations, getDomains, postDomainReady]

/** Every operation of the outside contract. */
export const ROUTES: Route[] = [
  ...SERVICE_ROUTES,
  ...EVALUATION_ROUTES,
  getProtocols,
  getProtocol,
  getProtocolDiff,
  postDetections,
  postAnswer,
  postFeedback,
  postProgress,
  postTenanciesEnded,
  postMessages,
  postPeriodClose,
  postExplain,
  getMessage,
  getReceipt,
  putWebhook,
  getWebhook,
  removeWebhook,
  postWebhookTest,
  postWebhookRotate,
  getDeliveries,
  postDeliveryRetry,
  postDeliveriesRetry,
  getInbox,
  postAcknowledgement,
  getAuditEntries,
  getAuditEntry,
  getAuditExport,
  getCheckpoint,
  getEntryTile,
  getTile,
  postAddCheckpoint,
  postAnnex1,
  getAnnex1,
  postUsage,
  postRestriction,
  postRestrictionLift,
  postErasure,
  getApprovals,
  postApproval,
  getJwks,
  getAuthorizationServer,
]
