import { Refusal } from '../errors.ts'
import { parseKbo } from './kbo.ts'
import { PARTY_KINDS, type PartyKind } from './operations.ts'
import { type PartyDraft, PartyError, type Retries } from './party-types.ts'
import { assertAllowedUrl } from './peer-url.ts'
import { JwksError, type PublicJwks, parsePublicJwks } from './public-jwks.ts'

export const PARTY_ID = /^[A-Za-z0-9._-]{1,64}$/

/** A draft whose every member was checked. */
export interface CheckedDraft {
  id: string
  kind: PartyKind
  name: string
  kbo: string
  jwks: PublicJwks | undefined
  jwksUrl: string | undefined
  webhook: string | undefined
  baseUrl: string | undefined
  tokenUrl: string | undefined
  retries: Retries | undefined
}

/**
 * Checks what an operator gives to register a party.
 * @throws PartyError naming the first member that does not hold
 */
export async function checkDraft(draft: PartyDraft, allowLoopback: boolean): Promise<CheckedDraft> {
  const { id, kind, name, kbo } = checkIdentity(draft)
  const { webhook, baseUrl, tokenUrl, retries } = draft
  checkRetries(retries)
  checkUrl('webhook', webhook, allowLoopback)
  checkUrl('base URL', baseUrl, allowLoopback)
  checkUrl('token URL', tokenUrl, allowLoopback)
  if (!baseUrl !== !tokenUrl) {
    throw new PartyError('url', 'base URL and token URL belong together: give both or neither')
  }
  const source = await checkKeySource(draft.jwks, allowLoopback)
  return { id, kind, name, kbo, webhook, baseUrl, tokenUrl, retries, ...source }
}

// The first within a minute, so that a hiccup costs no more; at most two weeks, for a person must know.
const RETRY_BOUNDS = { firstSeconds: [1, 60], tries: [3, 100], hours: [0.01, 336] } as const

/**
 * Checks a schedule of retries.
 * @throws PartyError
 */
export function checkRetries(retries: Retries | undefined): void {
  if (!retries) return
  for (const [name, [least, most]] of Object.entries(RETRY_BOUNDS)) {
    const value = retries[name as keyof Retries]
    if (!(value >= least && value <= most) || (name === 'tries' && !Number.isInteger(value))) {
      throw new PartyError(
        'retries',
        `of the retries, ${name} is a number from ${least} to ${most}`,
      )
    }
  }
  if ((retries.tries - 1) * retries.firstSeconds > retries.hours * 3600) {
    throw new PartyError('retries', 'that many tries do not fit in those hours: give more hours')
  }
}

/**
 * Checks a key set, or the form of the address of one.
 * @throws PartyError
 */
export async function checkKeySource(
  source: PartyDraft['jwks'],
  allowLoopback: boolean,
): Promise<{ jwks: PublicJwks | undefined; jwksUrl: string | undefined }> {
  if ('url' in source) {
    checkUrl('key set URL', source.url, allowLoopback)
    return { jwks: undefined, jwksUrl: source.url }
  }
  try {
    return { jwks: await parsePublicJwks(source.set), jwksUrl: undefined }
  } catch (error) {
    throw error instanceof JwksError ? new PartyError('jwks', error.message) : error
  }
}

function checkIdentity(draft: PartyDraft): Pick<CheckedDraft, 'id' | 'kind' | 'name' | 'kbo'> {
  if (!PARTY_ID.test(draft.id)) {
    throw new PartyError('id', 'an id has 1 to 64 characters from A-Z a-z 0-9 . _ -')
  }
  const kind = PARTY_KINDS.find(known => known === draft.kind)
  if (!kind) throw new PartyError('kind', `the kind is one of ${PARTY_KINDS.join(', ')}`)
  const name = draft.name.trim()
  if (name.length === 0 || name.length > 200 || /\p{Cc}/u.test(name)) {
    throw new PartyError('name', 'a name has 1 to 200 characters, on one line')
  }
  const kbo = parseKbo(draft.kbo)
  if (!kbo) {
    throw new PartyError(
      'kbo',
      'the KBO number is not valid: ten digits, the last two a check number',
    )
  }
  return { id: draft.id, kind, name, kbo }
}

function checkUrl(what: string, url: string | undefined, allowLoopback: boolean): void {
  if (url === undefined) return
  try {
    assertAllowedUrl(url, { allowLoopback })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new PartyError('url', `the ${what} is not allowed (${error.reasons[0]?.rule})`)
  }
}
