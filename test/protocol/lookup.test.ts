import * as lookup from '../../src/protocol/lookup.ts'
import { changesBetween, standingsOf } from '../../src/protocol/standing.ts'
import { validatorFor } from '../../src/schemas.ts'
import { IN_FORCE, SAMPLE_FOLDERS, sampleSet, setWith } from './sample.ts'

const set = sampleSet()
const suspension = { from: '2026-01-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'test' }
const suspended = setWith({ frameworkRecord: record => record.suspensions.push(suspension) })

test('an agreement is found by id, an accession only through it', () => {
  expect(lookup.agreementOf(set, 'wm-vdab')?.id).toBe('wm-vdab')
  expect(lookup.agreementOf(set, 'wm-vdab-woonboog')).toBeUndefined()
  expect(lookup.accessionOf(set, 'wm-vdab', 'woonboog')?.id).toBe('wm-vdab-woonboog')
  expect(lookup.accessionOf(set, 'wm-vdab', 'vdab')).toBeUndefined()
  expect(lookup.accessionOf(set, 'elsewhere', 'woonboog')).toBeUndefined()
})

test('a reference says id, version and digest', () => {
  const { digest } = set.protocols.get('wm-vdab')!
  expect(lookup.referenceOf(set, 'wm-vdab')).toEqual({ id: 'wm-vdab', version: '1.0.0', digest })
  expect(lookup.referenceOf(set, undefined)).toBeUndefined()
  expect(lookup.referenceOf(set, 'unknown')).toBeUndefined()
})

test('modalities and quota come from the agreement', () => {
  expect(lookup.modalitiesOf(set, 'wm-vdab')?.answerWindowDays).toBe(14)
  expect(lookup.modalitiesOf(set, 'unknown')).toBeUndefined()
  expect(lookup.allowanceOf(set, 'wm-vdab', 'vdab', IN_FORCE)).toMatchObject({
    registerSize: 250_000,
  })
  expect(lookup.allowanceOf(set, 'wm-vdab', 'woonboog', IN_FORCE)).toBeUndefined()
})

test('a suspended agreement is not in force, and its clocks stand still', () => {
  expect(lookup.agreementsInForce(set, IN_FORCE)).toEqual(['wm-vdab'])
  expect(lookup.agreementsInForce(suspended, IN_FORCE)).toEqual([])
})

test('the public list and the published copies fit their schemas', () => {
  const items = lookup.summariesOf(set, IN_FORCE)
  expect(validatorFor('protocols')({ items, next: null })).toEqual([])
  expect(items.map(one => one.protocolId).sort()).toEqual(SAMPLE_FOLDERS)
  expect(items.every(one => one.state === 'active')).toBe(true)
  for (const id of SAMPLE_FOLDERS) {
    expect(validatorFor('protocol')(lookup.publishedCopyOf(set, id))).toEqual([])
  }
  expect(lookup.publishedCopyOf(set, 'unknown')).toBeUndefined()
})

describe('what changed between two looks', () => {
  const standing = standingsOf(set, IN_FORCE)
  const event = (before: typeof set, after: typeof set) =>
    changesBetween(standingsOf(before, IN_FORCE), standingsOf(after, IN_FORCE)).map(
      one => one.event,
    )

  test('nothing, where nothing did', () => {
    expect(changesBetween(standing, standingsOf(set, IN_FORCE))).toEqual([])
    expect([...standing.values()].map(one => one.status)).toEqual(Array(4).fill('in-force'))
  })

  test('suspended, resumed, another text, another text that is suspended too', () => {
    const other = setWith({
      framework: document => {
        document.context.title = 'Andere titel'
      },
    })
    expect(event(setWith(), suspended)).toEqual(['suspended'])
    expect(event(suspended, setWith())).toEqual(['resumed'])
    // The accession to that text too.
    expect(event(setWith(), other)).toEqual(['changed', 'changed'])
    expect(event(setWith(), setWith({ frameworkRecord: one => one.signatures.splice(0) }))).toEqual(
      ['changed'],
    )
    expect(event(setWith(), setWith({ alone: true }))).toEqual(['removed'])
  })
})
