import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEmbedded, startEmbedded } from '../../src/db/embedded.ts'
import { openPool } from '../../src/db/pool.ts'
import { createLogger } from '../../src/log.ts'
import { emptyDatabase } from '../support/database.ts'
import { lastJson, runCommand, startCommand } from '../support/demo.ts'
import { until } from '../support/gateway.ts'
import { describeWithRedis, testRedis } from '../support/redis.ts'

const POPULATION = 1_000
const LONG = 240_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-demo-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const demoArguments = () => {
  const data = join(folder, 'demo')
  return ['demo', '--exit', '--json', '--population', String(POPULATION), '--data', data]
}
const demo = (settings: Record<string, string> = {}) => runCommand(demoArguments(), settings)

/** What every good run shows; the figures are those of the seed. */
function expectGood(figures: Record<string, unknown>): void {
  expect(figures).toMatchObject({
    population: POPULATION,
    parked: 0,
    auditVerified: true,
    balanced: true,
    nationalNumbersLeaked: 0,
  })
  for (const name of [
    'tenants',
    'accepted',
    'forwarded',
    'found',
    'feedback',
    'delivered',
    'acknowledged',
    'refusedBeforeProtocol',
    'auditEntries',
    'seconds',
  ]) {
    expect({ [name]: Number(figures[name]) > 0 }).toEqual({ [name]: true })
  }
  expect(figures['accepted']).toBe(figures['tenants'])
  expect(figures['forwarded']).toBe(figures['accepted'])
  expect(figures['acknowledged']).toBe(figures['feedback'])
}

describe('the demo', () => {
  test(
    'killed with kill -9 it goes on where it was; it runs again; its log names a byte that is changed',
    async () => {
      const running = startCommand(demoArguments())
      await until('tenants are being sent', () => running.output().includes('verzonden'), 120)
      running.child.kill('SIGKILL')
      await running.ended
      const resumed = await demo()
      expect({ code: resumed.code, stderr: resumed.code === 0 ? '' : resumed.stderr }).toEqual({
        code: 0,
        stderr: '',
      })
      const figures = lastJson(resumed)
      expectGood(figures)

      const again = await demo()
      expect(again.code).toBe(0)
      expectGood(lastJson(again))
      for (const name of ['tenants', 'accepted', 'found', 'feedback']) {
        expect(lastJson(again)[name]).toBe(figures[name])
      }

      const settings = { HUISBRUG_DATA_DIR: join(folder, 'demo') }
      await changeOneByte(settings.HUISBRUG_DATA_DIR, 7)
      const verified = await runCommand(['audit', 'verify', '--json'], settings)
      expect(verified.code).toBe(1)
      expect(lastJson(verified)).toMatchObject({
        ok: false,
        problems: expect.arrayContaining([expect.objectContaining({ kind: 'changed', index: 7 })]),
      })
    },
    LONG,
  )
})

describeWithRedis('the demo on a PostgreSQL server of its own, with its queue on Redis', () => {
  test(
    'gives the same',
    async () => {
      const redis = await testRedis()
      if (!redis) throw new Error('no Redis')
      const database = await emptyDatabase()
      try {
        const ended = await demo({
          HUISBRUG_DATABASE_URL: database.url,
          HUISBRUG_QUEUE_URL: redis.url,
        })
        expect(ended.code).toBe(0)
        expectGood(lastJson(ended))
      } finally {
        await redis.close()
        await database.close()
      }
    },
    LONG,
  )
})

async function changeOneByte(dataDir: string, index: number): Promise<void> {
  expect(findEmbedded(dataDir)).toBeUndefined()
  const embedded = await startEmbedded(dataDir, createLogger('error'))
  const pool = openPool(embedded.url)
  try {
    await pool.query('ALTER TABLE audit_entry DISABLE TRIGGER ALL')
    await pool.query(
      'UPDATE audit_entry SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) WHERE index = $1',
      [index],
    )
    await pool.query('ALTER TABLE audit_entry ENABLE TRIGGER ALL')
  } finally {
    await pool.end()
    await embedded.stop()
  }
}
