import { type Cosignature, readCosignatures } from '../audit/cosignature.ts'
import { proofOfGrowth } from '../audit/log-proof.ts'
import { splitNote } from '../audit/note.ts'
import { formatAddCheckpoint, parseSize } from '../audit/witness-request.ts'
import type { WitnessResult } from '../audit/witness-store.ts'
import type { Queryable } from '../db/pool.ts'
import { type Outbound, OutboundError, type OutboundResponse } from '../delivery/outbound.ts'
import type { KnownWitness } from './settings.ts'

// A few signature lines; more is no answer of a witness.
const MAX_ANSWER_BYTES = 16 * 1024
// A witness may be asked by several processes, and hold more each time than it said before.
const MAX_TRIES = 3
// How far the clock of a witness may be ahead of ours.
const MAX_AHEAD_SECONDS = 300

/** What a witness is asked. */
export interface Question {
  /** The checkpoint as the log signed it. */
  size: number
  note: string
  /** The size that it is thought to hold, 0 where that is not known. */
  old: number
  timeoutMs: number
  /** Unix seconds. */
  now: number
  signal: AbortSignal
}

/** What it takes to ask. */
export interface AskParts {
  db: Queryable
  outbound: Pick<Outbound, 'request'>
}

/**
 * Asks a witness to cosign a checkpoint (C2SP tlog-witness): with a proof that the log grew from what it
 * holds. Never throws for what a witness does: that is its fault, or an alarm where only another history
 * of this log explains it.
 */
export async function askWitness(
  parts: AskParts,
  witness: KnownWitness,
  question: Question,
): Promise<WitnessResult> {
  const { name } = witness
  let { old } = question
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const proof = await proofOfGrowth(parts.db, old, question.size)
    const body = formatAddCheckpoint({ old, proof, note: question.note })
    const answer = await post(parts, witness, question, body)
    if (typeof answer === 'string') return { name, fault: answer }
    if (answer.status === 200) return readAnswer(witness, question, answer.body)
    const held = sizeOf(answer)
    if (held === undefined) return { name, ...judge(answer.status, old === question.size) }
    if (held > question.size) {
      // Another process of ours may just have asked for a later one.
      if (held <= (await signedSize(parts.db))) return { name, fault: 'holds a later checkpoint' }
      const alarm = `it holds ${held} entries of this log, which has ${question.size}`
      return { name, fault: 'holds a larger log', alarm }
    }
    // What it says it holds is what was just proved from: it contradicts itself.
    if (held === old) return { name, fault: 'answers 409 for the size it holds' }
    old = held
  }
  return { name, fault: 'changes the size it holds' }
}

async function signedSize(db: Queryable): Promise<number> {
  const { rows } = await db.query('SELECT max(size) AS size FROM audit_checkpoint')
  return rows[0]?.size ?? 0
}

async function post(
  { outbound }: AskParts,
  witness: KnownWitness,
  { timeoutMs, signal }: Question,
  body: string,
): Promise<OutboundResponse | string> {
  try {
    return await outbound.request({
      method: 'POST',
      url: `${witness.url}/add-checkpoint`,
      networks: witness.networks,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    })
  } catch (error) {
    if (error instanceof OutboundError) return FAULTS[error.reason]
    throw error
  }
}

const FAULTS: Readonly<Record<OutboundError['reason'], string>> = {
  address: 'its address is not allowed',
  timeout: 'does not answer in time',
  refused: 'is not there',
  dns: 'its name is not found',
  tls: 'has no good certificate',
  proxy: 'is not reached by the proxy',
  'too-large': 'answers too much',
  redirect: 'answers with a redirect',
  broken: 'breaks off',
}

function readAnswer(witness: KnownWitness, question: Question, body: Buffer): WitnessResult {
  const { name } = witness
  const cosignature = findCosignature(witness, question, body)
  if (typeof cosignature === 'string') return { name, fault: cosignature }
  if (cosignature.time > question.now + MAX_AHEAD_SECONDS)
    return { name, fault: 'cosigned with a time to come' }
  return { name, cosignature }
}

function findCosignature(
  witness: KnownWitness,
  { note }: Question,
  body: Buffer,
): Cosignature | string {
  try {
    const { good, wrong } = readCosignatures(body.toString('utf8'), splitNote(note).text, [witness])
    if (good[0]) return good[0]
    return wrong.length > 0 ? 'gave a wrong cosignature' : 'gave no cosignature by its key'
  } catch {
    return 'gave something else than cosignatures'
  }
}

/** The size that a witness says to hold: the answer 409 of the specification, in its exact form. */
function sizeOf({ status, headers, body }: OutboundResponse): number | undefined {
  if (status !== 409 || headers['content-type'] !== 'text/x.tlog.size') return undefined
  const text = body.toString('latin1')
  return text.endsWith('\n') ? parseSize(text.slice(0, -1)) : undefined
}

function judge(status: number, isSame: boolean): Pick<WitnessResult, 'fault' | 'alarm'> {
  switch (status) {
    case 409:
      if (!isSame) return { fault: 'answers 409 without a size' }
      return {
        fault: 'holds another root',
        alarm: 'it holds another root of this log for the same size',
      }
    case 422:
      return {
        fault: 'finds the proof wrong',
        alarm: 'what it holds of this log is not the beginning of it',
      }
    case 404:
      return { fault: 'does not know this log' }
    case 403:
      return { fault: 'does not know the key of this log' }
    default:
      return { fault: `answers ${status}` }
  }
}
