import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Options } from '../part.ts'
import { scratchFolder } from '../scratch.ts'
import { prepareLoad } from '../system/drive.ts'
import { type Running, startNode } from '../system/program.ts'
import type { Batch, Sender } from '../system/requests.ts'
import type { MessageSet } from './contest.ts'
import type { Expected, ReceiverTold } from './receiver.ts'

/** What each side has around it. */
export interface Stage {
  options: Options
  /** Of all sides, gone at the end. */
  folder: string
  receiver: Receiver
}

/** The employment service, in a process of its own. */
export interface Receiver {
  baseUrl: string
  tokenUrl: string
  /** Starts counting anew; the promise is kept once so many tenants came. */
  expect(tenants: number): Promise<void>
}

/** Connections of those who send, each with one message under way. */
const CONNECTIONS = 4
const ARRIVE_MS = 120_000

/** Makes the folder and starts the employment service. */
export async function setStage(options: Options): Promise<Stage> {
  const folder = scratchFolder(options)
  const file = fileURLToPath(new URL('./receiver.ts', import.meta.url))
  const running = startNode({ file })
  options.atEnd(() => running.stop())
  const { port } = (await told(running)) as { port: number }
  const baseUrl = `http://127.0.0.1:${port}`
  const expect = async (tenants: number) => {
    running.child.send({ tenants } satisfies Expected)
    await told(running)
  }
  return { options, folder, receiver: { baseUrl, tokenUrl: `${baseUrl}/token`, expect } }
}

async function told({ child }: Running): Promise<ReceiverTold> {
  const signal = AbortSignal.timeout(ARRIVE_MS)
  const [message] = await once(child, 'message', { signal }).catch(() => {
    throw new Error('not all of it arrived in two minutes')
  })
  return message as ReceiverTold
}

/** Where a side takes requests, and with which tokens. */
export interface Entrance {
  url: string
  senders: readonly Sender[]
}

/**
 * Sends a set to a side, all of it prepared beforehand.
 * @param recorded waits, once all arrived, until the side has recorded that it did
 * @returns seconds from the first request
 */
export async function sendSet(
  { receiver }: Pick<Stage, 'receiver'>,
  { url, senders }: Entrance,
  { messages, tenants, firstPerson }: MessageSet,
  recorded: () => Promise<void> = async () => {},
): Promise<number> {
  const batch: Batch = { senders, requests: messages, tenants, firstPerson }
  const connections = Math.min(CONNECTIONS, messages)
  const load = await prepareLoad({ url, path: '/v1/detections', connections, batch })
  const arrived = receiver.expect(messages * tenants)
  const started = performance.now()
  const sent = load.run()
  await Promise.all([sent, arrived.then(recorded)])
  return (performance.now() - started) / 1_000
}
