import type { RefusedItem } from './types.ts'

/** A question for an explanation: `POST /v1/explain`. */
export interface ExplainRequest {
  type: string
  /** Another moment than now, RFC 3339. */
  at?: string
  /** For an answer or progress: the id in the path of its endpoint. */
  about?: string
  /** As it would be sent, with `synthetic` for every national number. */
  message: Record<string, unknown>
}

/** Whether a message would pass, and everything that is wrong with it. */
export interface Explanation {
  passes: boolean
  at: string
  type: string
  protocol?: { id: string; version: string; digest: string }
  accession?: { id: string; version: string; digest: string }
  recipient?: { kind: string; function: string; party?: string }
  purpose?: string
  /** Every check, in the order in which the gateway makes them. */
  checks: {
    check: string
    outcome: 'passes' | 'stops' | 'not-reached' | 'not-checked'
    rule: string
    article: string
    code?: string
    pointer?: string
    remedy?: string
    note?: string
  }[]
  fields: {
    field: string
    present: boolean
    allowed: boolean
    rule: string
    article: string
    reaches?: string
    transformation?: string
  }[]
  /** The first is what the gateway would refuse the message for. */
  errors: { pointer: string; code: string; rule: string; remedy: string }[]
  refusedItems?: RefusedItem[]
  notes: string[]
}
