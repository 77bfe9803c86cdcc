import { setTimeout as sleep } from 'node:timers/promises'
import { testLog } from '../support/log.ts'
import { openProxy, type ServerProxy } from '../support/proxy.ts'
import { PATIENCE, until } from '../support/until.ts'
import { type EngineUnderTest, type Harness, harness, killAtWork, recorder } from './kit.ts'

/** What every engine must do when the queue, a worker or itself is lost, the same for each. */
export function describeLosses(open: () => Promise<EngineUnderTest>): void {
  let engine: EngineUnderTest
  let start: Harness['start']
  let reset: Harness['reset']
  beforeAll(async () => {
    ;({ engine, start, reset } = harness(await open()))
  })
  afterEach(() => reset())
  afterAll(() => engine.close())

  describe('the reconciler', () => {
    test('fills a queue again that was lost, before and during the work', async () => {
      const due = new Set(['vdab', 'woonboog'])
      const api = await start()
      await api.wake(due)
      await engine.lose()
      expect(await engine.jobData()).toEqual([])
      const wakeUps = await start({ dueDestinations: async () => [...due], reconcileEvery: 100 })
      wakeUps.work(async to => void due.delete(to), { concurrency: 2 })
      await until(() => due.size === 0, 5_000)
      await engine.lose()
      due.add('leefgoed')
      await until(() => due.size === 0, 5_000)
    })

    test('wakes again where a handler failed', async () => {
      const due = new Set(['vdab'])
      const { log, lines } = testLog()
      const wakeUps = await start({
        log,
        dueDestinations: async () => [...due],
        reconcileEvery: 50,
      })
      let runs = 0
      const third = async (to: string) => {
        runs += 1
        if (runs < 3) throw new Error('no')
        due.delete(to)
      }
      wakeUps.work(third, { concurrency: 1 })
      await until(() => due.size === 0)
      expect(lines.filter(line => line.message.includes('could not be served'))).toHaveLength(2)
    })

    test('goes on where the database does not answer, and says so once', async () => {
      const { log, lines } = testLog()
      const { calls, handler } = recorder()
      let asked = 0
      const dueDestinations = async () => {
        asked += 1
        if (asked < 5) throw new Error('away')
        return ['vdab']
      }
      const wakeUps = await start({ log, dueDestinations, reconcileEvery: 20 })
      wakeUps.work(handler, { concurrency: 1 })
      await until(() => calls.includes('vdab'))
      const said = lines.filter(line => line.message.includes('what is due'))
      expect(said.map(line => line.level)).toEqual(['warn', 'info'])
    })
  })

  describe('a worker that is killed at work, again and again', () => {
    test('does not keep the next one from going on at once', async () => {
      for (let kills = 0; kills < 3; kills += 1) await killAtWork(engine.url)
      const { calls, handler } = recorder()
      const wakeUps = await start({ dueDestinations: async () => ['vdab'], reconcileEvery: 200 })
      wakeUps.work(handler, { concurrency: 1 })
      // Before the queue would notice by itself that its worker is gone.
      await until(() => calls.includes('vdab'), 6_000)
    })
  })

  describe('while the engine is away', () => {
    let proxy: ServerProxy
    beforeEach(async () => {
      proxy = await openProxy(engine.url)
    })
    afterEach(() => proxy.close())

    test('a wake-up neither throws nor hangs, and the log hears of it once', async () => {
      const { log, lines } = testLog()
      const wakeUps = await start({ queueUrl: proxy.url, log })
      await wakeUps.wake(['vdab'])
      proxy.cut()
      const begun = performance.now()
      for (let i = 0; i < 3; i += 1) await wakeUps.wake(['vdab'])
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 7_000)
      expect(lines.filter(line => line.level === 'warn')).toHaveLength(1)
      expect(await wakeUps.depth()).toBeUndefined()
    })

    test('a wake-up waits at most 2 s for an engine that hangs, the next ones not at all', async () => {
      const wakeUps = await start({ queueUrl: proxy.url })
      await wakeUps.wake(['vdab'])
      proxy.hang()
      const begun = performance.now()
      await wakeUps.wake(['vdab'])
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 4_000)
      const known = performance.now()
      for (let i = 0; i < 20; i += 1) await wakeUps.wake(['vdab'])
      expect(performance.now() - known).toBeLessThan(PATIENCE * 1_000)
      await wakeUps.close()
      expect(performance.now() - known).toBeLessThan(PATIENCE * 10_000)
    })

    test('work goes on by itself when it is back', async () => {
      const due = new Set<string>()
      const { log, lines } = testLog()
      const { calls, handler } = recorder()
      const wakeUps = await start({
        queueUrl: proxy.url,
        log,
        dueDestinations: async () => [...due],
        reconcileEvery: 100,
      })
      const claim = async (to: string) => {
        due.delete(to)
        await handler(to)
      }
      wakeUps.work(claim, { concurrency: 2 })
      await wakeUps.wake(['before'])
      await until(() => calls.includes('before'))
      proxy.cut()
      due.add('during')
      await sleep(1_500)
      expect(calls).not.toContain('during')
      proxy.restore()
      await until(() => calls.includes('during'), 15_000)
      await until(() => lines.some(line => line.message.includes('works again')))
      due.add('after')
      await until(() => calls.includes('after'), 5_000)
    })

    test('the close ends within 10 s', async () => {
      const wakeUps = await start({ queueUrl: proxy.url })
      wakeUps.work(async () => {}, { concurrency: 2 })
      await wakeUps.wake(['vdab'])
      proxy.cut()
      await sleep(300)
      const begun = performance.now()
      await wakeUps.close()
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 10_000)
    })
  })
}
