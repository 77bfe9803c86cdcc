import { Refusal } from '../errors.ts'
import { type Contact, parseContacts } from './contacts.ts'
import { parseKbo } from './kbo.ts'
import { parseNetworks } from './networks.ts'
import { PARTY_KINDS, type PartyKind } from './operations.ts'
import { type PartyChange, type PartyDraft, PartyError, type Retries } from './party-types.ts'
import { assertAllowedUrl, type Reach } from './peer-url.ts'
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
  contacts: Contact[]
  networks: string[]
}

/**
 * Checks what an operator gives to register a party.
 * @throws PartyError naming the first member that does not hold
 */
export async function checkDraft(
  draft: PartyDraft,
  allowLoopback: boolean,
  now: Date,
): Promise<CheckedDraft> {
  const identity = checkIdentity(draft)
  checkRetries(draft.retries)
  const contacts = checkContacts(draft.contacts ?? [])
  const networks = checkNetworks(draft.networks ?? [])
  const reach = { allowLoopback, networks }
  const webhook = checkUrl('webhook', draft.webhook, reach)
  const addresses = checkAddresses(draft, reach)
  const source = await checkKeySource(draft.jwks, reach, now, draft.expires)
  const { retries } = draft
  return { ...identity, webhook, ...addresses, retries, contacts, networks, ...source }
}

/** What is changed of a party, checked; absent where it stays. */
export interface CheckedChange {
  contacts?: Contact[]
  networks?: string[]
  addresses?: { baseUrl: string | undefined; tokenUrl: string | undefined }
}

/**
 * Checks a change of a party; addresses against the networks that it has from then on.
 * @throws PartyError
 */
export function checkChange(
  change: PartyChange,
  allowLoopback: boolean,
  current: { networks: string[] },
): CheckedChange {
  const { contacts, networks, baseUrl, tokenUrl } = change
  const checked = networks && checkNetworks(networks)
  const reach = { allowLoopback, networks: checked ?? current.networks }
  if (!contacts && !networks && !baseUrl && !tokenUrl) {
    throw new PartyError('nothing', 'say what is to change')
  }
  return {
    ...(contacts && { contacts: checkContacts(contacts) }),
    ...(checked && { networks: checked }),
    ...((baseUrl || tokenUrl) && { addresses: checkAddresses(change, reach) }),
  }
}

function checkContacts(texts: readonly string[]): Contact[] {
  const contacts = parseContacts(texts)
  if (Array.isArray(contacts)) return contacts
  throw new PartyError('contact', contacts.fault)
}

function checkNetworks(texts: readonly string[]): string[] {
  const networks = parseNetworks(texts)
  if (Array.isArray(networks)) return networks
  throw new PartyError('network', networks.fault)
}

function checkAddresses(
  given: Pick<PartyDraft, 'baseUrl' | 'tokenUrl'>,
  reach: Reach,
): { baseUrl: string | undefined; tokenUrl: string | undefined } {
  const baseUrl = checkUrl('base URL', given.baseUrl, reach)
  const tokenUrl = checkUrl('token URL', given.tokenUrl, reach)
  if (!baseUrl === !tokenUrl) return { baseUrl, tokenUrl }
  throw new PartyError('url', 'base URL and token URL belong together: give both or neither')
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
 * @param expires after this the keys of the set count no more
 * @throws PartyError
 */
export async function checkKeySource(
  source: PartyDraft['jwks'],
  reach: Reach,
  now: Date,
  expires?: Date,
): Promise<{ jwks: PublicJwks | undefined; jwksUrl: string | undefined }> {
  if (expires && !(expires.getTime() > now.getTime())) {
    throw new PartyError('expires', 'the keys would have expired already')
  }
  if ('url' in source) {
    if (!expires) return { jwks: undefined, jwksUrl: checkUrl('key set URL', source.url, reach) }
    throw new PartyError('expires', 'a set at an address says itself when its keys expire (exp)')
  }
  try {
    const jwks = await parsePublicJwks(source.set)
    return { jwks: endingAt(jwks, now, expires), jwksUrl: undefined }
  } catch (error) {
    throw error instanceof JwksError ? new PartyError('jwks', error.message) : error
  }
}

function endingAt({ keys }: PublicJwks, now: Date, expires: Date | undefined): PublicJwks {
  const end = expires ? Math.floor(expires.getTime() / 1000) : undefined
  const ending = keys.map(key => ({
    ...key,
    ...(end !== undefined && { exp: Math.min(key.exp ?? Infinity, end) }),
  }))
  const counts = ending.some(
    ({ use, exp }) => use === 'sig' && (exp ?? Infinity) * 1000 > now.getTime(),
  )
  if (counts) return { keys: ending }
  throw new PartyError('jwks', 'the keys to sign with have expired: give newer ones')
}

// What cannot be seen, or turns around the text that it stands in.
const HIDDEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

function checkIdentity(draft: PartyDraft): Pick<CheckedDraft, 'id' | 'kind' | 'name' | 'kbo'> {
  if (!PARTY_ID.test(draft.id)) {
    throw new PartyError('id', 'an id has 1 to 64 characters from A-Z a-z 0-9 . _ -')
  }
  const kind = PARTY_KINDS.find(known => known === draft.kind)
  if (!kind) throw new PartyError('kind', `the kind is one of ${PARTY_KINDS.join(', ')}`)
  const name = draft.name.trim()
  if (name.length === 0 || name.length > 200 || HIDDEN.test(name)) {
    throw new PartyError(
      'name',
      'a name has 1 to 200 characters, on one line, all of them to be seen',
    )
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

// Kept as it is, or in ASCII where it is not: letters that look like others show themselves then.
function checkUrl(what: string, url: string | undefined, reach: Reach): string | undefined {
  if (url === undefined) return undefined
  try {
    const { href } = assertAllowedUrl(url, reach)
    return /^[\x21-\x7e]+$/.test(url) ? url : href
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new PartyError('url', `the ${what} is not allowed (${error.reasons[0]?.rule})`)
  }
}

/** Which addresses of a party may not be called within that reach: a sentence each. */
export function closedAddresses(
  party: Pick<PartyDraft, 'baseUrl' | 'tokenUrl' | 'webhook'> & { jwksUrl?: string | undefined },
  reach: Reach,
): string[] {
  const { baseUrl, tokenUrl, webhook, jwksUrl } = party
  const addresses = { 'base URL': baseUrl, 'token URL': tokenUrl, webhook, 'key set URL': jwksUrl }
  return Object.entries(addresses).flatMap(([what, url]) => {
    if (url === undefined) return []
    try {
      assertAllowedUrl(url, reach)
      return []
    } catch {
      return [`the ${what} is in a network that is not allowed now: it is not called any more`]
    }
  })
}
