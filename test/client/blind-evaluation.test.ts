import { evaluateWith } from '../../src/client/blind-evaluation.ts'
import { HuisbrugProblem } from '../../src/client/index.ts'
import { RegisterError } from '../../src/client/register-error.ts'
import type { EvaluationRequest } from '../../src/client/types.ts'

const ELEMENT = Buffer.alloc(32, 7)

test('elements travel as base64url without padding and come back as bytes', async () => {
  const sent: EvaluationRequest[] = []
  const evaluate = evaluateWith({
    evaluate: async request => {
      sent.push(request)
      const publicKey = ELEMENT.toString('base64url')
      const proof = Buffer.alloc(64, 9).toString('base64url')
      return { ...request, evaluated: request.blinded, proof, publicKey, quotaLeft: 1 }
    },
  })
  const reply = await evaluate('wm-vdab/1/1', [ELEMENT])
  expect(sent).toEqual([{ domain: 'wm-vdab/1/1', blinded: [ELEMENT.toString('base64url')] }])
  expect(sent[0]!.blinded[0]).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(reply).toEqual({
    evaluated: [ELEMENT],
    proof: Buffer.alloc(64, 9),
    publicKey: ELEMENT,
  })
})

function refusing(code: string, retryAfterMs?: number) {
  return evaluateWith({
    evaluate: async () => {
      throw new HuisbrugProblem(429, { code, title: 't' }, retryAfterMs)
    },
  })
}

test('a quota that is used up tells when to come back', async () => {
  const error = await refusing('HB-602', 3_600_000)('d', [ELEMENT]).catch(thrown => thrown)
  expect(error).toBeInstanceOf(RegisterError)
  expect(error.code).toBe('quota-used-up')
  expect(error.retryAt.getTime() - Date.now()).toBeGreaterThan(3_590_000)
})

test('another refusal passes as it is', async () => {
  await expect(refusing('HB-412')('d', [ELEMENT])).rejects.toMatchObject({ code: 'HB-412' })
})
