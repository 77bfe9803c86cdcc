import { type ErrorCode, type Reason, reason } from '../errors.ts'

/** A decoded JSON object of a token: attacker-controlled. */
export type Claims = Readonly<Record<string, unknown>>

/** One thing that a token or proof is held against. */
export interface Check {
  holds: boolean
  /** Claim or header parameter, with the section that asks for it. */
  rule: string
  /** For `huisbrug token debug`: what should be there, and what is; the latter attacker-controlled. */
  expected: string
  found: unknown
  remedy: string
  code?: ErrorCode
}

/** The reasons of a refusal for what does not hold; empty where all holds. Nothing that was found is in them. */
export function faultsOf(checks: readonly Check[], code: ErrorCode, pointer = ''): Reason[] {
  return checks
    .filter(check => !check.holds)
    .map(check => reason(check.code ?? code, pointer, check.rule, check.remedy))
}

/** Whether a claim is a NumericDate (RFC 7519 section 2) that can be reckoned with. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e11
}

/** Whether a claim is a text of 1 to `longest` characters. */
export function isText(value: unknown, longest = 256): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longest
}

/** Whether an audience is this one and no other. */
export function isOnly(aud: unknown, expected: string): boolean {
  return aud === expected || (Array.isArray(aud) && aud.length === 1 && aud[0] === expected)
}

/** RFC 7515 4.1.9: "application/" may be left out, and media types ignore case. */
export function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

/** What is already past at a time: RFC 7519 4.1.5, where it may be left out. */
export function isPast(nbf: unknown, now: number): boolean {
  return nbf === undefined || (isTime(nbf) && nbf <= now)
}
