import { refuse } from '../errors.ts'

export const PARTY_KINDS = ['housing-company', 'employment-service', 'welfare-office'] as const
export type PartyKind = (typeof PARTY_KINDS)[number]

// A register, or the persons that a party names, by their pseudonyms: as far as its protocol has a quota.
const BLIND = ['evaluations:write', 'domains:read'] as const

// What any party does about its own messages and their delivery.
const EVERY_PARTY = [
  'messages:write',
  'messages:read',
  'messages:explain',
  'receipts:read',
  'webhook:manage',
  'deliveries:manage',
  'inbox:read',
] as const

const OWN = {
  'housing-company': [
    'detections:write',
    'progress:write',
    'tenancies:write',
    'periods:close',
    'reports:write',
    'usage:read',
    ...BLIND,
  ],
  'employment-service': ['answers:write', 'feedback:write', 'domains:ready', ...BLIND],
  'welfare-office': BLIND,
} as const satisfies Record<PartyKind, readonly string[]>

/** The name of what a route does: its access rule, and a scope of the access tokens for it. */
export type Operation = (typeof EVERY_PARTY)[number] | (typeof OWN)[PartyKind][number]

/**
 * Who may call what: the one table behind scopes and routes (design, outside contract, column
 * "who"). Whether a message is the caller's own, and what its protocol lets it say, is decided later.
 */
export const OPERATIONS: Readonly<Record<PartyKind, readonly Operation[]>> = {
  'housing-company': [...EVERY_PARTY, ...OWN['housing-company']],
  'employment-service': [...EVERY_PARTY, ...OWN['employment-service']],
  'welfare-office': [...EVERY_PARTY, ...OWN['welfare-office']],
}

/** Every operation once, sorted: the `scopes_supported` of the metadata. */
export const ALL_OPERATIONS: readonly Operation[] = [
  ...new Set(Object.values(OPERATIONS).flat()),
].toSorted()

/** The authenticated party behind a request, with the scopes of its token. */
export interface Caller {
  party: string
  kind: PartyKind
  scopes: ReadonlySet<string>
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
