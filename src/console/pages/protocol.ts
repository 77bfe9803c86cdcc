import { mayPerson } from '../../access/operations.ts'
import { type Agreement, isAgreement, type LoadedProtocol } from '../../protocol/document.ts'
import { weighedTextNl } from '../../protocol/finding-texts.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import type { ConsoleDeps } from '../deps.ts'
import { language } from '../language.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { readProtocolUse, type TypeUse, USE_DAYS, USE_SAMPLE } from '../reads/protocol-use.ts'
import { agreementOf, protocolLines } from '../reads/protocols.ts'
import { readSuspensionState } from '../reads/suspension.ts'
import { sourceNl } from '../texts/nl-sources.ts'
import { wordFor, words } from '../texts/words.ts'
import { needsOf } from './protocols.ts'

/** /console/protocollen/:id: the key parts of one document. */
export const protocolPage: Page = {
  method: 'get',
  path: '/protocollen/:id',
  operation: 'overview:read',
  own: true,
  nav: 'protocols',
  answer: (deps, request) => drawProtocol(deps, request),
}

/** What a person filled in to suspend or resume, and what is wrong with it. */
interface Filled {
  reason: string
  error: string
}

/** Draws the page of one document; with a form that was refused, what is wrong with that. */
export async function drawProtocol(
  deps: ConsoleDeps,
  request: PageRequest,
  filled?: Filled,
): Promise<Drawing> {
  const set = deps.protocols.current()
  const id = request.params['id'] ?? ''
  const lines = protocolLines(set, request.at, request.scope)
  const line = lines.find(one => one.id === id)
  if (!line) throw new PageProblem('not-found')
  const protocol = set.protocols.get(id)
  const found = protocol?.findings ?? set.broken.get(id) ?? []
  const findings = found.map(one => ({
    ...one,
    ...(language() === 'nl' && { text: weighedTextNl(one), source: sourceNl(one.source) }),
  }))
  const mayChange = mayPerson(request.session, 'protocols:suspend')
  const suspension = protocol && (await readSuspensionState(deps, set, protocol, request.at))
  const accessions = lines.filter(({ id: other }) => isAccessionOf(set, other, id))
  return {
    view: 'protocol',
    title: line.title,
    model: {
      ...{ line, accessions, suspension, mayChange, filled },
      needs: needsOf(set, id, request.at),
      use: protocol && (await useOf(deps, set, protocol, request)),
      findings: Object.groupBy(findings, ({ severity }) => severity),
      ...(protocol && describe(set, protocol)),
    },
  }
}

function isAccessionOf(set: ProtocolSet, id: string, framework: string): boolean {
  const document = set.protocols.get(id)?.document
  return document?.kind === 'accession' && document.framework === framework
}

/** What really moved, against what may: of an agreement all, under an accession what its party sent. */
async function useOf(
  { reading }: ConsoleDeps,
  set: ProtocolSet,
  protocol: LoadedProtocol,
  { at, scope }: PageRequest,
): Promise<object | undefined> {
  const agreement = agreementOf(set, protocol)
  if (!agreement) return undefined
  const joined = protocol.document.parties.find(({ role }) => role === 'acceding')?.id
  const party = scope.party ?? (isAgreement(protocol) ? null : (joined ?? null))
  const types = agreement.messageTypes
  const ids = types.map(({ type }) => type)
  const today = at.toISOString().slice(0, 10)
  const used = await readProtocolUse(reading, agreement.protocolId, ids, today, party)
  const labels = Object.fromEntries(types.map(({ type, label }) => [type, label]))
  return {
    days: USE_DAYS,
    sample: USE_SAMPLE,
    isOfParty: party !== null,
    ...{ schedule: agreement.periodicity.schedule, ceilings: agreement.periodicity.ceilings },
    types: used.map(one => ({
      ...one,
      label: wordFor(labels, one.type),
      isOff: !types.some(({ type, enabled }) => type === one.type && enabled),
    })),
    unused: unusedOf(agreement, used),
  }
}

/** Fields that no message of a type that was used had; of a type without messages nothing is said. Pure. */
export function unusedOf(
  { dataElements }: Agreement,
  used: readonly Pick<TypeUse, 'type' | 'sampled' | 'fields'>[],
): { field: string; label: string }[] {
  return dataElements
    .filter(({ field, messageTypes }) => {
      const seen = used.filter(({ type, sampled }) => messageTypes.includes(type) && sampled > 0)
      return seen.length > 0 && !seen.some(({ fields }) => fields.includes(field))
    })
    .map(({ field, label }) => ({ field, label }))
}

function describe(set: ProtocolSet, protocol: LoadedProtocol): object {
  const { document, digest, record } = protocol
  const own = isAgreement(protocol) ? protocol.document : undefined
  const names = new Map(document.parties.map(({ id, name }) => [id, name]))
  return {
    document,
    digest,
    agreement: own && describeAgreement(own),
    framework: own ? undefined : agreementOf(set, protocol),
    signatures: record.signatures.map(({ party, date, statement, ...signature }) => ({
      date,
      statement,
      signer: names.get(party) ?? party,
      capacity: signature.function,
      isOfThisText: signature.digest === digest,
    })),
  }
}

function describeAgreement(document: Agreement): object {
  const labels = Object.fromEntries(document.messageTypes.map(({ type, label }) => [type, label]))
  return {
    elements: document.dataElements.map(element => ({
      ...element,
      messages: element.messageTypes.map(type => wordFor(labels, type)).join(', '),
    })),
    types: document.messageTypes.map(type => ({
      ...type,
      sender: wordFor(words.partyKinds, type.from),
      receiver: wordFor(words.partyKinds, type.to),
      reaches: document.recipients.find(({ id }) => id === type.recipient)?.name ?? type.recipient,
    })),
  }
}
