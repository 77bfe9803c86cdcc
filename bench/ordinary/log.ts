import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** A log of JSON lines in a file, written by a stream that gathers what comes while it writes. */
export interface Log {
  info(message: string, fields: object): void
  error(message: string, fields: object): void
  close(): Promise<void>
}

/** Opens the log at the end of a file. */
export function openLog(file: string): Log {
  const stream = createWriteStream(file, { flags: 'a' })
  const write = (level: string, message: string, fields: object) => {
    stream.write(`${JSON.stringify({ time: Date.now(), level, message, ...fields })}\n`)
  }
  return {
    info: (message, fields) => write('info', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: async () => {
      stream.end()
      await finished(stream)
    },
  }
}
