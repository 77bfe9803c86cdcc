import { compileMessage } from '../../src/protocol/compile.ts'
import { decide } from '../../src/protocol/decide.ts'
import type { Accession, Agreement, DataElement } from '../../src/protocol/document.ts'
import { areBlind, blindFieldOf, isBlind } from '../../src/protocol/forms.ts'
import { allowanceOf } from '../../src/protocol/lookup.ts'
import { profileOf } from '../../src/protocol/profile.ts'
import { readSchema } from '../../src/schemas.ts'
import { IN_FORCE, question, sampleFramework, sampleSet, setWith } from '../protocol/sample.ts'
import { setInForce } from '../protocol-proof/sets.ts'

type Body = Record<string, unknown> & { tenants: Record<string, unknown>[] }

const [PLAIN, BLIND] = readSchema('detection-request')['examples'] as [Body, Body]
const TYPE = 'detection.request'

let documents = 0

/** A document of its own for each test: validators are kept by digest. */
function fresh(change: (document: Agreement) => void = () => {}): Agreement {
  const document = sampleFramework()
  document.context.title = `Proef ${documents++}`
  change(document)
  return document
}

function judge(body: unknown, change: (document: Agreement) => void = () => {}, general = false) {
  return compileMessage(fresh(change), TYPE, general)(body).map(one => `${one.code} ${one.pointer}`)
}

const must = (document: Agreement) => {
  document.modalities.senderBlind = true
}
const generally = ({ tenants, ...rest }: Body) => ({ ...rest, type: TYPE, items: tenants })

describe('the two forms of a request', () => {
  test('either passes where the protocol leaves it open, only one where it does not', () => {
    expect(judge(PLAIN)).toEqual([])
    expect(judge(BLIND)).toEqual([])
    expect(judge(BLIND, must)).toEqual([])
    expect(judge(PLAIN, must)[0]).toBe('HB-321 /tenants/0/insz')
    expect(judge(generally(PLAIN), undefined, true)).toEqual([])
    expect(judge(generally(BLIND), undefined, true)).toEqual([])
    expect(judge(generally(BLIND), must, true)).toEqual([])
    expect(judge(generally(PLAIN), must, true)[0]).toBe('HB-321 /items/0/insz')
  })

  test('the refusal names the article, and what may be sent', () => {
    const document = fresh(must)
    const [first, second] = compileMessage(document, TYPE)(PLAIN)
    expect(first?.rule).toBe('wm-vdab 1.0.0, modalities.senderBlind')
    expect(second).toMatchObject({ code: 'HB-202', remedy: 'Add the field tag.' })
    const extra = { ...BLIND, tenants: [{ ...BLIND.tenants[0], income: 1 }] }
    const [refused] = compileMessage(document, TYPE)(extra)
    expect(refused?.remedy).toBe(
      'Leave out what is not listed; allowed here: tag, secret, subjectTag, tenantRef, tenantGround.',
    )
  })

  test('the domain may stand beside pseudonyms only', () => {
    const { domain, ...unnamed } = BLIND
    expect(judge(unnamed)).toEqual([])
    expect(judge({ ...PLAIN, domain })).toEqual(['HB-312 /domain'])
    expect(judge({ ...generally(PLAIN), domain }, undefined, true)).toEqual(['HB-312 /domain'])
    expect(judge({ ...BLIND, domain: 'subject' })).toEqual(['HB-202 /domain'])
    expect(judge(generally(unnamed as Body), undefined, true)).toEqual([])
  })

  test('what blind senders send is no field of the wire for others', () => {
    const listed = (document: Agreement) => {
      const own = document.dataElements.find(({ field }) => field === 'tag')!
      own.messageTypes.push(TYPE)
      own.purposes = document.messageTypes.find(one => one.type === TYPE)!.purposes
    }
    const { tag } = BLIND.tenants[0]!
    const tenants = [{ ...PLAIN.tenants[0], tag }]
    expect(judge({ ...PLAIN, tenants }, listed)).toEqual(['HB-312 /tenants/0/tag'])
    expect(judge(PLAIN, listed)).toEqual([])
  })

  test('each member is needed, and the rest of the item too', () => {
    for (const name of Object.keys(BLIND.tenants[0]!)) {
      const { [name]: _, ...item } = BLIND.tenants[0]!
      expect(judge({ ...BLIND, tenants: [item] }, must)).toEqual([`HB-202 /tenants/0/${name}`])
    }
    const { insz: _, ...plain } = PLAIN.tenants[0]!
    expect(judge({ ...PLAIN, tenants: [plain] })).toEqual(['HB-202 /tenants/0/insz'])
  })

  test('each pseudonym has its own length, without padding or stray bits', () => {
    for (const name of ['tag', 'secret', 'subjectTag']) {
      const good = String(BLIND.tenants[0]![name])
      for (const wrong of [good.slice(1), `${good}A`, `${good}=`, `${good.slice(0, -1)}B`, 1]) {
        const tenants = [{ ...BLIND.tenants[0], [name]: wrong }]
        expect(judge({ ...BLIND, tenants }, must)).toEqual([`HB-202 /tenants/0/${name}`])
      }
    }
  })

  test('the form is told by what only blind senders send, in any item', () => {
    expect(isBlind([{}, { secret: 1 }])).toBe(true)
    expect(isBlind([{ subjectTag: null }])).toBe(true)
    expect(isBlind([{ tag: 'x', insz: 'y' }, null, 1])).toBe(false)
    for (const one of [undefined, null, {}, 'secret', []]) expect(isBlind(one)).toBe(false)
    expect([areBlind(['secret']), areBlind(['subjectTag']), areBlind(['tag'])]).toEqual([
      true,
      true,
      false,
    ])
    for (const body of [null, 1, 'x', [], {}]) expect(judge(body)).not.toEqual([])
  })

  test('both are kept apart by digest: what one document wants, another need not', () => {
    expect(judge(PLAIN, must)).not.toEqual([])
    expect(judge(PLAIN)).toEqual([])
    const mixed = { ...BLIND, tenants: [...BLIND.tenants, ...PLAIN.tenants] }
    expect(judge(mixed)[0]).toBe('HB-418 /tenants/1/insz')
    expect(judge(mixed, must)[0]).toBe('HB-321 /tenants/1/insz')
  })
})

describe('where there is a form for blind senders', () => {
  const [detection] = sampleFramework().messageTypes
  const element = (field: string, format: DataElement['format']) =>
    ({ field, format }) as DataElement
  const number = element('insz', 'national-number')

  test('in a request with one number, and none of the names that come in its place', () => {
    expect(blindFieldOf(detection!, [number])).toBe('insz')
    expect(blindFieldOf(detection!, [element('inwoner', 'national-number')])).toBe('inwoner')
    expect(blindFieldOf(detection!, [])).toBeUndefined()
    expect(blindFieldOf(detection!, [number, element('b', 'national-number')])).toBeUndefined()
    for (const name of ['tag', 'secret', 'subjectTag']) {
      expect(blindFieldOf(detection!, [number, element(name, 'boolean')])).toBeUndefined()
    }
    for (const pattern of ['event', 'answer', 'progress', 'withdrawal', 'counts'] as const) {
      expect(blindFieldOf({ ...detection!, pattern }, [number])).toBeUndefined()
    }
  })

  test('the profile says so', () => {
    expect(profileOf(sampleFramework(), TYPE)?.blind).toBe(true)
    expect(profileOf(sampleFramework(), 'feedback.reachability')?.blind).toBe(false)
    expect(profileOf(sampleFramework(), 'tenancy.ended')?.blind).toBe(false)
  })

  test('without one the names are as unlisted as any', () => {
    const two = (document: Agreement) => {
      const own = document.dataElements.find(({ field }) => field === 'insz')!
      document.dataElements.push({ ...own, id: 'second', field: 'second' })
    }
    expect(judge(BLIND, two)).toEqual(expect.arrayContaining(['HB-312 /tenants/0/secret']))
  })
})

describe('decide', () => {
  const fields = ['referenceDate', 'targetGroup', 'tenantRef', 'tenantGround']
  const ask = (more: string[], change: (document: Agreement) => void = () => {}, type = TYPE) => {
    const answer = decide(
      setInForce(fresh(change)),
      question({ type, fields: [...fields, ...more] }),
    )
    return answer.allow ? 'allowed' : answer.code
  }

  test('pseudonyms pass in the place of the number, a tag alone does not', () => {
    expect(ask(['insz'])).toBe('allowed')
    expect(ask(['tag', 'secret', 'subjectTag'])).toBe('allowed')
    expect(ask(['tag', 'secret', 'subjectTag'], must)).toBe('allowed')
    expect(ask(['tag'])).toBe('HB-312')
    expect(ask(['tag', 'secret', 'subjectTag', 'income'])).toBe('HB-312')
  })

  test('only where the number is listed for the purpose', () => {
    const none = (document: Agreement) => {
      document.dataElements = document.dataElements.filter(({ field }) => field !== 'insz')
    }
    expect(ask(['tag', 'secret', 'subjectTag'], none)).toBe('HB-312')
    expect(ask(['secret'], none)).toBe('HB-312')
  })
})

describe('a quota in an accession', () => {
  const evaluation = { registerSize: 500, dailyAllowance: 20 }
  const accession = (document: Accession) => Object.assign(document, { evaluation })
  const of = (set: ReturnType<typeof sampleSet>, party = 'woonboog', at = IN_FORCE) =>
    allowanceOf(set, 'wm-vdab', party, at)
  const suspension = { from: '2026-01-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'test' }

  test('counts for the party that accedes, while the accession is in force', () => {
    expect(of(setWith({ accession }))).toEqual(evaluation)
    expect(of(setWith({ accession }), 'leefgoed')).toBeUndefined()
    expect(of(sampleSet())).toBeUndefined()
    expect(allowanceOf(setWith({ accession }), 'elsewhere', 'woonboog', IN_FORCE)).toBeUndefined()
    expect(of(setWith({ accession }), 'woonboog', new Date('2020-01-01'))).toBeUndefined()
  })

  test('also while it is suspended, not without signatures', () => {
    const record = {
      accessionRecord: (one: { suspensions: object[] }) => one.suspensions.push(suspension),
    }
    expect(of(setWith({ accession, ...record } as never))).toEqual(evaluation)
    const unsigned = {
      accessionRecord: (one: { signatures: object[] }) => {
        one.signatures = []
      },
    }
    expect(of(setWith({ accession, ...unsigned } as never))).toBeUndefined()
  })

  test('what the agreement itself states goes first', () => {
    const framework = (document: Agreement) =>
      document.modalities.evaluation.push({ ...evaluation, party: 'woonboog', registerSize: 7 })
    expect(of(setWith({ framework, accession } as never))?.registerSize).toBe(7)
  })
})
