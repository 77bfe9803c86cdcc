import { Refusal, reason, refuse } from '../errors.ts'
import { OPERATIONS, type PartyKind } from './operations.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A complete token request; its members are still attacker-controlled. */
export interface TokenRequest {
  /** Absent where the assertion alone names it (RFC 7521 4.2). */
  client: string | undefined
  assertion: string
  scope: string | undefined
}

/**
 * Reads the form of a token request (RFC 6749 4.4.2, RFC 7521 4.2); other members are ignored.
 * @throws Refusal HB-109 for every member that is missing, given twice or of another kind
 */
export function readTokenRequest(form: Readonly<Record<string, unknown>>): TokenRequest {
  const expected = [
    ['grant_type', form['grant_type'] === 'client_credentials', 'RFC 6749 4.4.2'],
    ['client_assertion_type', form['client_assertion_type'] === ASSERTION_TYPE, 'RFC 7521 4.2'],
    ['client_id', form['client_id'] === undefined || isText(form['client_id']), 'RFC 7521 4.2'],
    ['client_assertion', isText(form['client_assertion']), 'RFC 7521 4.2'],
    ['scope', form['scope'] === undefined || typeof form['scope'] === 'string', 'RFC 6749 3.3'],
  ] as const
  const faults = expected
    .filter(([, holds]) => !holds)
    .map(([name, , rule]) => reason('HB-109', `/${name}`, `${rule}: ${name}`))
  if (faults.length > 0) throw new Refusal(faults)
  const { client_id: client, client_assertion: assertion, scope } = form as Record<string, string>
  return { client, assertion: assertion ?? '', scope }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0
}

/**
 * The scope of a token: all operations of the kind, or those asked for.
 * @returns operation names, separated by a space
 * @throws Refusal HB-107 where one that is asked for is not open to the kind
 */
export function grantScope(kind: PartyKind, asked: string | undefined): string {
  const open: readonly string[] = OPERATIONS[kind]
  const wanted = asked?.split(' ').filter(Boolean) ?? []
  if (wanted.length === 0) return open.join(' ')
  if (!wanted.every(name => open.includes(name)))
    throw refuse('HB-107', '/scope', 'RFC 6749 3.3: scope')
  return open.filter(name => wanted.includes(name)).join(' ')
}
