import { Queue, UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Log } from './log.ts'
import type { Poster } from './post.ts'
import { CONCURRENCY, type Forward, type OrdinarySettings, RETRIES } from './settings.ts'

const NAME = 'forward'

/** A queue on Redis with its worker, in one process. */
export interface ForwardQueue {
  add(forwards: readonly Forward[]): Promise<void>
  close(): Promise<void>
}

/** Opens both: whatever is added is posted, and tried again where that fails. */
export function openQueue(settings: OrdinarySettings, post: Poster, log: Log): ForwardQueue {
  const { redisUrl, jobs } = settings
  const queue = new Queue<Forward>(NAME, {
    connection: new Redis(redisUrl, { enableAutoPipelining: true, maxRetriesPerRequest: null }),
    defaultJobOptions: { ...RETRIES, removeOnComplete: true, removeOnFail: 10_000 },
    streams: { events: { maxLen: 100 } },
  })
  const worker = new Worker<Forward>(
    NAME,
    async ({ id, data, attemptsMade }) => {
      const started = performance.now()
      const status = await post(data)
      const milliseconds = Math.round(performance.now() - started)
      const { messageId, rows } = data
      const line = { job: id, messageId, tenants: rows.length, attempt: attemptsMade + 1 }
      log.info('posted', { ...line, status, milliseconds })
      if (status >= 300) throw failureOf(status)
    },
    {
      connection: new Redis(redisUrl, { enableAutoPipelining: true, maxRetriesPerRequest: null }),
      concurrency: CONCURRENCY[jobs],
    },
  )
  worker.on('failed', (job, error) => log.error('failed', { job: job?.id, reason: error.message }))
  worker.on('error', error => log.error('the queue failed', { reason: error.message }))
  return {
    add: async forwards => {
      await queue.addBulk(forwards.map(data => ({ name: 'forward', data })))
    },
    close: async () => {
      await worker.close()
      await queue.close()
    },
  }
}

/** Too many requests and faults of the peer pass; any other refusal stays one. */
function failureOf(status: number): Error {
  const text = `status ${status}`
  return status === 429 || status >= 500 ? new Error(text) : new UnrecoverableError(text)
}
