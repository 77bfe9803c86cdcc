import type { PartyKind } from '../schemas.generated.ts'
import { type Found, type Question, type Refused, refusedBy, refusedWithout } from './decision.ts'
import type { Accession, Agreement, LoadedProtocol } from './document.ts'
import type { ProtocolSet } from './load.ts'
import { accessionOf, agreementOf } from './lookup.ts'

/** The documents under which a party takes part, and as what. */
export interface Ground {
  agreement: LoadedProtocol<Agreement>
  /** Of the sender or of the other end: whichever had to accede. */
  accession: LoadedProtocol<Accession> | undefined
  /** Kind of the sending party, as its document says. */
  kind: PartyKind
  /** Kind of the party at the other end, where it is known. */
  otherKind: PartyKind | undefined
}

/** How one party takes part: named in the agreement itself, or by an accession. */
interface Membership {
  kind: PartyKind
  accession: LoadedProtocol<Accession> | undefined
}

/**
 * Finds the agreement and how both ends take part in it.
 * Refuses an unknown protocol (HB-301), one that cannot be read (HB-317), a party without any
 * protocol: phase 1 (HB-302), and a party that is in another protocol only (HB-308). Pure.
 */
export function findGround(set: ProtocolSet, question: Question): Ground | Refused {
  const agreement = agreementOf(set, question.protocol)
  if (!agreement) return noAgreement(set, question.protocol)
  const sender = membership(set, agreement, question.party, question.partyKind)
  if ('allow' in sender) return sender
  const { counterparty } = question
  const other = counterparty === undefined ? undefined : membership(set, agreement, counterparty)
  if (other && 'allow' in other) return other
  return {
    agreement,
    accession: sender.accession ?? other?.accession,
    kind: sender.kind,
    otherKind: other?.kind,
  }
}

function noAgreement(set: ProtocolSet, id: string): Refused {
  if (set.broken.has(id)) return refusedWithout('HB-317', 'schemas/protocol.json')
  const document = set.protocols.get(id)?.document
  if (document?.kind !== 'accession') return refusedWithout('HB-301', 'GET /v1/protocols')
  const remedy = `Name the framework, ${document.framework}; the accession follows from who you are.`
  return refusedWithout('HB-301', 'GET /v1/protocols', remedy)
}

function membership(
  set: ProtocolSet,
  agreement: LoadedProtocol<Agreement>,
  party: string,
  knownAs?: PartyKind,
): Membership | Refused {
  const named = agreement.document.parties.find(({ id }) => id === party)
  const accession = named ? undefined : accessionOf(set, agreement.id, party)
  const joined = named ?? accession?.document.parties.find(({ id }) => id === party)
  if (!joined) return notTakingPart(set, agreement, party)
  if (knownAs !== undefined && knownAs !== joined.kind) return refusedBy(agreement, OTHER_KIND)
  return { kind: joined.kind, accession }
}

const OTHER_KIND: Found = {
  code: 'HB-308',
  pointer: '/protocol',
  path: 'parties',
  remedy: 'The gateway knows this party as another kind than the protocol does: ask the operator.',
}

function notTakingPart(
  set: ProtocolSet,
  agreement: LoadedProtocol<Agreement>,
  party: string,
): Refused {
  // By its folder name an accession that cannot be read is still known to be there.
  if (set.broken.has(`${agreement.id}-${party}`)) {
    return refusedBy(agreement, { code: 'HB-317', pointer: '/protocol', path: 'acceding' })
  }
  const elsewhere = [...set.protocols.values()].some(({ document }) =>
    document.parties.some(({ id }) => id === party),
  )
  const code = elsewhere ? 'HB-308' : 'HB-302'
  const path = agreement.document.kind === 'framework' ? 'acceding' : 'parties'
  return refusedBy(agreement, { code, pointer: '/protocol', path })
}
