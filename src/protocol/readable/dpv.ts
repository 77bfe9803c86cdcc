import {
  type Accession,
  type Agreement,
  isAccession,
  isAgreement,
  type LoadedProtocol,
  type MessageType,
  type Protocol,
} from '../document.ts'
import type { ProtocolSet } from '../load.ts'
import { agreementOf } from '../lookup.ts'
import { CONTEXT, dataTypes, gdprTerm, ownTerm, rightsOf } from './dpv-terms.ts'

/** A node of JSON-LD. */
export interface Node {
  readonly [key: string]: unknown
}

/** A protocol as JSON-LD: with its context, so that nothing has to be fetched to read it. */
export interface DpvDocument {
  '@context': typeof CONTEXT
  '@graph': readonly Node[]
}

/**
 * A document in the terms of the W3C Data Privacy Vocabulary (DPV 2.3): what is processed, for what, on
 * which ground, by whom, how long, under which measures. One process for the document and one in it for
 * each message type. An accession brings its framework. Pure.
 */
export function dpvOf(set: ProtocolSet, protocol: LoadedProtocol): DpvDocument {
  const graph = isAccession(protocol)
    ? accessionGraph(protocol, agreementOf(set, protocol.document.framework))
    : isAgreement(protocol)
      ? [agreementNode(protocol)]
      : []
  return { '@context': CONTEXT, '@graph': graph }
}

/** Name of a document, or with a fragment of a part of it. */
function iri({ protocolId, version }: Pick<Protocol, 'protocolId' | 'version'>, part = ''): string {
  return `urn:huisbrug:protocol:${protocolId}:${version}${part && `#${part}`}`
}

const ref = (id: string): Node => ({ '@id': id })

function agreementNode(protocol: LoadedProtocol<Agreement>): Node {
  const { document } = protocol
  const { supervisoryAuthority: authority, dpia } = document
  return {
    ...identity(protocol),
    'dpv:hasPurpose': document.purposes.map(({ id }) => ref(iri(document, `purpose-${id}`))),
    'dpv:hasLegalBasis': document.legalBasis.flatMap(basis => basisNodes(document, basis)),
    'dpv:hasDataSubject': document.dataSubjects.map(subject => ({
      '@id': iri(document, `subject-${subject.targetGroup.id}`),
      '@type': 'dpv:DataSubject',
      title: subject.category,
      description: subject.targetGroup.criterion,
      identifier: `${subject.targetGroup.id} ${subject.targetGroup.version}`,
    })),
    'dpv:hasPersonalData': document.dataElements.map(element => dataNode(document, element)),
    'dpv:hasRecipient': document.recipients.map(one => recipientNode(document, one)),
    'dpv:hasProcess': document.messageTypes.map(message => messageNode(document, message)),
    'dpv:hasRight': rightsOf(document.legalBasis.map(({ gdpr }) => gdpr)).map(ref),
    'dpv:hasAuthority': {
      '@type': 'dpv:DataProtectionAuthority',
      name: authority.name,
      page: authority.website,
    },
    'dpv:hasImpactAssessment': {
      '@type': 'dpv:DPIA',
      description: dpia.residualRisk,
      ...(dpia.reference !== undefined && { identifier: dpia.reference }),
      ...(dpia.date !== undefined && { issued: dpia.date }),
    },
    ...deliberation(document),
    '@included': document.purposes.map(purpose => purposeNode(document, purpose)),
  }
}

/** What every document says: who it is between, how it is protected, where to exercise rights. */
function identity({ document, digest }: LoadedProtocol): Node {
  const { protocolId, version, context, rights, supersedes, parties, duration } = document
  return {
    '@id': iri(document),
    '@type': 'dpv:Process',
    title: context.title,
    identifier: [protocolId, digest],
    version,
    ...(supersedes !== undefined && { replaces: iri({ protocolId, version: supersedes }) }),
    'dpv:hasDataController': parties
      .filter(({ controller }) => controller)
      .map(party => partyNode(document, party)),
    'dpv:hasTechnicalOrganisationalMeasure': measures(document),
    'dpv:hasDuration': {
      '@type': duration.until === null ? 'dpv:EndlessDuration' : 'dpv:UntilTimeDuration',
      description: `van ${duration.from}${duration.until === null ? '' : ` tot en met ${duration.until}`}`,
    },
    'dpv:hasNotice': [
      { '@type': 'dpv:PrivacyNotice', description: rights.notice.text, page: rights.notice.url },
      ...rights.exercise.map(one => ({
        '@type': 'dpv:RightExerciseNotice',
        title: one.where,
        description: one.how,
        ...(one.url !== undefined && { page: one.url }),
      })),
    ],
  }
}

function partyNode(document: Protocol, party: Protocol['parties'][number]): Node {
  const officers = document.dpoAdvice.filter(advice => advice.party === party.id)
  return {
    '@id': iri(document, `party-${party.id}`),
    '@type': ['dpv:DataController', 'dpv:PublicSectorBody'],
    name: party.name,
    identifier: party.kbo,
    'dpv:hasAddress': party.seat,
    'dpv:hasContact': party.contact,
    page: party.website,
    'dpv:hasDataProtectionOfficer': officers.map(({ officer }) => ({
      '@type': 'dpv:DataProtectionOfficer',
      name: officer,
    })),
  }
}

function measures(document: Protocol): Node[] {
  const { sender, channel, gateway, recipient } = document.security
  const design = document.kind === 'accession' ? [] : document.designMeasures
  const pseudonymised =
    document.kind !== 'accession' &&
    document.dataElements.some(({ transformation }) => transformation === 'pseudonym')
  return [
    ...(pseudonymised ? [ref('dpv:DeterministicPseudonymisation')] : []),
    ...[...sender, ...channel, ...gateway, ...recipient].map(description => ({
      '@type': 'dpv:TechnicalOrganisationalMeasure',
      description,
    })),
    ...design.map(description => ({ '@type': 'dpv:OrganisationalMeasure', description })),
  ]
}

/** A ground, and beside it the ground for special data where there is one. */
function basisNodes(document: Agreement, basis: Agreement['legalBasis'][number]): Node[] {
  const about = {
    title: `${basis.norm}, ${basis.article}`,
    ...(basis.eli !== undefined && { page: basis.eli }),
    ...(basis.inForceFrom !== null && { 'dct:available': basis.inForceFrom }),
  }
  const main = {
    '@id': iri(document, `basis-${basis.id}`),
    '@type': ['dpv:LegalBasis', ...ownTerm(gdprTerm(basis.gdpr))],
    ...about,
    description: basis.task,
  }
  const special = basis.specialCategoryGround
  if (special === undefined) return [main]
  return [
    main,
    {
      '@id': iri(document, `basis-${basis.id}-special`),
      '@type': ['dpv:LegalBasis', ...ownTerm(gdprTerm(special))],
      ...about,
      description: special,
    },
  ]
}

function purposeNode(document: Agreement, purpose: Agreement['purposes'][number]): Node {
  return {
    '@id': iri(document, `purpose-${purpose.id}`),
    '@type': ['dpv:Purpose', ...ownTerm(purpose.dpv)],
    title: purpose.title,
    description: purpose.description,
    identifier: purpose.id,
    'dpv:hasLegalBasis': purpose.legalBasis.map(id => ref(iri(document, `basis-${id}`))),
    ...(purpose.compatibility !== undefined && {
      'dpv:hasJustification': { '@type': 'dpv:Justification', description: purpose.compatibility },
    }),
  }
}

function dataNode(document: Agreement, element: Agreement['dataElements'][number]): Node {
  const { retention } = element
  return {
    '@id': iri(document, `data-${element.id}`),
    '@type': dataTypes(element),
    title: element.label,
    description: element.definition,
    identifier: element.field,
    'dpv:hasPurpose': element.purposes.map(id => ref(iri(document, `purpose-${id}`))),
    'dpv:hasNecessity': ref('dpv:Required'),
    'dpv:hasJustification': { '@type': 'dpv:Justification', description: element.necessity },
    'dpv:hasStorageCondition': {
      '@type': ['dpv:StorageCondition', 'dpv:StorageDuration'],
      title: retention.period,
      description: retention.why,
    },
    ...(element.transformation === 'pseudonym' && {
      'dpv:hasTechnicalMeasure': ref('dpv:DeterministicPseudonymisation'),
    }),
  }
}

function recipientNode(document: Agreement, one: Agreement['recipients'][number]): Node {
  return {
    '@id': iri(document, `recipient-${one.id}`),
    '@type': 'dpv:Recipient',
    name: one.name,
    description: one.description,
    'dpv:hasDataProcessor': one.processors.map(({ name, task }) => ({
      '@type': 'dpv:DataProcessor',
      name,
      description: task,
    })),
  }
}

function messageNode(document: Agreement, message: MessageType): Node {
  const elements = document.dataElements.filter(one => one.messageTypes.includes(message.type))
  return {
    '@id': iri(document, `message-${message.type}`),
    '@type': 'dpv:Process',
    title: message.label,
    identifier: message.type,
    'dpv:hasStatus': ref(message.enabled ? 'dpv:ActivityOngoing' : 'dpv:ActivityProposed'),
    'dpv:hasProcessing': ref('dpv:Share'),
    'dpv:hasPurpose': message.purposes.map(id => ref(iri(document, `purpose-${id}`))),
    'dpv:hasPersonalData': elements.map(({ id }) => ref(iri(document, `data-${id}`))),
    'dpv:hasRecipient': ref(iri(document, `recipient-${message.recipient}`)),
    'dpv:hasDataSubject': (message.targetGroups ?? []).map(id =>
      ref(iri(document, `subject-${id}`)),
    ),
  }
}

function deliberation({ deliberation: given }: Agreement): Node {
  if (!given) return {}
  return {
    'dpv:hasLegalMeasure': {
      '@type': 'dpv:LegalMeasure',
      title: `Beraadslaging ${given.number} van ${given.body}`,
      identifier: given.number,
      issued: given.date,
      ...(given.url !== undefined && { page: given.url }),
    },
  }
}

function accessionGraph(
  protocol: LoadedProtocol<Accession>,
  framework: LoadedProtocol<Agreement> | undefined,
): Node[] {
  const { document } = protocol
  const joined = { protocolId: document.framework, version: document.frameworkVersion }
  const node = {
    ...identity(protocol),
    description: document.statement,
    isPartOf: iri(joined),
    'dpv:hasRecipient': document.functions.map(one => ({
      '@id': iri(document, `recipient-${one.recipient}`),
      '@type': 'dpv:Recipient',
      name: one.name,
      'dpv:hasContact': one.contact,
      isPartOf: iri(joined, `recipient-${one.recipient}`),
    })),
  }
  return framework ? [node, agreementNode(framework)] : [node]
}
