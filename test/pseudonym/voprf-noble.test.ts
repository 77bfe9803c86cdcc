import { ristretto255_oprf as noble } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { invertScalars } from '../../src/pseudonym/group.ts'
import {
  blindInput,
  deriveKeyPair,
  evaluateBatch,
  evaluateBlinded,
  evaluateDirectly,
  finalize,
  generateKeyPair,
  OPRF,
  randomScalar,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { hex } from './support.ts'

// An independent implementation on the other side, in both directions.

const input = fc.uint8Array({ maxLength: 64 })
const inputs = fc.array(input, { minLength: 1, maxLength: 6 })
const few = { numRuns: 15 }

describe('against @noble/curves', () => {
  test('keys derived from a seed are the same in both modes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), input, (seed, info) => {
        expect(deriveKeyPair(OPRF, seed, info)).toEqual(noble.oprf.deriveKeyPair(seed, info))
        expect(deriveKeyPair(VOPRF, seed, info)).toEqual(noble.voprf.deriveKeyPair(seed, info))
      }),
      few,
    )
  })

  test('a proof made here verifies there', () => {
    const key = generateKeyPair()
    fc.assert(
      fc.property(inputs, list => {
        const asked = list.map(one => ({ input: one, ...noble.voprf.blind(one) }))
        const batch = evaluateBatch(
          key,
          asked.map(one => one.blinded),
        )
        const items = asked.map((one, i) => ({ ...one, evaluated: batch.evaluated[i]! }))
        const outputs = noble.voprf.finalizeBatch(items, key.publicKey, batch.proof)
        const direct = list.map(one => evaluateDirectly(VOPRF, key.secretKey, one))
        expect(outputs.map(hex)).toEqual(direct.map(hex))
      }),
      few,
    )
  })

  test('a proof made there verifies here', () => {
    const key = noble.voprf.generateKeyPair()
    fc.assert(
      fc.property(inputs, list => {
        const blinds = list.map(() => randomScalar())
        const blinded = list.map((one, i) => blindInput(VOPRF, one, blinds[i]!))
        const batch = noble.voprf.blindEvaluateBatch(key.secretKey, key.publicKey, blinded)
        verifyBatch(key.publicKey, blinded, batch)
        const outputs = list.map((one, i) => finalize(one, blinds[i]!, batch.evaluated[i]!))
        const direct = list.map(one => evaluateDirectly(VOPRF, key.secretKey, one))
        expect(outputs.map(hex)).toEqual(direct.map(hex))
      }),
      few,
    )
  })

  test('a proof made there for another key does not verify here', () => {
    const [key, other] = [noble.voprf.generateKeyPair(), noble.voprf.generateKeyPair()]
    const blinded = [blindInput(VOPRF, Buffer.from('x'), randomScalar())]
    const batch = noble.voprf.blindEvaluateBatch(other.secretKey, other.publicKey, blinded)
    expect(() => verifyBatch(key.publicKey, blinded, batch)).toThrow('proof-wrong')
  })

  test('the mode without proof gives the same outputs', () => {
    const key = generateKeyPair()
    fc.assert(
      fc.property(input, one => {
        const { blind, blinded } = noble.oprf.blind(one)
        const output = noble.oprf.finalize(one, blind, evaluateBlinded(key.secretKey, blinded))
        expect(hex(evaluateDirectly(OPRF, key.secretKey, one))).toBe(hex(output))
      }),
      few,
    )
  })

  test('the modes give different outputs for the same key and input', () => {
    const { secretKey } = generateKeyPair()
    const one = Buffer.from('be.insz:85073003328')
    expect(evaluateDirectly(OPRF, secretKey, one)).not.toEqual(
      evaluateDirectly(VOPRF, secretKey, one),
    )
  })
})

describe('inverting a batch of scalars', () => {
  test('undoes each multiplication', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), count => {
        const scalars = Array.from({ length: count }, randomScalar)
        const one = Buffer.from('x')
        const plain = blindInput(VOPRF, one, Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]))
        const back = invertScalars(scalars).map((inverse, i) =>
          hex(evaluateBlinded(inverse, blindInput(VOPRF, one, scalars[i]!))),
        )
        expect(back).toEqual(scalars.map(() => hex(plain)))
      }),
      few,
    )
  })

  test('of none is none', () => {
    expect(invertScalars([])).toEqual([])
  })
})
