import type { AddressLimits } from '../access/limits.ts'
import type { PeopleProvider } from '../access/oidc.ts'
import type { ConsoleRole, ConsoleSession, ConsoleSessions } from '../access/session.ts'
import type { Signing } from '../access/signing.ts'
import type { AccessTokens } from '../access/token.ts'
import type { Disclosures } from '../audit/disclosure.ts'
import type { Config } from '../config.ts'
import type { Pool } from '../db/pool.ts'
import type { Reading } from '../db/reading.ts'
import type { Outcome } from '../exchange/outcome.ts'
import type { Incoming } from '../exchange/receive.ts'
import type { Logger } from '../log.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { PersonParts } from '../subject/person.ts'

export type SessionRole = ConsoleRole
export type Session = ConsoleSession

/** What the console needs of the program; a test gives the same with a clock of its own. */
export interface ConsoleDeps extends PersonParts {
  pool: Pool
  /** Where pages and reports read what may be some seconds old. */
  reading: Reading
  protocols: { current(): ProtocolSet }
  log: Pick<Logger, 'error'>
  config: Pick<Config, 'publicUrl' | 'fourEyes'> & Partial<Pick<Config, 'attention'>>
  clock: () => Date
  /** The verifier keys of the audit log (C2SP note form), against which the log is checked. */
  verifierKey: () => Promise<string | readonly string[]>
  /** The keys of receipts; without them receipts are not checked. */
  signing?: Pick<Signing, 'publicJwks'>
  sessions: Pick<
    ConsoleSessions,
    | 'openSession'
    | 'openFor'
    | 'findSession'
    | 'closeSession'
    | 'listSessions'
    | 'endSession'
    | 'endAtProvider'
  >
  /** The identity provider; absent: people sign in by one-time links. */
  provider?:
    | Pick<PeopleProvider, 'newAttempt' | 'start' | 'finish' | 'signOutUrl' | 'readLogout'>
    | undefined
  /** Where a refusal becomes evidence. */
  tokens?: Pick<AccessTokens, 'noteRefusal'>
  /** Whether persons may be told about now. */
  disclosures?: Pick<Disclosures, 'assertOpen'>
  /** Takes in Annex 1 that a person enters for a housing company; absent: nobody can. */
  takeAnnex1?: (incoming: Omit<Incoming, 'type'>) => Promise<Outcome>
  /** Whether this process and what it needs is well; absent: the page says where to look. */
  health?: () => Promise<
    readonly { name: string; ok: boolean; detail: string; remedy?: string; advisory?: true }[]
  >
  /** Version of the program. */
  release?: string | undefined
  /** How often an address may ask for something without being signed in. */
  limits?: { addresses: Pick<AddressLimits, 'take'> }
}
