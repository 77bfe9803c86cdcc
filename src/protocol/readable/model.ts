import { articlesOf } from '../articles.ts'
import {
  type Agreement,
  isAccession,
  isAgreement,
  type LoadedProtocol,
  type Protocol,
} from '../document.ts'
import type { ProtocolSet } from '../load.ts'
import { agreementOf } from '../lookup.ts'
import { accessionBuilders, BINDING } from './accession.ts'
import { AGREEMENT } from './agreement.ts'
import { type Block, cell, note, table } from './block.ts'
import type { Builder } from './shared.ts'
import { type ReadableStatus, readableStatus } from './status.ts'
import { word } from './words.ts'

/** An article: number and title are those that refusals name. */
export interface Article {
  /** `Artikel 6`, or `Bijlage 1`. */
  number: string
  title: string
  /** Anchor, such as `artikel-6`. */
  anchor: string
  /** Sections of the document that it tells. */
  sections: readonly string[]
  blocks: readonly Block[]
}

/** A protocol document for people: what HTML is drawn from. Texts are plain and not escaped. */
export interface ReadableDocument {
  id: string
  version: string
  digest: string
  language: string
  title: string
  /** Names of the parties: whose document it is. */
  authors: readonly string[]
  /** What is fictional, in a sample. */
  sample?: string
  /** Identity of the document. */
  head: readonly (readonly [string, string])[]
  status: ReadableStatus
  articles: readonly Article[]
  annexes: readonly Article[]
}

/**
 * The document of a set as people read it, in plain Dutch, with where it stands at an instant.
 * An accession brings what binds it of its framework, a framework who acceded. Pure.
 */
export function readableOf(set: ProtocolSet, protocol: LoadedProtocol, at: Date): ReadableDocument {
  const { document, digest } = protocol
  const framework = isAccession(protocol)
    ? agreementOf(set, protocol.document.framework)
    : undefined
  return {
    id: document.protocolId,
    version: document.version,
    digest,
    language: document.language,
    title: document.context.title,
    authors: document.parties.map(({ name }) => name),
    ...(document.sample !== undefined && { sample: document.sample }),
    head: headOf(document, digest),
    status: readableStatus(protocol, at, framework?.document),
    articles: articles(protocol, framework?.document),
    annexes: framework ? [bindingAnnex(framework)] : accessionAnnex(set, protocol, at),
  }
}

function headOf(document: Protocol, digest: string): [string, string][] {
  return [
    ['Kenmerk', document.protocolId],
    ['Soort', word('documentKind', document.kind)],
    ['Versie', document.version],
    ...(document.supersedes === undefined
      ? []
      : [['Vervangt versie', document.supersedes] as [string, string]]),
    ['Taal', word('language', document.language)],
    ['Vingerafdruk (SHA-256)', digest],
  ]
}

function articles(protocol: LoadedProtocol, framework: Agreement | undefined): Article[] {
  return articlesOf(protocol.document).map(([title, sections], index) => ({
    number: `Artikel ${index + 1}`,
    title,
    anchor: `artikel-${index + 1}`,
    sections,
    blocks: sections.flatMap(section => build(protocol, section, framework)),
  }))
}

function build(
  protocol: LoadedProtocol,
  section: string,
  framework: Agreement | undefined,
): Block[] {
  // The tables name every section of their kind of document; see their types.
  if (isAccession(protocol)) return pick(accessionBuilders(framework), section)(protocol)
  return isAgreement(protocol) ? pick(AGREEMENT, section)(protocol) : []
}

function pick<D extends Protocol>(
  builders: Readonly<Record<string, Builder<D>>>,
  section: string,
): Builder<D> {
  const builder = builders[section]
  if (!builder) throw new Error(`no text for the section ${section}`)
  return builder
}

function bindingAnnex(framework: LoadedProtocol<Agreement>): Article {
  const { document } = framework
  const blocks = articlesOf(document).flatMap(([title, sections], index): Block[] => {
    const binding = BINDING.filter(section => sections.includes(section))
    if (!binding.length) return []
    const number = `Artikel ${index + 1} van het kaderprotocol`
    return [
      { kind: 'part', text: `${number}. ${title}` },
      ...binding.flatMap(section => AGREEMENT[section](framework)),
    ]
  })
  const whole = `Uittreksel uit ${document.protocolId}, versie ${document.version} (vingerafdruk ${framework.digest}). Enkel het kaderprotocol zelf geldt.`
  return {
    number: 'Bijlage',
    title: 'Wat volgens het kaderprotocol mag',
    anchor: 'bijlage',
    sections: BINDING,
    blocks: [note('info', whole), ...blocks],
  }
}

function accessionAnnex(set: ProtocolSet, protocol: LoadedProtocol, at: Date): Article[] {
  if (!isAgreement(protocol) || protocol.document.kind !== 'framework') return []
  const joined = [...set.protocols.values()]
    .filter(isAccession)
    .filter(({ document }) => document.framework === protocol.id)
  const rows = joined.map(one => {
    const status = readableStatus(one, at, protocol.document)
    const party = one.document.parties.find(({ role }) => role === 'acceding')
    return [
      cell(party?.name ?? one.id),
      cell(one.id, [`versie ${one.version}`]),
      cell(status.inForce ? 'in werking' : 'niet in werking', [status.why || undefined]),
    ]
  })
  return [
    {
      number: 'Bijlage',
      title: 'Wie is toegetreden',
      anchor: 'bijlage',
      sections: [],
      blocks: [table('Toetredingen', ['Partij', 'Document', 'Toestand'], rows, 'Nog niemand.')],
    },
  ]
}
