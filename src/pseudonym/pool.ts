import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { PseudonymError } from './errors.ts'
import {
  PSEUDONYM_BYTES,
  type Pseudonym,
  pack,
  packNumbers,
  packSecrets,
  ROW_BYTES,
  SEALED_BYTES,
  type SealedPerson,
  type SealedPseudonym,
  unpack,
  unpackPseudonym,
  unpackRow,
  unpackSealed,
} from './packed.ts'
import { encodeContent, type RowContent } from './row.ts'
import {
  assertBatchSize,
  ELEMENT_BYTES,
  type EvaluatedBatch,
  type EvaluatedPart,
  type KeyPair,
} from './voprf.ts'
import type {
  BlindTask,
  ComposeTask,
  EvaluateTask,
  Fault,
  FinishTask,
  PackedSealing,
  ProveTask,
  PseudonymTask,
  SealTask,
} from './worker.ts'

export type { Pseudonym, SealedPseudonym } from './packed.ts'

export interface PseudonymRequest {
  domain: string
  /** Secret scalar of the domain, 32 bytes. */
  domainKey: Uint8Array
  /** Secret scalar of the subject index, 32 bytes. */
  subjectKey: Uint8Array
  /** Eleven digits each, already checked; the caller drops them after. */
  insz: readonly string[]
}

/** What is sealed, per person in the order of the numbers; period YYYY-MM. */
export interface Sealing {
  period: string
  messageId: string
  plaintexts: readonly RowContent[]
}

/** Persons whose sender made the pseudonyms itself, and what is sealed for each. */
export interface SealingRequest {
  domain: string
  /** 32 bytes each, base64url, already checked; the caller drops them after. */
  secrets: readonly string[]
  sealing: Sealing
}

export interface EvaluationRequest {
  /** Secret scalar of the domain, 32 bytes. */
  key: Uint8Array
  publicKey: Uint8Array
  /** Up to 5,000 blinded elements. */
  blinded: readonly Uint8Array[]
}

/** What blinding.ts has done. */
type BlindingTask = BlindTask | ComposeTask | FinishTask
type Task = PseudonymTask | SealTask | EvaluateTask | ProveTask | BlindingTask

const PART = 100
// Doors bound what comes in; this is the end of the line where one does not.
const MAX_QUEUE = 4_096
const AT_LIMIT = 'Task queue is at limit'
const WORKER = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
const STARTS_WITHIN_MS = 8_000
const LOOK_MS = 10

/**
 * The threads that do the curve arithmetic. A message is cut into parts of at most 100 people that
 * the threads share, and takes turns with other messages. A failure names a code, never an input.
 */
export class PseudonymPool {
  readonly #threads: number
  readonly #piscina: Piscina
  #closed = false

  /** Starts the threads; they get nothing of this process's environment or flags. */
  constructor({ threads }: { threads: number }) {
    this.#threads = threads
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL(WORKER, import.meta.url)),
      minThreads: threads,
      maxThreads: threads,
      maxQueue: MAX_QUEUE,
      execArgv: [],
      argv: [],
      env: {},
    })
    // A thread that ends without work in hand is replaced; without a listener it would end the process.
    this.#piscina.on('error', () => {})
  }

  /**
   * Turns national numbers into pseudonyms, and seals a row for each where asked, in their order.
   * @throws PseudonymError worker-failed, scalar-invalid, row-too-long
   */
  pseudonymise(request: PseudonymRequest & { sealing: Sealing }): Promise<SealedPseudonym[]>
  pseudonymise(request: PseudonymRequest): Promise<Pseudonym[]>
  async pseudonymise(request: PseudonymRequest & { sealing?: Sealing }): Promise<Pseudonym[]> {
    const { insz, sealing } = request
    if (sealing && sealing.plaintexts.length !== insz.length)
      throw new PseudonymError('batch-uneven')
    const parts = await this.#inParts(insz.length, (start, end) =>
      this.#run('pseudonymise', pseudonymTask(request, start, end)),
    )
    return sealing
      ? parts.flatMap(part => unpack(part, SEALED_BYTES).map(unpackSealed))
      : parts.flatMap(part => unpack(part, PSEUDONYM_BYTES).map(unpackPseudonym))
  }

  /**
   * Seals a row for each secret, in their order.
   * @throws PseudonymError worker-failed, row-too-long
   */
  async seal({ domain, secrets, sealing }: SealingRequest): Promise<SealedPerson[]> {
    if (sealing.plaintexts.length !== secrets.length) throw new PseudonymError('batch-uneven')
    const parts = await this.#inParts(secrets.length, (start, end) =>
      this.#run('seal', {
        domain,
        secrets: packSecrets(secrets.slice(start, end)),
        sealing: packSealing(sealing, start, end),
      }),
    )
    return parts.flatMap(part => unpack(part, ROW_BYTES).map(unpackRow))
  }

  /**
   * Evaluates a batch blindly, with one proof over all of it.
   * @throws PseudonymError batch-empty, batch-too-large; element-length, element-invalid or
   *   element-identity with the index of the element; worker-failed
   */
  async evaluate({ key, publicKey, blinded }: EvaluationRequest): Promise<EvaluatedBatch> {
    assertBatchSize(blinded.length)
    const wrong = blinded.findIndex(element => element.length !== ELEMENT_BYTES)
    if (wrong >= 0) throw new PseudonymError('element-length', wrong)
    const pair = { secretKey: Uint8Array.from(key), publicKey: Uint8Array.from(publicKey) }
    const parts = await this.#inParts(blinded.length, (start, end) =>
      this.#evaluatePart(pair, start, blinded.slice(start, end)),
    )
    const task: ProveTask = { ...pair, sums: pack(parts.map(part => part.sum)) }
    return {
      evaluated: parts.flatMap(part => part.evaluated),
      proof: await this.#run('prove', task),
    }
  }

  /**
   * Shares a batch out to the threads, for blinding.ts.
   * @param taskOf makes the task of a part; its bytes move to the thread
   * @returns what each part answered, in order
   * @throws PseudonymError as the task does; worker-failed
   */
  share(
    name: 'blind' | 'composePart' | 'finish',
    length: number,
    taskOf: (start: number, end: number) => BlindingTask,
  ): Promise<Buffer[]> {
    return this.#inParts(length, (start, end) => this.#run(name, taskOf(start, end)))
  }

  /** Lets running work end, then ends the threads; work that comes later is refused. */
  async close(): Promise<void> {
    this.#closed = true
    // V8 ends the whole process where a thread is ended while its modules wait at their top (libsodium).
    for (let waited = 0; waited < STARTS_WITHIN_MS && !this.#areIdle(); waited += LOOK_MS) {
      await sleep(LOOK_MS)
    }
    await this.#piscina.close()
  }

  #areIdle(): boolean {
    return this.#piscina.idleThreads >= this.#threads
  }

  async #evaluatePart(
    pair: KeyPair,
    offset: number,
    blinded: readonly Uint8Array[],
  ): Promise<EvaluatedPart> {
    const task: EvaluateTask = { ...pair, offset, blinded: pack(blinded) }
    const elements = unpack(await this.#run('evaluatePart', task), ELEMENT_BYTES)
    return { evaluated: elements.slice(0, -1), sum: elements.at(-1)! }
  }

  async #run(name: string, task: Task): Promise<Buffer> {
    // piscina itself would start new threads.
    if (this.#closed) throw new PseudonymError('worker-failed')
    let answer: ArrayBuffer | Fault
    try {
      answer = await this.#piscina.run(task, { name, transferList: movable(task) })
    } catch (error) {
      if ((error as Error).message === AT_LIMIT) throw new PseudonymError('pool-busy')
      // Whatever a thread says as it dies may hold an input.
      throw new PseudonymError('worker-failed')
    }
    if ('code' in answer) throw new PseudonymError(answer.code, answer.index)
    return Buffer.from(answer)
  }

  // At most two parts of one request per thread are under way, so that requests take turns.
  async #inParts<R>(length: number, run: (start: number, end: number) => Promise<R>): Promise<R[]> {
    const size = Math.max(1, Math.min(PART, Math.ceil(length / this.#threads)))
    const results: R[] = []
    let next = 0
    const lane = async () => {
      while (next * size < length) {
        const part = next++
        results[part] = await run(part * size, Math.min(length, (part + 1) * size))
      }
    }
    await Promise.all(Array.from({ length: this.#threads * 2 }, lane))
    return results
  }
}

// Buffers of their own that move to the thread; nothing of them stays here.
function movable(task: Task): ArrayBuffer[] {
  if ('secrets' in task) return [task.secrets, task.sealing.plaintexts].map(bufferOf)
  if ('blinds' in task) return [task.numbers, task.blinds, task.sealing.plaintexts].map(bufferOf)
  if ('evaluated' in task) return [task.blinded, task.evaluated].map(bufferOf)
  if ('sums' in task) return [task.sums.buffer]
  if ('blinded' in task) return [task.blinded.buffer]
  const sealing = 'sealing' in task ? task.sealing : undefined
  return [task.numbers.buffer, ...(sealing ? [sealing.plaintexts.buffer] : [])]
}

function bufferOf(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.buffer
}

function pseudonymTask(
  { domain, domainKey, subjectKey, insz, sealing }: PseudonymRequest & { sealing?: Sealing },
  start: number,
  end: number,
): PseudonymTask {
  const task: PseudonymTask = {
    domain,
    // Copies: a view would take the memory around it, and other secrets with it, to the thread.
    domainKey: Uint8Array.from(domainKey),
    subjectKey: Uint8Array.from(subjectKey),
    numbers: packNumbers(insz.slice(start, end)),
  }
  return sealing ? { ...task, sealing: packSealing(sealing, start, end) } : task
}

function packSealing(
  { period, messageId, plaintexts }: Sealing,
  start: number,
  end: number,
): PackedSealing {
  const packed = pack(plaintexts.slice(start, end).map(encodeContent))
  return { period, messageId, plaintexts: packed }
}
