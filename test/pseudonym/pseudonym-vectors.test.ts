import { createCipheriv, createHmac } from 'node:crypto'
import { ristretto255_oprf as noble } from '@noble/curves/ed25519.js'
import { concatBytes } from '@noble/hashes/utils.js'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  inputOf,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { encodeContent, openRow, sealRow } from '../../src/pseudonym/row.ts'
import {
  blindInput,
  evaluateBatch,
  evaluateDirectly,
  finalize,
  keyPairOf,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { base64url, readVectors } from './support.ts'

interface RowVector {
  period: string
  tenantGround: string
  referenceDate: string
  rowId: string
  rowKey: string
  nonce: string
  ciphertext: string
}

interface Vectors {
  domain: string
  messageId: string
  keys: { domainSecret: string; domainPublic: string; subjectSecret: string; subjectPublic: string }
  people: {
    insz: string
    output: string
    tag: string
    secret: string
    subjectOutput: string
    subjectTag: string
    rows: RowVector[]
  }[]
  blindEvaluation: {
    blinds: string[]
    blinded: string[]
    evaluated: string[]
    proofRandom: string
    proof: string
  }
}

const vectors = readVectors<Vectors>('pseudonym.json')
const { domain, messageId, keys, people, blindEvaluation } = vectors
const bytes = (text: string) => Buffer.from(text, 'base64url')
const everyRow = people.flatMap(person => person.rows.map(row => ({ ...person, ...row })))

describe('the vectors, by this implementation', () => {
  test('public keys', () => {
    expect(base64url(keyPairOf(bytes(keys.domainSecret)).publicKey)).toBe(keys.domainPublic)
    expect(base64url(keyPairOf(bytes(keys.subjectSecret)).publicKey)).toBe(keys.subjectPublic)
  })

  test.each(people)('tag, secret and subject tag of $insz', person => {
    const output = evaluateDirectly(VOPRF, bytes(keys.domainSecret), inputOf(person.insz))
    const { tag, secret } = deriveTag(output, tagInfo(domain))
    expect(base64url(output)).toBe(person.output)
    expect([tag, secret].map(base64url)).toEqual([person.tag, person.secret])
    const subject = evaluateDirectly(VOPRF, bytes(keys.subjectSecret), inputOf(person.insz))
    expect(base64url(subject)).toBe(person.subjectOutput)
    expect(base64url(deriveSubjectTag(subject))).toBe(person.subjectTag)
  })

  test.each(everyRow)('row of $insz in $period', row => {
    const rowId = deriveRowId(bytes(row.secret), row.period)
    const rowKey = deriveRowKey(bytes(row.secret), row.period)
    expect([rowId, rowKey].map(base64url)).toEqual([row.rowId, row.rowKey])
    const binding = { domain, period: row.period, messageId, rowId }
    const { tenantGround, referenceDate } = row
    const content = encodeContent({ tenantGround, referenceDate })
    const sealed = sealRow(rowKey, bytes(row.nonce), binding, content)
    expect(base64url(sealed.ciphertext)).toBe(row.ciphertext)
    expect(openRow(rowKey, binding, sealed)).toEqual({ tenantGround, referenceDate })
  })

  test('blind evaluation with its proof', () => {
    const key = keyPairOf(bytes(keys.domainSecret))
    const blinds = blindEvaluation.blinds.map(bytes)
    const blinded = people.map(({ insz }, i) => blindInput(VOPRF, inputOf(insz), blinds[i]!))
    expect(blinded.map(base64url)).toEqual(blindEvaluation.blinded)
    const batch = evaluateBatch(key, blinded, bytes(blindEvaluation.proofRandom))
    expect(batch.evaluated.map(base64url)).toEqual(blindEvaluation.evaluated)
    expect(base64url(batch.proof)).toBe(blindEvaluation.proof)
    expect(() => verifyBatch(key.publicKey, blinded, batch)).not.toThrow()
    const outputs = people.map(({ insz }, i) =>
      finalize(inputOf(insz), blinds[i]!, batch.evaluated[i]!),
    )
    expect(outputs.map(base64url)).toEqual(people.map(person => person.output))
  })
})

// Written from the design alone, with @noble/curves and bare HMAC: it shares no line with src.
describe('the vectors, by an independent implementation', () => {
  const evaluate = (secret: string, insz: string): Uint8Array => {
    const input = Buffer.from(`be.insz:${insz}`)
    const publicKey = secret === keys.domainSecret ? keys.domainPublic : keys.subjectPublic
    const { blind, blinded } = noble.voprf.blind(input)
    const reply = noble.voprf.blindEvaluate(bytes(secret), bytes(publicKey), blinded)
    return noble.voprf.finalize(
      input,
      blind,
      reply.evaluated,
      blinded,
      bytes(publicKey),
      reply.proof,
    )
  }
  const hmac = (key: Uint8Array, ...parts: (string | Uint8Array)[]): Buffer =>
    createHmac('sha256', key)
      .update(concatBytes(...parts.map(part => Buffer.from(part))))
      .digest()
  const hkdf = (output: Uint8Array, info: string, length: number): Buffer => {
    const key = hmac(Buffer.alloc(32), output)
    const first = hmac(key, info, Buffer.from([1]))
    return Buffer.concat([first, hmac(key, first, info, Buffer.from([2]))]).subarray(0, length)
  }

  test.each(people)('tag, secret and subject tag of $insz', person => {
    const output = evaluate(keys.domainSecret, person.insz)
    expect(base64url(output)).toBe(person.output)
    const tagAndSecret = hkdf(output, `huisbrug tag v1 ${domain}`, 48)
    expect(base64url(tagAndSecret.subarray(0, 16))).toBe(person.tag)
    expect(base64url(tagAndSecret.subarray(16))).toBe(person.secret)
    const subject = evaluate(keys.subjectSecret, person.insz)
    expect(base64url(subject)).toBe(person.subjectOutput)
    expect(base64url(hkdf(subject, 'huisbrug subject v1', 16))).toBe(person.subjectTag)
  })

  test.each(everyRow)('row of $insz in $period', row => {
    const rowId = hmac(bytes(row.secret), 'row-id ', row.period).subarray(0, 16)
    const rowKey = hmac(bytes(row.secret), 'row-key ', row.period)
    expect([rowId, rowKey].map(base64url)).toEqual([row.rowId, row.rowKey])
    const json = `{"tenantGround":"${row.tenantGround}","referenceDate":"${row.referenceDate}"}`
    const cipher = createCipheriv('aes-256-gcm', rowKey, bytes(row.nonce))
    cipher.setAAD(Buffer.from(`${domain}|${row.period}|${messageId}|${row.rowId}`))
    const sealed = Buffer.concat([
      cipher.update(json.padEnd(128)),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    expect(base64url(sealed)).toBe(row.ciphertext)
  })

  test('the proof verifies', () => {
    const items = people.map(({ insz }, i) => ({
      input: Buffer.from(`be.insz:${insz}`),
      blind: bytes(blindEvaluation.blinds[i]!),
      blinded: bytes(blindEvaluation.blinded[i]!),
      evaluated: bytes(blindEvaluation.evaluated[i]!),
    }))
    const proof = bytes(blindEvaluation.proof)
    const outputs = noble.voprf.finalizeBatch(items, bytes(keys.domainPublic), proof)
    expect(outputs.map(base64url)).toEqual(people.map(person => person.output))
  })
})

describe('what the vectors show', () => {
  test('row ids and keys change with the month', () => {
    const ids = everyRow.map(row => row.rowId)
    const secrets = everyRow.map(row => row.rowKey)
    expect(new Set([...ids, ...secrets]).size).toBe(2 * everyRow.length)
  })

  test('every row has the same length', () => {
    expect(new Set(everyRow.map(row => bytes(row.ciphertext).length))).toEqual(new Set([144]))
  })
})
