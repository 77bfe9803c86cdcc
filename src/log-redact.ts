/** What stands in a line of the log where something was taken out. */
export const REDACTED = '[redacted]'

// Written without hyphens, underscores and capitals.
const NAMES = new Set([
  ...['authorization', 'proxyauthorization', 'cookie', 'setcookie', 'dpop', 'xcsrftoken', 'csrf'],
  ...['password', 'passphrase', 'secret', 'clientsecret', 'webhooksecret', 'masterkey'],
  ...['privatekey', 'token', 'accesstoken', 'idtoken', 'refreshtoken', 'assertion'],
  ...['clientassertion', 'insz', 'nationalnumber', 'rijksregisternummer', 'tenantref', 'tag'],
  ...['subjecttag', 'rowid', 'rowkey', 'ciphertext', 'blinded', 'evaluated', 'nonce', 'raw'],
  ...['body', 'payload', 'rawbody', 'jwks', 'jwk'],
])
/** Private members of a JWK (RFC 7518 section 6, RFC 8037). */
const JWK_PARTS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
const KEY_MATERIAL = /^[\w-]{16,}$/

/**
 * For JSON.stringify: takes out what goes by a name that nothing may be logged under, bytes, and what an
 * error says. Numbers and yes or no stay: counts of something are no values of it.
 */
export function redactMember(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || (typeof value !== 'string' && typeof value !== 'object')) return value
  if (isSecretName(name)) return REDACTED
  if (typeof value === 'string') {
    return JWK_PARTS.has(name) && KEY_MATERIAL.test(value) ? REDACTED : value
  }
  if (value instanceof Error || isBytes(value)) return REDACTED
  return value
}

const known = new Map<string, boolean>()

function isSecretName(name: string): boolean {
  const before = known.get(name)
  if (before !== undefined) return before
  const isSecret = NAMES.has(name.replace(/[-_]/g, '').toLowerCase())
  // Names come from our own code; were they not, memory would still be bounded.
  if (known.size < 1_000) known.set(name, isSecret)
  return isSecret
}

// JSON.stringify asks a Buffer for its form before it asks here.
function isBytes(value: object): boolean {
  if (ArrayBuffer.isView(value)) return true
  const { type, data } = value as { type?: unknown; data?: unknown }
  return type === 'Buffer' && Array.isArray(data)
}

// None takes a quote or a backslash: a line of JSON stays one.
const FORMS: RegExp[] = [
  // JWS and JWE, detached ones too.
  /eyJ[\w-]{8,}\.[\w-]*(?:\.[\w-]*){1,3}/g,
  /\b(?:whsec|hbp|ses)_[\w+/=-]{8,}/g,
  /(?<=\b(?:bearer|dpop|basic) {1,4})[\w.~+/=-]{8,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*/g,
  // A JWK as text within text.
  /(?<=\\"(?:d|p|q|dp|dq|qi|k)\\*" ?: ?\\*")[\w-]{16,}/g,
  // The password in an address, and what lets somebody in that stands in its query.
  /(?<=:\/\/[^\s:@/"]{0,64}:)[^\s@/"\\]+(?=@)/g,
  /(?<=[?&](?:link|code|state|token|access_token|client_assertion)=)[^&\s"\\]{8,}/g,
]
// An id of ours may hold eleven digits in a row by chance, and is what a line is found by: it stays whole.
const ID_OR_ELEVEN =
  /\b(?:msg|fb|del|req|att)_[0-9A-Z]{26}\b|(?<!\d)(\d{2})[./ -]?(\d{2})[./ -]?(\d{2})[./ -]?(\d{3})[./ -]?(\d{2})(?!\d)/g

/** Takes out of a line what has the form of a secret or of a national number, whatever its name is. */
export function redactLine(line: string): string {
  let clean = line
  for (const form of FORMS) clean = clean.replace(form, REDACTED)
  return clean.replace(ID_OR_ELEVEN, (text, first: string | undefined, ...rest: string[]) =>
    first && isNationalNumber(`${first}${rest.slice(0, 3).join('')}`, Number(rest[3]))
      ? REDACTED
      : text,
  )
}

// Born from 2000 on, a 2 goes before the nine digits.
function isNationalNumber(nine: string, check: number): boolean {
  const base = Number(nine)
  return 97 - (base % 97) === check || 97 - ((2_000_000_000 + base) % 97) === check
}
