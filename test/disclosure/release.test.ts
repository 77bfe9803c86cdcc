import { inTransaction } from '../../src/db/pool.ts'
import { loadProtocols, type ProtocolSet } from '../../src/protocol/load.ts'
import { modalitiesOf } from '../../src/protocol/lookup.ts'
import { MEASURES, TABLES } from '../../src/report/disclosure/tables.ts'
import type { LeafCount } from '../../src/report/disclosure/types.ts'
import {
  type ReleaseAsked,
  ReleaseError,
  readRelease,
  releaseTable,
  withholdingOf,
} from '../../src/report/release.ts'
import { controlInThread, TookTooLong } from '../../src/report/release-thread.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { NOTHING } from './kit.ts'

/** Releases as they are asked for and kept: once, one after another, each with its entry. */
let database: TestDatabase
let set: ProtocolSet
beforeAll(async () => {
  database = await testDatabase()
  set = loadProtocols('protocols')
})
afterAll(() => database.close())

const AT = new Date('2027-01-05T08:00:00Z')
const STATES = ['open', 'overdue', 'taken-up', 'closed']

function counts(party: string, month: string, numbers: number[]): LeafCount[] {
  return numbers.map((count, at) => ({ dims: { party, month, state: STATES[at] ?? '' }, count }))
}

const ASKED: ReleaseAsked = {
  protocol: 'wm-vdab',
  table: 'feedback-by-state',
  period: '2026-Q1',
  recipient: 'public',
  by: { role: 'privacy-officer' },
  at: AT,
  counts: [
    ...counts('woonboog', '2026-01', [20, 12, 0, 30]),
    ...counts('woonboog', '2026-02', [7, 9, 8, 0]),
    ...counts('leefgoed', '2026-03', [2, 11, 9, 40]),
  ],
}

const release = (changes: Partial<ReleaseAsked> = {}) =>
  inTransaction(database.pool, tx => releaseTable(tx, set, { ...ASKED, ...changes }))

async function entries(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.pool.query<{ entry: Buffer }>(
    "SELECT entry FROM audit_pending WHERE action = 'counts.released' ORDER BY id",
  )
  return rows.map(({ entry }) => JSON.parse(entry.toString()))
}

test('a table is released once, with an entry; read and asked again it is the same', async () => {
  const first = await release()
  expect(first).toMatchObject({ threshold: 5, mark: '< 5', table: 'feedback-by-state' })
  const cellOf = (party: string, state: string) =>
    first.cells.find(({ dims }) => dims['party'] === party && dims['state'] === state)
  expect(cellOf('leefgoed', 'open')).toEqual({
    dims: { party: 'leefgoed', month: '2026-Q1', state: 'open' },
    hidden: true,
  })
  expect(cellOf('all', 'all')).toMatchObject({ value: 148 })
  const hidden = first.cells.filter(cell => cell.hidden)
  expect(hidden).toHaveLength(4)
  const again = await release({ counts: [] })
  const read = await readRelease(database.pool, ASKED)
  for (const same of [again, read]) {
    expect(same?.releaseId).toBe(first.releaseId)
    expect(same?.cells).toHaveLength(first.cells.length)
    expect(same?.cells).toEqual(expect.arrayContaining(first.cells))
  }
  expect(await entries()).toMatchObject([
    { recipient: 'public', rule: 'threshold 5', protocol: { id: 'wm-vdab' } },
  ])
})

test('who asks after others gets the same cells, and an entry of its own', async () => {
  const first = await release()
  const other = await release({ recipient: 'vdab' })
  expect(other.releaseId).not.toBe(first.releaseId)
  expect(other.cells).toEqual(expect.arrayContaining(first.cells))
  expect(await entries()).toHaveLength(2)
})

test('what changed by one person since an earlier release is not shown beside it', async () => {
  const { cells } = await release({
    period: '2026-Q2',
    counts: counts('woonboog', '2026-04', [40, 41, 42, 43]),
  })
  expect(cells.some(cell => cell.hidden)).toBe(false)
  const later = await release({
    period: '2026-Q2',
    recipient: 'vdab',
    counts: counts('woonboog', '2026-04', [39, 41, 42, 44]),
  })
  const states = later.cells.filter(({ dims }) => dims['party'] === 'woonboog')
  expect(states.map(({ dims, value }) => [dims['state'], value])).toEqual([
    ['open', undefined],
    ['overdue', 41],
    ['taken-up', 42],
    ['closed', undefined],
    ['all', 166],
  ])
})

test('two at one time do not isolate anyone together', async () => {
  const both = await Promise.all(
    [50, 48].map((count, at) =>
      release({
        period: '2026-Q3',
        recipient: `reader-${at}`,
        counts: counts('woonboog', '2026-07', [count, 41, 42, 43]),
      }),
    ),
  )
  const values = both.map(
    ({ cells }) =>
      cells.find(({ dims }) => dims['party'] === 'woonboog' && dims['state'] === 'open')?.value,
  )
  expect(values.filter(value => value === undefined)).toHaveLength(1)
})

test.each([
  ['not-declared', { table: 'everything' }],
  ['not-declared', { period: '2026-01' }],
  ['not-declared', { period: '2026-13' }],
  ['not-declared', { within: { month: '2026-01' } }],
  ['not-declared', { within: { sex: 'x' } }],
  ['not-ended', { period: '2027-Q1', counts: [] }],
  ['wrong-counts', { period: '2025-Q1' }],
  ['wrong-counts', { counts: [...ASKED.counts, ...ASKED.counts.slice(0, 1)] }],
  ['wrong-counts', { counts: counts('woonboog', '2026-01', [-1]) }],
  ['wrong-counts', { counts: counts('all', '2026-01', [9]) }],
  ['wrong-counts', { within: { party: 'leefgoed' } }],
])('%s: %j', async (fault, changes) => {
  await expect(release({ recipient: 'nobody', ...changes })).rejects.toMatchObject({ fault })
})

test('what is refused as it would isolate someone leaves nothing behind, also where the caller goes on', async () => {
  const counted = (count: number) => ({
    ...{ period: '2025-Q4', within: { party: 'leefgoed' } },
    counts: counts('leefgoed', '2025-10', [count, 50, 50, 50]),
  })
  const modalities = modalitiesOf(set, 'wm-vdab')
  if (!modalities) throw new Error('no protocol')
  modalities.countsThreshold = 3
  await release(counted(4))
  modalities.countsThreshold = 10
  await inTransaction(database.pool, async tx => {
    const asked = { ...ASKED, ...counted(3), recipient: 'vdab' }
    await expect(releaseTable(tx, set, asked)).rejects.toMatchObject({ fault: 'isolates' })
  })
  modalities.countsThreshold = 5
  const { rows } = await database.pool.query(
    "SELECT recipient FROM release WHERE period = '2025-Q4'",
  )
  expect(rows).toEqual([{ recipient: 'public' }])
})

test('the program may not change what was released', async () => {
  const { rows } = await database.pool.query(
    `SELECT t FROM unnest(ARRAY['release', 'release_cell', 'release_leaf']) AS t
     WHERE has_table_privilege('huisbrug_app', t, 'UPDATE') OR NOT has_table_privilege('huisbrug_app', t, 'INSERT')`,
  )
  expect(rows).toEqual([])
})

test('arithmetic that takes too long is given up, and the next has a thread again', async () => {
  const table = TABLES.find(({ id }) => id === ASKED.table)!
  const measure = MEASURES.find(({ id }) => id === table.measure)!
  const { period, counts } = ASKED
  const asked = { measure, table, period, within: {}, counts, release: 1, threshold: 5 }
  const isControlled = async () =>
    (await controlInThread(NOTHING, asked)).cells.some(cell => cell.hidden)
  expect(await isControlled()).toBe(true)
  await expect(controlInThread(NOTHING, asked, 1)).rejects.toThrow(TookTooLong)
  expect(await isControlled()).toBe(true)
})

test('only what is an answer withholds a number; a mistake stays one', () => {
  expect(withholdingOf(new ReleaseError('too-long', ''))).toBe('too-long')
  expect(withholdingOf(new ReleaseError('isolates', ''))).toBe('isolates')
  const mistake = new ReleaseError('wrong-counts', '')
  expect(() => withholdingOf(mistake)).toThrow(mistake)
})
