/** What a second person may have to approve. */
export const FOUR_EYES = ['subject-usage', 'subject-restrict', 'subject-erase', 'parked'] as const
export type FourEyes = (typeof FOUR_EYES)[number]

/** Roles of people, the one that may do most first: who has several gets the first. */
export const CONSOLE_ROLES = ['privacy-officer', 'auditor', 'operator', 'viewer'] as const
export type ConsoleRole = (typeof CONSOLE_ROLES)[number]

/** What the privacy officer of one party is called in the table of rights, and before `@party` in a mapping. */
export const PARTY_OFFICER = 'privacy-officer of one party'
const OF_PARTY = /^privacy-officer@([A-Za-z0-9._-]{1,64})$/

export interface PeopleEnvironment {
  HUISBRUG_FOUR_EYES?: string
  HUISBRUG_SESSION_IDLE_MINUTES: number
  HUISBRUG_SESSION_HOURS: number
  HUISBRUG_OIDC_ISSUER?: string
  HUISBRUG_OIDC_CLIENT_ID?: string
  HUISBRUG_OIDC_CLIENT_SECRET?: string
  HUISBRUG_OIDC_CLIENT_SECRET_FILE?: string
  HUISBRUG_OIDC_KEY?: string
  HUISBRUG_OIDC_KEY_FILE?: string
  HUISBRUG_OIDC_SCOPES: string
  HUISBRUG_OIDC_ROLES?: string
}

/** The settings about people, as they are in the environment. */
export const PEOPLE_SCHEMA = {
  HUISBRUG_FOUR_EYES: {
    type: 'string',
    pattern: `^(${FOUR_EYES.join('|')})(,(${FOUR_EYES.join('|')}))*$`,
  },
  HUISBRUG_SESSION_IDLE_MINUTES: { type: 'number', minimum: 1, maximum: 480, default: 30 },
  HUISBRUG_SESSION_HOURS: { type: 'number', minimum: 0.1, maximum: 24, default: 10 },
  HUISBRUG_OIDC_ISSUER: { type: 'string', pattern: '^https?://[^?#]+$' },
  HUISBRUG_OIDC_CLIENT_ID: { type: 'string', minLength: 1, maxLength: 256 },
  HUISBRUG_OIDC_CLIENT_SECRET: { type: 'string', minLength: 1 },
  HUISBRUG_OIDC_CLIENT_SECRET_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_OIDC_KEY: { type: 'string', minLength: 1 },
  HUISBRUG_OIDC_KEY_FILE: { type: 'string', minLength: 1 },
  HUISBRUG_OIDC_SCOPES: {
    type: 'string',
    pattern: '^([!#-\\[\\]-~]+ )*openid( [!#-\\[\\]-~]+)*$',
    default: 'openid profile',
  },
  HUISBRUG_OIDC_ROLES: { type: 'string', minLength: 2 },
} as const

/** Which values of which claim give which role. */
export interface RoleMapping {
  /** The name of the claim, or the way to it in nested objects. */
  claim: readonly string[]
  roles: Readonly<Partial<Record<ConsoleRole, readonly string[]>>>
  /** Which values make somebody the privacy officer of one party, by party, in the order given. */
  officers: ReadonlyMap<string, readonly string[]>
}

/** The identity provider of the people. */
export interface OidcSettings {
  issuer: string
  clientId: string
  /** The secret or the private key of the gateway there, or the file that holds it: one of the four. */
  client: {
    secret?: string | undefined
    secretFile?: string | undefined
    key?: string | undefined
    keyFile?: string | undefined
  }
  scopes: string
  mapping: RoleMapping
}

/** How people sign in and for how long. */
export interface PeopleSettings {
  idleMs: number
  sessionMs: number
  /** Absent: people sign in by one-time links. */
  oidc: OidcSettings | undefined
}

/**
 * The settings about people. Pure.
 * @throws Error naming the setting and the rule it breaks, never a value
 */
export function peopleOf(env: PeopleEnvironment): PeopleSettings {
  return {
    idleMs: env.HUISBRUG_SESSION_IDLE_MINUTES * 60_000,
    sessionMs: env.HUISBRUG_SESSION_HOURS * 3_600_000,
    oidc: oidcOf(env),
  }
}

/** What a second person has to approve. */
export function fourEyesOf({ HUISBRUG_FOUR_EYES: list }: PeopleEnvironment): Set<FourEyes> {
  return new Set((list?.split(',') ?? []) as FourEyes[])
}

function oidcOf(env: PeopleEnvironment): OidcSettings | undefined {
  const issuer = env.HUISBRUG_OIDC_ISSUER
  const clientId = env.HUISBRUG_OIDC_CLIENT_ID
  const client = {
    secret: env.HUISBRUG_OIDC_CLIENT_SECRET,
    secretFile: env.HUISBRUG_OIDC_CLIENT_SECRET_FILE,
    key: env.HUISBRUG_OIDC_KEY,
    keyFile: env.HUISBRUG_OIDC_KEY_FILE,
  }
  const roles = env.HUISBRUG_OIDC_ROLES
  const proofs = Object.values(client).filter(it => it !== undefined)
  const given = [issuer, clientId, proofs[0], roles]
  if (given.every(it => it === undefined)) return undefined
  if (!issuer || !clientId || proofs.length !== 1 || !roles) {
    throw new Error(
      'HUISBRUG_OIDC_ISSUER, _CLIENT_ID, _ROLES and one of _CLIENT_SECRET, _CLIENT_SECRET_FILE, _KEY and _KEY_FILE go together',
    )
  }
  const scopes = env.HUISBRUG_OIDC_SCOPES
  return { issuer, clientId, client, scopes, mapping: mappingOf(roles) }
}

/**
 * Reads `{"claim": "groups", "roles": {"auditor": ["huisbrug-audit"]}}`.
 * @throws Error which says what is wrong with it
 */
function mappingOf(text: string): RoleMapping {
  const { claim, roles } = parseObject(text)
  const path = typeof claim === 'string' ? [claim] : claim
  const isMapping = isTexts(path) && typeof roles === 'object' && roles !== null
  const wanted = isMapping ? Object.entries(roles as Record<string, unknown>) : []
  if (!isTexts(path) || wanted.length === 0 || !wanted.every(([, values]) => isTexts(values))) {
    throw new Error(
      'HUISBRUG_OIDC_ROLES must be like {"claim":"groups","roles":{"auditor":["a value"]}}',
    )
  }
  const known: readonly string[] = CONSOLE_ROLES
  if (!wanted.every(([role]) => known.includes(role) || OF_PARTY.test(role))) {
    const names = [...CONSOLE_ROLES, 'privacy-officer@<party>'].join(', ')
    throw new Error(`HUISBRUG_OIDC_ROLES: the roles are ${names}`)
  }
  const lists = wanted as [string, string[]][]
  const officers = lists.flatMap(([role, values]) => {
    const party = OF_PARTY.exec(role)?.[1]
    return party === undefined ? [] : [[party, values] as const]
  })
  refuseTwoParties(officers)
  const ofAll = Object.fromEntries(lists.filter(([role]) => known.includes(role)))
  return { claim: path, roles: ofAll as RoleMapping['roles'], officers: new Map(officers) }
}

// Found here rather than at the sign-in of whoever has that value.
function refuseTwoParties(officers: readonly (readonly [string, readonly string[]])[]): void {
  const byValue = new Map<string, string>()
  for (const [party, values] of officers)
    for (const value of new Set(values)) {
      const other = byValue.get(value)
      if (other !== undefined)
        throw new Error(
          `HUISBRUG_OIDC_ROLES: one value makes the privacy officer of ${other} and of ${party}; a session is of one party: give each party a value of its own, and who serves both an account for each`,
        )
      byValue.set(value, party)
    }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function isTexts(value: unknown): value is string[] {
  const isList = Array.isArray(value) && value.length > 0
  return isList && value.every(it => typeof it === 'string' && it !== '')
}
