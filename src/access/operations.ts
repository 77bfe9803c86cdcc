import { type ConsoleRole, PARTY_OFFICER } from '../config-people.ts'
import { refuse } from '../errors.ts'
import type { TokenBinding } from './binding.ts'
import type { MessageSignature } from './message-signature.ts'
import type { Holder } from './scope.ts'

export const PARTY_KINDS = ['housing-company', 'employment-service', 'welfare-office'] as const
export type PartyKind = (typeof PARTY_KINDS)[number]

/** Of whom: of what the own party sent, received or was told alone, or of all parties. */
export type Reach = 'own' | 'all'

const ANY_PARTY = {
  'housing-company': 'own',
  'employment-service': 'own',
  'welfare-office': 'own',
} as const
const HOUSING = { 'housing-company': 'own' } as const
const EMPLOYMENT = { 'employment-service': 'own' } as const
const OWN = { [PARTY_OFFICER]: 'own' } as const
const OFFICER = { 'privacy-officer': 'all' } as const
const READERS = { ...OFFICER, auditor: 'all' } as const
const DECIDERS = { ...OFFICER, operator: 'all' } as const
const EVERYONE = { ...OFFICER, ...OWN, auditor: 'all', operator: 'all', viewer: 'all' } as const

/**
 * Who may do what, of whom: the one table behind every route of the interface and every page of the
 * console; what is not in it is public or does not exist. What a protocol lets a party say is decided
 * later, and what is not the caller's own is answered as unknown. As a page: docs/rights-table.md.
 */
export const RIGHTS = {
  /** At the interface, by a party; the names are the scopes of access tokens. */
  parties: {
    'messages:write': ANY_PARTY,
    'messages:read': ANY_PARTY,
    'messages:explain': ANY_PARTY,
    'receipts:read': ANY_PARTY,
    'webhook:manage': ANY_PARTY,
    'deliveries:manage': ANY_PARTY,
    'inbox:read': ANY_PARTY,
    'evaluations:write': ANY_PARTY,
    'domains:read': ANY_PARTY,
    'detections:write': HOUSING,
    'progress:write': HOUSING,
    'tenancies:write': HOUSING,
    'periods:close': HOUSING,
    'reports:write': HOUSING,
    'reports:read': HOUSING,
    'usage:read': HOUSING,
    'answers:write': EMPLOYMENT,
    'feedback:write': EMPLOYMENT,
    'domains:ready': EMPLOYMENT,
  },
  /** At the interface, by a person; a person never passes as a party, nor a party as a person. */
  people: {
    'audit:read': { ...READERS, ...OWN },
    /** Whole bundles of entries: they cannot be parted. */
    'tiles:read': READERS,
    'usage:search': { ...OFFICER, ...OWN },
    'subjects:restrict': OFFICER,
    'subjects:erase': OFFICER,
    'approvals:manage': { ...OFFICER, ...OWN },
  },
  /** On a page of the console. */
  pages: {
    'overview:read': EVERYONE,
    'evidence:read': { ...READERS, ...OWN },
    'protocols:suspend': DECIDERS,
    'parked:decide': { ...DECIDERS, ...OWN },
    'approvals:decide': { ...DECIDERS, ...OWN },
    'quotas:grant': OFFICER,
    'subjects:answer': { ...OFFICER, ...OWN },
    'exceptions:review': OFFICER,
    'reports:make': { ...READERS, ...DECIDERS, ...OWN },
    'reports:enter': { ...DECIDERS, ...OWN },
    'sessions:manage': DECIDERS,
  },
} as const satisfies {
  parties: Table<PartyKind>
  people: Table<ConsoleRole | typeof PARTY_OFFICER>
  pages: Table<ConsoleRole | typeof PARTY_OFFICER>
}

type Table<R extends string> = Record<string, Partial<Record<R, Reach>>>

/** The name of what a route does: its access rule, and a scope of the access tokens for it. */
export type Operation = keyof typeof RIGHTS.parties
/** The name of what a route lets people do. */
export type PeopleOperation = keyof typeof RIGHTS.people
/** The name of what a page of the console is for. */
export type PageOperation = keyof typeof RIGHTS.pages

/** What each kind of party may call. */
export const OPERATIONS: Readonly<Record<PartyKind, readonly Operation[]>> = {
  'housing-company': operationsOf('housing-company'),
  'employment-service': operationsOf('employment-service'),
  'welfare-office': operationsOf('welfare-office'),
}

/** Every operation of parties once, sorted: the `scopes_supported` of the metadata. */
export const ALL_OPERATIONS: readonly Operation[] = (
  Object.keys(RIGHTS.parties) as Operation[]
).toSorted()

/** The authenticated party behind a request, with the scopes of its token. */
export interface Caller {
  party: string
  kind: PartyKind
  scopes: ReadonlySet<string>
  /** How its token is bound to it; absent or empty for a bearer token. */
  bindings?: ReadonlySet<TokenBinding>
  /** Its signature over the body of this call, where it gave one: it verified. */
  signature?: MessageSignature
}

/**
 * Lets the call through where both the table and the token's scope open it: a token made under an
 * older, wider table opens nothing more.
 * @throws Refusal HB-107
 */
export function assertMayCall(caller: Caller, operation: Operation): void {
  const open = OPERATIONS[caller.kind].includes(operation)
  if (open && caller.scopes.has(operation)) return
  throw refuse('HB-107', '', `access: ${operation}`)
}

/** Whether a person has a page or an operation of the interface; of whom, its scope says. */
export function mayPerson(
  { role, party }: Holder,
  operation: PageOperation | PeopleOperation,
): boolean {
  const row = { ...RIGHTS.people, ...RIGHTS.pages }[operation]
  if (party === undefined) return Object.hasOwn(row, role)
  return role === 'privacy-officer' && Object.hasOwn(row, PARTY_OFFICER)
}

function operationsOf(kind: PartyKind): readonly Operation[] {
  return (Object.keys(RIGHTS.parties) as Operation[]).filter(operation =>
    Object.hasOwn(RIGHTS.parties[operation], kind),
  )
}
