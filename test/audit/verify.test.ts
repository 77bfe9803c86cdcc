import fc from 'fast-check'
import type { QueryResult } from 'pg'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { loadLogSigner, loadLogVerifierKey } from '../../src/audit/log-key.ts'
import type { NoteSigner } from '../../src/audit/note.ts'
import { latestCheckpoint } from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import { type ProblemKind, type VerifyOptions, verifyLog } from '../../src/audit/verify.ts'
import { PAGE_ENTRIES } from '../../src/audit/verify-source.ts'
import type { Tx } from '../../src/db/pool.ts'
import { drafts, ORIGIN, sha256, type TestLog, testLog, testSigner } from './support.ts'
import { flip, forge, move, prepareLog, SIZE, SIZES } from './tamper.ts'

let log: TestLog
let key: string
let signer: NoteSigner
let db: Tx
beforeAll(async () => {
  log = await testLog()
  await prepareLog(log)
  key = await loadLogVerifierKey(log.keys, ORIGIN)
  signer = await loadLogSigner(log.keys, ORIGIN)
})
// Damage is done, and seen, in a transaction that is rolled back.
beforeEach(async () => {
  db = await log.pool.connect()
  await db.query('BEGIN')
})
afterEach(async () => {
  await db.query('ROLLBACK')
  db.release()
})
afterAll(() => log.close())

const verify = (options?: VerifyOptions) => verifyLog(db, key, options)

/** Damages the log and gives the first thing that the verification names. */
async function firstAfter(
  damage: string,
  options?: VerifyOptions,
): Promise<[ProblemKind, number | undefined]> {
  await db.query(damage)
  const { ok, problems } = await verify(options)
  expect(ok).toBe(false)
  expect(problems.length).toBeLessThanOrEqual(50)
  return [problems[0]!.kind, problems[0]!.index]
}

describe('a sound log', () => {
  test('is found sound, with what was checked', async () => {
    const progress: number[] = []
    const report = await verify({ onProgress: ({ done, total }) => progress.push(done / total) })
    const root = (await latestCheckpoint(db))!.root.toString('base64')
    expect(report).toEqual({
      ok: true,
      entries: SIZE,
      from: 0,
      checkpoints: SIZES.length,
      root,
      problems: [],
      warnings: [],
    })
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(progress.length).toBeGreaterThan(1)
  })

  test('and empty is sound too', async () => {
    const empty = await testLog()
    const emptyKey = await loadLogVerifierKey(empty.keys, ORIGIN)
    expect(await verifyLog(empty.pool, emptyKey)).toMatchObject({
      ok: true,
      entries: 0,
      checkpoints: 0,
    })
    await empty.close()
  })

  test('is found sound while it grows', async () => {
    const growing = await testLog()
    await recordEntries(growing.pool, drafts(3_000))
    await growing.sequence()
    const growingKey = await loadLogVerifierKey(growing.keys, ORIGIN)
    const grow = async () => {
      for (let i = 0; i < 10; i++) {
        await recordEntries(growing.pool, drafts(70, i))
        await growing.sequence()
      }
    }
    const checks = async () => {
      for (let i = 0; i < 10; i++)
        expect((await verifyLog(growing.pool, growingKey)).problems).toEqual([])
    }
    await Promise.all([grow(), checks()])
    expect((await verifyLog(growing.pool, growingKey)).entries).toBe(3_700)
    await growing.close()
  })

  test('is not sound to another key, nor is another text a key', async () => {
    const report = await verifyLog(db, testSigner().verifierKey)
    expect(report.ok).toBe(false)
    expect(report.problems[0]).toMatchObject({ kind: 'checkpoint', index: 0 })
    await expect(verifyLog(db, 'nonsense')).rejects.toMatchObject({
      code: 'note-key-malformed',
    })
  })

  test('warns of entries that wait, without calling the log unsound', async () => {
    await recordEntries(db, drafts(2))
    expect((await verify()).warnings).toEqual([])
    await db.query("UPDATE audit_pending SET created_at = created_at - interval '61 seconds'")
    const report = await verify()
    expect(report.ok).toBe(true)
    expect(report.warnings).toEqual([
      { kind: 'pending', what: expect.stringContaining('2 entries have waited') },
    ])
  })
})

describe('an entry', () => {
  test.each([0, 255, 256, 777, SIZE - 1])(
    '%i of which one bit is changed is named',
    async index => {
      expect(
        await firstAfter(`UPDATE audit_entry SET ${flip('entry', 9)} WHERE index = ${index}`),
      ).toEqual(['changed', index])
    },
  )

  test('changed together with its own leaf hash is named', async () => {
    const damage = `UPDATE audit_entry SET ${flip('entry', 900)} WHERE index = 700;
      UPDATE audit_entry SET leaf = sha256('\\x00'::bytea || entry) WHERE index = 700`
    expect(await firstAfter(damage)).toEqual(['changed', 700])
  })

  test('changed together with its leaf hash and its tile: the first entry since the last root that fits', async () => {
    const damage = `UPDATE audit_entry SET ${flip('entry', 900)} WHERE index = 700;
      UPDATE audit_entry SET leaf = sha256('\\x00'::bytea || entry) WHERE index = 700;
      UPDATE audit_tile SET hashes = overlay(hashes PLACING (SELECT leaf FROM audit_entry WHERE index = 700)
        FROM ${(700 - 512) * 32 + 1}) WHERE level = 0 AND n = 2`
    await db.query(damage)
    const { problems } = await verify()
    const fitted = SIZES.filter(size => size <= 700).at(-1)!
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'changed', index: fitted }))
  })

  test('changed in two places: both are named', async () => {
    await db.query(`UPDATE audit_entry SET ${flip('entry', 900)} WHERE index IN (300, 1200)`)
    const { problems } = await verify()
    expect(problems.map(({ kind, index }) => [kind, index])).toEqual([
      ['changed', 300],
      ['changed', 1200],
    ])
  })

  test.each([0, 256, 600])('%i that is gone is named', async index => {
    expect(await firstAfter(`DELETE FROM audit_entry WHERE index = ${index}`)).toEqual([
      'missing',
      index,
    ])
  })

  test('of a run that is gone: the first, and how many', async () => {
    await db.query('DELETE FROM audit_entry WHERE index BETWEEN 100 AND 1100')
    const { problems } = await verify()
    expect(problems[0]).toEqual({
      kind: 'missing',
      index: 100,
      what: '1001 entries from here on are gone',
    })
  })

  test.each([1, 400, 1_100])('at the end of which %i are cut off', async count => {
    const first = SIZE - count
    expect(await firstAfter(`DELETE FROM audit_entry WHERE index >= ${first}`)).toEqual([
      'truncated',
      first,
    ])
  })

  test.each([0, 256, 600, 1_100])(
    '%i that is gone and the rest moved up to hide it',
    async index => {
      const damage = `DELETE FROM audit_entry WHERE index = ${index}; ${move('index - 1', `index > ${index}`)}`
      expect(await firstAfter(damage)).toEqual(['missing', index])
    },
  )

  test.each([0, 256, 600, SIZE - 1])('slipped in at %i', async index => {
    const damage = `${move('index + 1', `index >= ${index}`)}; ${forge(index)}`
    expect(await firstAfter(damage)).toEqual(['inserted', index])
  })

  test('added at the end', async () => {
    expect(await firstAfter(forge(SIZE))).toEqual(['inserted', SIZE])
    expect(await firstAfter(forge(SIZE + 5))).toEqual(['inserted', SIZE])
  })

  test.each([
    [0, 1],
    [10, 900],
    [255, 256],
    [SIZE - 2, SIZE - 1],
  ])('%i in the place of %i', async (a, b) => {
    const damage = move(`CASE index WHEN ${a} THEN ${b} ELSE ${a} END`, `index IN (${a}, ${b})`)
    expect(await firstAfter(damage)).toEqual(['reordered', a])
  })

  test.each([
    ['entry_id', flip('entry_id', 3)],
    ['leaf', flip('leaf', 3)],
    ['at', "at = at + interval '1 ms'"],
    ['action', "action = 'message.refused'"],
    ['actor', "actor = 'gateway'"],
    ['party', "party = 'leefgoed'"],
    ['party', 'party = NULL'],
    ['message_id', "message_id = 'msg_other'"],
    ['protocol', "protocol = 'other'"],
    ['type', "type = 'detection.answer'"],
    ['decision', "decision = 'refused'"],
    ['code', "code = 'HB-304'"],
    ['recipient', 'recipient = NULL'],
  ])('whose column %s says something else (%#)', async (_, change) => {
    expect(await firstAfter(`UPDATE audit_entry SET ${change} WHERE index = 444`)).toEqual([
      'column',
      444,
    ])
  })
})

test('an entry that was signed but is no entry is named', async () => {
  const other = await testLog()
  await other.pool.query(
    `INSERT INTO audit_pending (entry_id, entry, at, action, actor)
     VALUES (decode(repeat('00', 16), 'hex'), '{"schema":9}', now(), 'program.started', 'gateway')`,
  )
  await other.sequence()
  const { problems } = await verifyLog(other.pool, await loadLogVerifierKey(other.keys, ORIGIN))
  expect(problems).toEqual([
    { kind: 'column', index: 0, what: 'the column entry says something else than the entry' },
  ])
  await other.close()
})

test('a second key for one domain is named: the log is sound, what it says deceives', async () => {
  const own = await testLog()
  const created = (domain: string, key: string): EntryDraft => ({
    action: 'key.created',
    at: new Date(0),
    actor: { role: 'gateway' },
    reason: `domain ${domain}`,
    rule: `public-key ${key}`,
  })
  const ready = { ...created('a/1/1', 'A'), action: 'key.ready' as const }
  const verifyOwn = async (options?: VerifyOptions) =>
    verifyLog(own.pool, await loadLogVerifierKey(own.keys, ORIGIN), options)
  try {
    await recordEntries(own.pool, [created('a/1/1', 'A'), ready, created('a/1/2', 'B')])
    await own.sequence()
    expect(await verifyOwn()).toMatchObject({ ok: true, problems: [] })
    const from = (await latestCheckpoint(own.pool))!.note
    await recordEntries(own.pool, [created('a/1/1', 'C')])
    await own.sequence()
    const what = expect.stringContaining('entry 0')
    expect((await verifyOwn()).problems).toEqual([{ kind: 'key', index: 3, what }])
    expect((await verifyOwn({ from })).problems).toEqual([{ kind: 'key', index: 3, what }])
  } finally {
    await own.close()
  }
})

describe('a tile', () => {
  test.each([
    [
      'a leaf hash',
      `UPDATE audit_tile SET ${flip('hashes', 100 * 256)} WHERE level = 0 AND n = 1`,
      356,
    ],
    [
      'the last leaf hash',
      `UPDATE audit_tile SET ${flip('hashes', 'octet_length(hashes) * 8 - 1')} WHERE level = 0 AND n = 5`,
      SIZE - 1,
    ],
    ['a hash above', `UPDATE audit_tile SET ${flip('hashes', 3 * 256)} WHERE level = 1`, 768],
    ['a tile that is gone', 'DELETE FROM audit_tile WHERE level = 0 AND n = 2', 512],
    ['the tile above that is gone', 'DELETE FROM audit_tile WHERE level = 1', 0],
    [
      'a tile cut short',
      'UPDATE audit_tile SET hashes = substring(hashes FOR 320) WHERE level = 0 AND n = 3',
      778,
    ],
    [
      'a tile too wide',
      "UPDATE audit_tile SET hashes = hashes || sha256('x') WHERE level = 0 AND width < 256",
      SIZE,
    ],
    [
      'a tile that should not be',
      "INSERT INTO audit_tile (level, n, hashes) VALUES (2, 0, sha256('x'))",
      SIZE,
    ],
    [
      'two hashes changed places',
      'UPDATE audit_tile SET hashes = substring(hashes FROM 33 FOR 32) || substring(hashes FOR 32) || substring(hashes FROM 65) WHERE level = 0 AND n = 0',
      0,
    ],
  ])('%s is named by its entry', async (_, damage, index) => {
    expect(await firstAfter(damage)).toEqual(['tile', index])
  })
})

describe('a checkpoint', () => {
  const at = SIZES[4]!
  const row = `WHERE size = ${at}`

  test.each([
    [
      'with another signature',
      `UPDATE audit_checkpoint SET note = overlay(note PLACING CASE substring(note FROM length(note) - 20 FOR 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM length(note) - 20) ${row}`,
    ],
    [
      'with another size in its text',
      `UPDATE audit_checkpoint SET note = replace(note, '${at}', '${at - 1}') ${row}`,
    ],
    ['with another root beside it', `UPDATE audit_checkpoint SET root = sha256('x') ${row}`],
    ['that is empty', `UPDATE audit_checkpoint SET note = '' ${row}`],
    ['that says it follows another', `UPDATE audit_checkpoint SET previous = previous - 1 ${row}`],
  ])('%s is named', async (_, damage) => {
    expect(await firstAfter(damage)).toEqual(['checkpoint', at - 1])
  })

  test('with another size beside it is named', async () => {
    const [kind, index] = await firstAfter(`UPDATE audit_checkpoint SET size = size - 1 ${row}`)
    expect([kind, index]).toEqual(['checkpoint', at - 2])
  })

  test.each([0, 4, SIZES.length - 1])('(number %i) that is gone is missed', async n => {
    const [kind, index] = await firstAfter(`DELETE FROM audit_checkpoint WHERE size = ${SIZES[n]}`)
    expect(kind).toBe('checkpoint')
    expect(index).toBe((SIZES[n + 1] ?? SIZE) - 1)
  })

  test.each([
    ['by another key', () => testSigner(), 'checkpoint'],
    ['by the key of the log itself: a fork', () => signer, 'forked'],
  ] as const)('of the same size signed %s', async (_, by, kind) => {
    const root = sha256(Buffer.from('another history'))
    const note = signCheckpoint(by(), at, root)
    const damage = `UPDATE audit_checkpoint SET root = '\\x${root.toString('hex')}', note = '${note}' ${row}`
    const index = kind === 'forked' ? SIZES[3]! : at - 1
    expect(await firstAfter(damage)).toEqual([kind, index])
  })

  test('of the newest size signed for another root is named at the first entry that may differ', async () => {
    const root = sha256(Buffer.from('another history'))
    const damage = `UPDATE audit_checkpoint SET root = '\\x${root.toString('hex')}', note = '${signCheckpoint(signer, SIZE, root)}' WHERE size = ${SIZE}`
    expect(await firstAfter(damage)).toEqual(['forked', SIZES.at(-2)])
    await db.query(`UPDATE audit_head SET root = '\\x${root.toString('hex')}'`)
    const { problems } = await verify()
    expect(problems[0]).toMatchObject({ kind: 'changed', index: SIZES.at(-2) })
  })

  test('between two others is a fork even with the right root, as it was not published in its turn', async () => {
    const { rows } = await db.query(`SELECT root FROM audit_checkpoint ${row}`)
    const damage = `INSERT INTO audit_checkpoint (size, previous, root, note, at)
      VALUES (${at + 1}, ${at - 1}, '\\x${rows[0].root.toString('hex')}', '${signCheckpoint(signer, at + 1, rows[0].root)}', now())`
    expect(await firstAfter(damage)).toEqual(['checkpoint', at])
  })
})

test('a checkpoint beyond the end that nobody signed is not taken for a later state', async () => {
  const damage = `INSERT INTO audit_checkpoint (size, previous, root, note, at)
    VALUES (${SIZE + 7}, ${SIZE}, sha256('x'), 'made up', now())`
  expect(await firstAfter(damage)).toEqual(['checkpoint', SIZE])
})

describe('the head', () => {
  test.each([
    ['set back', `UPDATE audit_head SET size = ${SIZES[5]}`, 'rolled-back', SIZES[5]!],
    ['set forward', 'UPDATE audit_head SET size = size + 10', 'truncated', SIZE],
    ['with another root', "UPDATE audit_head SET root = sha256('x')", 'head', SIZE - 1],
    ['gone', 'DELETE FROM audit_head', 'head', 0],
  ])('%s', async (_, damage, kind, index) => {
    expect(await firstAfter(damage)).toEqual([kind, index])
  })
})

describe('against a checkpoint that was kept elsewhere', () => {
  const size = SIZES[6]!
  const noteOf = async (of: number) =>
    (await db.query('SELECT note FROM audit_checkpoint WHERE size = $1', [of])).rows[0]
      .note as string
  // What a restored backup looks like: sound in itself.
  const rollBack = `DELETE FROM audit_entry WHERE index >= ${size}; DELETE FROM audit_checkpoint WHERE size > ${size};
    UPDATE audit_head SET size = ${size}, root = (SELECT root FROM audit_checkpoint WHERE size = ${size});
    DELETE FROM audit_tile WHERE level = 0 AND n * 256 >= ${size};
    UPDATE audit_tile SET hashes = substring(hashes FOR (least(256, (${size} >> (8 * level)) - n * 256) * 32)::int)`

  test('an untouched log fits, whichever it is', async () => {
    for (const signed of [SIZES[0]!, size, SIZE])
      expect((await verify({ trusted: await noteOf(signed) })).ok).toBe(true)
  })

  test('a whole log that was rolled back is only seen this way', async () => {
    const trusted = await noteOf(SIZE)
    await db.query(rollBack)
    expect(await verify()).toMatchObject({ ok: true, entries: size })
    const { problems } = await verify({ trusted })
    expect(problems).toEqual([
      { kind: 'rolled-back', index: size, what: expect.stringContaining(String(SIZE)) },
    ])
  })

  test('another history of the same size is a fork', async () => {
    const trusted = signCheckpoint(signer, 700, sha256(Buffer.from('another history')))
    expect((await verify({ trusted })).problems[0]).toMatchObject({ kind: 'forked' })
  })

  test('one by another key is no use', async () => {
    const trusted = signCheckpoint(testSigner(), size, sha256(Buffer.of(1)))
    await expect(verify({ trusted })).rejects.toMatchObject({ code: 'note-unverified' })
  })
})

describe('from a checkpoint that was kept elsewhere on', () => {
  const noteOf = async (size: number) =>
    (await db.query('SELECT note FROM audit_checkpoint WHERE size = $1', [size])).rows[0]
      .note as string

  test.each(SIZES.map((size, i) => [size, SIZES.length - 1 - i]))(
    'of size %i only what came after it is recomputed, to the same root',
    async (from, checkpoints) => {
      const { root } = await verify()
      const report = await verify({ from: await noteOf(from) })
      expect(report).toMatchObject({ ok: true, entries: SIZE, from, checkpoints, root })
    },
  )

  test('what it covers is trusted, what comes after it is not', async () => {
    const from = await noteOf(SIZES[6]!)
    await db.query(`UPDATE audit_entry SET ${flip('entry', 900)} WHERE index = 10`)
    expect(await verify({ from })).toMatchObject({ ok: true })
    await db.query(`UPDATE audit_entry SET ${flip('entry', 900)} WHERE index = 1100`)
    const { problems } = await verify({ from })
    expect(problems.map(({ kind, index }) => [kind, index])).toEqual([['changed', 1100]])
    await db.query(`DELETE FROM audit_checkpoint WHERE size = ${SIZES[7]}`)
    expect((await verify({ from })).problems[0]).toMatchObject({ kind: 'checkpoint' })
  })

  test('tiles that do not give its root, another history and an older log are named', async () => {
    const from = await noteOf(SIZES[6]!)
    const other = signCheckpoint(signer, SIZES[6]!, sha256(Buffer.from('another history')))
    expect((await verify({ from: other })).problems[0]).toMatchObject({ kind: 'forked' })
    const longer = signCheckpoint(signer, SIZE + 1, sha256(Buffer.from('later')))
    expect((await verify({ from: longer })).problems).toEqual([
      expect.objectContaining({ kind: 'rolled-back', index: SIZE }),
    ])
    await db.query(`UPDATE audit_tile SET ${flip('hashes', 8)} WHERE level = 1`)
    expect((await verify({ from })).problems[0]).toMatchObject({ kind: 'forked' })
    await db.query('DELETE FROM audit_tile WHERE level = 1')
    expect((await verify({ from })).problems[0]).toMatchObject({ kind: 'forked' })
  })
})

test('however long the log is, no more than a page of it is held at once', async () => {
  const most = { rows: 0, at: 0 }
  let held = 0
  const counting = {
    query: async (...args: Parameters<typeof db.query>) => {
      most.at = Math.max(most.at, ++held)
      const result = (await db.query(...args)) as unknown as QueryResult
      held--
      most.rows = Math.max(most.rows, result.rows.length)
      return result
    },
  } as unknown as Tx
  expect(await verifyLog(counting, key)).toMatchObject({ ok: true, entries: SIZE })
  // One page that is checked and one that is being read, each in three statements.
  expect(most.at).toBeLessThanOrEqual(3)
  expect(most.rows).toBe(PAGE_ENTRIES)
  expect(SIZE).toBeGreaterThan(PAGE_ENTRIES)
})

describe('any single change anywhere', () => {
  const place = fc.integer({ min: 0, max: SIZE - 1 })
  const some = fc.nat()
  const checkpoint = fc.constantFrom(...SIZES)
  type Damage = { sql: string; kinds: ProblemKind[]; index?: number }
  const damages = fc.oneof(
    fc.tuple(place, some).map(
      ([index, bit]): Damage => ({
        sql: `UPDATE audit_entry SET ${flip('entry', `${bit} % (octet_length(entry) * 8)`)} WHERE index = ${index}`,
        kinds: ['changed'],
        index,
      }),
    ),
    place.map(
      (index): Damage => ({
        sql: `DELETE FROM audit_entry WHERE index = ${index}`,
        kinds: [index === SIZE - 1 ? 'truncated' : 'missing'],
        index,
      }),
    ),
    place.map(
      (index): Damage => ({
        sql: `DELETE FROM audit_entry WHERE index = ${index}; ${move('index - 1', `index > ${index}`)}`,
        kinds: index === SIZE - 1 ? ['truncated'] : ['missing'],
        index,
      }),
    ),
    place.map(
      (index): Damage => ({
        sql: `${move('index + 1', `index >= ${index}`)}; ${forge(index)}`,
        kinds: ['inserted'],
        index,
      }),
    ),
    fc.uniqueArray(place, { minLength: 2, maxLength: 2 }).map(
      ([a, b]): Damage => ({
        sql: move(`CASE index WHEN ${a} THEN ${b} ELSE ${a} END`, `index IN (${a}, ${b})`),
        kinds: ['reordered'],
        index: Math.min(a!, b!),
      }),
    ),
    place.map(
      (index): Damage => ({
        sql: `UPDATE audit_entry SET leaf = sha256(leaf) WHERE index = ${index}`,
        kinds: ['column'],
        index,
      }),
    ),
    fc.tuple(place, some).map(
      ([index, bit]): Damage => ({
        sql: `UPDATE audit_tile SET ${flip('hashes', (index % 256) * 256 + (bit % 256))} WHERE level = 0 AND n = ${Math.floor(index / 256)}`,
        kinds: ['tile'],
        index,
      }),
    ),
    fc.tuple(fc.integer({ min: 0, max: Math.floor(SIZE / 256) - 1 }), some).map(
      ([n, bit]): Damage => ({
        sql: `UPDATE audit_tile SET ${flip('hashes', n * 256 + (bit % 256))} WHERE level = 1`,
        kinds: ['tile'],
        index: n * 256,
      }),
    ),
    fc.tuple(checkpoint, some).map(
      ([size, at]): Damage => ({
        sql: `UPDATE audit_checkpoint SET note = overlay(note PLACING CASE substring(note FROM p FOR 1) WHEN 'x' THEN 'y' ELSE 'x' END FROM p)
        FROM (SELECT 1 + ${at} % length(note) AS p FROM audit_checkpoint WHERE size = ${size}) q WHERE size = ${size}`,
        kinds: ['checkpoint'],
        index: size - 1,
      }),
    ),
    fc.tuple(checkpoint, some).map(
      ([size, bit]): Damage => ({
        sql: `UPDATE audit_checkpoint SET ${flip('root', bit % 256)} WHERE size = ${size}`,
        kinds: ['checkpoint'],
        index: size - 1,
      }),
    ),
    checkpoint.map(
      (size): Damage => ({
        sql: `DELETE FROM audit_checkpoint WHERE size = ${size}`,
        kinds: ['checkpoint'],
      }),
    ),
    some.map(
      (bit): Damage => ({
        sql: `UPDATE audit_head SET ${flip('root', bit % 256)}`,
        kinds: ['head'],
      }),
    ),
    place.map(
      (size): Damage => ({
        sql: `UPDATE audit_head SET size = ${size}`,
        kinds: ['rolled-back', 'head'],
      }),
    ),
  )

  test('is found and named, two hundred times over', async () => {
    await fc.assert(
      fc
        .asyncProperty(damages, async ({ sql, kinds, index }) => {
          await db.query(sql)
          const { problems } = await verify()
          expect(kinds).toContain(problems[0]?.kind)
          if (index !== undefined) expect(problems[0]!.index).toBe(index)
        })
        .beforeEach(() => db.query('SAVEPOINT sound'))
        .afterEach(() => db.query('ROLLBACK TO sound')),
      { numRuns: 200 },
    )
  }, 180_000)
})
