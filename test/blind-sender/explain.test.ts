import { explainMessage } from '../../src/exchange/explain.ts'
import { readQuestion } from '../../src/exchange/explain-question.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { readSchema } from '../../src/schemas.ts'
import { IN_FORCE, sampleSet, setWith } from '../protocol/sample.ts'

type Body = Record<string, unknown> & { tenants: Record<string, unknown>[] }

const [PLAIN, BLIND] = readSchema('detection-request')['examples'] as [Body, Body]
const TYPE = 'detection.request'
const must = (document: Agreement) => {
  document.modalities.senderBlind = true
}

describe('an explanation', () => {
  const scopes = new Set(['detections:write'])
  const caller = { party: 'woonboog', kind: 'housing-company', scopes } as never
  const explain = (message: object, change: (document: Agreement) => void = () => {}) => {
    const set = setWith({ framework: change })
    const asking = readQuestion(set, caller, { type: TYPE, message }, IN_FORCE)
    return explainMessage(set, asking)
  }
  const referenceDate = IN_FORCE.toISOString().slice(0, 10)
  const synthetic = {
    ...BLIND.tenants[0],
    ...{ tag: 'synthetic', secret: 'synthetic', subjectTag: 'synthetic' },
  }
  const asked = (...tenants: object[]) => ({ ...BLIND, referenceDate, tenants })

  test('takes the form of a blind sender with the word for each', async () => {
    const other = { ...synthetic, tenantRef: 'other' }
    const told = await explain(asked(synthetic, other), must)
    expect([told.passes, told.errors]).toEqual([true, []])
    expect(told.fields.find(({ field }) => field === 'insz')).toMatchObject({
      present: true,
      allowed: true,
    })
    expect(told.fields.some(({ field }) => field === 'secret')).toBe(false)
    expect(told.notes.join(' ')).toContain('the word of the sender')
  })

  test('refuses a real secret or subject tag, unread', () => {
    for (const name of ['secret', 'subjectTag'] as const) {
      const item = { ...synthetic, [name]: BLIND.tenants[0]![name] }
      const ask = () =>
        readQuestion(sampleSet(), caller, { type: TYPE, message: asked(item) }, IN_FORCE)
      expect(ask).toThrow(
        expect.objectContaining({
          reasons: [
            expect.objectContaining({ code: 'HB-209', pointer: `/message/tenants/0/${name}` }),
          ],
        }),
      )
    }
  })

  test('says what the intake would say of a plain item', async () => {
    const plain = { ...PLAIN, referenceDate, tenants: [{ ...PLAIN.tenants[0], insz: 'synthetic' }] }
    expect(await explain(plain, must)).toMatchObject({
      passes: false,
      errors: expect.arrayContaining([expect.objectContaining({ code: 'HB-321' })]),
    })
    const mixed = asked(synthetic, { ...PLAIN.tenants[0], insz: 'synthetic' })
    expect((await explain(mixed)).errors[0]).toMatchObject({ code: 'HB-418' })
  })
})
