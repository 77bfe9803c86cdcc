import type {
  Accession,
  Agreement,
  LoadedProtocol,
  Protocol,
  Signatures,
} from '../../src/protocol/document.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import type { VerifiedStatement } from '../../src/protocol/notes.ts'
import { readableOf } from '../../src/protocol/readable/model.ts'
import { IN_FORCE, sampleAccession, sampleFramework } from '../protocol/sample.ts'

const DIGEST = 'dcBZHN6TbR5kLl8ApUgQedBHd7qxcPZXcAROl5fJhwo'
const OTHER = 'La1AVm8Nr_rWjqU2v4KqV0j8xKPyClXICH7IGvA2-LI'

/** The sample with every optional property filled in. */
export function fullFramework(): Agreement {
  const document = sampleFramework()
  document.supersedes = '0.9.0'
  document.deliberation = {
    body: 'Informatieveiligheidscomité',
    number: '22/001 (fictief)',
    date: '2025-01-05',
    url: 'https://ivc.example/22-001',
  }
  for (const party of document.parties) party.establishmentUnit = '2999000112'
  for (const basis of document.legalBasis) {
    basis.eli = `https://codex.example/eli/${basis.id}`
    basis.specialCategoryGround = `grond voor ${basis.id}`
  }
  for (const purpose of document.purposes) {
    purpose.compatibility ??= `past bij ${purpose.id}`
    purpose.dpv = `dpv:${purpose.id}`
  }
  for (const advice of document.dpoAdvice) {
    advice.conditions ??= ['Een voorwaarde.']
    advice.reasonNotFollowed = `waarom niet: ${advice.party}`
  }
  document.legalBasis[2]!.inForceFrom = null
  document.rights.exercise[0]!.url = 'https://vdab.example/rechten'
  document.modalities.envelope = { calls: true, events: false }
  document.modalities.tokenBinding = 'dpop'
  document.messageTypes[0]!.whyOff = 'Niet uit.'
  document.messageTypes[0]!.preconditions = {
    participation: {
      dateField: 'referenceDate',
      documentField: 'participationDocument',
      withdrawnBy: 'tenancy.ended',
    },
    objectionWindow: { days: 7, announcedField: 'announcedOn', objectedBy: 'objection.raised' },
  }
  return document
}

export function fullAccession(): Accession {
  return {
    ...sampleAccession(),
    supersedes: '0.9.0',
    externalAdvice: fullFramework().externalAdvice,
    evaluation: { registerSize: 1_234, dailyAllowance: 56 },
  }
}

export function fullRecord({ protocolId, version }: Protocol): Signatures {
  return {
    protocolId,
    version,
    signatures: [
      {
        party: 'vdab',
        function: 'bestuurder',
        name: 'Voorbeeldnaam',
        date: '2025-03-10',
        statement: 'accept',
        digest: DIGEST,
        jws: 'aaa.bbb.ccc',
      },
      { party: 'vdab', function: 'raad', date: '2025-03-09', statement: 'reject', digest: OTHER },
    ],
    publication: [
      { party: 'vdab', url: 'https://vdab.example/p', date: '2025-03-12', digest: DIGEST },
    ],
    suspensions: [
      {
        from: '2025-05-01T08:00:00.000Z',
        until: '2025-05-02T09:30:00.000Z',
        by: 'vdab',
        reason: 'Een vermoeden van een inbreuk.',
      },
    ],
  }
}

/** What the lines with a JWS would be, had a registered key of each party signed them. */
function verified({ protocolId, version }: Protocol, record: Signatures): VerifiedStatement[] {
  return record.signatures
    .filter(({ jws }) => jws !== undefined)
    .map(({ party, statement, digest, date, ...one }) => ({
      protocol: protocolId,
      version,
      digest,
      party,
      statement,
      signer: one.name ?? 'Voorbeeldnaam',
      function: one.function,
      date,
      at: new Date(`${date}T12:00:00Z`),
      thumbprint: `sleutel-van-${party}`,
    }))
}

/** A document as the loader gives it, with a digest that does not follow its text. */
export function loadedAs<D extends Protocol>(document: D, record = fullRecord(document)) {
  const { protocolId: id, version } = document
  return {
    id,
    version,
    folder: id,
    digest: DIGEST,
    document,
    record,
    presented: [],
    statements: verified(document, record),
    findings: [],
  } satisfies LoadedProtocol<D>
}

export function setOf(...protocols: LoadedProtocol[]): ProtocolSet {
  return {
    protocols: new Map(protocols.map(one => [one.id, one])),
    versions: new Map(protocols.map(one => [one.id, [one]])),
    broken: new Map(),
    findings: protocols.flatMap(one => one.findings),
  }
}

/** The readable text of a document without where it stands; an accession with the sample's framework. */
export function readableText(document: Protocol, record?: Signatures): string {
  const protocol = loadedAs(document, record)
  const framework = document.kind === 'accession' ? [loadedAs(sampleFramework())] : []
  const { head, sample, title, articles } = readableOf(
    setOf(...framework, protocol),
    protocol,
    IN_FORCE,
  )
  return JSON.stringify([title, sample, head, articles.map(({ blocks }) => blocks)])
}

export type Path = readonly (string | number)[]

/** Paths of all values of a document that are no object or list. */
export function leavesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, one]) => leavesOf(one, [...at, key]))
}

/** A copy in which one value is another. */
export function mutated<T>(document: T, path: Path, change = another): T {
  const copy = structuredClone(document)
  const parent = path.slice(0, -1).reduce<unknown>((part, key) => step(part, key), copy)
  const last = path.at(-1) ?? ''
  ;(parent as Record<string | number, unknown>)[last] = change(step(parent, last))
  return copy
}

function step(part: unknown, key: string | number): unknown {
  return (part as Record<string | number, unknown>)[key]
}

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  return value === null ? '2031-07-01' : `${value}~`
}
