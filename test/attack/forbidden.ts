import type { TestGateway } from '../support/gateway.ts'

/**
 * Where national numbers or tenant references are that must not be: tables (binary columns also as
 * text), the log of the process, what VDAB received, and numbers also at webhooks.
 */
export async function findForbidden(
  gateway: TestGateway,
  numbers: string[],
  references: string[],
): Promise<string[]> {
  const places: [string, string, string[]][] = []
  for (const [table, text] of await dumpTables(gateway)) {
    places.push([table, text, [...numbers, ...references]])
  }
  places.push(['log', gateway.logged.join('\n'), [...numbers, ...references]])
  places.push(['vdab', received(gateway.vdab), [...numbers, ...references]])
  for (const [company, hook] of Object.entries(gateway.hooks)) {
    places.push([company, received(hook), numbers])
  }
  return places.filter(([, text, words]) => holdsAny(text, words)).map(([place]) => place)
}

function received(peer: { received: { path: string; raw: string; headers: object }[] }): string {
  return peer.received
    .map(({ path, raw, headers }) => `${path} ${raw} ${JSON.stringify(headers)}`)
    .join('\n')
}

/** Every table of every schema as text; bytes in hexadecimal and, where they read so, as letters. */
async function dumpTables(gateway: TestGateway): Promise<[string, string][]> {
  const { pool } = gateway.db
  const { rows } = await pool.query<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  const tables: [string, string][] = []
  for (const { schema, name } of rows) {
    const { rows: content } = await pool.query(`SELECT t.* FROM "${schema}"."${name}" t`)
    tables.push([name, content.map(row => JSON.stringify(row, readable)).join('\n')])
  }
  return tables
}

// JSON.stringify gives a Buffer as { type, data } before it asks.
function readable(_: string, value: unknown): unknown {
  const bytes = (value as { type?: unknown; data?: unknown } | null) ?? {}
  if (bytes.type !== 'Buffer' || !Array.isArray(bytes.data)) return value
  const buffer = Buffer.from(bytes.data)
  return `${buffer.toString('latin1')} ${buffer.toString('hex')}`
}

function holdsAny(text: string, words: string[]): boolean {
  return words.some(word =>
    [word, Buffer.from(word).toString('base64').replace(/=+$/, '')].some(form => holds(text, form)),
  )
}

// Bounded by what is no digit, so that a longer number is not taken for it.
function holds(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const around = `${text[at - 1] ?? ''}|${text[at + word.length] ?? ''}`
    if (!/\d/.test(around)) return true
  }
  return false
}
