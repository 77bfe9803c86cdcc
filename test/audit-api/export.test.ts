import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpoint } from '../../src/audit/checkpoint.ts'
import { openExport } from '../../src/audit/export.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { leafHash } from '../../src/audit/merkle.ts'
import { assertIncluded } from '../../src/audit/merkle-proof.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { queryEntries } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { auditCommand } from '../../src/cli/audit.ts'
import { naiveRoot } from '../audit/support.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'

/** What a spreadsheet would run, and what would break a line or a cell. */
const HOSTILE = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '=HYPERLINK("http://x")',
  'a,"b"\r\nc',
]

let gateway: TestGateway
let token: string
let folder: string

function draft(n: number): EntryDraft {
  const hostile = HOSTILE[n % HOSTILE.length] ?? ''
  return {
    at: new Date(Date.UTC(2026, 2, 1) + n * 1_000),
    action: 'access.refused',
    actor: { role: 'client', client: hostile },
    decision: 'refused',
    code: hostile.slice(0, 60),
    counts: { attempts: 1 },
  }
}

async function add(count: number, from = 0): Promise<void> {
  const { pool } = gateway.context
  await recordEntries(
    pool,
    Array.from({ length: count }, (_, n) => draft(from + n)),
  )
  await until('sequenced', async () => {
    const { rows } = await pool.query('SELECT count(*) AS n FROM audit_pending')
    return rows[0].n === 0
  })
}

interface Line {
  index: number
  leaf: string
  proof?: string[]
  entry: { action: string; code?: string; actor: { client?: string } }
}

async function get(query: string, bearer = token) {
  const url = `${gateway.url}/v1/audit/export?${query}`
  const reply = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
  const note = Buffer.from(reply.headers.get('x-audit-checkpoint') ?? '', 'base64').toString()
  const { status, headers } = reply
  return {
    status,
    headers,
    text: await reply.text(),
    note,
    rows: Number(reply.headers.get('x-audit-rows')),
  }
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)
const bytesOf = (line: string): Buffer =>
  Buffer.from(line.slice(line.indexOf('"entry":') + '"entry":'.length, -1))

/** RFC 4180: a quoted cell may hold anything, a quote in it is doubled. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g,
  )) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end !== ',') rows.push([])
  }
  return rows.slice(0, -1)
}

async function open(note: string) {
  const { keys, config } = gateway.context
  return openCheckpoint(note, noteVerifier(await loadLogVerifierKey(keys, config.logOrigin)))
}

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  token = (await gateway.context.sessions.makeToken('auditor')).token
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-export-'))
  await add(600)
})
afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('the whole log: every entry byte for byte, which give the root of its checkpoint', async () => {
  const { text, note, rows, status } = await get('')
  const { size, root } = await open(note)
  const lines = linesOf(text)
  expect([status, lines.length, rows]).toEqual([200, size, size])
  lines.forEach((line, index) => {
    const { leaf, ...told } = JSON.parse(line) as Line
    expect([told.index, leaf]).toEqual([index, leafHash(bytesOf(line)).toString('base64url')])
  })
  expect(naiveRoot(lines.map(bytesOf)).equals(root)).toBe(true)
})

test('a part of it: what a query finds, in the order of the log, each row with its proof', async () => {
  const { text, note, rows } = await get('code=%3D1%2B1&proofs=true')
  expect(text).toContain('HB-208')
  expect([note, rows]).toEqual(['', 0])
  const found = await get('actor=client&until=2026-03-01T00:05:00Z&proofs=true')
  const { size, root } = await open(found.note)
  const filter = { actor: 'client', until: new Date('2026-03-01T00:05:00Z') }
  const { items } = await queryEntries(gateway.context.pool, filter, { limit: 1_000 })
  const lines = linesOf(found.text)
  const seen = lines.map(line => JSON.parse(line) as Line)
  expect(seen.map(({ index }) => index)).toEqual(items.map(({ index }) => index).toReversed())
  expect(seen).toHaveLength(300)
  lines.forEach((line, i) => {
    const { index, proof = [] } = seen[i]!
    const hashes = proof.map(hash => Buffer.from(hash, 'base64'))
    const leaf = leafHash(bytesOf(line))
    assertIncluded({ leaf, index, size, proof: hashes, root })
    expect(() => assertIncluded({ leaf: root, index, size, proof: hashes, root })).toThrow()
  })
})

test('CSV is safe to open in a spreadsheet, and still holds the exact entries', async () => {
  const { text, headers } = await get('format=csv&action=access.refused')
  expect(headers.get('content-type')).toContain('text/csv')
  const [names = [], ...records] = parseCsv(text)
  const rows = records.map(cells =>
    Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])),
  )
  expect(rows).toHaveLength(600)
  const cells = rows.flatMap(row => Object.values(row))
  expect(cells.filter(cell => /^[=+\-@\t\r]/.test(cell))).toEqual([])
  for (const row of rows.slice(0, HOSTILE.length)) {
    const entry = JSON.parse(row['entry'] ?? '') as Line['entry']
    expect(HOSTILE).toContain(entry.actor.client)
    expect([entry.actor.client, `${entry.actor.client}`]).toContain(
      row['actorClient']?.replace(/^'/, ''),
    )
    const leaf = leafHash(Buffer.from(row['entry'] ?? '')).toString('base64url')
    expect(row['leaf']?.replace(/^'/, '')).toBe(leaf)
  }
})

test('while entries are added an export ends where its checkpoint does', async () => {
  const { pool } = gateway.context
  const by = { role: 'operator' }
  const request = { filter: {}, format: 'jsonl', proofs: false, by, at: new Date() } as const
  const opened = await openExport(pool, request)
  const parts: string[] = []
  const text = opened.text()
  parts.push(String((await text.next()).value))
  await add(300, 600)
  for await (const part of text) parts.push(part)
  const lines = linesOf(parts.join(''))
  expect([lines.length, opened.rows]).toEqual([opened.checkpoint.size, opened.checkpoint.size])
  expect(naiveRoot(lines.map(bytesOf)).equals(opened.checkpoint.root)).toBe(true)
})

test('exporting is an entry before the first byte: who, which filters, how many, of what size', async () => {
  const { pool } = gateway.context
  await get('party=woonboog&from=2026-01-01&format=csv')
  await add(1, 2_000)
  const { items } = await queryEntries(pool, { action: 'audit.exported' }, { limit: 1 })
  expect(items[0]?.entry).toMatchObject({
    actor: { role: 'auditor', client: expect.stringMatching(/^ses_/) },
    fields: ['from', 'party'],
    counts: { entries: 1, size: expect.any(Number) },
    reason: 'csv',
  })
  expect(JSON.stringify(items)).not.toContain('woonboog')
  await gateway.db.pool.query('ALTER TABLE audit_pending RENAME TO hidden')
  const without = await get('format=csv')
  await gateway.db.pool.query('ALTER TABLE hidden RENAME TO audit_pending')
  expect(without.status).toBe(500)
  expect(without.text).not.toContain('access.refused')
})

test('a party may not, and a format that is not known is refused', async () => {
  expect((await get('', await tokenFor(gateway, 'vdab'))).status).toBe(403)
  expect((await get('format=xlsx')).status).toBe(400)
  expect((await get('proofs=1')).status).toBe(400)
})

test('audit export writes the file and what proves it', async () => {
  const { pool, keys, config } = gateway.context
  const openStore = async () => ({ pool, keys, config, close: async () => {} })
  const file = join(folder, 'log.jsonl')
  const args = ['export', '--out', file, '--action', 'access.refused', '--from', '2026-03-01']
  await auditCommand(openStore as never).parseAsync(['node', 'audit', ...args, '--proofs'])
  const text = readFileSync(file)
  const manifest = JSON.parse(readFileSync(`${file}.proof.json`, 'utf8'))
  expect(manifest).toMatchObject({
    export: 1,
    format: 'jsonl',
    filter: { action: 'access.refused', from: '2026-03-01T00:00:00.000Z' },
    rows: linesOf(text.toString()).length,
    sha256: createHash('sha256').update(text).digest('base64url'),
    complete: false,
    proofs: true,
  })
  expect((await open(manifest.checkpoint)).size).toBeGreaterThan(900)
  const wrong = ['node', 'audit', 'export', '--out', file, '--party', 'a b']
  await expect(auditCommand(openStore as never).parseAsync(wrong)).rejects.toMatchObject({
    code: 'HB-208',
  })
})
