import type { HuisbrugClient } from '../client/client.ts'
import type { DetectionRequest } from '../client/types.ts'
import type { Exchange } from './exchange.ts'
import { createPopulation, type Population, type SyntheticTenant } from './population.ts'
import { RetryingQueue, replyOrRefusal } from './retrying-queue.ts'
import { type Batch, inBatches, type SendingPlan } from './sending-plan.ts'

export interface BatchSenderOptions {
  client: HuisbrugClient
  plan: SendingPlan
  exchange: Exchange
  /** Party id of the housing company. */
  company: string
  population: Population
  /** `YYYY-MM-DD`: today. */
  referenceDate: string
  onChange(): void
}

const AT_ONCE = 2
const PERIOD_CLOSED = 'HB-509'

/**
 * Sends the company's tenants in the target group, at most 1,000 a request: first what was on its
 * way when the last run ended, then who was not sent yet; then closes the period. Without a refusal
 * everybody is sent once, however often it runs.
 * @returns how many tenants were not sent, because the period was closed before or a request was
 *   refused
 */
export async function sendPeriod(options: BatchSenderOptions): Promise<number> {
  const { plan, population } = options
  const queue = createQueue(options)
  const wanted = targetGroupOf(population, options.company).map(tenant => tenant.tenantRef)
  queue.add(...plan.unsettled().map(batch => ({ batch })))
  await queue.idle()
  if (!plan.isClosed) {
    queue.add(...inBatches(plan.notYetSent(wanted)).map(refs => ({ refs })))
    await queue.idle()
  }
  const left = plan.notYetSent(wanted).length
  if (!plan.isClosed && left === 0) {
    queue.add('close')
    await queue.idle()
  }
  return left
}

interface Sending {
  refs?: string[]
  /** Written down before the first try, so that every further one repeats it. */
  batch?: Batch
}

function createQueue(options: BatchSenderOptions): RetryingQueue<Sending | 'close'> {
  const { plan, population, referenceDate } = options
  return new RetryingQueue<Sending | 'close'>({
    atOnce: AT_ONCE,
    onSettled: options.onChange,
    settle: async sending => {
      if (sending === 'close') return closePeriod(options)
      const { seed } = population
      const size = population.tenants.length
      const { refs = [] } = sending
      sending.batch ??= await plan.add({ seed, population: size, referenceDate, refs })
      await sendBatch(options, sending.batch)
    },
  })
}

async function sendBatch(options: BatchSenderOptions, batch: Batch): Promise<void> {
  const { client, plan, exchange } = options
  const request = requestOf(batch, exchange, populationOf(batch, options.population))
  const { key, nonce } = batch
  const outcome = await replyOrRefusal(client.detect(request, { idempotencyKey: key, nonce }))
  if (outcome.code === undefined) {
    const { messageId, accepted, refused } = outcome.reply
    await plan.settle({ key, messageId, accepted, refused: refused.length })
    return
  }
  await plan.settle({ key, accepted: 0, refused: batch.refs.length, code: outcome.code })
  if (outcome.code === PERIOD_CLOSED) await plan.close()
}

// A batch of an earlier run may be of another population.
function populationOf(batch: Batch, current: Population): Population {
  const isCurrent = batch.seed === current.seed && batch.population === current.tenants.length
  return isCurrent ? current : createPopulation(batch.seed, batch.population)
}

async function closePeriod({ client, plan, exchange, ...rest }: BatchSenderOptions): Promise<void> {
  const period = rest.referenceDate.slice(0, 7)
  await replyOrRefusal(client.closePeriod(exchange.protocol, period))
  await plan.close()
}

/** The company's tenants who are in the target group. */
export function targetGroupOf(population: Population, company: string): SyntheticTenant[] {
  return population.tenants.filter(tenant => tenant.company === company && tenant.inTargetGroup)
}

/** The request of a batch: the same for the same batch, to the byte. */
export function requestOf(
  batch: Batch,
  exchange: Exchange,
  population: Population,
): DetectionRequest {
  const byRef = new Map(population.tenants.map(tenant => [tenant.tenantRef, tenant]))
  const tenants = batch.refs.map(ref => {
    const tenant = byRef.get(ref)
    if (!tenant) throw new Error('a batch names a tenant that its population does not have')
    return { insz: tenant.insz, tenantRef: ref, tenantGround: tenant.tenantGround }
  })
  return { ...exchange, referenceDate: batch.referenceDate, tenants }
}
