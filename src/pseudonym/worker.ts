import { randomBytes } from 'node:crypto'
import { move } from 'piscina'
import { deriveRowId, deriveRowKey, deriveSubjectTag, deriveTag, tagInfo } from './derive.ts'
import { type PseudonymCode, PseudonymError } from './errors.ts'
import { NUMBER_BYTES, pack, unpack } from './packed.ts'
import { NONCE_BYTES, PLAINTEXT_BYTES, sealRow } from './row.ts'
import {
  ELEMENT_BYTES,
  elementOf,
  evaluatePart as evaluateVoprfPart,
  evaluateWith,
  type KeyPair,
  proveParts,
  seedOf,
} from './voprf.ts'

// The thread's side of pool.ts. Nothing of an input may be in what is thrown or returned.

/** What a task answers instead of throwing: an error would lose its code between threads. */
export interface Fault {
  code: PseudonymCode
  index?: number
}

export interface PseudonymTask {
  domain: string
  domainKey: Uint8Array
  subjectKey: Uint8Array
  /** Eleven ASCII digits each; wiped when done. */
  numbers: Uint8Array<ArrayBuffer>
  /** `plaintexts`: 128 bytes each. */
  sealing?: { period: string; messageId: string; plaintexts: Uint8Array<ArrayBuffer> }
}

export interface EvaluateTask extends KeyPair {
  /** The place of the first element in the whole batch. */
  offset: number
  /** 32 bytes each. */
  blinded: Uint8Array<ArrayBuffer>
}

export interface ProveTask extends KeyPair {
  /** The sums of the parts, 32 bytes each. */
  sums: Uint8Array<ArrayBuffer>
}

type Answer = ReturnType<typeof move> | Fault

/** Packed pseudonyms, with rows where sealing is asked for. */
export function pseudonymise(task: PseudonymTask): Answer {
  return answer(() => {
    const info = tagInfo(task.domain)
    const input = Buffer.from(`be.insz:${' '.repeat(NUMBER_BYTES)}`)
    try {
      return unpack(task.numbers, NUMBER_BYTES).flatMap((number, i) => {
        number.copy(input, input.length - NUMBER_BYTES)
        return pseudonymiseOne(task, info, input, i)
      })
    } finally {
      input.fill(0)
      task.numbers.fill(0)
    }
  })
}

/** Packed evaluated elements, then the weighted sum of the part. */
export function evaluatePart(task: EvaluateTask): Answer {
  return answer(() => {
    const blinded = unpack(task.blinded, ELEMENT_BYTES)
    const seed = seedOf(task.publicKey)
    const { evaluated, sum } = evaluateVoprfPart(task.secretKey, seed, task.offset, blinded)
    return [...evaluated, sum]
  })
}

/** The proof over all parts, 64 bytes. */
export function prove(task: ProveTask): Answer {
  return answer(() => [proveParts(task, unpack(task.sums, ELEMENT_BYTES))])
}

function pseudonymiseOne(
  { domain, domainKey, subjectKey, sealing }: PseudonymTask,
  info: Buffer,
  input: Buffer,
  index: number,
): Uint8Array[] {
  // Both keys evaluate the same element: mapping the number to it is done once.
  const element = elementOf(input)
  const { tag, secret } = deriveTag(evaluateWith(domainKey, input, element), info)
  const subjectTag = deriveSubjectTag(evaluateWith(subjectKey, input, element))
  if (!sealing) return [tag, subjectTag]
  const { period, messageId } = sealing
  const rowId = deriveRowId(secret, period)
  const start = index * PLAINTEXT_BYTES
  const { nonce, ciphertext } = sealRow(
    deriveRowKey(secret, period),
    randomBytes(NONCE_BYTES),
    { domain, period, messageId, rowId },
    sealing.plaintexts.subarray(start, start + PLAINTEXT_BYTES),
  )
  return [tag, subjectTag, rowId, nonce, ciphertext]
}

function answer(work: () => Uint8Array[]): Answer {
  try {
    return move(pack(work()).buffer)
  } catch (error) {
    if (!(error instanceof PseudonymError)) return { code: 'worker-failed' }
    const { code, index } = error
    return index === undefined ? { code } : { code, index }
  }
}
