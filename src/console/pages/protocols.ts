import { mayPerson } from '../../access/operations.ts'
import { stateAt } from '../../protocol/lifecycle.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { frameworkOf } from '../../protocol/lookup.ts'
import { missingOf } from '../../protocol/missing.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Page } from '../page.ts'
import { type ProtocolLine, protocolLines } from '../reads/protocols.ts'
import { texts } from '../texts/index.ts'

/** The columns of the board: the life of a document, and what cannot be read. */
const STEPS = [
  'broken',
  'draft',
  'dpo-review',
  'advised',
  'signed',
  'published',
  'active',
  'suspended',
  'expired',
  'terminated',
] as const

/** /console/protocollen: every protocol by how far it is, why it is not in force, and what it still needs. */
export const protocolsPage: Page = {
  method: 'get',
  path: '/protocollen',
  operation: 'overview:read',
  own: true,
  nav: 'protocols',
  answer: async (deps: ConsoleDeps, { at, scope, session }) => {
    const set = deps.protocols.current()
    const cards = protocolLines(set, at, scope).map(line => toCard(set, line, at))
    const columns = STEPS.map(step => ({ step, cards: cards.filter(card => card.step === step) }))
    return {
      view: 'protocols',
      title: texts().protocols.title,
      model: {
        columns: columns.filter(column => column.cards.length > 0),
        mayChange: session.party === undefined && mayPerson(session, 'protocols:suspend'),
      },
    }
  },
}

type Step = (typeof STEPS)[number]
type Card = ProtocolLine & { step: Step; needs: string[] }

function toCard(set: ProtocolSet, line: ProtocolLine, at: Date): Card {
  const protocol = set.protocols.get(line.id)
  if (!protocol || line.isBroken) return { ...line, step: 'broken', needs: [] }
  const step = stateAt(protocol, at, frameworkOf(set, protocol))
  return { ...line, step, needs: step === 'terminated' ? [] : needsOf(set, line.id, at) }
}

/** What a document still needs, each as a sentence with the name of the party; empty where nothing. */
export function needsOf(set: ProtocolSet, id: string, at: Date): string[] {
  const protocol = set.protocols.get(id)
  if (!protocol) return []
  const text = texts().protocols.needs
  const names = new Map(protocol.document.parties.map(one => [one.id, one.name]))
  const name = (party: string) => names.get(party) ?? party
  const missing = missingOf(protocol, at, frameworkOf(set, protocol))
  return [
    ...missing.advices.map(party => text.advice(name(party))),
    ...missing.signatures.map(party => text.signature(name(party))),
    ...missing.publications.map(party => text.publication(name(party))),
  ]
}
