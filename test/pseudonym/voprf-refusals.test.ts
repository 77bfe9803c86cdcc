import { ristretto255 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import {
  addElements,
  assertElement,
  assertScalar,
  isReduced,
  multiply,
  multiplyBase,
} from '../../src/pseudonym/group.ts'
import {
  assertBatchSize,
  blindInput,
  type EvaluatedBatch,
  evaluateBatch,
  evaluateBlinded,
  finalize,
  generateKeyPair,
  invertScalars,
  keyPairOf,
  MAX_BATCH,
  randomScalar,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { faultOf, fromHex, hex } from './support.ts'

const key = generateKeyPair()
const IDENTITY = new Uint8Array(32)
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

// RFC 9496, A.2: non-canonical encodings, negative field elements, points that are none.
const BAD_ENCODINGS = [
  '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20',
  'c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562',
  'c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78',
  '47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24',
  'f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72',
  '87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309',
]

function blindedOf(...inputs: string[]): Uint8Array[] {
  return inputs.map(input => blindInput(VOPRF, Buffer.from(input), randomScalar()))
}

describe('an element is refused', () => {
  test.each(BAD_ENCODINGS)('where it is not canonical: %s', encoding => {
    const element = fromHex(encoding)
    expect(faultOf(() => assertElement(element))).toBe('element-invalid')
    expect(faultOf(() => evaluateBlinded(key.secretKey, element))).toBe('element-invalid')
    expect(faultOf(() => finalize(Buffer.from('x'), randomScalar(), element))).toBe(
      'element-invalid',
    )
    expect(faultOf(() => addElements(element, key.publicKey))).toBe('element-invalid')
  })

  test('where it is the identity', () => {
    expect(faultOf(() => assertElement(IDENTITY))).toBe('element-identity')
    expect(faultOf(() => evaluateBlinded(key.secretKey, IDENTITY))).toBe('element-identity')
    expect(faultOf(() => finalize(Buffer.from('x'), randomScalar(), IDENTITY))).toBe(
      'element-identity',
    )
  })

  test.each([0, 1, 31, 33, 64])('where it has %i bytes', length => {
    const element = Buffer.concat([key.publicKey, key.publicKey]).subarray(0, length)
    expect(faultOf(() => assertElement(element))).toBe('element-length')
    expect(faultOf(() => evaluateBlinded(key.secretKey, element))).toBe('element-length')
  })

  test('exactly where @noble/curves refuses it too', () => {
    const nobleAccepts = (bytes: Uint8Array): boolean => {
      try {
        return !ristretto255.Point.fromBytes(bytes).is0()
      } catch {
        return false
      }
    }
    const valid = fc.constant(0).map(() => blindedOf('x')[0]!)
    const oneBitOff = fc.tuple(valid, fc.nat(255)).map(([element, bit]) => {
      const changed = Uint8Array.from(element)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      return changed
    })
    const any = fc.oneof(valid, oneBitOff, fc.uint8Array({ minLength: 32, maxLength: 32 }))
    let accepted = 0
    fc.assert(
      fc.property(any, element => {
        const ours = faultOf(() => evaluateBlinded(key.secretKey, element)) === 'nothing thrown'
        if (ours) accepted++
        expect([hex(element), ours]).toEqual([hex(element), nobleAccepts(element)])
      }),
      { numRuns: 300 },
    )
    expect(accepted).toBeGreaterThan(50)
    expect(accepted).toBeLessThan(300)
  })
})

describe('a scalar is refused', () => {
  test.each([
    ['zero', new Uint8Array(32)],
    ['the group order', ORDER],
    ['more than the group order', Buffer.alloc(32, 0xff)],
    ['short', Buffer.alloc(31, 1)],
  ])('where it is %s', (_, scalar) => {
    expect(faultOf(() => assertScalar(scalar))).toBe('scalar-invalid')
    expect(faultOf(() => invertScalars([randomScalar(), scalar]))).toBe('scalar-invalid')
  })

  test('where the result would be the identity', () => {
    expect(faultOf(() => multiply(IDENTITY, key.publicKey))).toBe('scalar-invalid')
    expect(faultOf(() => multiplyBase(IDENTITY))).toBe('scalar-invalid')
    expect(faultOf(() => keyPairOf(IDENTITY))).toBe('scalar-invalid')
  })

  test('but not one below the group order', () => {
    const largest = Buffer.from(ORDER)
    largest[0]! -= 1
    expect(isReduced(largest)).toBe(true)
    expect(isReduced(ORDER)).toBe(false)
  })
})

describe('a batch is refused', () => {
  test('where it is empty or has more than 5,000 elements', () => {
    expect(faultOf(() => assertBatchSize(0))).toBe('batch-empty')
    expect(faultOf(() => assertBatchSize(MAX_BATCH))).toBe('nothing thrown')
    expect(faultOf(() => assertBatchSize(5_001))).toBe('batch-too-large')
    expect(faultOf(() => evaluateBatch(key, []))).toBe('batch-empty')
    const oversized = Array.from({ length: 5_001 }, () => key.publicKey)
    expect(faultOf(() => evaluateBatch(key, oversized))).toBe('batch-too-large')
    const batch = { evaluated: oversized, proof: Buffer.alloc(64) }
    expect(faultOf(() => verifyBatch(key.publicKey, oversized, batch))).toBe('batch-too-large')
  })

  test('naming the element that is none', () => {
    const blinded = [...blindedOf('a', 'b'), IDENTITY]
    expect(faultOf(() => evaluateBatch(key, blinded))).toBe('element-identity at 2')
  })
})

describe('a proof is refused', () => {
  const blinded = blindedOf('a', 'b', 'c')
  const honest = evaluateBatch(key, blinded)
  const check = (change: Partial<EvaluatedBatch>, publicKey = key.publicKey, asked = blinded) =>
    faultOf(() => verifyBatch(publicKey, asked, { ...honest, ...change }))

  test('only where something is wrong', () => {
    expect(check({})).toBe('nothing thrown')
  })

  test('for another key', () => {
    expect(check({}, generateKeyPair().publicKey)).toBe('proof-wrong')
  })

  test('where one element was evaluated under another key', () => {
    const other = evaluateBlinded(generateKeyPair().secretKey, blinded[1]!)
    expect(check({ evaluated: honest.evaluated.with(1, other) })).toBe('proof-wrong')
  })

  test('where two elements changed places', () => {
    const [first, second, third] = honest.evaluated
    expect(check({ evaluated: [second!, first!, third!] })).toBe('proof-wrong')
  })

  test('for other blinded elements', () => {
    expect(check({}, key.publicKey, blindedOf('a', 'b', 'c'))).toBe('proof-wrong')
  })

  test('for fewer elements, or uneven ones', () => {
    const two = honest.evaluated.slice(0, 2)
    expect(check({ evaluated: two })).toBe('batch-uneven')
    expect(check({ evaluated: two }, key.publicKey, blinded.slice(0, 2))).toBe('proof-wrong')
  })

  test('where any bit of it is changed', () => {
    fc.assert(
      fc.property(fc.nat(511), bit => {
        const proof = Uint8Array.from(honest.proof)
        proof[bit >> 3]! ^= 1 << (bit & 7)
        expect(check({ proof })).toBe('proof-wrong')
      }),
      { numRuns: 60 },
    )
  })

  test.each([0, 32, 63, 65])('where it has %i bytes', length => {
    const proof = Buffer.concat([honest.proof, Buffer.alloc(8)]).subarray(0, length)
    expect(check({ proof })).toBe('proof-length')
  })

  test('where a scalar of it is not reduced', () => {
    const [challenge, response] = [honest.proof.subarray(0, 32), honest.proof.subarray(32)]
    expect(check({ proof: Buffer.concat([challenge, plusOrder(response)]) })).toBe('proof-wrong')
    expect(check({ proof: Buffer.concat([plusOrder(challenge), response]) })).toBe('proof-wrong')
  })

  test('where it is all zero', () => {
    expect(check({ proof: Buffer.alloc(64) })).toBe('proof-wrong')
  })

  test('for a public key that is none', () => {
    expect(check({}, IDENTITY)).toBe('element-identity')
    expect(check({}, fromHex(BAD_ENCODINGS[0]!))).toBe('element-invalid')
  })

  test('where an evaluated element is none', () => {
    expect(check({ evaluated: honest.evaluated.with(2, IDENTITY) })).toBe('element-identity at 2')
  })

  // The same scalar modulo the order: a verifier that reduces would take it.
  function plusOrder(scalar: Uint8Array): Uint8Array {
    let carry = 0
    return scalar.map((byte, i) => {
      const sum = byte + ORDER[i]! + carry
      carry = sum >> 8
      return sum & 0xff
    })
  }
})

describe('an error', () => {
  test('holds nothing of what was given', () => {
    const secret = randomScalar()
    try {
      evaluateBlinded(secret, fromHex(BAD_ENCODINGS[3]!))
      throw new Error('not refused')
    } catch (error) {
      const shown = JSON.stringify(error, Object.getOwnPropertyNames(error))
      expect(shown).toContain('element-invalid')
      expect(shown).not.toContain(hex(secret))
      expect(shown).not.toContain(BAD_ENCODINGS[3])
      expect((error as Error).cause).toBeUndefined()
    }
  })
})

describe('keys', () => {
  test('are never the same twice', () => {
    const keys = Array.from({ length: 20 }, () => hex(generateKeyPair().secretKey))
    expect(new Set(keys).size).toBe(20)
  })

  test('blinding the same input twice gives unlike elements', () => {
    expect(new Set(blindedOf('a', 'a', 'a').map(hex)).size).toBe(3)
  })
})
