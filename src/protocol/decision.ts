import { type ErrorCode, explain } from '../errors.ts'
import type { PartyKind, ProtocolModalities, ProtocolPeriodicity } from '../schemas.generated.ts'
import { type Agreement, type LoadedProtocol, type MessageType, ruleAt } from './document.ts'
import type { Obstacle } from './lifecycle.ts'
import type { ProtocolReference } from './lookup.ts'

/**
 * What is asked of the protocol. All of it is kept as metadata of a message, so that the same
 * question can be asked again when the message is forwarded and when it is handed over.
 */
export interface Question {
  /** The party that sends. */
  party: string
  /** What the gateway knows it as; must agree with the protocol. */
  partyKind?: PartyKind
  /** The party at the other end, where it is known: it too must take part. */
  counterparty?: string
  /** Framework or protocol id. */
  protocol: string
  type: string
  /** Purpose named in the message; without one, the first that the protocol gives the type. */
  purpose?: string
  targetGroup?: { id: string; version: string }
  /** Names of the data fields present, of the message and of its items. */
  fields: readonly string[]
  /** Number of items; a message without items is one. */
  items: number
  at: Date
  /** Items of this party counted before: today (UTC), and under this key epoch. */
  used?: { day?: number; epoch?: number }
}

export interface Allowed {
  allow: true
  /** Id of the framework or protocol. */
  protocol: string
  version: string
  digest: string
  document: Agreement
  /** The accession by which the housing company or welfare office takes part. */
  accession?: ProtocolReference
  messageType: MessageType
  purpose: string
  /** Who receives: kind of party, function, and the party where the documents say which. */
  recipient: { kind: MessageType['to']; function: string; party?: string }
  modalities: ProtocolModalities
  ceilings: ProtocolPeriodicity['ceilings']
  /** The article that allows it. */
  rule: string
}

export interface Refused {
  allow: false
  code: ErrorCode
  /** JSON pointer into the message. */
  pointer: string
  /** The article that refuses it. */
  rule: string
  remedy: string
  /** Seconds after which a retry makes sense. */
  retryAfter?: number
  /** The agreement that decided, where there is one. */
  protocol?: ProtocolReference
}

export type Decision = Allowed | Refused

/** What a check finds: an obstacle in a document, and where in the message it shows. */
export interface Found extends Obstacle {
  pointer: string
  /** The document that holds `path`, where it is not the agreement. */
  document?: LoadedProtocol['document']
}

/** What messages and entries say of a document. */
export function referenceTo({ id, version, digest }: LoadedProtocol): ProtocolReference {
  return { id, version, digest }
}

/** A refusal by an article of a document. */
export function refusedBy(agreement: LoadedProtocol<Agreement>, found: Found): Refused {
  return {
    allow: false,
    code: found.code,
    pointer: found.pointer,
    rule: ruleAt(found.document ?? agreement.document, found.path),
    remedy: found.remedy ?? explain(found.code).remedy,
    ...(found.retryAfter !== undefined && { retryAfter: found.retryAfter }),
    protocol: referenceTo(agreement),
  }
}

/** A refusal where no document can decide. */
export function refusedWithout(code: ErrorCode, rule: string, remedy?: string): Refused {
  const text = remedy ?? explain(code).remedy
  return { allow: false, code, pointer: '/protocol', rule, remedy: text }
}
