import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { createExpander } from '../../src/pseudonym/hash-to-group.ts'
import {
  blindInput,
  deriveKeyPair,
  evaluateBatch,
  evaluateBlinded,
  evaluateDirectly,
  finalize,
  OPRF,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { fromHex, hex, readVectors } from './support.ts'

interface Case {
  inputs: string[]
  blinds: string[]
  blinded: string[]
  evaluated: string[]
  outputs: string[]
  proofRandom?: string
  proof?: string
}

interface SuiteVectors {
  mode: 0 | 1
  groupTag: string
  seed: string
  keyInfo: string
  secretKey: string
  publicKey?: string
  cases: Case[]
}

const { suites } = readVectors<{ suites: SuiteVectors[] }>('oprf.json')
const named = suites.map(vectors => ({ name: vectors.mode === 0 ? 'OPRF' : 'VOPRF', vectors }))

describe.each(named)('published vectors of RFC 9497, $name', ({ vectors }) => {
  const suite = vectors.mode === 0 ? OPRF : VOPRF
  const key = deriveKeyPair(suite, fromHex(vectors.seed), fromHex(vectors.keyInfo))

  test('DeriveKeyPair', () => {
    expect(hex(key.secretKey)).toBe(vectors.secretKey)
    if (vectors.publicKey) expect(hex(key.publicKey)).toBe(vectors.publicKey)
  })

  test('there are cases of each kind', () => {
    expect(vectors.cases.map(one => one.inputs.length)).toEqual(
      vectors.mode === 0 ? [1, 1] : [1, 1, 2],
    )
  })

  describe.each(vectors.cases.map((one, i) => ({ i, one })))('case $i', ({ one }) => {
    const inputs = one.inputs.map(fromHex)
    const blinds = one.blinds.map(fromHex)
    const blinded = inputs.map((input, i) => blindInput(suite, input, blinds[i]!))
    const evaluated = blinded.map(element => evaluateBlinded(key.secretKey, element))

    test('Blind', () => {
      expect(blinded.map(hex)).toEqual(one.blinded)
    })

    test('BlindEvaluate', () => {
      expect(evaluated.map(hex)).toEqual(one.evaluated)
    })

    test('Finalize', () => {
      const outputs = inputs.map((input, i) => finalize(input, blinds[i]!, evaluated[i]!))
      expect(outputs.map(hex)).toEqual(one.outputs)
    })

    test('Evaluate', () => {
      const outputs = inputs.map(input => evaluateDirectly(suite, key.secretKey, input))
      expect(outputs.map(hex)).toEqual(one.outputs)
    })

    if (one.proof) {
      test('GenerateProof and VerifyProof', () => {
        const batch = evaluateBatch(key, blinded, fromHex(one.proofRandom!))
        expect(batch.evaluated.map(hex)).toEqual(one.evaluated)
        expect(hex(batch.proof)).toBe(one.proof)
        expect(() => verifyBatch(key.publicKey, blinded, batch)).not.toThrow()
      })
    }
  })
})

describe('expand_message_xmd', () => {
  test('is that of @noble/curves for any message and tag', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.stringMatching(/^[ -~]{1,80}$/),
        (message, tag) => {
          const expected = expand_message_xmd(message, Buffer.from(tag), 64, sha512)
          expect(hex(createExpander(tag)(message))).toBe(hex(expected))
        },
      ),
    )
  })
})
