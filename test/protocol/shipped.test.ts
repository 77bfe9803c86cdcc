import { existsSync, readFileSync } from 'node:fs'
import type { Accession, Agreement, Signatures } from '../../src/protocol/document.ts'
import { decreeDay, stateAt, statusAt } from '../../src/protocol/lifecycle.ts'
import { loadProtocols } from '../../src/protocol/load.ts'
import { frameworkOf } from '../../src/protocol/lookup.ts'
import {
  IN_FORCE,
  readSample,
  SAMPLE_DIR,
  SAMPLE_FOLDERS,
  sampleFramework,
  sampleSet,
} from './sample.ts'

const framework = sampleFramework()
const accessions = SAMPLE_FOLDERS.slice(1).map(
  folder => readSample(folder, 'protocol') as Accession,
)
const documents = [framework, ...accessions]

test('once every party signed, every document is in force', () => {
  const set = sampleSet()
  for (const protocol of set.protocols.values()) {
    const frame = protocol.id === 'wm-vdab' ? undefined : framework
    expect([protocol.id, statusAt(protocol, IN_FORCE, frame)]).toEqual([protocol.id, 'in-force'])
    expect([protocol.id, stateAt(protocol, IN_FORCE, frame)]).toEqual([protocol.id, 'active'])
  }
})

test('decree, advice, publication and first day come in that order, and nobody has signed', () => {
  const decree = decreeDay(framework) ?? ''
  for (const document of documents) {
    const { signatures, publication } = readSample(document.protocolId, 'signatures') as Signatures
    const advices = document.dpoAdvice.map(one => one.date).sort()
    const published = publication.map(one => one.date).sort()
    const order = [decree, advices.at(-1), published[0], document.duration.from]
    expect(order).toEqual([...order].sort())
    expect(signatures).toEqual([])
    expect(publication.map(one => one.party).sort()).toEqual(
      document.parties.map(one => one.id).sort(),
    )
  }
})

test('signing is all that is missing', () => {
  const set = loadProtocols(SAMPLE_DIR)
  for (const protocol of set.protocols.values()) {
    const frame = frameworkOf(set, protocol)
    const [party] = protocol.document.parties
    expect(statusAt(protocol, IN_FORCE, frame)).toMatchObject({
      code: 'HB-304',
      path: `signatures[${party?.id}]`,
      remedy: `Have ${party?.id} sign: huisbrug protocol sign ${protocol.id} --party ${party?.id}.`,
    })
  }
})

test('every document says that it is a sample, and every folder has its page', () => {
  for (const { protocolId, sample } of documents) {
    expect(sample).toContain('nooit echt gesloten')
    expect(existsSync(`${SAMPLE_DIR}${protocolId}/README.md`)).toBe(true)
    expect(readFileSync(`${SAMPLE_DIR}${protocolId}/README.md`, 'utf8')).toContain('verzonnen')
  }
  expect(framework.legalBasis.every(one => one.fictional)).toBe(true)
})

test('the enterprise numbers are synthetic, and differ', () => {
  const numbers = new Map(documents.flatMap(one => one.parties.map(({ id, kbo }) => [id, kbo])))
  expect(new Set(numbers.values()).size).toBe(4)
  for (const kbo of numbers.values()) expect(kbo).toMatch(/^0999000/)
})

test('answers are counts, steps are listed but off, and progress goes no further', () => {
  expect(framework.modalities).toMatchObject({ granularity: 'counts', countsThreshold: 5 })
  const types = new Map(framework.messageTypes.map(one => [one.type, one]))
  expect(types.get('steps.counts')?.enabled).toBe(false)
  expect(types.get('feedback.progress')?.to).toBe('gateway')
  expect([...types.values()].filter(one => !one.enabled)).toHaveLength(1)
})

test('feedback reaches those who sensitise, and carries no reason', () => {
  const types = framework.messageTypes.find(one => one.type === 'feedback.reachability')
  const recipient = framework.recipients.find(one => one.id === types?.recipient)
  expect(recipient).toMatchObject({ kind: 'housing-company', function: 'sensitising' })
  const fields = framework.dataElements
    .filter(one => one.messageTypes.includes('feedback.reachability'))
    .map(one => one.field)
  expect(fields).toEqual(['tag', 'reachability', 'establishedOn'])
})

test('every accession fills the functions that the framework has at a housing company', () => {
  const needed = (framework as Agreement).recipients
    .filter(one => one.kind === 'housing-company')
    .map(one => one.id)
    .sort()
  for (const document of accessions) {
    expect(document.functions.map(one => one.recipient).sort()).toEqual(needed)
  }
})

test('the estimates add up to the estimate of the framework, roughly', () => {
  const total = accessions.reduce((sum, one) => sum + (one.estimates[0]?.estimatedNumber ?? 0), 0)
  const estimate = framework.dataSubjects[0]?.estimatedNumber ?? 0
  expect(Math.abs(total - estimate)).toBeLessThan(100)
})

test('text for citizens has short sentences', () => {
  for (const document of documents) {
    const sentences = document.rights.notice.text.split(/[.?!]\s/)
    for (const sentence of sentences) expect(sentence.split(' ').length).toBeLessThanOrEqual(20)
  }
})
