import { assertMayCall } from '../access/operations.ts'
import { type Reason, Refusal, refuse } from '../errors.ts'
import { compileMessage } from '../protocol/compile.ts'
import type { Agreement } from '../protocol/document.ts'
import { isAgreement } from '../protocol/document.ts'
import { areBlind, BLIND, formOf } from '../protocol/forms.ts'
import { findGround, type Ground } from '../protocol/ground.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { setAt } from '../protocol/versions.ts'
import { assertShape, validatorFor } from '../schemas.ts'
import {
  checkOf,
  type Documents,
  type Explanation,
  type Stop,
  tellChecks,
  tellFields,
} from './explain-checks.ts'
import { assertContent } from './explain-content.ts'
import { noteUnknown } from './explain-notes.ts'
import { type Asking, operationFor } from './explain-question.ts'
import { fieldsOf, type Permission, permit } from './permission.ts'
import type { Incoming, ItemRefusal } from './receive.ts'

export type { Explanation } from './explain-checks.ts'

/** What a message is about, where that says more of it than its body. */
export interface Origin {
  protocol: string
  purpose?: string
  counterpart?: string
}

/** What only a gateway can look up; everything is read, nothing is written. */
export interface LookUps {
  /**
   * The message or feedback that this is about: by the id in the path of its named endpoint, or as
   * the general form names it. @throws Refusal HB-503, HB-506 where the endpoint asks that first
   */
  origin(asking: Asking): Promise<Origin | undefined>
  /** That the message fits what it is about. @throws Refusal HB-503, HB-505, HB-506 */
  assertAbout(asking: Asking, permission: Permission): Promise<void>
  /** That the pseudonym domain is there. @throws Refusal HB-316, HB-412, HB-413 */
  assertDomain(permission: Permission, body: Record<string, unknown>): Promise<void>
  /** Items of the sender counted before, that day (UTC) and under the key epoch. */
  used(permission: Permission, asking: Asking): Promise<{ day: number; epoch: number }>
}

/**
 * Would this message pass? Walks the way of a real one (`permit`, then what its endpoint checks
 * besides) as far as that can be done without its persons and without writing anything.
 * @param set the documents as they are known now; versions are chosen for the moment asked about
 * @param lookUps left out where no gateway is asked
 */
export async function explainMessage(
  set: ProtocolSet,
  asking: Asking,
  lookUps?: LookUps,
): Promise<Explanation> {
  const then = setAt(set, asking.at)
  const found = await walk(then, asking, lookUps)
  return tell(then, asking, found, lookUps)
}

interface Walk {
  origin?: Origin
  permission?: Permission
  refusedItems: ItemRefusal[]
  refusal?: Refusal
  /** Where a refusal stands in the list, if its code does not say so. */
  check?: 'content' | 'domain'
}

async function walk(set: ProtocolSet, asking: Asking, lookUps?: LookUps): Promise<Walk> {
  const { caller, type, general, body } = asking
  const state: Walk = { refusedItems: [] }
  try {
    assertMayCall(caller, operationFor(type, general))
    // Without a type of its own the general form does not get as far as a protocol.
    if (general && typeof body['type'] !== 'string') assertShape('message-request', body)
    const origin = (await lookUps?.origin(asking)) ?? onlyOrigin(set, asking)
    if (origin) state.origin = origin
    const incoming = incomingOf(asking)
    const permission = permit({ protocols: { current: () => set } }, incoming, { body, ...origin })
    state.permission = permission
    state.check = 'content'
    await lookUps?.assertAbout(asking, permission)
    state.refusedItems = assertContent(permission, incoming, asking)
    assertSomeStand(state.refusedItems, asking)
    state.check = 'domain'
    await lookUps?.assertDomain(permission, body)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    state.refusal = thrown
  }
  return state
}

/** A message of which no item stands is taken, but nothing of it moves: that is no passing. */
function assertSomeStand(refused: readonly ItemRefusal[], { type, general, body }: Asking): void {
  const items = body[formOf(type, general).items ?? '']
  if (!Array.isArray(items) || refused.length === 0 || refused.length < items.length) return
  throw new Refusal(
    refused.map(({ pointer, code, rule, remedy }) => ({ pointer, code, rule, remedy })),
  )
}

/** The message as the intake would see it; it has neither key nor raw body, and is never stored. */
export function incomingOf({ caller, type, general, at }: Asking): Incoming {
  const operation = `explain ${type}`
  const raw = Buffer.alloc(0)
  return { operation, type, general, caller, key: undefined, raw, at, hypothetical: true }
}

/** The only protocol that a message can be under whose body names none. @throws Refusal HB-301 */
function onlyOrigin(set: ProtocolSet, { type, general, caller, at }: Asking): Origin | undefined {
  if (general || formOf(type).items !== undefined) return undefined
  const { party, kind: partyKind } = caller
  const asked = { party, partyKind, type, fields: [], items: 1, at }
  const possible = [...set.protocols.values()]
    .filter(isAgreement)
    .filter(({ document }) => document.messageTypes.some(one => one.type === type))
    .filter(({ id }) => !('allow' in findGround(set, { ...asked, protocol: id })))
  if (possible[0] && possible.length === 1) return { protocol: possible[0].id }
  const remedy = 'Name in about the id that is in the path of the endpoint.'
  throw refuse('HB-301', '', 'explain-request.json#/properties/about', remedy)
}

async function tell(
  set: ProtocolSet,
  asking: Asking,
  { origin, permission, refusedItems, refusal, check }: Walk,
  lookUps: LookUps | undefined,
): Promise<Explanation> {
  const { type, general, body, at } = asking
  const id = origin?.protocol ?? body['protocol']
  const documents = typeof id === 'string' ? documentsOf(set, asking, id, origin) : undefined
  const first = refusal?.reasons[0]
  const stop: Stop | undefined = first && {
    check: check ?? checkOf(first, documents),
    reason: first,
  }
  const message = documents?.agreement.document.messageTypes.find(one => one.type === type)
  const purpose = permission?.purpose ?? purposeNamed(body, message?.purposes)
  const ceilings = documents?.agreement.document.periodicity.ceilings
  const used = permission && (await lookUps?.used(permission, asking))
  const notes = noteUnknown(asking, {
    pattern: message?.pattern,
    ceilings,
    used,
    local: !lookUps,
    signed: documents?.agreement.document.modalities.signature ?? false,
    bound: documents?.agreement.document.modalities.tokenBinding !== undefined,
  })
  return {
    passes: !refusal,
    at: at.toISOString(),
    type,
    ...(documents && { protocol: referenceTo(documents.agreement) }),
    ...(documents?.accession && { accession: referenceTo(documents.accession) }),
    ...(documents && message && { recipient: recipientOf(documents, message, permission) }),
    ...(purpose !== undefined && { purpose }),
    checks: tellChecks({
      type,
      documents,
      stop,
      rules: {
        access: `access: ${operationFor(type, general)}`,
        shape: `${formOf(type, general).schema}.json`,
      },
      unknown: notes.unknown,
    }),
    fields: message ? tellFields(documents, type, purpose, presentIn(documents, asking)) : [],
    errors: everythingWrong(refusal, documents, asking),
    refusedItems: refusedItems.map(({ tenantRef: _, ...item }) => item),
    notes: notes.notes,
  }
}

/** Names of the fields of a message; what a blind sender has in the place of a number is that field. */
function presentIn(documents: Documents | undefined, { type, general, body }: Asking): string[] {
  const names = fieldsOf(body, body[formOf(type, general).items ?? ''])
  const profile = documents && profileOf(documents.agreement.document, type)
  const { number } = profile?.blind && areBlind(names) ? profile : {}
  if (number === undefined) return names
  const made = (name: string) => (BLIND as readonly string[]).includes(name)
  return [...new Set(names.map(name => (made(name) ? number : name)))]
}

function documentsOf(
  set: ProtocolSet,
  { caller, type, at }: Asking,
  protocol: string,
  origin: Origin | undefined,
): Documents | undefined {
  const { party, kind: partyKind } = caller
  const counterparty = origin?.counterpart
  const asked = { party, partyKind, protocol, type, fields: [], items: 1, at }
  const ground = findGround(set, { ...asked, ...(counterparty && { counterparty }) })
  if (!('allow' in ground)) return ground
  const agreement = agreementOf(set, protocol)
  return agreement && { agreement, accession: undefined }
}

type Loaded = Ground['agreement'] | NonNullable<Ground['accession']>

function referenceTo({ id, version, digest }: Loaded): {
  id: string
  version: string
  digest: string
} {
  return { id, version, digest }
}

function purposeNamed(body: Record<string, unknown>, listed: string[] = []): string | undefined {
  const named = body['purpose']
  return named === undefined ? listed[0] : listed.find(purpose => purpose === named)
}

function recipientOf(
  { agreement }: Documents,
  message: Agreement['messageTypes'][number],
  permission: Permission | undefined,
): NonNullable<Explanation['recipient']> {
  const receiver = agreement.document.recipients.find(({ id }) => id === message.recipient)
  const party = permission?.recipient
  return { kind: message.to, function: receiver?.function ?? '', ...(party && { party }) }
}

const MOST_ERRORS = 200

/** What the gateway would say, and then all that is wrong with the shape of the message besides. */
function everythingWrong(
  refusal: Refusal | undefined,
  documents: Documents | undefined,
  { type, general, body }: Asking,
): Reason[] {
  if (!refusal) return []
  const shown = new Map(refusal.reasons.map(one => [keyOf(one), one]))
  const noLook = refusal.code === 'HB-107'
  const more = noLook ? [] : shapeFaults(documents?.agreement.document, type, general, body)
  for (const one of more) if (!shown.has(keyOf(one))) shown.set(keyOf(one), one)
  return [...shown.values()].slice(0, MOST_ERRORS)
}

function shapeFaults(
  document: Agreement | undefined,
  type: string,
  general: boolean,
  body: Record<string, unknown>,
): Reason[] {
  const { schema, items } = formOf(type, general)
  const list = items && body[items]
  // As at the intake: a list far beyond any ceiling is not looked at item by item.
  if (Array.isArray(list) && list.length > MOST_LISTED) return []
  const message = document?.messageTypes.find(one => one.type === type)
  if (!document || !message) return validatorFor(schema)(body)
  const purpose = purposeNamed(body, message.purposes)
  return compileMessage(document, type, general, purpose)(body)
}

const MOST_LISTED = 5_000

function keyOf({ code, pointer, rule }: Reason): string {
  return `${code} ${pointer} ${rule}`
}
