import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { REDACTED, redactLine } from '../../src/log-redact.ts'
import { NumberFinder } from '../../src/sandbox/number-finder.ts'

/** Where the lines of a run are kept until they were looked through. */
const VARIABLE = 'HUISBRUG_TEST_LOGS'

/** What is a value of a payload, a pseudonym or a secret, by the name it has in a body. */
const VALUES = new Set([
  ...['insz', 'tenantRef', 'clientRef', 'dossier', 'nonce', 'tag', 'secret', 'subjectTag', 'rowId'],
  ...['row', 'ciphertext', 'blinded', 'evaluated', 'found', 'proof', 'paper', 'client_assertion'],
])
const LONGEST_FORM = 16_384
// A shorter one stands there by chance.
const SHORTEST_PART = 6
const MOST_PARTS = 16
// A word of a language, a party or a small number stands in a log for other reasons.
const TELLING = /^(?=.*\d)(?=.*[A-Za-z]|.{8})[\w.+/=-]{3,}$/

/** By these headers a call can be followed from one machine to the next: they are kept as a log is. */
const TRACES = [
  ...[
    'x-request-id',
    'x-correlation-id',
    'traceparent',
    'tracestate',
    'baggage',
    'b3',
    'x-b3-traceid',
  ],
  ...['server-timing', 'webhook-id', 'idempotency-key', 'user-agent', 'referer', 'from', 'via'],
]

/** These put values where they must not be, to show that they would be found. */
const PLANTING = ['no-leak/leaks.test.ts']

/** Makes the folder; called once per run, before the workers start. */
export function makeLogFolder(): void {
  process.env[VARIABLE] = mkdtempSync(join(tmpdir(), 'huisbrug-logs-'))
}

function fileOf(kind: string): string | undefined {
  const folder = process.env[VARIABLE]
  if (!folder) return undefined
  const test = expect.getState().testPath?.replace(/^.*\/test\//, '')
  if (!test || PLANTING.includes(test)) return undefined
  return join(folder, `${test.replaceAll('/', '__')}.${kind}`)
}

/** Keeps what a test logged. */
export function keepLines(chunk: Buffer | string): void {
  const file = fileOf('log')
  if (file) appendFileSync(file, chunk)
}

/** Has the body and the token of a request looked for in the log, without reading it for the program. */
export function watchRequest(request: IncomingMessage): void {
  const chunks: Buffer[] = []
  const push = request.push.bind(request)
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    if (chunk) chunks.push(chunk)
    else keepValues(valuesIn(Buffer.concat(chunks).toString(), request.headers.authorization))
    return push(chunk, encoding)
  }
}

/** Keeps by which names a reply can be followed, once it is sent. */
export function watchReply(response: ServerResponse): void {
  response.once('finish', () => keepTraces([response.getHeaders()]))
}

/** The same for what peers received. */
export function watchReceived(received: readonly { raw: string; headers: object }[]): void {
  keepTraces(received.map(({ headers }) => headers as OutgoingHttpHeaders))
  const values = received.flatMap(({ raw, headers }) =>
    valuesIn(raw, (headers as { authorization?: string }).authorization),
  )
  keepValues(values)
}

function keepTraces(all: readonly OutgoingHttpHeaders[]): void {
  const lines = all.flatMap(headers =>
    TRACES.flatMap(name => (name in headers ? [`${name}: ${String(headers[name])}\n`] : [])),
  )
  if (lines.length > 0) keepLines(lines.join(''))
}

/** Has these looked for in the log: keys, of the parties and of the gateway. */
export function keepSecrets(secrets: readonly (string | undefined)[]): void {
  keepValues(secrets.filter(secret => secret !== undefined))
}

function keepValues(values: readonly string[]): void {
  const file = fileOf('values')
  if (file && values.length > 0) appendFileSync(file, `${[...new Set(values)].join('\n')}\n`)
}

function valuesIn(text: string, authorization = ''): string[] {
  const values: string[] = []
  const token = authorization.split(' ')[1]
  if (token) values.push(token)
  const take = (value: unknown, isValue: boolean): void => {
    if (typeof value === 'string') {
      if (isValue && TELLING.test(value)) values.push(value)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        take(member, VALUES.has(name) || (Array.isArray(value) && isValue))
      }
    }
  }
  try {
    take(JSON.parse(text), false)
  } catch {
    // A token request is a form; of other text no member is known.
    take(Object.fromEntries(new URLSearchParams(text.slice(0, LONGEST_FORM))), false)
  }
  return values
}

/** What a text of log lines holds that it must not; each fault once. */
export function faultsIn(text: string, values: ReadonlySet<string>): string[] {
  const faults = new Set<string>()
  // What is left of such a line may be shown.
  const taken = text.split('\n').find(line => line.includes(REDACTED))
  if (taken) faults.add(`the logger had to take something out: ${redactLine(taken)}`)
  if (redactLine(text) !== text) faults.add('the form of a token, key or national number')
  const numbers = new Set<string>()
  new NumberFinder([...values].filter(value => /^\d{11}$/.test(value))).findInText(text, numbers)
  if (numbers.size > 0) faults.add('a national number of a request')
  for (const [word] of text.matchAll(/[\w.+/=-]{3,}/g)) {
    if (holdsAny(word, values)) faults.add('a value of a request')
  }
  return [...faults]
}

// As a part of a path or a header too: any run of parts between marks that a value may itself hold.
function holdsAny(word: string, values: ReadonlySet<string>): boolean {
  if (values.has(word)) return true
  const ends = [...word.matchAll(/[.+/=-]|$/g)].map(({ index }) => index).slice(0, MOST_PARTS)
  const starts = [0, ...ends.map(end => end + 1)]
  return starts.some(start =>
    ends.some(end => end - start >= SHORTEST_PART && values.has(word.slice(start, end))),
  )
}

/**
 * Looks through all lines of a folder, and removes it.
 * @throws Error naming the test files and the kind of what they left in a log
 */
export function scanKeptLogs(folder = process.env[VARIABLE]): { files: number; bytes: number } {
  if (!folder) return { files: 0, bytes: 0 }
  const logs = readdirSync(folder).filter(name => name.endsWith('.log'))
  const wrong: string[] = []
  let bytes = 0
  for (const name of logs) {
    const text = readFileSync(join(folder, name), 'utf8')
    bytes += text.length
    const values = new Set(readValues(join(folder, name.replace(/\.log$/, '.values'))))
    const test = `test/${basename(name, '.log').replaceAll('__', '/')}`
    wrong.push(...faultsIn(text, values).map(fault => `${test}: ${fault}`))
  }
  rmSync(folder, { recursive: true, force: true })
  if (wrong.length > 0) throw new Error(`in the log of a test:\n${wrong.join('\n')}`)
  return { files: logs.length, bytes }
}

function readValues(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}
