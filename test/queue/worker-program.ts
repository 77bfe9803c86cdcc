// A worker process that takes one wake-up and never ends it: argument 1 is the queue's URL.
import { createWakeUps } from '../../src/queue/queue.ts'
import { testLog } from '../support/log.ts'

const url = process.argv[2] as string
const wakeUps = await createWakeUps({
  databaseUrl: url,
  queueUrl: url,
  log: testLog().log,
  dueDestinations: async () => ['vdab'],
})
const never = async (destination: string) => {
  process.stdout.write(`${destination}\n`)
  await new Promise(() => {})
}
wakeUps.work(never, { concurrency: 1 })
