import type {
  AnsweredData,
  CountsData,
  Envelope,
  MessageData,
  ProtocolNoticeData,
  ReachabilityData,
} from './types.ts'

/** Data of `be.huisbrug.detection.answered` where the protocol grants answers per person. */
export interface PersonAnswerData {
  messageId: string
  protocol: string
  purpose: string
  /** One for each accepted item; `not-found` is not: not registered. */
  results: { tenantRef: string; result: 'found' | 'not-found' }[]
}

/** Data of `be.huisbrug.feedback.overdue`: feedback that waits longer than the protocol allows. */
export interface OverdueData {
  feedbackId: string
  protocol: string
  /** Of feedback on reachability; other types name theirs in `type` and `item`. */
  tenantRef?: string
  type?: string
  item?: Record<string, string>
  status: 'open' | 'taken-up'
  dueOn: string
}

/** Data of `be.huisbrug.interaction.expired`: no answer came in the time of the protocol. */
export interface ExpiredData {
  messageId: string
  protocol: string
  type: string
  expiredAt: string
}

/** Data of `be.huisbrug.message.counts`: numbers about the group of a request; null where withheld. */
export interface MessageCountsData {
  messageId: string
  protocol: string
  type: string
  purpose: string
  items: Record<string, string | number | boolean | null>[]
}

/** What each type of event says. */
export interface EventData {
  'be.huisbrug.detection.answered': CountsData | PersonAnswerData
  'be.huisbrug.feedback.reachability': ReachabilityData
  'be.huisbrug.feedback.overdue': OverdueData
  'be.huisbrug.interaction.expired': ExpiredData
  'be.huisbrug.protocol.suspended': ProtocolNoticeData
  'be.huisbrug.protocol.resumed': ProtocolNoticeData
  'be.huisbrug.message.received': MessageData
  'be.huisbrug.message.answered': AnsweredData
  'be.huisbrug.message.counts': MessageCountsData
  'be.huisbrug.test': { note: string }
}

export type EventType = keyof EventData

/** An event of one type, with its data. */
export type EventOf<T extends EventType> = Omit<Envelope, 'type' | 'data'> & {
  type: T
  data: EventData[T]
}

/** Whether an event is of this type; its data is typed then. Take other types too, and leave them. */
export function isEvent<T extends EventType>(
  event: Pick<Envelope, 'type'>,
  type: T,
): event is EventOf<T> {
  return event.type === type
}
