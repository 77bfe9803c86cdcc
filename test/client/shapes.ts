import type * as kit from '../../src/client/index.ts'
import type { WireTypes } from '../../src/schemas.generated.ts'

// Nothing runs here: the type check holds the shapes of the kit against those of the contract.

type Nonce = { nonce: string }
/** Whether everything that is an A is a B too. */
type Fits<A, B> = [A] extends [B] ? true : false
/** The type check fails here where one is not. */
type All<T extends true[]> = T

/** What the gateway sends is what the kit says that it gives. */
export type Replies = All<
  [
    Fits<WireTypes['detection-accepted'], kit.Accepted>,
    Fits<WireTypes['message-accepted'], kit.Accepted>,
    Fits<WireTypes['feedback-accepted'], kit.FeedbackAccepted>,
    Fits<WireTypes['annex-1-accepted'], kit.Annex1Accepted>,
    Fits<WireTypes['annex-1-reports'], kit.Page<kit.Annex1Report>>,
    Fits<WireTypes['message'], kit.MessageState>,
    Fits<WireTypes['receipt-reply'], kit.Receipt>,
    Fits<WireTypes['receipt'], kit.ReceiptClaims>,
    Fits<WireTypes['domains'], { items: kit.Domain[] }>,
    Fits<WireTypes['evaluation-reply'], kit.Evaluation>,
    Fits<WireTypes['webhook-reply'], kit.Webhook>,
    Fits<WireTypes['deliveries'], kit.Page<kit.Delivery>>,
    Fits<WireTypes['protocols'], kit.Page<kit.ProtocolSummary>>,
    Fits<WireTypes['explain-reply'], kit.Explanation>,
    Fits<WireTypes['usage'], kit.Usages>,
    Fits<WireTypes['envelope']['type'], kit.EventType>,
    Fits<WireTypes['event-overdue'] | WireTypes['event-message-overdue'], kit.OverdueData>,
    Fits<WireTypes['event-counts-answered'], kit.CountsData>,
    Fits<WireTypes['event-person-answered'], kit.PersonAnswerData>,
    Fits<WireTypes['event-expired'], kit.ExpiredData>,
    Fits<WireTypes['event-message-counts'], kit.MessageCountsData>,
    Fits<WireTypes['event-reachability'], kit.ReachabilityData>,
  ]
>

/** What the kit takes is what the gateway reads. */
export type Requests = All<
  [
    Fits<kit.Answer & Nonce, WireTypes['detection-answer']>,
    Fits<kit.Progress & Nonce, WireTypes['progress']>,
    Fits<kit.Annex1 & Nonce, WireTypes['annex-1']>,
    Fits<kit.TenanciesEnded & Nonce, WireTypes['tenancies-ended']>,
    Fits<kit.Feedback & Nonce, WireTypes['feedback-request']>,
    Fits<kit.UsageQuestion, WireTypes['usage-by-reference']>,
    Fits<kit.EventType, WireTypes['envelope']['type']>,
  ]
>
