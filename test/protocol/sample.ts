import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Question } from '../../src/protocol/decide.ts'
import {
  type Accession,
  type Agreement,
  digestOf,
  type Protocol,
  type Signatures,
} from '../../src/protocol/document.ts'
import { type FolderFiles, type ProtocolSet, parseFolder } from '../../src/protocol/load.ts'
import { acceptances, assembleSigned, signingDate, signLines } from '../support/statements.ts'

/** The shipped documents, to take copies of and to change. */
export const SAMPLE_DIR = fileURLToPath(new URL('../../protocols/', import.meta.url))

export const SAMPLE_FOLDERS = [
  'wm-vdab',
  'wm-vdab-de-noorderkempen',
  'wm-vdab-leefgoed',
  'wm-vdab-woonboog',
]

/** A moment at which the sample is in force. */
export const IN_FORCE = new Date('2026-11-21T12:00:00.000Z')

export function readSample(folder: string, file: 'protocol' | 'signatures'): unknown {
  return JSON.parse(readFileSync(`${SAMPLE_DIR}${folder}/${file}.json`, 'utf8'))
}

export function sampleFramework(): Agreement {
  return readSample('wm-vdab', 'protocol') as Agreement
}

export function sampleAccession(party = 'woonboog'): Accession {
  return readSample(`wm-vdab-${party}`, 'protocol') as Accession
}

/** What is to be different from the sample. Documents are signed again after a change. */
export interface Changes {
  framework?: (document: Agreement) => void
  accession?: (document: Accession) => void
  frameworkRecord?: (record: Signatures) => void
  accessionRecord?: (record: Signatures) => void
  /** Leave the accession out. */
  alone?: boolean
  more?: FolderFiles[]
  /** The instant; IN_FORCE where it is left out. */
  at?: Date
}

/** Signatures of every party over a document as it is now, dated like the sample's. */
export function signed(document: Protocol, date = '2025-05-12'): Signatures {
  const digest = digestOf(document)
  return {
    protocolId: document.protocolId,
    version: document.version,
    signatures: acceptances(document, date),
    publication: document.parties.map(party => ({
      party: party.id,
      url: 'https://example.org/protocol',
      date,
      digest,
    })),
    suspensions: [],
  }
}

/** A folder as the loader reads it. */
export function folderOf(document: Protocol, record?: Signatures): FolderFiles {
  return {
    folder: document.protocolId,
    protocol: JSON.stringify(document),
    signatures: record && JSON.stringify(record),
  }
}

/** The shipped documents as they would be once every party signed on the day of publication. */
export function sampleSet(at = IN_FORCE): ProtocolSet {
  const folders = SAMPLE_FOLDERS.map(folder => {
    const document = readSample(folder, 'protocol') as Protocol
    const record = readSample(folder, 'signatures') as Signatures
    record.signatures = acceptances(document, signingDate(document, record))
    return folderOf(document, record)
  })
  return assembleSigned(folders.map(parseFolder), at)
}

/** The framework and Woonboog's accession with changes, each signed as changed, then loaded. */
export function setWith(changes: Changes = {}): ProtocolSet {
  const framework = sampleFramework()
  changes.framework?.(framework)
  const frameworkRecord = signed(framework)
  changes.frameworkRecord?.(frameworkRecord)
  frameworkRecord.signatures = signLines(framework, frameworkRecord.signatures)
  const accession = { ...sampleAccession(), frameworkDigest: digestOf(framework) }
  changes.accession?.(accession)
  const accessionRecord = signed(accession)
  changes.accessionRecord?.(accessionRecord)
  accessionRecord.signatures = signLines(accession, accessionRecord.signatures)
  const folders = [
    folderOf(framework, frameworkRecord),
    ...(changes.alone ? [] : [folderOf(accession, accessionRecord)]),
    ...(changes.more ?? []),
  ]
  return assembleSigned(folders.map(parseFolder), changes.at ?? IN_FORCE)
}

/** A detection request of Woonboog that the sample allows, with changes. */
export function question(changes: Partial<Question> = {}): Question {
  return {
    party: 'woonboog',
    partyKind: 'housing-company',
    protocol: 'wm-vdab',
    type: 'detection.request',
    purpose: 'detection',
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
    fields: ['insz', 'tenantRef', 'tenantGround', 'referenceDate', 'targetGroup'],
    items: 1,
    at: IN_FORCE,
    ...changes,
  }
}

/** Feedback of VDAB that the sample allows, with changes. */
export function feedbackQuestion(changes: Partial<Question> = {}): Question {
  return {
    party: 'vdab',
    partyKind: 'employment-service',
    protocol: 'wm-vdab',
    type: 'feedback.reachability',
    fields: ['tag', 'reachability', 'establishedOn'],
    items: 1,
    at: IN_FORCE,
    ...changes,
  }
}
