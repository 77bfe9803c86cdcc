import { emptyDatabase } from '../support/database.ts'
import { describeWakeUps } from './suite.ts'

describe('wake-ups on PostgreSQL', () => {
  describeWakeUps(async () => {
    const { url, pool, close } = await emptyDatabase()
    const jobData = async () => {
      const { rows } = await pool.query("SELECT data FROM bullmq.job WHERE queue = 'forward'")
      return rows.map(row => row.data)
    }
    const lose = async () => {
      await pool.query('DELETE FROM bullmq.job; DELETE FROM bullmq.event; DELETE FROM bullmq.meta')
    }
    return { url, jobData, lose, close }
  })
})
