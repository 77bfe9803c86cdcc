import winston from 'winston'
import { REDACTED, redactLine, redactMember } from './log-redact.ts'

export type Logger = winston.Logger

/** What a log may say of an error that nobody expected. */
export interface Fault {
  error: string
  code: string
  stack: string[]
}

const FRAMES = 8
// `at name (file:1:2)`, `at async file:1:2`: what comes before the last such block may be a message.
const FRAME = /^\s+at .+:\d+:\d+\)?$|^\s+at .+\((native|<anonymous>|index \d+)\)$/
const NAME = /^[A-Za-z]\w{0,63}$/
// Of Node, of PostgreSQL (five characters), of this program (HB-901, key-not-published).
const CODE = /^([A-Z]\w{0,63}|[0-9A-Z]{5}|HB-\d{3}|[a-z]+(-[a-z]+)*)$/

/**
 * Where and of which kind an error is: what a log may say of it. Its message and cause may quote input,
 * and are left out; so is all else that has not the form of a name, a code or a frame.
 */
export function faultOf(thrown: unknown): Fault {
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  const code = String((error as { code?: unknown }).code ?? '')
  const lines = String(error.stack ?? '')
    .replace(error.message, '')
    .split('\n')
  const frames = lines.slice(lines.findLastIndex(line => !FRAME.test(line)) + 1)
  return {
    error: NAME.test(error.name) ? error.name : 'Error',
    code: CODE.test(code) ? code : '',
    stack: frames.slice(0, FRAMES),
  }
}

const LINE = Symbol.for('message')

// An error that was given as it is: its message may quote input. Who wants it told calls faultOf.
const withoutMessages = winston.format(info =>
  typeof info['stack'] === 'string'
    ? { ...info, message: 'an error', stack: REDACTED, cause: undefined }
    : info,
)

const { levels } = winston.config.npm

// A line that no one will see is not made.
const seen = winston.format((info, options) => {
  const most = levels[(options as { level: string }).level] ?? Infinity
  return (levels[info.level] ?? 0) <= most && info
})

const redacted = winston.format(info => {
  info[LINE] = redactLine(String(info[LINE]))
  return info
})

/**
 * The process's log: one JSON object a line on standard error, UTC. It never takes payload values,
 * tokens, keys or national numbers: callers log ids, codes and counts. What has such a name or form all
 * the same is taken out, as a last line of defence.
 */
export function createLogger(level: string, sink?: NodeJS.WritableStream): Logger {
  const transport = sink
    ? new winston.transports.Stream({ stream: sink })
    : new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })
  return winston.createLogger({
    level,
    format: winston.format.combine(
      seen({ level }),
      withoutMessages(),
      winston.format.timestamp(),
      winston.format.json({ replacer: redactMember }),
      redacted(),
    ),
    transports: [transport],
  })
}
