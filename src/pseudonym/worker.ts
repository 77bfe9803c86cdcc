import { randomBytes } from 'node:crypto'
import { move } from 'piscina'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  SECRET_BYTES,
  tagInfo,
} from './derive.ts'
import { type PseudonymCode, PseudonymError } from './errors.ts'
import { SCALAR_BYTES } from './group.ts'
import { NUMBER_BYTES, pack, unpack } from './packed.ts'
import { NONCE_BYTES, PLAINTEXT_BYTES, sealRow } from './row.ts'
import {
  blindInput,
  composePart as composeVoprfPart,
  ELEMENT_BYTES,
  elementOf,
  evaluatePart as evaluateVoprfPart,
  evaluateWith,
  finalizeInverted,
  invertScalars,
  type KeyPair,
  proveParts,
  randomScalar,
  seedOf,
  VOPRF,
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
  sealing?: PackedSealing
}

/** `plaintexts`: 128 bytes each. */
export interface PackedSealing {
  period: string
  messageId: string
  plaintexts: Uint8Array<ArrayBuffer>
}

/** Blinds numbers for a service that has the keys. */
export interface BlindTask {
  /** Eleven ASCII digits each; wiped when done. */
  numbers: Uint8Array<ArrayBuffer>
}

/** Sums up a part of a service's answer, to check its proof. */
export interface ComposeTask {
  publicKey: Uint8Array
  /** The place of the first element in the whole batch. */
  offset: number
  /** 32 bytes each, as many of the one as of the other. */
  blinded: Uint8Array<ArrayBuffer>
  evaluated: Uint8Array<ArrayBuffer>
}

/** Turns what a service evaluated, once its proofs are checked, into pseudonyms with rows. */
export interface FinishTask {
  domain: string
  /** Eleven ASCII digits each; wiped when done. */
  numbers: Uint8Array<ArrayBuffer>
  /** Scalars, 32 bytes each, as `blind` gave them; wiped when done. */
  blinds: Uint8Array<ArrayBuffer>
  /** 32 bytes each, under the domain's key and under that of the subject index. */
  domainElements: Uint8Array<ArrayBuffer>
  subjectElements: Uint8Array<ArrayBuffer>
  sealing: PackedSealing
}

/** Seals rows for a sender that made the pseudonyms itself. */
export interface SealTask {
  domain: string
  /** 32 bytes each; wiped when done. */
  secrets: Uint8Array<ArrayBuffer>
  sealing: PackedSealing
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
    return eachInput(task.numbers, (input, i) => pseudonymiseOne(task, info, input, i))
  })
}

/** Packed pairs: a blinded element, and the scalar that blinds it. */
export function blind({ numbers }: BlindTask): Answer {
  return answer(() =>
    eachInput(numbers, input => {
      const scalar = randomScalar()
      return [blindInput(VOPRF, input, scalar), scalar]
    }),
  )
}

/** The sum of the blinded elements of a part, then that of the evaluated ones. */
export function composePart({ publicKey, offset, blinded, evaluated }: ComposeTask): Answer {
  return answer(() => {
    const asked = unpack(blinded, ELEMENT_BYTES)
    const sums = composeVoprfPart(
      seedOf(publicKey),
      offset,
      asked,
      unpack(evaluated, ELEMENT_BYTES),
    )
    return [sums.m, sums.z]
  })
}

/** Packed pseudonyms with rows, as `pseudonymise` makes them. */
export function finish(task: FinishTask): Answer {
  return answer(() => {
    const info = tagInfo(task.domain)
    const inverses = invertScalars(unpack(task.blinds, SCALAR_BYTES))
    const domainElements = unpack(task.domainElements, ELEMENT_BYTES)
    const subjectElements = unpack(task.subjectElements, ELEMENT_BYTES)
    try {
      return eachInput(task.numbers, (input, i) => {
        const output = finalizeInverted(input, inverses[i]!, domainElements[i]!)
        const { tag, secret } = deriveTag(output, info)
        const subject = finalizeInverted(input, inverses[i]!, subjectElements[i]!)
        return [tag, deriveSubjectTag(subject), ...sealOne(task.domain, task.sealing, secret, i)]
      })
    } finally {
      task.blinds.fill(0)
      for (const inverse of inverses) inverse.fill(0)
    }
  })
}

/** Packed rows, each with its id. */
export function seal({ domain, secrets, sealing }: SealTask): Answer {
  return answer(() => {
    try {
      return unpack(secrets, SECRET_BYTES).flatMap((secret, i) =>
        sealOne(domain, sealing, secret, i),
      )
    } finally {
      secrets.fill(0)
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
  return [tag, subjectTag, ...(sealing ? sealOne(domain, sealing, secret, index) : [])]
}

/** Row id, nonce and ciphertext of one person. */
function sealOne(
  domain: string,
  { period, messageId, plaintexts }: PackedSealing,
  secret: Buffer,
  index: number,
): Uint8Array[] {
  const rowId = deriveRowId(secret, period)
  const start = index * PLAINTEXT_BYTES
  const { nonce, ciphertext } = sealRow(
    deriveRowKey(secret, period),
    randomBytes(NONCE_BYTES),
    { domain, period, messageId, rowId },
    plaintexts.subarray(start, start + PLAINTEXT_BYTES),
  )
  return [rowId, nonce, ciphertext]
}

/** The input of each number in turn, in one buffer; it and the numbers are wiped in the end. */
function eachInput(
  numbers: Uint8Array<ArrayBuffer>,
  work: (input: Buffer, index: number) => Uint8Array[],
): Uint8Array[] {
  const input = Buffer.from(`be.insz:${' '.repeat(NUMBER_BYTES)}`)
  try {
    return unpack(numbers, NUMBER_BYTES).flatMap((number, i) => {
      number.copy(input, input.length - NUMBER_BYTES)
      return work(input, i)
    })
  } finally {
    input.fill(0)
    numbers.fill(0)
  }
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
