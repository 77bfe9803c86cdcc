import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Agreement, digestOf, type MessageType } from '../../src/protocol/document.ts'
import { type TestGateway, until } from '../support/gateway.ts'
import { acceptances } from '../support/statements.ts'

type Element = Agreement['dataElements'][number]

const HC = 'housing-company' as const
const ES = 'employment-service' as const

/** Id of a protocol that no file of the product knows. */
export const THIRD = 'third-exchange'

/**
 * Writes a third protocol into a gateway that runs: Woonboog and VDAB, with a question that asks for
 * a participation, a referral that waits for objections, and counts. Both sign it; nothing restarts.
 */
export async function addThirdProtocol(
  gateway: TestGateway,
  amend: (document: Agreement) => void = () => {},
): Promise<Agreement> {
  const document = thirdDocument(gateway.protocolsDir)
  amend(document)
  const digest = digestOf(document)
  const date = '2026-11-01'
  const record = {
    protocolId: THIRD,
    version: document.version,
    signatures: acceptances(document, date),
    publication: document.parties.map(({ id }) => ({
      ...{ party: id, url: `https://${id}.example/third`, date, digest },
    })),
    suspensions: [],
  }
  const folder = join(gateway.protocolsDir, THIRD)
  const half = `${folder}.new`
  mkdirSync(half)
  writeFileSync(join(half, 'protocol.json'), JSON.stringify(document))
  writeFileSync(join(half, 'signatures.json'), JSON.stringify(record))
  rmSync(folder, { recursive: true, force: true })
  renameSync(half, folder)
  await until('the third protocol is in force', () => {
    return gateway.context.protocols.standings().get(THIRD)?.status === 'in-force'
  })
  return document
}

function thirdDocument(dir: string): Agreement {
  const read = (folder: string) =>
    JSON.parse(readFileSync(join(dir, folder, 'protocol.json'), 'utf8'))
  const base = read('ocmw-vdab') as Agreement
  const [woonboog] = read('wm-vdab-woonboog').parties
  const { acceding: _, ...rest } = base
  const [own, other] = base.dpoAdvice
  if (!own || !other) throw new Error('the sample has two advices')
  return {
    ...rest,
    protocolId: THIRD,
    kind: 'protocol',
    parties: [...base.parties, { ...woonboog, role: 'sender' }],
    dpoAdvice: [own, { ...other, party: 'woonboog' }],
    context: { ...base.context, title: 'Een derde protocol' },
    purposes: [purpose('help'), purpose('stopping')],
    dataElements: ELEMENTS,
    recipients: [
      ...base.recipients.filter(one => one.kind === ES),
      {
        id: 'begeleiders',
        kind: HC,
        function: 'sensitising',
        name: 'Begeleiders',
        description: 'Zij helpen de huurder.',
        processors: [],
        onward: { allowed: false, conditions: 'Doorgeven mag niet.' },
      },
      {
        id: 'beleid',
        kind: HC,
        function: 'target-group-management',
        name: 'Beleid',
        description: 'Ziet aantallen.',
        processors: [],
        onward: { allowed: false, conditions: 'Doorgeven mag niet.' },
      },
      {
        id: 'register',
        kind: 'gateway',
        function: 'follow-up-register',
        name: 'Register van Huisbrug',
        description: 'Houdt bij wie bezwaar maakte.',
        processors: [],
        onward: { allowed: false, conditions: 'Doorgeven mag niet.' },
      },
    ],
    messageTypes: TYPES,
    modalities: { ...base.modalities, domain: `${THIRD}/1` },
    duration: { ...base.duration, from: '2026-11-01' },
  }
}

function purpose(id: string): Agreement['purposes'][number] {
  return { id, title: id, description: 'Mensen helpen.', legalBasis: ['mededeling'] }
}

const TYPES: MessageType[] = [
  {
    ...type('participants.question', 'request', HC, ES, 'klantenbestand'),
    preconditions: {
      participation: {
        dateField: 'signedOn',
        documentField: 'paper',
        withdrawnBy: 'participation.withdrawn',
      },
    },
  },
  {
    ...type('participants.answer', 'answer', ES, HC, 'begeleiders'),
    answers: 'participants.question',
  },
  type('participation.withdrawn', 'withdrawal', HC, ES, 'stopzetting'),
  {
    ...type('referral.announced', 'event', HC, ES, 'opvolging-vdab'),
    preconditions: {
      objectionWindow: { days: 7, announcedField: 'announcedOn', objectedBy: 'objection.raised' },
    },
  },
  {
    ...type('referral.taken-up', 'progress', ES, HC, 'begeleiders'),
    answers: 'referral.announced',
  },
  type('objection.raised', 'withdrawal', HC, 'gateway', 'register'),
  {
    ...type('steps.taken', 'counts', ES, HC, 'beleid'),
    answers: 'participants.question',
  },
]

function type(
  name: string,
  pattern: MessageType['pattern'],
  from: MessageType['from'],
  to: MessageType['to'],
  recipient: string,
): MessageType {
  const purposes = [pattern === 'withdrawal' ? 'stopping' : 'help']
  return { type: name, label: name, pattern, from, to, recipient, purposes, enabled: true }
}

const CODES = [
  { code: 'contact', label: 'contact met VDAB' },
  { code: 'training', label: 'opleiding gestart' },
  { code: 'work', label: 'aan het werk' },
]

const ELEMENTS: Element[] = [
  element('number', 'insz', 'national-number', ['participants.question'], 'recipient'),
  element(
    'own',
    'dossier',
    'tenant-reference',
    ['participants.question', 'participation.withdrawn', 'referral.announced', 'objection.raised'],
    'gateway',
  ),
  element('signed', 'signedOn', 'date', ['participants.question'], 'gateway'),
  element('paper', 'paper', 'document-reference', ['participants.question'], 'gateway'),
  element('row', 'row', 'row-id', ['participants.answer'], 'gateway'),
  element('known', 'known', 'boolean', ['participants.answer'], 'recipient'),
  element('announced', 'announcedOn', 'date', ['referral.announced'], 'recipient'),
  element('status', 'status', 'code', ['referral.taken-up'], 'recipient', [
    { code: 'taken-up', label: 'opgenomen' },
    { code: 'closed', label: 'afgesloten' },
  ]),
  element('on', 'on', 'date', ['referral.taken-up'], 'recipient'),
  element('step', 'step', 'code', ['steps.taken'], 'recipient', CODES),
  element('persons', 'persons', 'count', ['steps.taken'], 'recipient'),
]

function element(
  id: string,
  field: string,
  format: Element['format'],
  messageTypes: string[],
  reaches: Element['reaches'],
  codes?: Element['codes'],
): Element {
  const types = TYPES.filter(one => messageTypes.includes(one.type))
  const directions = types.map(({ from, to }) => ({ from, to }))
  const distinct = [...new Map(directions.map(one => [JSON.stringify(one), one])).values()]
  const points = ['national-number', 'pseudonym', 'row-id'].includes(format)
  return {
    id,
    field,
    place: 'item',
    label: id,
    definition: 'Een gegeven van de proef.',
    format,
    ...(codes && { codes }),
    messageTypes,
    directions: distinct,
    reaches,
    class: format === 'national-number' ? 'national-id' : 'ordinary',
    necessity: 'Zonder dit gegeven kan niemand geholpen worden.',
    purposes: [...new Set(types.flatMap(one => one.purposes))],
    retention: { period: 'zeven dagen', why: 'Daarna is het niet meer nodig.' },
    transformation: points ? 'pseudonym' : 'plain',
  }
}
