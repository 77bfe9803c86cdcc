import { describeWithRedis, testRedis } from '../support/redis.ts'
import type { EngineUnderTest } from './kit.ts'
import { describeLosses } from './losses.ts'
import { describeWakeUps } from './suite.ts'

describeWithRedis('wake-ups on Redis', () => {
  describe('when something is lost', () => describeLosses(open))
  describe('while all goes well', () => describeWakeUps(open))
})

async function open(): Promise<EngineUnderTest> {
  const redis = await testRedis()
  if (!redis) throw new Error('no Redis')
  const { url, client, close } = redis
  const jobData = async () => {
    const keys = await client.keys('{huisbrug}:forward:*')
    const found = await Promise.all(
      keys.map(async key =>
        (await client.type(key)) === 'hash' ? client.hget(key, 'data') : null,
      ),
    )
    return found.filter(data => data !== null).map(data => JSON.parse(data))
  }
  return { url, jobData, lose: async () => void (await client.flushall()), close }
}
