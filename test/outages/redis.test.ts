import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { openProxy, type ServerProxy } from '../support/proxy.ts'
import { describeWithRedis, type TestRedis, testRedis } from '../support/redis.ts'
import {
  assertAllCame,
  type Load,
  NO_LIMITS,
  newDetection,
  patientClient,
  receivedRequests,
  sleep,
  startLoad,
  stopAll,
} from './kit.ts'

/** The queue is on Redis, and Redis fails: intake does not notice, hand-overs go on soon after. */
describeWithRedis('Redis', () => {
  const servers: TestRedis[] = []
  const proxies: ServerProxy[] = []
  let gateway: TestGateway
  let load: Load

  const server = async () => {
    const started = await testRedis()
    if (!started) throw new Error('no Redis')
    servers.push(started)
    return started
  }
  const start = async (queueUrl: string) => {
    gateway = await testGateway({ queueUrl, settings: NO_LIMITS, roles: 'api,worker,sequencer' })
    await openDomain(gateway)
    load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
    await until('it is under way', () => receivedRequests(gateway).size > 5)
  }
  /** Messages go on being accepted now, and soon after go on to VDAB too. */
  const assertGoesOn = async () => {
    const taken = load.accepted.length
    await until('messages are accepted', () => load.accepted.length > taken + 5, 5)
    const last = load.accepted.at(-1)!
    await until('they are handed over', () => receivedRequests(gateway).has(last), 8)
  }
  afterEach(async () => {
    await stopAll()
    await gateway?.close()
    for (const proxy of proxies.splice(0)) await proxy.close()
    for (const one of servers.splice(0)) await one.close()
  })

  test('flushed, stopped, and started again without anything in it', async () => {
    const first = await server()
    const proxy = await openProxy(first.url)
    proxies.push(proxy)
    await start(proxy.url)
    for (let times = 0; times < 3; times++) {
      await first.client.flushall()
      await sleep(200)
    }
    await assertGoesOn()
    proxy.cut()
    const taken = load.accepted.length
    await until('messages are accepted', () => load.accepted.length > taken + 10, 10)
    const during = load.accepted.at(-1)!
    await sleep(500)
    expect(receivedRequests(gateway).has(during)).toBe(false)
    await first.client.flushall()
    proxy.restore()
    await until('they are handed over', () => receivedRequests(gateway).has(during), 10)
    await assertGoesOn()
    await load.stop()
    expect(load.errors).toEqual([])
    expect(await assertAllCame(gateway, load.accepted)).toBe(0)
  })

  test('failed over: the one we are connected to only follows now, then it is gone', async () => {
    const [first, second] = [await server(), await server()]
    let primary = first
    const proxy = await openProxy(() => primary.url)
    proxies.push(proxy)
    await second.client.replicaof('127.0.0.1', new URL(first.url).port)
    await start(proxy.url)
    await second.client.replicaof('NO', 'ONE')
    primary = second
    await first.client.replicaof('127.0.0.1', new URL(second.url).port)
    await assertGoesOn()
    await first.close()
    servers.shift()
    await assertGoesOn()
    await load.stop()
    expect(load.errors).toEqual([])
    expect(await assertAllCame(gateway, load.accepted)).toBe(0)
  })

  test('away when a process starts: it takes messages, and hands them over once Redis is there', async () => {
    const first = await server()
    const proxy = await openProxy(first.url)
    proxies.push(proxy)
    proxy.cut()
    gateway = await testGateway({ queueUrl: proxy.url, settings: NO_LIMITS })
    await openDomain(gateway)
    const { messageId } = await patientClient(gateway, 'woonboog').detect(newDetection())
    proxy.restore()
    expect(await assertAllCame(gateway, [messageId])).toBe(0)
  })
})
