import { open } from 'node:fs/promises'

/** A log of JSON lines in a file. */
export interface Log {
  info(message: string, fields: object): void
  error(message: string, fields: object): void
  close(): Promise<void>
}

/** How long lines are gathered before they are written, as asynchronous loggers do. */
const GATHER_MS = 20

/** Opens the log at the end of a file. */
export async function openLog(path: string): Promise<Log> {
  const file = await open(path, 'a')
  let lines: string[] = []
  let writing = Promise.resolve()
  const flush = () => {
    const text = lines.join('')
    lines = []
    writing = writing.then(() => file.appendFile(text))
  }
  const write = (level: string, message: string, fields: object) => {
    if (lines.length === 0) setTimeout(flush, GATHER_MS)
    lines.push(`${JSON.stringify({ time: Date.now(), level, message, ...fields })}\n`)
  }
  return {
    info: (message, fields) => write('info', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: async () => {
      flush()
      await writing
      await file.close()
    },
  }
}
