import { Writable } from 'node:stream'
import { createLogger, type Logger } from '../../src/log.ts'
import { keepLines } from './kept-log.ts'

export interface TestLog {
  log: Logger
  /** Everything written so far, a line each. */
  lines: { level: string; message: string; [field: string]: unknown }[]
}

/** The program's own logger, its lines kept for the test. */
export function testLog(level = 'debug'): TestLog {
  const lines: TestLog['lines'] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      keepLines(chunk)
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line))
      done()
    },
  })
  return { log: createLogger(level, sink), lines }
}
