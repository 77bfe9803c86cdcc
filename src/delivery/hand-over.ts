import type { Context } from '../context.ts'
import { MAX_ATTEMPTS, parseRetryAfter, retryDelay } from './backoff.ts'
import { claimDue } from './claim.ts'
import type { OutboundResponse } from './outbound.ts'
import type { HandOver } from './outbox.ts'
import { buildParcels, type Parcel } from './parcel.ts'
import { decideAgain } from './recheck.ts'
import { type Result, recordResults } from './results.ts'

// A detection request is up to a few hundred kilobytes, an event well under one.
const BATCH = 16
const BATCHES_A_TURN = 8

/**
 * Hands over what is due for one destination, in batches, until nothing is or its turn is over;
 * then another destination gets the slot.
 */
export async function handOverDue(
  context: Context,
  destination: string,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; turn < BATCHES_A_TURN && !signal.aborted; turn++) {
    const batch = await claimDue(context, destination, BATCH)
    if (batch.length === 0) return
    const parcels = await buildParcels(context, destination, batch)
    const results = await Promise.all(
      batch.map(handOver => attempt(context, handOver, parcels.get(handOver.id))),
    )
    await recordResults(context, batch, results)
    for (const result of results) context.metrics.handedOver(result.state)
    if (batch.length < BATCH) return
  }
  await context.wakeUps.wake([destination])
}

async function attempt(
  context: Context,
  handOver: HandOver,
  parcel: Parcel | 'no-webhook' | undefined,
): Promise<Result> {
  if (parcel === 'no-webhook') return retryOrPark(handOver, { reason: parcel })
  if (!parcel) return { id: handOver.id, state: 'withdrawn', reason: 'HB-405' }
  try {
    const headers = await parcel.headers()
    // Getting a token may have taken long: what was suspended meanwhile does not leave.
    const { outcome, code = '' } = decideAgain(context, handOver)
    if (outcome !== 'go') return { id: handOver.id, state: 'retrying', reason: code, delay: 0 }
    const { url, body } = parcel
    const response = await context.outbound.request({ method: 'POST', url, headers, body })
    if (response.status === 401) await parcel.unauthorized()
    return judge(context, handOver, response)
  } catch (error) {
    const reason = (error as { reason?: string }).reason ?? 'unreachable'
    context.log.warn('a hand-over failed', { handOver: handOver.id, reason })
    return retryOrPark(handOver, { reason })
  }
}

function judge(context: Context, handOver: HandOver, response: OutboundResponse): Result {
  const { status } = response
  if (status >= 200 && status < 300) return { id: handOver.id, state: 'delivered', status }
  const reason = `http-${status}`
  // 401 may be a token that was revoked, 408 and 425 ask for another try; other 4xx will not change.
  const mayChange = status >= 500 || [401, 408, 425, 429].includes(status) || status < 400
  if (!mayChange) return { id: handOver.id, state: 'parked', status, reason }
  const wait = parseRetryAfter(response.headers['retry-after'], context.clock())
  return retryOrPark(handOver, { status, reason }, wait)
}

function retryOrPark(
  handOver: HandOver,
  outcome: Pick<Result, 'status' | 'reason'>,
  retryAfter = 0,
): Result {
  if (handOver.attempts >= MAX_ATTEMPTS) return { id: handOver.id, state: 'parked', ...outcome }
  const delay = retryDelay(handOver.attempts, Math.random(), retryAfter)
  return { id: handOver.id, state: 'retrying', delay, ...outcome }
}
