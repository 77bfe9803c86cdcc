import type { Context } from '../context.ts'
import { type Reason, Refusal, reason } from '../errors.ts'
import { newId } from '../ids.ts'
import { BLIND, formOf } from '../protocol/forms.ts'
import type { Profile } from '../protocol/profile.ts'
import { containsNationalNumber, parseNationalNumber } from '../pseudonym/national-number.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'
import { domainOfBlind, isSentBlind, numberInPseudonym, sealBlind } from './blind-items.ts'
import {
  announcementsOf,
  assertAnnounced,
  findObjected,
  heldUntil,
  objectedReason,
} from './objection.ts'
import type { Outcome } from './outcome.ts'
import { type Permission, permit } from './permission.ts'
import {
  findWithdrawn,
  type Item,
  missingParticipation,
  participationsOf,
  restrictedReason,
  withdrawnReason,
} from './precondition.ts'
import { type Acceptance, type Incoming, type ItemRefusal, receive } from './receive.ts'
import type { NewRequest, SealedPerson } from './request-store.ts'

const DAY_MS = 86_400_000

/** A request with the parts that every one has; its items are as the protocol lists them. */
interface Request {
  purpose: string
  /** Where the protocol lists none, today counts. */
  referenceDate?: string
  targetGroup?: { id: string; version: string }
}

/** An item that stands, with its place in the message. */
interface Standing {
  index: number
  item: Item
}

/**
 * Takes in a request about persons: POST /v1/detections, and every type of the pattern `request`. An
 * invalid national number or a missing participation refuses its item, anything else the message.
 * National numbers live from here to the pseudonym pool and no further; a blind sender's message has
 * none.
 */
export function receiveRequest(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async (body, messageId) => {
    const permission = permit(context, incoming, { body })
    await context.backlog.assertRoom(new Map([[permission.recipient, '/protocol']]))
    const request = body as unknown as Request
    if (request.referenceDate) assertReferenceDate(request.referenceDate, incoming.at)
    const list = listOf(incoming)
    const items = body[list] as Item[]
    assertAnnounced(permission.profile, body, list)
    const screened = screen(items, list, permission.profile, today(incoming.at))
    const domain = await domainOf(context, permission, body, isSentBlind(permission.profile, items))
    const place = { incoming, permission, request, domain, messageId }
    const sealed = await seal(context, place, screened)
    const stands = await withoutWithdrawn(context, place, { ...screened, sealed })
    const announced = stands.sealed.map(({ item }) => item)
    const until = heldUntil(permission.profile, body, announced, incoming.at)
    return toAcceptance(place, stands, until)
  })
}

/**
 * The domain of the pseudonyms of a request: the current one, also where the sender made them.
 * @throws Refusal HB-316, and as domainOfBlind does
 */
export async function domainOf(
  { domains }: Pick<Context, 'domains'>,
  { protocol }: Pick<Permission, 'protocol'>,
  body: Item,
  blind: boolean,
): Promise<string> {
  if (blind) return domainOfBlind({ domains }, protocol.id, body['domain'])
  const domain = await domains.current(protocol.id)
  if (domain) return domain
  throw new Refusal(reason('HB-316', '/protocol', 'pseudonym domain'), { retryAfter: 30 })
}

/** Refuses the items of persons who may not be sent: they withdrew their participation, or objected. */
async function withoutWithdrawn({ pool }: Context, place: Place, all: Sealed): Promise<Sealed> {
  const { incoming, permission, request } = place
  const { profile } = permission
  const holder = { protocol: permission.protocol.id, party: incoming.caller.party }
  const announced = announcementsOf(profile, request as unknown as Item, all.sealed)
  const objected = await findObjected(pool, holder, profile, announced)
  const withdrawn = await findWithdrawn(pool, holder, participationsOf(profile, all.sealed))
  return refuseItems(
    place,
    all,
    new Map([
      ...objected.map(position => [position, objectedReason] as const),
      ...withdrawn.map(position => [position, withdrawnReason] as const),
    ]),
  )
}

/** Takes persons out of what stands, by position, each with why. */
function refuseItems(
  { incoming, permission }: Place,
  all: Sealed,
  reasons: ReadonlyMap<number, (profile: Profile, pointer: string) => Reason>,
): Sealed {
  if (reasons.size === 0) return all
  const { profile } = permission
  const refused = [...reasons].map(([position, why]) => {
    const { index = 0, item } = all.sealed[position] ?? {}
    const tenantRef = String(item?.[profile.reference ?? ''])
    return { index, tenantRef, ...why(profile, `/${listOf(incoming)}/${index}`) }
  })
  return {
    refused: [...all.refused, ...refused].toSorted((one, other) => one.index - other.index),
    sealed: all.sealed.filter((_, position) => !reasons.has(position)),
  }
}

/** Member of the body that holds the items of a message. */
export function listOf(incoming: Incoming): 'tenants' | 'items' {
  return formOf(incoming.type, incoming.general).items ?? 'items'
}

interface Place {
  incoming: Incoming
  permission: Permission
  request: Request
  domain: string
  messageId: string
}

/** What is left of a message: items that stand, sealed, and those that do not. */
interface Sealed {
  sealed: (SealedPerson & { item: Item })[]
  refused: ItemRefusal[]
}

function toAcceptance(place: Place, stands: Sealed, until: Date | undefined): Acceptance {
  const { sealed, refused } = stands
  const { incoming, permission, request, domain } = place
  const { modalities } = permission
  const period = periodOf(request, incoming.at)
  const starts = until ?? incoming.at
  return {
    message: {
      protocol: permission.protocol,
      purpose: permission.purpose,
      fields: permission.fields,
      domain,
      period,
      ...(request.referenceDate && { referenceDate: request.referenceDate }),
      ...(request.targetGroup && { targetGroup: request.targetGroup }),
      answerDueAt: new Date(starts.getTime() + modalities.answerWindowDays * DAY_MS),
    },
    accepted: sealed.length,
    refused,
    evidence: {
      recipient: permission.recipient,
      rule: permission.rule,
      subjects: sealed.map(person => person.subjectTag),
    },
    wake: sealed.length > 0 && !until ? [permission.recipient] : [],
    request: toStore(place, sealed, until),
    without: positions => {
      const why = (_: Profile, pointer: string) => restrictedReason(pointer)
      const reasons = new Map(positions.map(position => [position, why] as const))
      return toAcceptance(place, refuseItems(place, stands, reasons), until)
    },
  }
}

function toStore(place: Place, sealed: Sealed['sealed'], heldUntil: Date | undefined): NewRequest {
  const { incoming, permission, request, domain, messageId } = place
  const { profile, modalities } = permission
  const list = listOf(incoming)
  const blind = sealed.some(({ item }) => isSentBlind(profile, [item]))
  return {
    protocol: permission.protocol.id,
    party: incoming.caller.party,
    period: periodOf(request, incoming.at),
    type: incoming.type,
    messageId,
    domain,
    handOverId: newId('del', incoming.at),
    destination: permission.recipient,
    at: incoming.at,
    heldUntil,
    expiresAt: new Date(incoming.at.getTime() + modalities.routeRetentionDays * DAY_MS),
    sealed,
    profile,
    use: permission.useOf(sealed.length, domain),
    participations: participationsOf(profile, sealed),
    announcements: announcementsOf(profile, request as unknown as Item, sealed),
    pointerOf: (position, member) => {
      const at = `/${list}/${sealed[position]?.index}`
      return member ? `${at}/${blind ? member : profile.number}` : at
    },
  }
}

interface Screened {
  standing: Standing[]
  /** The national numbers of those, in the same order; none of a blind sender. */
  numbers: string[]
  refused: ItemRefusal[]
}

/** Separates the items that stand from those that do not; refuses the message for what concerns all. */
export function screen(all: Item[], list: string, profile: Profile, day: string): Screened {
  const { number: numberField = '', reference: referenceField = '' } = profile
  const blind = isSentBlind(profile, all)
  const screened: Screened = { standing: [], numbers: [], refused: [] }
  const faults: Reason[] = []
  const seen = new Set<string>()
  const once = (at: string, field: string, value: unknown) => {
    const key = `${field} ${value}`
    if (seen.has(key)) faults.push(reason('HB-403', `${at}/${field}`, 'one item per tenant'))
    seen.add(key)
  }
  all.forEach((item, index) => {
    const at = `/${list}/${index}`
    const kept = numberInKept(profile, item, at, day)
    const found = kept ?? (blind ? numberInPseudonym(item, at, day) : undefined)
    if (found) {
      faults.push(found)
      return
    }
    const number = blind ? undefined : parseNationalNumber(String(item[numberField]), day)
    once(at, referenceField, item[referenceField])
    if (number) once(at, numberField, number)
    if (blind) for (const name of BLIND) once(at, name, item[name])
    const why =
      blind || number
        ? missingParticipation(profile, item, at, day)
        : reason('HB-401', `${at}/${numberField}`, 'national register number, modulo 97')
    if (why) {
      screened.refused.push({ index, tenantRef: String(item[referenceField]), ...why })
      return
    }
    screened.standing.push({ index, item })
    if (number) screened.numbers.push(number)
  })
  if (faults.length > 0) throw new Refusal(faults)
  return screened
}

/**
 * A national number in what is kept of an item in clear, or told again: its reference, and that of a document.
 * @param day YYYY-MM-DD, of today
 */
export function numberInKept(
  { reference = '', message }: Profile,
  item: Item,
  at: string,
  day: string,
): Reason | undefined {
  const document = message.preconditions?.participation?.documentField
  const field = [reference, ...(document ? [document] : [])].find(name => {
    const kept = item[name]
    return typeof kept === 'string' && containsNationalNumber(kept, day)
  })
  if (field === undefined) return undefined
  return reason('HB-402', `${at}/${field}`, 'invariant 2: no national number is stored')
}

async function seal(
  context: Context,
  { incoming, permission, request, domain, messageId }: Place,
  { standing, numbers }: Screened,
): Promise<Sealed['sealed']> {
  if (standing.length === 0) return []
  const { told, toldOnce, reference = '' } = permission.profile
  const once = pick(request as unknown as Item, toldOnce)
  const cipher = await RouteCipher.open(context.keys, domain, incoming.caller.party)
  const sealing = {
    period: periodOf(request, incoming.at),
    messageId,
    plaintexts: standing.map(({ item }) => ({ ...pick(item, told), ...once })),
  }
  const items = standing.map(({ item }) => item)
  const pseudonyms = isSentBlind(permission.profile, items)
    ? await sealBlind(context.pseudonyms, domain, items, sealing)
    : await context.evaluator.pseudonymise({ domain, insz: numbers, sealing })
  const own = items.map(item => String(item[reference]))
  const references = cipher.sealAll(own)
  return standing.map(({ index, item }, position) => {
    const pseudonym = pseudonyms[position]
    const sealedReference = references[position]
    if (!pseudonym || !sealedReference) throw new Error('fewer pseudonyms than items')
    const { tag, subjectTag, rowId, row } = pseudonym
    return {
      ...{ tag, subjectTag, rowId, ...row, index, item },
      reference: sealedReference,
      referenceHash: cipher.hash(own[position] ?? ''),
    }
  })
}

/** The named fields of an item, those that it has, in the order of the names. */
export function pick(item: Item, names: readonly string[]): Record<string, string> {
  const kept = names.filter(name => item[name] !== undefined)
  return Object.fromEntries(kept.map(name => [name, item[name] as string]))
}

function periodOf(request: Request, at: Date): string {
  return (request.referenceDate ?? today(at)).slice(0, 7)
}

// The month before is still open until its period closes; anything older or later is a mistake.
export function assertReferenceDate(referenceDate: string, at: Date): void {
  const earliest = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1))
  const late = referenceDate > today(at)
  if (!late && referenceDate >= today(earliest)) return
  const rule = 'the reference date lies in this calendar month or the one before, not in the future'
  throw new Refusal(
    reason('HB-202', '/referenceDate', rule, 'Name a reference date in an open period.'),
  )
}

function today(at: Date): string {
  return at.toISOString().slice(0, 10)
}
