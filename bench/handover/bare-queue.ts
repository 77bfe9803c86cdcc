import { join } from 'node:path'
import { createPostgresBackend, createRedisBackend, runMigrations, withBackend } from 'bullmq'
import pg from 'pg'
import type { Options } from '../part.ts'
import { type Running, startNode } from '../system/program.ts'
import type { BareSettings } from './bare.ts'
import { type Message, QUEUE } from './messages.ts'
import { told } from './told.ts'

/** A BullMQ worker in a process of its own, with its queue. */
export interface BareQueue {
  running: Running
  /** Puts one job a message in the queue; none is taken yet. */
  add(messages: Message[]): Promise<void>
  /** Lets the worker go until so many jobs are done. */
  run(count: number): Promise<void>
}

export async function startBare(
  settings: BareSettings,
  { atEnd }: Pick<Options, 'atEnd'>,
): Promise<BareQueue> {
  const { engineUrl } = settings
  const isRedis = engineUrl.startsWith('redis')
  if (!isRedis) await prepareQueue(engineUrl)
  const running = startNode({
    file: join(import.meta.dirname, 'bare.ts'),
    args: [JSON.stringify(settings)],
  })
  atEnd(() => running.stop())
  await told(running, 'ready')
  const queue = isRedis ? redisQueue(engineUrl) : postgresQueue(engineUrl)
  // What cannot be done fails where it is asked for.
  queue.on('error', () => {})
  atEnd(() => queue.close())
  return {
    running,
    add: async messages => {
      await queue.pause()
      const opts = { removeOnComplete: true, attempts: 8 }
      const jobs = messages.map(data => ({ name: 'send', data, opts }))
      for (let i = 0; i < jobs.length; i += 500) await queue.addBulk(jobs.slice(i, i + 500))
    },
    run: async count => {
      const done = told(running, 'done')
      running.child.send({ expect: count })
      await queue.resume()
      await done
    },
  }
}

function redisQueue(url: string) {
  const { Queue } = withBackend(createRedisBackend)
  return new Queue<Message>(QUEUE, { connection: { url } })
}

function postgresQueue(url: string) {
  const { Queue } = withBackend(createPostgresBackend)
  const connection = { connectionString: url, schema: QUEUE, max: 2 }
  return new Queue<Message>(QUEUE, { connection })
}

async function prepareQueue(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await runMigrations(client, QUEUE)
  await client.end()
}
