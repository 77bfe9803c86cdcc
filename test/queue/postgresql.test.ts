import { emptyDatabase } from '../support/database.ts'
import type { EngineUnderTest } from './kit.ts'
import { describeLosses } from './losses.ts'
import { describeWakeUps } from './suite.ts'

describe('wake-ups on PostgreSQL', () => {
  describe('when something is lost', () => describeLosses(open))
  describe('while all goes well', () => describeWakeUps(open))
})

async function open(): Promise<EngineUnderTest> {
  const { url, pool, close } = await emptyDatabase()
  const jobData = async () => {
    const { rows } = await pool.query("SELECT data FROM bullmq.job WHERE queue = 'forward'")
    return rows.map(row => row.data)
  }
  const lose = async () => {
    await pool.query('DELETE FROM bullmq.job; DELETE FROM bullmq.event; DELETE FROM bullmq.meta')
  }
  return { url, jobData, lose, close }
}
