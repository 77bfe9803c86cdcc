// A program that does nothing but run the embedded PostgreSQL: argument 1 is its data folder.
import { startEmbedded } from '../../src/db/embedded.ts'
import type { Logger } from '../../src/log.ts'

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const note = (message: string) => say({ note: message })
const log = { info: note, warn: note, error: note } as unknown as Logger

try {
  const database = await startEmbedded(process.argv[2] as string, log)
  process.on('SIGTERM', () => database.stop().then(() => process.exit(0)))
  say({ url: database.url })
} catch (error) {
  say({ error: (error as Error).message })
  process.exitCode = 1
}
