// One ordinary program, API and worker in one process. Started with an IPC channel and its settings as its
// argument, JSON; tells its port, and ends on SIGTERM or when the channel does.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createApi } from './api.ts'
import { openLog } from './log.ts'
import { createPoster } from './post.ts'
import { createPseudonyms } from './pseudonym.ts'
import { openQueue } from './queue.ts'
import type { OrdinarySettings } from './settings.ts'

const settings = JSON.parse(process.argv[2] ?? '{}') as OrdinarySettings
const log = await openLog(settings.logFile)
const pseudonyms = createPseudonyms(settings.hashing, settings.threads)
const queue = openQueue(settings, createPoster(settings), log)
const api = await createApi({ settings, pseudonyms, queue, log })
const server = api.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })

process.once('SIGTERM', end)
process.once('disconnect', end)

async function end(): Promise<void> {
  server.close()
  server.closeAllConnections()
  await queue.close()
  await pseudonyms.close()
  await log.close()
  process.exit()
}
