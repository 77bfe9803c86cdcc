import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { type ErrorCode, type Reason, Refusal, reason } from '../errors.ts'
import { newId } from '../ids.ts'
import { containsNationalNumber, parseNationalNumber } from '../pseudonym/national-number.ts'
import { RouteCipher } from '../pseudonym/route-cipher.ts'
import {
  assertNewInPeriod,
  insertDetection,
  lockPeriod,
  type SealedTenant,
} from './detection-store.ts'
import type { Outcome } from './outcome.ts'
import { fieldsOf, type Permission, permit } from './permission.ts'
import { type Acceptance, type Incoming, type ItemRefusal, receive } from './receive.ts'

interface Tenant {
  insz: string
  tenantRef: string
  tenantGround: string
}

interface DetectionRequest {
  protocol: string
  purpose: string
  nonce: string
  referenceDate: string
  targetGroup: { id: string; version: string }
  tenants: Tenant[]
}

const DAY_MS = 86_400_000

/**
 * Takes in a detection request: POST /v1/detections. An invalid national number refuses its item,
 * anything else the message. National numbers live from here to the pseudonym pool and no further.
 */
export function receiveDetection(context: Context, incoming: Incoming): Promise<Outcome> {
  return receive(context, incoming, async (body, messageId) => {
    const permission = permit(context, incoming, {
      body,
      list: 'tenants',
      fields: fieldsOf(body['tenants'], ['referenceDate', 'targetGroup']),
    })
    const request = body as unknown as DetectionRequest
    assertReferenceDate(request.referenceDate, incoming.at)
    const { tenants, numbers, refused } = screen(request.tenants, today(incoming.at))
    const domain = await context.domains.current(permission.protocol.id)
    if (!domain)
      throw new Refusal(reason('HB-316', '/protocol', 'pseudonym domain'), { retryAfter: 30 })
    const sealed = await seal(context, domain, request, messageId, tenants, numbers, incoming)
    return toAcceptance(incoming, permission, request, domain, sealed, refused)
  })
}

function toAcceptance(
  incoming: Incoming,
  permission: Permission,
  request: DetectionRequest,
  domain: string,
  sealed: SealedTenant[],
  refused: ItemRefusal[],
): Acceptance {
  const { modalities } = permission
  const period = request.referenceDate.slice(0, 7)
  const place = { protocol: permission.protocol.id, party: incoming.caller.party, period }
  return {
    message: {
      protocol: permission.protocol,
      purpose: request.purpose,
      fields: permission.fields,
      domain,
      period,
      referenceDate: request.referenceDate,
      targetGroup: request.targetGroup,
      answerDueAt: new Date(incoming.at.getTime() + modalities.answerWindowDays * DAY_MS),
    },
    accepted: sealed.length,
    refused,
    evidence: {
      recipient: permission.recipient,
      rule: permission.rule,
      subjects: sealed.map(tenant => tenant.subjectTag),
    },
    wake: sealed.length > 0 ? [permission.recipient] : [],
    store: async (tx: Tx, messageId: string) => {
      await lockPeriod(tx, place)
      await permission.assertCeilings(tx, sealed.length, domain)
      await assertNewInPeriod(tx, place, sealed)
      const expiresAt = new Date(incoming.at.getTime() + modalities.routeRetentionDays * DAY_MS)
      await insertDetection(tx, {
        ...place,
        messageId,
        domain,
        handOverId: newId('del', incoming.at),
        destination: permission.recipient,
        at: incoming.at,
        expiresAt,
        sealed,
      })
    },
  }
}

/** Separates the items that stand from those that do not; refuses the message for what concerns all. */
function screen(
  all: Tenant[],
  day: string,
): { tenants: (Tenant & { index: number })[]; numbers: string[]; refused: ItemRefusal[] } {
  const tenants: (Tenant & { index: number })[] = []
  const numbers: string[] = []
  const refused: ItemRefusal[] = []
  const faults: Reason[] = []
  const seen = new Set<string>()
  all.forEach((tenant, index) => {
    const fault = (code: ErrorCode, field: string, rule: string): number =>
      faults.push(reason(code, `/tenants/${index}/${field}`, rule))
    if (containsNationalNumber(tenant.tenantRef, day)) {
      fault('HB-402', 'tenantRef', 'invariant 2: no national number is stored')
      return
    }
    const number = parseNationalNumber(tenant.insz, day)
    if (seen.has(tenant.tenantRef)) fault('HB-403', 'tenantRef', 'one item per tenant')
    if (number && seen.has(number)) fault('HB-403', 'insz', 'one item per tenant')
    seen.add(tenant.tenantRef)
    if (number) {
      seen.add(number)
      tenants.push({ ...tenant, index })
      numbers.push(number)
    } else {
      const pointer = `/tenants/${index}/insz`
      const why = reason('HB-401', pointer, 'national register number, modulo 97')
      refused.push({ index, tenantRef: tenant.tenantRef, ...why })
    }
  })
  if (faults.length > 0) throw new Refusal(faults)
  return { tenants, numbers, refused }
}

async function seal(
  context: Context,
  domain: string,
  request: DetectionRequest,
  messageId: string,
  tenants: (Tenant & { index: number })[],
  numbers: string[],
  incoming: Incoming,
): Promise<SealedTenant[]> {
  if (tenants.length === 0) return []
  const { referenceDate } = request
  const [domainKey, subjectKey, cipher] = await Promise.all([
    context.domains.key(domain),
    context.domains.subjectKey(),
    RouteCipher.open(context.keys, domain, incoming.caller.party),
  ])
  const pseudonyms = await context.pseudonyms.pseudonymise({
    domain,
    domainKey,
    subjectKey,
    insz: numbers,
    sealing: {
      period: referenceDate.slice(0, 7),
      messageId,
      plaintexts: tenants.map(({ tenantGround }) => ({ tenantGround, referenceDate })),
    },
  })
  return pseudonyms.map((pseudonym, position) => {
    const tenant = tenants[position]
    if (!tenant) throw new Error('more pseudonyms than tenants')
    const { tag, subjectTag, rowId, row } = pseudonym
    return {
      tag,
      subjectTag,
      rowId,
      ...row,
      index: tenant.index,
      reference: cipher.seal(tenant.tenantRef),
      referenceHash: cipher.hash(tenant.tenantRef),
    }
  })
}

// The month before is still open until its period closes; anything older or later is a mistake.
function assertReferenceDate(referenceDate: string, at: Date): void {
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
