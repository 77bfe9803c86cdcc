import type { JWK } from 'jose'
import type { HuisbrugClient } from '../client/client.ts'
import { repeatableNonce } from '../client/nonce.ts'
import { HuisbrugProblem, type ProblemReason } from '../client/problem.ts'
import type { GoodRow } from './check.ts'
import { type Batch, type RequestHead, SENT_BEFORE, type SendingBook } from './sending-book.ts'

/** What became of a row that could be sent. */
export type Outcome =
  | { kind: 'accepted'; messageId: string }
  /** Accepted before this run; `isSame`: with this reference and ground, as far as is known here. */
  | { kind: 'earlier'; isSame: boolean }
  | { kind: 'refused'; code: string }
  /** Sent, and no answer came: the next run asks again. */
  | { kind: 'unconfirmed' }
  | { kind: 'not-sent' }

export interface Sending {
  client: Pick<HuisbrugClient, 'detect'>
  book: SendingBook
  /** Of the party: nonces come from it. */
  privateKey: JWK
  head: RequestHead
  rows: readonly GoodRow[]
  /** Tenants in one request: at most 1,000. */
  batchSize: number
  /** Rows of which it is known what became of them. */
  onProgress?(done: number): void
  /** Asked between requests. */
  isStopped?(): boolean
}

/** What became of every row, and why it did not go on to the end. */
export interface Sent {
  outcomes: Map<number, Outcome>
  error?: Error
}

export const MAX_BATCH = 1_000
const PATH = '/v1/detections'
const TENANT = /^\/tenants\/(\d+)(\/|$)/

/**
 * Sends the rows that the gateway does not have yet for the month. First what was on its way when an
 * earlier run ended, to the byte; then the rest. Tenants that a refusal names are left out and the others
 * sent again; any other refusal ends the sending.
 */
export async function sendRows(sending: Sending): Promise<Sent> {
  const { book, rows } = sending
  const outcomes = new Map<number, Outcome>()
  const run = { ...sending, outcomes }
  try {
    await repeatUnsettled(run)
    for (const { row, tenant } of rows) {
      const taken = outcomes.has(row) ? undefined : book.taken(tenant)
      if (taken) outcomes.set(row, { kind: 'earlier', isSame: taken.isSame })
    }
    sending.onProgress?.(outcomes.size)
    await sendRest(run)
  } catch (error) {
    return { outcomes: complete(rows, outcomes), error: error as Error }
  }
  return { outcomes: complete(rows, outcomes) }
}

type Run = Sending & { outcomes: Map<number, Outcome> }

async function repeatUnsettled(run: Run): Promise<void> {
  for (const batch of run.book.unsettled()) {
    const rows = run.book.tenantsOf(batch, run.rows)
    // The file was changed since: the gateway says of each tenant whether it has it.
    if (!rows) await run.book.settle({ key: batch.key, code: 'changed', refused: [] })
    else await sendBatch(run, batch, rows)
  }
}

async function sendRest(run: Run): Promise<void> {
  for (;;) {
    const rest = run.rows.filter(({ row }) => !run.outcomes.has(row)).slice(0, run.batchSize)
    if (rest.length === 0 || run.isStopped?.()) return
    const batch = await run.book.add(
      run.head,
      rest.map(({ tenant }) => tenant),
    )
    await sendBatch(run, batch, rest)
  }
}

async function sendBatch(run: Run, batch: Batch, rows: readonly GoodRow[]): Promise<void> {
  const { key } = batch
  const tenants = rows.map(({ tenant }) => tenant)
  const body = { ...batch.head, tenants }
  // Kept nowhere, and the same where the batch is repeated.
  const nonce = repeatableNonce(run.privateKey, { path: PATH, idempotencyKey: key, body })
  const reply = await run.client
    .detect(body, { idempotencyKey: key, nonce })
    .catch(error => refusedAsWhole(run, batch, rows, error))
  if (reply) {
    const refused = reply.refused.map(({ index, code }) => [index, code] as [number, string])
    await run.book.settle({ key, messageId: reply.messageId, refused })
    const codes = new Map(refused)
    rows.forEach(({ row }, index) => {
      const code = codes.get(index)
      const accepted = { kind: 'accepted', messageId: reply.messageId } as const
      run.outcomes.set(row, code === undefined ? accepted : { kind: 'refused', code })
    })
  }
  run.onProgress?.(run.outcomes.size)
}

/** Takes out the tenants that it names, so that the rest can go; throws where it names none. */
async function refusedAsWhole(
  { book, outcomes }: Run,
  { key }: Batch,
  rows: readonly GoodRow[],
  error: Error,
): Promise<undefined> {
  if (!(error instanceof HuisbrugProblem) || error.mayPass) {
    for (const { row } of rows) outcomes.set(row, { kind: 'unconfirmed' })
    throw error
  }
  const { code } = error
  const named = namedIn(error.errors)
  await book.settle({ key, code, refused: [...(named ?? [])] })
  rows.forEach(({ row }, index) => {
    const its = named ? named.get(index) : code
    if (its === SENT_BEFORE) outcomes.set(row, { kind: 'earlier', isSame: false })
    else if (its !== undefined) outcomes.set(row, { kind: 'refused', code: its })
  })
  if (!named) throw error
  return undefined
}

/** Which tenants a refusal is about; undefined where something else is wrong as well, or instead. */
function namedIn(errors: readonly ProblemReason[]): Map<number, string> | undefined {
  const named = errors.map(
    ({ pointer, code }) => [Number(TENANT.exec(pointer)?.[1]), code] as const,
  )
  const isAll = named.length > 0 && named.every(([index]) => Number.isInteger(index))
  return isAll ? new Map(named) : undefined
}

function complete(rows: readonly GoodRow[], outcomes: Map<number, Outcome>): Map<number, Outcome> {
  for (const { row } of rows) if (!outcomes.has(row)) outcomes.set(row, { kind: 'not-sent' })
  return outcomes
}
