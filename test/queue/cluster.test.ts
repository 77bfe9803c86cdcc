import { examineReach } from '../../src/cli/settings/reach.ts'
import { readConfig } from '../../src/config.ts'
import { createWakeUps, type WakeUpOptions } from '../../src/queue/queue.ts'
import { isRedis, readRedisUrl } from '../../src/queue/redis.ts'
import { testLog } from '../support/log.ts'
import { describeWithRedis, type TestCluster, testCluster } from '../support/redis.ts'
import { PATIENCE, until } from '../support/until.ts'
import { recorder } from './kit.ts'

describe('the address of a cluster', () => {
  test.each([
    ['redis+cluster://a:1,b:2', ['redis://a:1', 'redis://b:2'], false],
    [
      'rediss+cluster://u:p%40w@[::1]:1,b',
      ['rediss://u:p%40w@[::1]:1', 'rediss://u:p%40w@b'],
      true,
    ],
  ])('%s', (url, urls, isEncrypted) => {
    expect(readRedisUrl(url)).toEqual({ isCluster: true, isEncrypted, urls })
    expect(readConfig({ HUISBRUG_QUEUE_URL: url }).queueUrl).toBe(url)
    expect(isRedis(url)).toBe(true)
  })

  test.each([
    'redis+cluster://',
    'redis+cluster://a:1,',
    'redis+cluster://,a:1',
    'redis+cluster://a:1/2',
  ])('%s is refused', url => {
    expect(() => readConfig({ HUISBRUG_QUEUE_URL: url })).toThrow('HUISBRUG_QUEUE_URL')
  })
})

describeWithRedis('wake-ups on a Redis cluster', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await testCluster()
  })
  afterAll(() => cluster.close())

  const start = (options: Partial<WakeUpOptions> = {}) =>
    createWakeUps({
      ...{ databaseUrl: 'postgresql://nowhere', queueUrl: cluster.url, log: testLog().log },
      ...{ dueDestinations: async () => [], reconcileEvery: 3_600_000, ...options },
    })

  test('reach a worker of another process, wait once each, and leave nothing', async () => {
    const [api, worker] = await Promise.all([start(), start()])
    await Promise.all(Array.from({ length: 20 }, () => api.wake(['vdab', 'woonboog'])))
    expect(await api.depth()).toEqual({ waiting: 2, active: 0 })
    const { calls, handler } = recorder()
    worker.work(handler, { concurrency: 2 })
    await until(() => calls.length === 2)
    await api.wake(['leefgoed'])
    await until(() => calls.includes('leefgoed'))
    await until(async () => (await api.depth())?.active === 0)
    const begun = performance.now()
    await Promise.all([api.close(), worker.close()])
    expect(performance.now() - begun).toBeLessThan(PATIENCE * 2_000)
    // All keys are in the one slot of {huisbrug}, so its node is the only one with any.
    const held = await Promise.all(cluster.client.nodes('master').map(node => node.dbsize()))
    expect(held.filter(count => count > 0)).toHaveLength(1)
  })

  test('go on by themselves when the node that has them comes back empty', async () => {
    const due = new Set<string>()
    const { log, lines } = testLog()
    const wakeUps = await start({ log, dueDestinations: async () => [...due], reconcileEvery: 100 })
    wakeUps.work(async to => void due.delete(to), { concurrency: 2 })
    due.add('vdab')
    await until(() => due.size === 0)
    const startAgain = await cluster.stopNodeOf('{huisbrug}')
    due.add('woonboog')
    const begun = performance.now()
    await wakeUps.wake(['woonboog'])
    expect(performance.now() - begun).toBeLessThan(PATIENCE * 3_000)
    await startAgain()
    await until(() => due.size === 0)
    expect(lines.filter(line => line.message === 'the queue engine works again')).toHaveLength(1)
    await wakeUps.close()
  })

  test('the check of the settings names the primaries', async () => {
    const checks = await examineReach(readConfig({ HUISBRUG_QUEUE_URL: cluster.url }))
    expect(checks.find(({ name }) => name === 'queue')).toMatchObject({
      ...{ ok: true, detail: 'a Redis cluster answers, 3 primaries' },
    })
  })
})
