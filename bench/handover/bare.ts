import { createPostgresBackend, createRedisBackend, type Job, withBackend } from 'bullmq'
import { Signing } from '../../src/access/signing.ts'
import { readConfig } from '../../src/config.ts'
import { createOutbound } from '../../src/delivery/outbound.ts'
import { signatureHeader } from '../../src/delivery/sign.ts'
import { findSecrets } from '../../src/delivery/webhook-secrets.ts'
import { webhookHeaders } from '../../src/delivery/webhook-signature.ts'
import { createLogger } from '../../src/log.ts'
import { openStore } from '../../src/parts.ts'
import { type Message, QUEUE } from './messages.ts'

// A program of its own: `node bench/handover/bare.ts <settings>`, forked. A BullMQ worker and nothing else:
// one job per message, sent with the product's own client, body and signatures; a job that is done is removed.

/** What the program is told as its one argument, JSON. */
export interface BareSettings {
  /** Of the gateway, for its keys. */
  settings: Record<string, string>
  engineUrl: string
  concurrency: number
}

const { settings, engineUrl, concurrency } = JSON.parse(process.argv[2] ?? '{}') as BareSettings
const config = readConfig(settings)
const log = createLogger('error')
const store = await openStore(config, log)
const context = {
  config,
  clock: () => new Date(),
  keys: store.keys,
  signing: new Signing(store.keys),
}
const outbound = createOutbound({ allowLoopback: true, log })

async function send({ data }: Job<Message>): Promise<void> {
  const { to, url, id, body, isEvent } = data
  const headers = isEvent
    ? {
        'Content-Type': 'application/cloudevents+json',
        ...webhookHeaders(id, context.clock(), body, await findSecrets(context, to, false)),
      }
    : { 'Content-Type': 'application/json', 'Idempotency-Key': id, Authorization: 'Bearer peer' }
  const signature = await signatureHeader(context, { to, url, id, body })
  const all = { ...headers, ...signature }
  const { status } = await outbound.request({ method: 'POST', url, headers: all, body })
  if (status !== 202) throw new Error(`answered ${status}`)
}

const isRedis = engineUrl.startsWith('redis')
const options = {
  concurrency,
  autorun: false,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
}
const worker = isRedis ? redisWorker() : postgresWorker()
await worker.waitUntilReady()

let left = 0
worker.on('completed', () => {
  left -= 1
  if (left === 0) process.send?.({ done: true })
})
worker.on('failed', (_, error) => process.send?.({ failed: error.message }))
worker.on('error', error => process.send?.({ failed: error.message }))
let running: Promise<void> | undefined
process.on('message', ({ expect }: { expect: number }) => {
  left = expect
  if (running) worker.resume()
  else running = worker.run()
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })

function redisWorker() {
  const { Worker } = withBackend(createRedisBackend)
  const connection = { url: engineUrl, maxRetriesPerRequest: null }
  return new Worker<Message>(QUEUE, send, { connection, ...options })
}

function postgresWorker() {
  const { Worker } = withBackend(createPostgresBackend)
  const connection = { connectionString: engineUrl, schema: QUEUE, max: 10 }
  return new Worker<Message>(QUEUE, send, { connection, ...options })
}
