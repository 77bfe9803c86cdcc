import { mayPerson } from '../../access/operations.ts'
import { type Agreement, isAgreement, type LoadedProtocol } from '../../protocol/document.ts'
import { weighedTextNl } from '../../protocol/finding-texts.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import type { ConsoleDeps } from '../deps.ts'
import { language } from '../language.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { agreementOf, protocolLines } from '../reads/protocols.ts'
import { readSuspensionState } from '../reads/suspension.ts'
import { wordFor, words } from '../texts/words.ts'

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
    text: language() === 'nl' ? weighedTextNl(one) : one.text,
  }))
  const mayChange = mayPerson(request.session, 'protocols:suspend')
  const suspension = protocol && (await readSuspensionState(deps, set, protocol, request.at))
  const accessions = lines.filter(({ id: other }) => isAccessionOf(set, other, id))
  return {
    view: 'protocol',
    title: line.title,
    model: {
      ...{ line, accessions, suspension, mayChange, filled },
      findings: Object.groupBy(findings, ({ severity }) => severity),
      ...(protocol && describe(set, protocol)),
    },
  }
}

function isAccessionOf(set: ProtocolSet, id: string, framework: string): boolean {
  const document = set.protocols.get(id)?.document
  return document?.kind === 'accession' && document.framework === framework
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
