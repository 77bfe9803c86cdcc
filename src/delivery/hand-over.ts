import type { Retries } from '../access/party-types.ts'
import type { Context } from '../context.ts'
import { untilStored } from '../db/away.ts'
import { DEFAULT_RETRIES, parseRetryAfter, retryDelay } from './backoff.ts'
import { signOf } from './circuit.ts'
import { type Claimed, claimDue } from './claim.ts'
import { asksEnvelope, NO_ENCRYPTION_KEY } from './envelope.ts'
import { OutboundError, type OutboundResponse } from './outbound.ts'
import { buildParcels, type Missing, type Parcel } from './parcel.ts'
import { PeerTokenError } from './peer-token.ts'
import { decideAgain } from './recheck.ts'
import { type Result, recordResults } from './results.ts'
import { Slots } from './slots.ts'

// A detection request is up to a few hundred kilobytes, an event well under one. A turn begins small: of a
// destination that is not well, few are in hand when that shows.
const FIRST_BATCH = 16
const BATCH = 32
const BATCHES_A_TURN = 8
// While one batch is sent, another is claimed or recorded.
const BATCHES_AT_ONCE = 2
// Calls to one destination at once. What waits for that has to be through well within its lease.
const CALLS_AT_ONCE = 32
// The close waits a little longer than this for what is in hand.
const GRACE_MS = 4_000
// Seconds until a webhook that was gone just now is looked for again.
const LOOK_AGAIN = 5

/** Tells the peer which try this is: for tracing, never for its deduplication. */
export const ATTEMPT_HEADER = 'X-Huisbrug-Attempt'

/**
 * Hands over what is due for one destination, in batches, until nothing is or its turn is over;
 * then another destination gets the slot. A destination that fails is paused for all processes.
 */
export async function handOverDue(
  context: Context,
  destination: string,
  signal: AbortSignal,
): Promise<void> {
  const slots = new Slots(CALLS_AT_ONCE)
  let batches = 0
  const handOver = (limit: number) => {
    batches += 1
    return handOverBatch(context, destination, { limit, slots, signal })
  }
  let found = await handOver(FIRST_BATCH)
  if (found === 'works-again') found = await handOver(FIRST_BATCH)
  if (found === 'all') return
  const untilAll = async (): Promise<boolean> => {
    while (batches < BATCHES_A_TURN && !signal.aborted) {
      if ((await handOver(BATCH)) === 'all') return true
    }
    return false
  }
  const ended = await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, untilAll))
  if (ended.includes(false)) await context.wakeUps.wake([destination])
}

interface Turn {
  limit: number
  slots: Slots
  signal: AbortSignal
}

/** Whether that was all that is due, or more may be. */
async function handOverBatch(
  context: Context,
  destination: string,
  { limit, slots, signal }: Turn,
): Promise<'all' | 'more' | 'works-again'> {
  // What may not leave stays as it is, and is found due again.
  if (!(await context.disclosures.isOpen())) return 'all'
  const batch = await claimDue(context, destination, limit)
  if (batch.length === 0) return 'all'
  // What is claimed goes on or back, also where the database is away for a while now.
  const stop = soonAfter(signal)
  const prepare = () => prepareParcels(context, destination, batch)
  const { parcels, schedule } = await untilStored(prepare, stop)
  const how = { schedule, stop }
  const results = await Promise.all(
    batch.map(it => slots.run(() => timed(context, it, parcels.get(it.id), how))),
  )
  const record = () => recordResults(context, destination, batch, results)
  const { worksAgain } = await untilStored(record, stop)
  for (const result of results) context.metrics.handedOver(result.state)
  if (worksAgain) return 'works-again'
  return batch.length < limit ? 'all' : 'more'
}

async function prepareParcels(context: Context, destination: string, batch: Claimed[]) {
  const parcels = await buildParcels(context, destination, batch)
  const schedule = (await context.parties.find(destination))?.retries ?? DEFAULT_RETRIES
  return { parcels, schedule }
}

interface How {
  schedule: Retries
  /** Gives up what is still waited for. */
  stop: AbortSignal
}

// One for the whole life of the process, not one for each batch.
const soonAfterOf = new WeakMap<AbortSignal, AbortSignal>()

/** Fires some seconds after the other, so that what is nearly done can be. */
function soonAfter(signal: AbortSignal): AbortSignal {
  const known = soonAfterOf.get(signal)
  if (known) return known
  const soon = new AbortController()
  soonAfterOf.set(signal, soon.signal)
  const wait = () => setTimeout(() => soon.abort(), GRACE_MS).unref()
  if (signal.aborted) wait()
  else signal.addEventListener('abort', wait, { once: true })
  return soon.signal
}

async function timed(
  context: Context,
  handOver: Claimed,
  parcel: Parcel | Missing | undefined,
  how: How,
): Promise<Result> {
  const started = performance.now()
  const result = await attempt(context, handOver, parcel, how)
  const milliseconds = Math.round(performance.now() - started)
  const { state: outcome, status, reason } = result
  const { id, attemptId, destination } = handOver
  const line = {
    handOver: id,
    attempt: attemptId,
    destination,
    outcome,
    status,
    reason,
    milliseconds,
  }
  if (outcome === 'delivered') context.log.debug('handed over', line)
  else context.log.warn('a hand-over failed', line)
  return { ...result, milliseconds }
}

async function attempt(
  context: Context,
  handOver: Claimed,
  parcel: Parcel | Missing | undefined,
  { schedule, stop }: How,
): Promise<Result> {
  const { id } = handOver
  if (parcel === 'no-webhook') return { id, state: 'retrying', reason: parcel, delay: LOOK_AGAIN }
  if (typeof parcel === 'string') return retryOrPark(handOver, schedule, { reason: parcel })
  if (!parcel) return { id, state: 'withdrawn', reason: 'HB-405' }
  try {
    const headers = { ...(await parcel.headers()), [ATTEMPT_HEADER]: handOver.attemptId }
    const party = await context.parties.find(handOver.destination)
    // A party that was shut out gets nothing: what waits for it waits on.
    if (party?.disabledAt) return { id, state: 'retrying', reason: 'party-disabled', delay: 0 }
    // Getting a token may have taken long: what was suspended meanwhile does not leave. Nothing is waited
    // for between this and the call.
    const { outcome, code = '' } = decideAgain(context, handOver)
    if (outcome !== 'go') return { id, state: 'retrying', reason: code, delay: 0 }
    // Nor does it leave bare where the protocol asks for an envelope by now.
    const bare = !parcel.sealed && asksEnvelope(context, handOver)
    if (bare) return { id, state: 'retrying', reason: NO_ENCRYPTION_KEY, delay: 0 }
    const { url, body } = parcel
    const { networks } = party ?? {}
    const request = { method: 'POST', url, headers, body, networks, signal: stop } as const
    const response = await context.outbound.request(request)
    if (response.status === 401) await parcel.unauthorized()
    return judge(context, handOver, response, { url, schedule })
  } catch (error) {
    // It may have arrived: the next process tries it at once, with the same id.
    if (stop.aborted) return { id, state: 'retrying', reason: 'stopped', delay: 0 }
    return noAnswer(handOver, error, schedule)
  }
}

/** What an answer means for the hand-over, and what it says of the destination. */
function judge(
  context: Context,
  handOver: Claimed,
  { status, headers }: OutboundResponse,
  { url, schedule }: { url: string; schedule: Retries },
): Result {
  const { id } = handOver
  const retryAfter = parseRetryAfter(headers['retry-after'], context.clock())
  const sign = signOf(status, retryAfter)
  if (status >= 200 && status < 300) return { id, state: 'delivered', status, sign }
  const reason = `http-${status}`
  if (status === 410 && handOver.kind === 'event') return gone(handOver, url)
  // 401 may be a token that was revoked, 408 and 425 ask for another try; other 4xx will not change.
  if (sign === 'alive') return { id, state: 'parked', status, reason, sign }
  return retryOrPark(handOver, schedule, { status, reason, sign, retryAfter })
}

// The webhook wants nothing any more: what waits for it waits in the inbox, or for another webhook.
function gone({ id, deliveredAt }: Claimed, url: string): Result {
  const state = deliveredAt ? 'parked' : 'retrying'
  return { id, state, status: 410, reason: 'http-410', gone: url, delay: 0 }
}

function noAnswer(handOver: Claimed, error: unknown, schedule: Retries): Result {
  const known = error instanceof OutboundError || error instanceof PeerTokenError
  const status = known ? error.status : undefined
  const reason =
    error instanceof OutboundError
      ? error.reason
      : error instanceof PeerTokenError
        ? 'token'
        : 'unreachable'
  return retryOrPark(handOver, schedule, {
    reason,
    // What went wrong on our side says nothing of the peer.
    ...(known && { sign: 'failing' as const }),
    ...(status !== undefined && { status }),
  })
}

function retryOrPark(
  handOver: Claimed,
  schedule: Retries,
  outcome: Pick<Result, 'status' | 'reason' | 'sign' | 'retryAfter'>,
): Result {
  const { id, tries } = handOver
  if (tries >= schedule.tries) return { id, state: 'parked', ...outcome }
  const delay = retryDelay(tries, Math.random(), outcome.retryAfter, schedule)
  return { id, state: 'retrying', delay, ...outcome }
}
