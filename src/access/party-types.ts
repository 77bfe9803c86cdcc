import type { Contact } from './contacts.ts'
import type { PartyKind } from './operations.ts'
import type { PublicJwks } from './public-jwks.ts'

/** When a hand-over that fails is tried again. */
export interface Retries {
  /** Seconds until the second try. */
  firstSeconds: number
  /** Tries in all; after the last one it is parked. */
  tries: number
  /** Hours from the first try to the last. */
  hours: number
}

/** An organisation that may exchange. */
export interface Party {
  /** Also its OAuth client id. */
  id: string
  kind: PartyKind
  name: string
  /** Enterprise number, ten digits. */
  kbo: string
  /** Its public keys, or else where they are. */
  jwks: PublicJwks | undefined
  jwksUrl: string | undefined
  /** Where the gateway calls it, and where it gets the token for that. */
  baseUrl: string | undefined
  tokenUrl: string | undefined
  /** When hand-overs to it are tried again; undefined for the usual schedule. */
  retries: Retries | undefined
  /** Desks to call there. */
  contacts: Contact[]
  /** Private networks (CIDR) in which its addresses may be. */
  networks: string[]
  createdAt: Date
  /** Since when it may do nothing; undefined while it may. */
  disabledAt: Date | undefined
}

/** What an operator gives to register a party; unchecked. */
export interface PartyDraft {
  id: string
  kind: string
  name: string
  kbo: string
  /** A JWK set, or the address of one. */
  jwks: { set: unknown } | { url: string }
  webhook?: string | undefined
  baseUrl?: string | undefined
  tokenUrl?: string | undefined
  retries?: Retries | undefined
  /** Each "role: name of the desk, e-mail or phone". */
  contacts?: readonly string[] | undefined
  networks?: readonly string[] | undefined
  /** After this the keys of the given set count no more. */
  expires?: Date | undefined
}

/** What an operator changes of a party; what is absent stays. Unchecked. */
export type PartyChange = Pick<PartyDraft, 'contacts' | 'networks' | 'baseUrl' | 'tokenUrl'>

/** A key of a party, as it is shown. */
export interface KeyView {
  kid: string
  use: 'sig' | 'enc'
  algorithms: readonly string[]
  /** When it was registered; of one at an address, when it was first used. */
  since: Date | undefined
  lastUsed: Date | undefined
  /** After this it counts no more. */
  until: Date | undefined
}

/** A party with what `party show` tells of it. */
export interface PartyView {
  party: Party
  keys: KeyView[]
  webhook: { url: string; events: string[] | undefined } | undefined
}

export type PartyFault =
  | 'id'
  | 'kind'
  | 'name'
  | 'kbo'
  | 'jwks'
  | 'url'
  | 'retries'
  | 'contact'
  | 'network'
  | 'expires'
  | 'nothing'
  | 'exists'
  | 'unknown'
  | 'disabled'
  | 'enabled'

/** Why an operator's change of a party is refused; the message is for that operator. */
export class PartyError extends Error {
  override readonly name = 'PartyError'
  readonly code: PartyFault

  constructor(code: PartyFault, message: string) {
    super(message)
    this.code = code
  }
}
