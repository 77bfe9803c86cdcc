import { type ErrorCode, explain } from '../errors.ts'
import {
  type Allowed,
  type Decision,
  type Found,
  type Question,
  referenceTo,
  refusedBy,
} from './decision.ts'
import { elementsOf, type MessageType, ruleAt } from './document.ts'
import { areBlind, BLIND, blindFieldOf } from './forms.ts'
import { findGround, type Ground } from './ground.ts'
import { statusAt } from './lifecycle.ts'
import type { ProtocolSet } from './load.ts'

export type { Allowed, Decision, Question, Refused } from './decision.ts'

type Check = (ground: Ground, message: MessageType, question: Question) => Found | undefined

/** In this order, once the message type is found. */
const CHECKS: readonly Check[] = [
  disabledType,
  wrongDirection,
  wrongPurpose,
  wrongTargetGroup,
  unlistedField,
  tooManyInMessage,
  tooManyToday,
  tooManyInEpoch,
]

/**
 * Whether a protocol in force allows a message. Pure: same set and question, same answer.
 *
 * Checks, in this order; the first that fails is the answer:
 * 1. there is such a framework or protocol (HB-301) and it can be read (HB-317)
 * 2. both ends take part: else phase 1 (HB-302), or a party of another protocol only (HB-308)
 * 3. the agreement, then the accession, is in force: HB-317, 303, 306, 304, 305, 306, 307
 *    (the order of statusAt)
 * 4. the message type is listed and on (HB-310), and goes in this direction (HB-309)
 * 5. purpose (HB-311), target group (HB-314), every field (HB-312)
 * 6. items in one message (HB-313), in a day (HB-604), under a key epoch (HB-313)
 */
export function decide(set: ProtocolSet, question: Question): Decision {
  const ground = findGround(set, question)
  if ('allow' in ground) return ground
  const { agreement } = ground
  const found = notInForce(ground, question.at)
  if (found) return refusedBy(agreement, found)
  const message = agreement.document.messageTypes.find(one => one.type === question.type)
  if (!message) return refusedBy(agreement, at('HB-310', '/type', 'messageTypes'))
  for (const check of CHECKS) {
    const obstacle = check(ground, message, question)
    if (obstacle) return refusedBy(agreement, obstacle)
  }
  return allowed(ground, message, question)
}

function at(code: ErrorCode, pointer: string, path: string, remedy = explain(code).remedy): Found {
  return { code, pointer, path, remedy }
}

function notInForce({ agreement, accession }: Ground, instant: Date): Found | undefined {
  const own = statusAt(agreement, instant)
  if (own !== 'in-force') return { ...own, pointer: '/protocol' }
  if (!accession) return undefined
  const joined = statusAt(accession, instant, agreement.document)
  if (joined === 'in-force') return undefined
  return { ...joined, pointer: '/protocol', document: accession.document }
}

function disabledType(_: Ground, message: MessageType): Found | undefined {
  if (message.enabled) return undefined
  const remedy = 'The type is listed but off; only a new version of the protocol can turn it on.'
  return at('HB-310', '/type', `messageTypes[${message.type}].enabled`, remedy)
}

function wrongDirection(ground: Ground, message: MessageType): Found | undefined {
  const path = `messageTypes[${message.type}]`
  if (message.from !== ground.kind) return at('HB-309', '/type', `${path}.from`)
  const { otherKind } = ground
  if (otherKind === undefined || otherKind === message.to) return undefined
  return at('HB-309', '/type', `${path}.to`)
}

/** The purpose under which a message goes: the one it names, or the first of its type. */
function purposeOf(message: MessageType, question: Question): string {
  // A type lists at least one.
  return question.purpose ?? (message.purposes[0] as string)
}

function wrongPurpose(_: Ground, message: MessageType, question: Question): Found | undefined {
  if (message.purposes.includes(purposeOf(message, question))) return undefined
  const remedy = `Name one of: ${message.purposes.join(', ')}.`
  return at('HB-311', '/purpose', `messageTypes[${message.type}].purposes`, remedy)
}

function wrongTargetGroup(
  { agreement }: Ground,
  message: MessageType,
  { targetGroup }: Question,
): Found | undefined {
  const { targetGroups } = message
  if (!targetGroups) return undefined
  const groups = agreement.document.dataSubjects
    .map(subjects => subjects.targetGroup)
    .filter(group => targetGroups.includes(group.id))
  const same = groups.some(
    group => group.id === targetGroup?.id && group.version === targetGroup.version,
  )
  if (same) return undefined
  const named = groups.map(group => `${group.id} ${group.version}`).join(', ')
  const path = `messageTypes[${message.type}].targetGroups`
  return at('HB-314', '/targetGroup', path, `Name one of: ${named}.`)
}

function unlistedField(
  { agreement }: Ground,
  message: MessageType,
  question: Question,
): Found | undefined {
  const purpose = purposeOf(message, question)
  const elements = elementsOf(agreement.document, message.type, purpose)
  const listed = new Set(elements.map(element => element.field))
  // What a blind sender has in the place of the number is that number in another form.
  const blind = areBlind(question.fields) && blindFieldOf(message, elements) !== undefined
  const passing = blind ? new Set([...listed, ...BLIND]) : listed
  if (question.fields.every(field => passing.has(field))) return undefined
  const remedy = `Leave out the field; the protocol lists: ${[...listed].join(', ')}.`
  return at('HB-312', '', 'dataElements', remedy)
}

function tooManyInMessage({ agreement }: Ground, _: MessageType, { items }: Question) {
  const { perMessage } = agreement.document.periodicity.ceilings
  if (items <= perMessage) return undefined
  const remedy = `Send at most ${perMessage} items in one message.`
  return at('HB-313', '', 'periodicity.ceilings.perMessage', remedy)
}

function tooManyToday({ agreement }: Ground, _: MessageType, question: Question) {
  const { perDay } = agreement.document.periodicity.ceilings
  const used = question.used?.day ?? 0
  if (question.used?.day === undefined || used + question.items <= perDay) return undefined
  const remedy = `At most ${perDay} items a day; ${Math.max(0, perDay - used)} are left until midnight UTC.`
  const found = at('HB-604', '', 'periodicity.ceilings.perDay', remedy)
  return { ...found, retryAfter: secondsToMidnight(question.at) }
}

function tooManyInEpoch({ agreement }: Ground, _: MessageType, { used, items }: Question) {
  const { perEpoch } = agreement.document.periodicity.ceilings
  if (used?.epoch === undefined || used.epoch + items <= perEpoch) return undefined
  const remedy = `At most ${perEpoch} items under one key epoch; ${Math.max(0, perEpoch - used.epoch)} are left.`
  return at('HB-313', '', 'periodicity.ceilings.perEpoch', remedy)
}

function secondsToMidnight(instant: Date): number {
  const day = 86_400
  return day - (Math.floor(instant.getTime() / 1000) % day)
}

function allowed(ground: Ground, message: MessageType, question: Question): Allowed {
  const { agreement, accession } = ground
  const { document } = agreement
  return {
    allow: true,
    protocol: agreement.id,
    version: agreement.version,
    digest: agreement.digest,
    document,
    ...(accession && { accession: referenceTo(accession) }),
    messageType: message,
    purpose: purposeOf(message, question),
    recipient: recipientOf(ground, message, question),
    modalities: document.modalities,
    ceilings: document.periodicity.ceilings,
    rule: ruleAt(document, `messageTypes[${message.type}]`),
  }
}

/** The party is known where it is named in the question, or is the only one of its kind. */
function recipientOf(
  { agreement }: Ground,
  message: MessageType,
  { counterparty }: Question,
): Allowed['recipient'] {
  const { parties, recipients } = agreement.document
  const receiver = recipients.find(one => one.id === message.recipient)
  const [only, another] = parties.filter(({ kind }) => kind === message.to)
  const party = counterparty ?? (another ? undefined : only?.id)
  return {
    kind: message.to,
    function: receiver?.function ?? '',
    ...(party !== undefined && { party }),
  }
}
