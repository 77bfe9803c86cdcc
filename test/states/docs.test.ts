import { readFileSync } from 'node:fs'
import { readStateTimes } from '../../src/exchange/state-times.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { seedRows } from '../support/seed.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('docs/states.md has every step of the table, drawn and told, and no other', async () => {
  const page = readFileSync(new URL('../../docs/states.md', import.meta.url), 'utf8')
  const told = [...page.matchAll(/^\| ([a-z-]+) \| ([a-z-]+) \| (.+?) \| (.+?) \|$/gm)]
    .map(([, was, state, meaning, who]) => ({ was, state, meaning, who }))
    .filter(({ was }) => was !== 'from' && was !== '---')
  const drawn = [...page.matchAll(/^ {2}(\S+) --> (\S+)$/gm)].map(([, was, state]) => {
    const name = (text = '') => (text === '[*]' ? 'new' : text.replaceAll('_', '-'))
    return `${name(was)} ${name(state)}`
  })
  const { rows } = await db.pool.query<{ was: string; state: string; meaning: string }>(
    'SELECT was, state, meaning FROM state_rule',
  )
  const plain = told.map(({ was, state, meaning }) => `${was} ${state} ${meaning}`)
  expect(plain.toSorted()).toEqual(
    rows.map(({ was, state, meaning }) => `${was} ${state} ${meaning}`).toSorted(),
  )
  expect(drawn.toSorted()).toEqual(rows.map(({ was, state }) => `${was} ${state}`).toSorted())
  expect(told.filter(({ who }) => (who ?? '').length < 3)).toEqual([])
})

test('the time in each state, per protocol and day', async () => {
  const insert = (id: string, seconds: number[]) =>
    seedRows(db.pool, async tx => {
      await tx.query(
        `INSERT INTO message (id, type, protocol, party_id, received_at, received_day, digest, accepted,
           refused) VALUES ($1, 'feedback.reachability', 'wm-vdab', 'woonboog', $2::timestamptz, '2026-03-10', 'd', 1, 0)`,
        [id, '2026-03-10T10:00:00Z'],
      )
      await tx.query(
        `INSERT INTO hand_over (id, message_id, destination, kind, items, state, due_at, created_at)
         VALUES ($1, $1, 'woonboog', 'event', 1, 'queued', now(), $2)`,
        [id, '2026-03-10T10:00:00Z'],
      )
      const states = ['queued', 'retrying', 'delivered']
      for (const [at, after] of seconds.entries()) {
        await tx.query(
          `INSERT INTO transition (message_id, hand_over_id, was, state, at)
           VALUES ($1, $1, $2, $3, $4::timestamptz + make_interval(secs => $5))`,
          [id, states[at], states[at + 1], '2026-03-10T10:00:00Z', after],
        )
      }
    })
  await db.pool.query(
    `INSERT INTO party (id, kind, kbo, name, jwks)
     VALUES ('woonboog', 'housing-company', '0999000228', 'Woonboog', '{"keys": []}')`,
  )
  await insert('one', [1, 11])
  await insert('two', [3, 33])
  const common = { protocol: 'wm-vdab', day: '2026-03-10', count: 2 }
  expect(await readStateTimes(db.pool, { from: '2026-03-10', until: '2026-03-10' })).toEqual([
    { ...common, state: 'queued', median: 2, p95: 2.9 },
    { ...common, state: 'retrying', median: 20, p95: 29 },
  ])
  expect(await readStateTimes(db.pool, { from: '2026-03-11', until: '2026-03-12' })).toEqual([])
})
