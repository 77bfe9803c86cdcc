import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { type PlacedEntry, queryEntries } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { decodeBundle } from '../../src/audit/tile-path.ts'
import type { AuditEntry, EntryDraft } from '../../src/audit/types.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call, tokenFor } from '../support/raw.ts'

const START = Date.parse('2026-03-01T00:00:00Z')
const FILTERS = {
  protocol: ['wm-vdab', 'other', 'none-has-it'],
  party: ['woonboog', 'leefgoed', 'vdab'],
  recipient: ['vdab', 'woonboog'],
  type: ['detection.request', 'feedback.reachability'],
  action: ['message.accepted', 'message.refused', 'message.withdrawn'],
  decision: ['allowed', 'refused'],
  code: ['HB-304', 'HB-405', 'HB-999'],
  actor: ['housing-company', 'employment-service', 'gateway'],
  messageId: [0, 1, 2].map(messageId),
  from: [10, 200].map(minute),
  until: [200, 350].map(minute),
} as const
type Name = keyof typeof FILTERS

let gateway: TestGateway
let officer: string
let auditor: string

function messageId(n: number): string {
  return `msg_${String(n).padStart(26, '0')}`
}

function minute(n: number): string {
  return new Date(START + n * 60_000).toISOString()
}

// A kind of its own for nearly every entry, so that pairs of filters often meet in none.
function draft(n: number): EntryDraft {
  const pick = <T>(values: readonly T[], salt: number) =>
    values[createHash('sha256').update(`${n} ${salt}`).digest()[0]! % values.length]!
  const role = pick(FILTERS.actor, 1)
  const refused = n % 4 === 0
  return {
    at: new Date(minute(n % 400)),
    action: refused ? 'message.refused' : 'message.accepted',
    counts: { accepted: 1, refused: 0 },
    actor: { role, ...(role !== 'gateway' && { party: pick(FILTERS.party, 3) }) },
    message: { id: messageId(n % 50), type: pick(FILTERS.type, 4) },
    ...(n % 3 > 0 && { recipient: pick(FILTERS.recipient, 5) }),
    ...(n % 5 > 0 && {
      protocol: {
        id: pick(FILTERS.protocol.slice(0, 2), 6),
        version: '1.0.0',
        digest: 'A'.repeat(43),
      },
    }),
    decision: refused ? 'refused' : 'allowed',
    ...(refused && { code: pick(FILTERS.code.slice(0, 2), 7) }),
  }
}

/** What an entry has under the name of a filter. */
const VALUES: Record<Exclude<Name, 'from' | 'until'>, (entry: AuditEntry) => string | undefined> = {
  protocol: entry => entry.protocol?.id,
  party: entry => entry.actor.party,
  recipient: entry => entry.recipient,
  type: entry => entry.message?.type,
  action: entry => entry.action,
  decision: entry => entry.decision,
  code: entry => entry.code,
  actor: entry => entry.actor.role,
  messageId: entry => entry.message?.id,
}

function fits(entry: AuditEntry, filter: Partial<Record<Name, string>>): boolean {
  return Object.entries(filter).every(([name, value]) => {
    if (name === 'from') return entry.at >= value
    if (name === 'until') return entry.at < value
    return VALUES[name as keyof typeof VALUES](entry) === value
  })
}

async function allEntries(): Promise<PlacedEntry[]> {
  const items: PlacedEntry[] = []
  for (let after: string | undefined; ; ) {
    const page = await queryEntries(
      gateway.context.pool,
      {},
      { limit: 1_000, ...(after && { after }) },
    )
    items.push(...page.items)
    after = page.next
    if (!after) return items
  }
}

const get = (path: string, token = auditor) => call(gateway, 'GET', path, { token })
const read = async (query: string) => {
  const reply = await get(`/v1/audit/entries?${query}`)
  expect([reply.status, query]).toEqual([200, query])
  return reply.body as unknown as { items: PlacedEntry[]; next: string | null }
}

async function add(from: number, to: number): Promise<void> {
  const drafts = Array.from({ length: to - from }, (_, i) => draft(from + i))
  const { pool } = gateway.context
  await recordEntries(pool, drafts)
  await until('sequenced', async () => {
    const { rows } = await pool.query('SELECT count(*) AS n FROM audit_pending')
    return rows[0].n === 0
  })
}

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  officer = (await gateway.context.sessions.makeToken('privacy-officer')).token
  auditor = (await gateway.context.sessions.makeToken('auditor')).token
  await add(0, 700)
})
afterAll(() => gateway?.close())

test('each filter, and any together, over any pages: what a search by hand finds, newest first', async () => {
  const all = await allEntries()
  // Reading adds entries of its own, which are newer.
  const isOld = (index: number) => index < all.length
  const names = Object.keys(FILTERS) as Name[]
  const filter = fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
    .chain(chosen =>
      fc.record(Object.fromEntries(chosen.map(name => [name, fc.constantFrom(...FILTERS[name])]))),
    )
  const singles = names.flatMap(name => FILTERS[name].map(value => [{ [name]: value }, 7] as const))
  let found = 0
  const check = async (asked: Partial<Record<Name, string>>, pages: number) => {
    const expected = all.filter(({ entry }) => fits(entry, asked)).map(({ index }) => index)
    found += Math.min(1, expected.length)
    const limit = Math.max(1, Math.ceil(expected.length / pages))
    const seen: number[] = []
    for (let after: string | null | undefined; after !== null; ) {
      const query = new URLSearchParams({ ...asked, limit: String(limit), ...(after && { after }) })
      const page = await read(String(query))
      seen.push(...page.items.map(({ index }) => index).filter(isOld))
      after = page.next
    }
    expect(seen).toEqual(expected)
  }
  for (const [asked, pages] of singles) await check(asked, pages)
  const pairs = fc.asyncProperty(filter, fc.integer({ min: 1, max: 3 }), async (asked, pages) => {
    // Some choose until before from, which is refused.
    if (asked['from'] && asked['until'] && asked['from'] >= asked['until']) return
    await check(asked, pages)
  })
  await fc.assert(pairs, { numRuns: 40, seed: 5 })
  expect(found).toBeGreaterThan(30)
}, 60_000)

test('a cursor goes on where it was while entries are added', async () => {
  const query = 'decision=refused&party=woonboog'
  const before = await read(query)
  const first = await read(`${query}&limit=3`)
  const known = new Set(before.items.map(({ index }) => index))
  await add(700, 720)
  const rest = await read(`${query}&after=${first.next}`)
  // What was sequenced late stands at its own time: nothing is twice, nothing is gone.
  const seen = [...first.items, ...rest.items].map(({ index }) => index)
  expect(seen.filter(index => known.has(index))).toEqual([...known])
  expect(new Set(seen).size).toBe(seen.length)
})

test('the canonical form of an entry hashes to its commitment, and its proof holds offline', async () => {
  const { items } = await read('code=HB-304&limit=2')
  const bytes = Buffer.from(String(canonicalize(items[0]!.entry)))
  const leaf = createHash('sha256').update(Buffer.of(0)).update(bytes).digest('base64url')
  expect(leaf).toBe(items[0]!.commitment)
  const { body } = await get(`/v1/audit/entries/${items[0]!.index}`)
  const { proof, ...placed } = body as unknown as PlacedEntry & { proof: string }
  expect(placed).toEqual(items[0])
  const { keys, config } = gateway.context
  const verifier = noteVerifier(await loadLogVerifierKey(keys, config.logOrigin))
  expect(verifyProof(proof, bytes, verifier).size).toBeGreaterThan(items[0]!.index)
  expect(() => verifyProof(proof, Buffer.from(`${bytes} `), verifier)).toThrow('does not fit')
  expect(await get('/v1/audit/entries/9999999')).toMatchObject({ status: 404 })
  expect(await get('/v1/audit/entries/-1')).toMatchObject({ status: 404 })
})

test('entry tiles are for people who may read entries', async () => {
  const response = await fetch(`${gateway.url}/log/tile/entries/000`, {
    headers: { authorization: `Bearer ${officer}` },
  })
  const bundle = decodeBundle(Buffer.from(await response.arrayBuffer()))
  const { rows } = await gateway.context.pool.query(
    'SELECT entry FROM audit_entry WHERE index < 256 ORDER BY index',
  )
  expect(bundle).toEqual(rows.map(row => row.entry))
  expect(await get('/log/tile/entries/999')).toMatchObject({ status: 404 })
  expect(await get('/log/tile/entries/x')).toMatchObject({ status: 404 })
  const token = await tokenFor(gateway, 'vdab')
  expect(await get('/log/tile/entries/000', token)).toMatchObject({ status: 403 })
})

test('reading is an entry with the names of the filters and no value; of tiles one for many', async () => {
  const { pool, readings } = gateway.context
  await read('party=leefgoed&from=2026-03-01&limit=2')
  for (let i = 0; i < 4; i += 1) await get('/log/tile/entries/000')
  await readings.flush()
  await add(720, 721)
  const { items } = await queryEntries(pool, { action: 'audit.read', actor: 'auditor' })
  const told = items.map(({ entry }) => [entry.reason, entry.fields, entry.counts?.['entries']])
  expect(told).toContainEqual(['entries', ['from', 'party'], 2])
  expect(told.filter(([reason]) => reason === 'tiles').map(([, , count]) => count)).toEqual(
    expect.arrayContaining([256, 768]),
  )
  expect(told.filter(([reason]) => reason === 'tiles')).toHaveLength(2)
  expect(items[0]!.entry.actor.client).toMatch(/^ses_/)
  expect(JSON.stringify(items)).not.toContain('leefgoed')
})

test.each([
  'from=yesterday',
  'from=2026-02-31',
  'from=2026-03-02&until=2026-03-01',
  'action=message.invented',
  'decision=maybe',
  'messageId=85073003328',
  'party=',
  'party=a%20b',
  'actor=Auditor',
  'insz=85073003328',
  'limit=0',
  'after=!',
])('entries?%s is refused, and shows nothing of it', async query => {
  for (const path of ['entries', 'export']) {
    const { status, body, text } = await get(`/v1/audit/${path}?${query}`)
    expect([status, body.code]).toEqual([400, 'HB-208'])
    expect(text).not.toContain('85073003328')
  }
})
