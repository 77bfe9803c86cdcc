import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sequenceBatch, takeLead } from '../../src/audit/batch.ts'
import { openCheckpoint } from '../../src/audit/checkpoint.ts'
import { loadLogSigner, loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { recordEntries, recordEntry } from '../../src/audit/record.ts'
import { type Sequencer, startSequencer } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { inTransaction, openPool, type Pool } from '../../src/db/pool.ts'
import { PATIENCE } from '../support/until.ts'
import { acceptedDraft, drafts, ORIGIN, type TestLog, testLog } from './support.ts'

let log: TestLog
let running: Sequencer[] = []
let pools: Pool[] = []

beforeEach(async () => {
  log = await testLog({ max: 30 })
})
afterEach(async () => {
  await Promise.all(running.map(sequencer => sequencer.close()))
  await Promise.all(pools.map(pool => pool.end()))
  running = []
  pools = []
  await log.close()
})

/** A sequencer as in a process of its own, with a pool of its own. */
function start(clock = log.parts.clock): { troubles: string[]; sequencer: Sequencer } {
  const pool = openPool(log.url, { max: 2, name: 'sequencer' })
  const troubles: string[] = []
  const quiet = {
    info: () => quiet,
    warn: () => quiet,
    error: (_: string, meta: { trouble: string }) => troubles.push(meta.trouble),
  }
  const sequencer = startSequencer({ ...log.parts, pool, clock, log: quiet as never })
  running.push(sequencer)
  pools.push(pool)
  return { troubles, sequencer }
}

async function state() {
  const { rows } = await log.pool.query(
    `SELECT (SELECT count(*) FROM audit_entry) AS entries, (SELECT count(*) FROM audit_pending) AS pending,
       (SELECT count(*) FROM audit_checkpoint) AS checkpoints, h.size, h.epoch FROM audit_head h`,
  )
  return rows[0] as {
    entries: number
    pending: number
    checkpoints: number
    size: number
    epoch: number
  }
}

async function until(
  what: string,
  reached: () => Promise<boolean>,
  milliseconds = 30_000,
): Promise<number> {
  const started = performance.now()
  while (!(await reached())) {
    if (performance.now() - started > milliseconds) throw new Error(`not in time: ${what}`)
    await pause(20)
  }
  return performance.now() - started
}

const sequenced = (count: number) =>
  until(`${count} entries`, async () => (await state()).entries >= count)

/** Ends the connection of the leader as an operator, a fail-over or a crash would. */
async function killLeader(): Promise<number> {
  const { rows } = await log.pool.query(
    `SELECT pg_terminate_backend(pid) AS killed FROM pg_locks
     WHERE locktype = 'advisory' AND classid = ${0x4842} AND objid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return rows.length
}

async function expectSound(): Promise<void> {
  const report = await verifyLog(log.pool, await loadLogVerifierKey(log.keys, ORIGIN))
  expect(report.problems).toEqual([])
  expect(report.entries).toBe((await state()).entries)
}

test('places what is pending within about a fifth of a second, and signs it', async () => {
  start()
  await until('a leader', async () => (await state()).epoch > 0)
  await recordEntries(log.pool, drafts(3))
  expect(await sequenced(3)).toBeLessThan(PATIENCE * 1_500)
  const { rows } = await log.pool.query('SELECT * FROM audit_checkpoint')
  const verifier = noteVerifier(await loadLogVerifierKey(log.keys, ORIGIN))
  expect(openCheckpoint(rows[0].note, verifier)).toEqual({
    origin: ORIGIN,
    size: 3,
    root: rows[0].root,
  })
  await expectSound()
})

test('signs nothing while nothing is pending', async () => {
  start()
  await recordEntry(log.pool, acceptedDraft())
  await sequenced(1)
  await pause(700)
  expect(await state()).toMatchObject({ entries: 1, checkpoints: 1 })
})

test('loses and doubles nothing under concurrent writers, some of which roll back', async () => {
  start()
  start()
  const promised: string[] = []
  const withdrawn: string[] = []
  const writer = async (w: number) => {
    for (let i = 0; i < 60; i++) {
      await inTransaction(log.pool, async tx => {
        const recorded = await recordEntries(tx, drafts(1 + (i % 7), w * 1_000 + i))
        const kept = i % 5 !== 4
        ;(kept ? promised : withdrawn).push(...recorded.map(({ commitment }) => commitment))
        if (!kept) throw new Error('rolled back')
      }).catch(error => expect(error.message).toBe('rolled back'))
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, w) => writer(w)))
  await sequenced(promised.length)
  await pause(300)
  const { rows } = await log.pool.query('SELECT index, leaf FROM audit_entry ORDER BY index')
  expect(rows.map(row => row.index)).toEqual(promised.map((_, i) => i))
  expect(rows.map(row => row.leaf.toString('base64url')).sort()).toEqual(promised.sort())
  expect(withdrawn.length).toBeGreaterThan(0)
  await expectSound()
})

test('an entry that was written first but committed later comes later', async () => {
  const slow = await log.pool.connect()
  await slow.query('BEGIN')
  const first = await recordEntry(slow, acceptedDraft(1))
  const second = await recordEntry(log.pool, acceptedDraft(2))
  expect(await log.sequence()).toBe(1)
  await slow.query('COMMIT')
  slow.release()
  const third = await recordEntry(log.pool, acceptedDraft(3))
  expect(await log.sequence()).toBe(2)
  const { rows } = await log.pool.query('SELECT leaf FROM audit_entry ORDER BY index')
  expect(rows.map(row => row.leaf.toString('base64url'))).toEqual([
    second.commitment,
    first.commitment,
    third.commitment,
  ])
})

test('goes through a backlog of more than one batch in the order in which it was written', async () => {
  const promised: string[] = []
  for (let i = 0; i < 12; i++) {
    const recorded = await recordEntries(log.pool, drafts(1_000, i))
    promised.push(...recorded.map(({ commitment }) => commitment))
  }
  start()
  await sequenced(12_000)
  const { rows } = await log.pool.query('SELECT leaf FROM audit_entry ORDER BY index')
  expect(rows.map(row => row.leaf.toString('base64url'))).toEqual(promised)
  expect((await state()).checkpoints).toBe(3)
  await expectSound()
})

describe('several sequencers', () => {
  test('one works, the others stand by', async () => {
    start()
    start()
    start()
    for (let i = 0; i < 5; i++) {
      await recordEntries(log.pool, drafts(20, i))
      await sequenced(20 * (i + 1))
    }
    expect((await state()).epoch).toBe(1)
    expect(await log.sequence()).toBeUndefined()
    await expectSound()
  })

  test('another takes over when the leader is closed, and what was recorded before is in the log', async () => {
    const { sequencer } = start()
    await until('a leader', async () => (await state()).epoch > 0)
    await recordEntries(log.pool, drafts(3))
    await sequencer.close()
    expect(await state()).toMatchObject({ entries: 3, pending: 0 })
    start()
    await recordEntries(log.pool, drafts(3, 10))
    await sequenced(6)
    expect((await state()).epoch).toBe(2)
    await expectSound()
  })

  test('another takes over within two seconds when the leader is killed, over and over, without a fork', async () => {
    start()
    start()
    let recorded = 0
    let writing = true
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        await recordEntries(log.pool, drafts(25, i % 100))
        recorded += 25
        await pause(3)
      }
    })()
    for (let round = 0; round < 5; round++) {
      await pause(150 + 60 * round)
      const before = await state()
      expect(await killLeader()).toBe(1)
      const took = await until('a new leader at work', async () => {
        const now = await state()
        return now.epoch > before.epoch && now.size > before.size
      })
      expect(took).toBeLessThan(PATIENCE * 2_500)
    }
    writing = false
    await writer
    await sequenced(recorded)
    expect((await state()).entries).toBe(recorded)
    await expectSound()
  })

  test('a leader that was replaced without noticing can sign nothing more', async () => {
    const signer = await loadLogSigner(log.keys, ORIGIN)
    const [old, next] = [await log.pool.connect(), await log.pool.connect()]
    const replaced = await takeLead(old, signer)
    await recordEntries(log.pool, drafts(2))
    expect(await sequenceBatch(replaced, new Date())).toBe(2)
    const leading = await takeLead(next, signer)
    await recordEntries(log.pool, drafts(2, 2))
    await expect(sequenceBatch(replaced, new Date())).rejects.toMatchObject({ code: 'not-leading' })
    expect(await sequenceBatch(leading, new Date())).toBe(2)
    await expect(sequenceBatch(replaced, new Date())).resolves.toBe(0)
    old.release()
    next.release()
    expect(await state()).toMatchObject({ entries: 4, checkpoints: 2 })
    await expectSound()
  })
})

describe('a leader in another process', () => {
  let child: ChildProcess

  beforeEach(async () => {
    const script = fileURLToPath(new URL('./sequencer-child.ts', import.meta.url))
    child = spawn(process.execPath, [script, log.url], { stdio: 'ignore' })
    await until('the other process leads', async () => (await state()).epoch === 1)
    await recordEntries(log.pool, drafts(5))
    await sequenced(5)
    start()
    await recordEntries(log.pool, drafts(5, 5))
    await sequenced(10)
    expect((await state()).epoch).toBe(1)
  })

  afterEach(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  test('is replaced within about two seconds when it is killed', async () => {
    child.kill('SIGKILL')
    await recordEntries(log.pool, drafts(5, 10))
    expect(await sequenced(15)).toBeLessThan(PATIENCE * 2_500)
    expect((await state()).epoch).toBe(2)
    await expectSound()
  })

  test('is cut off when it hangs, and does no harm when it comes to', async () => {
    child.kill('SIGSTOP')
    await recordEntries(log.pool, drafts(5, 10))
    expect(await sequenced(15)).toBeGreaterThan(2_500)
    child.kill('SIGCONT')
    await recordEntries(log.pool, drafts(5, 15))
    await sequenced(20)
    await pause(1_500)
    expect((await state()).epoch).toBe(2)
    await expectSound()
  })
})

test('a clock that goes back makes no checkpoint older than the one before it', async () => {
  const times = [
    '2026-11-21T09:00:00Z',
    '2026-11-20T09:00:00Z',
    '2020-01-01T00:00:00Z',
    '2026-11-21T09:00:01Z',
  ]
  for (const time of times) {
    await recordEntries(log.pool, [
      acceptedDraft(1, { at: new Date(time) }),
      acceptedDraft(2, { at: new Date(time) }),
    ])
    const { sequencer } = start(() => new Date(time))
    await until('sequenced', async () => (await state()).pending === 0)
    await sequencer.close()
  }
  const { rows } = await log.pool.query('SELECT at FROM audit_checkpoint ORDER BY size')
  const latest = times.map(
    (_, i) =>
      times
        .slice(0, i + 1)
        .toSorted()
        .at(-1) ?? '',
  )
  expect(rows.map(row => row.at)).toEqual(latest.map(time => new Date(time)))
  await expectSound()
})

describe('a log that does not fit its head is not gone on with', () => {
  test.each([
    [
      'a head that was set back',
      'UPDATE audit_head SET size = 2, root = (SELECT root FROM audit_checkpoint WHERE size = 2)',
    ],
    ['a head with another root', "UPDATE audit_head SET root = sha256('other')"],
    [
      'entries that were cut off',
      'ALTER TABLE audit_entry DISABLE TRIGGER ALL; DELETE FROM audit_entry WHERE index = 4',
    ],
    [
      'a checkpoint that is gone',
      'ALTER TABLE audit_checkpoint DISABLE TRIGGER ALL; DELETE FROM audit_checkpoint WHERE size = 5',
    ],
    [
      'a tile that was changed',
      "ALTER TABLE audit_tile DISABLE TRIGGER ALL; UPDATE audit_tile SET hashes = overlay(hashes PLACING '\\x00' FROM 150 FOR 1)",
    ],
  ])('%s', async (_, damage) => {
    for (const count of [2, 3]) {
      await recordEntries(log.pool, drafts(count))
      await log.sequence()
    }
    await log.pool.query(damage)
    await recordEntries(log.pool, drafts(1))
    await expect(log.sequence()).rejects.toMatchObject({ code: 'head-does-not-fit' })
    const { troubles } = start()
    await until('it says so', async () => troubles.length > 0)
    await pause(1_200)
    expect(troubles).toEqual([expect.stringContaining('head-does-not-fit')])
    expect((await state()).pending).toBe(1)
  })
})

test('does not hold up the rest of the process', async () => {
  for (let i = 0; i < 10; i++) await recordEntries(log.pool, drafts(1_000))
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  start()
  await sequenced(10_000)
  clearInterval(timer)
  expect(longest).toBeLessThan(200)
})
