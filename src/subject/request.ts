import { reason as fault, Refusal } from '../errors.ts'
import { faultOfReason, MAX_REASON } from '../exchange/given-reason.ts'
import { containsNationalNumber, parseNationalNumber } from '../pseudonym/national-number.ts'
import type { By } from './approval.ts'

/** What somebody asks for a person: a right that the person uses, under a case number. */
export interface RightsRequest {
  /** National number as it was typed; in memory only. */
  insz: string
  /** Case number of the request: names nobody. */
  caseRef: string
  /** Why, in words; kept beside the log, erasable. */
  reason: string
  by: By
  at: Date
  /** The approval of a second person, where four eyes are set. */
  approval?: string | undefined
}

const CASE = /^[A-Za-z0-9._/-]{1,64}$/

/** Whether a case number may be kept: it has the form of one, and holds no national number. */
export function isCaseRef(caseRef: string, at: Date): boolean {
  return CASE.test(caseRef) && !containsNationalNumber(caseRef, at.toISOString().slice(0, 10))
}

/**
 * Checks a request about a person.
 * @returns the eleven digits
 * @throws Refusal HB-401 no national number, HB-202 a case or reason that cannot be kept
 */
export function assertRequest({ insz, caseRef, reason, at }: RightsRequest): string {
  const day = at.toISOString().slice(0, 10)
  const faults = []
  const digits = parseNationalNumber(insz, day)
  if (!digits) faults.push(fault('HB-401', '/insz', 'national register number, modulo 97'))
  if (!isCaseRef(caseRef, at)) {
    const remedy = 'Give 1 to 64 letters, digits, points, dashes or slashes that name nobody.'
    faults.push(fault('HB-202', '/case', 'a case number', remedy))
  }
  if (faultOfReason(reason, at)) {
    const remedy = `Give a reason of 1 to ${MAX_REASON} visible characters, without a national number.`
    faults.push(fault('HB-202', '/reason', 'a reason', remedy))
  }
  if (!digits || faults.length > 0) throw new Refusal(faults)
  return digits
}
