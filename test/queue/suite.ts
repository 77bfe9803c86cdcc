import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { createWakeUps, type WakeUpOptions, type WakeUps } from '../../src/queue/queue.ts'
import { testLog } from '../support/log.ts'
import { openProxy, type Proxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** One queue engine under test. */
export interface EngineUnderTest {
  url: string
  /** The content of all jobs, as the engine keeps it. */
  jobData(): Promise<unknown[]>
  /** Takes everything out of the queue. */
  lose(): Promise<void>
  close(): Promise<void>
}

const NEVER = 3_600_000

/** What every engine must do, the same for each. */
export function describeWakeUps(open: () => Promise<EngineUnderTest>): void {
  let engine: EngineUnderTest
  const opened: WakeUps[] = []
  beforeAll(async () => {
    engine = await open()
  })
  afterEach(async () => {
    for (const wakeUps of opened.splice(0)) await wakeUps.close()
    await engine.lose()
  })
  afterAll(() => engine.close())

  /** One process's wake-ups; nothing reconciles unless the test says so. */
  async function start(options: Partial<WakeUpOptions> = {}): Promise<WakeUps> {
    const wakeUps = await createWakeUps({
      databaseUrl: engine.url,
      queueUrl: engine.url,
      log: testLog().log,
      dueDestinations: async () => [],
      reconcileEvery: NEVER,
      ...options,
    })
    opened.push(wakeUps)
    return wakeUps
  }

  /** Notes which destinations the handler is called for. */
  function recorder() {
    const calls: string[] = []
    const handler = async (destination: string) => void calls.push(destination)
    return { calls, handler }
  }

  /** A handler that stays at work until it is let go, and counts how many do so at once. */
  function blocker() {
    const gate = Promise.withResolvers<void>()
    const state = { atOnce: 0, most: 0, runs: 0, release: gate.resolve }
    const run = async () => {
      state.atOnce += 1
      state.runs += 1
      state.most = Math.max(state.most, state.atOnce)
      await gate.promise
      state.atOnce -= 1
    }
    return Object.assign(state, { run })
  }

  describe('a wake-up', () => {
    test('reaches a worker of another process at once', async () => {
      const { calls, handler } = recorder()
      const worker = await start()
      worker.work(handler, { concurrency: 2 })
      const api = await start()
      await api.wake(['vdab'])
      const woken = performance.now()
      await until(() => calls.includes('vdab'))
      expect(performance.now() - woken).toBeLessThan(1_000)
    })

    test('waits at most once per destination, and carries nothing but it', async () => {
      const api = await start()
      for (let i = 0; i < 20; i += 1) await api.wake(['vdab', 'woonboog'])
      await Promise.all(Array.from({ length: 20 }, () => api.wake(['vdab'])))
      expect(await api.depth()).toEqual({ waiting: 2, active: 0 })
      expect(await engine.jobData()).toEqual(
        expect.arrayContaining([{ destination: 'vdab' }, { destination: 'woonboog' }]),
      )
      expect(await engine.jobData()).toHaveLength(2)
    })

    test('leaves nothing behind once it is handled, also where the handler fails', async () => {
      const { calls, handler } = recorder()
      const wakeUps = await start()
      const failing = async (destination: string) => {
        await handler(destination)
        if (destination === 'woonboog') throw new Error('no')
      }
      wakeUps.work(failing, { concurrency: 2 })
      await wakeUps.wake(['vdab', 'woonboog'])
      await until(() => calls.length === 2)
      await until(async () => (await engine.jobData()).length === 0)
      await wakeUps.wake(['woonboog'])
      await until(() => calls.length === 3)
    })

    test('is for any party id', async () => {
      const { calls, handler } = recorder()
      const wakeUps = await start()
      wakeUps.work(handler, { concurrency: 4 })
      const ids = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), { minLength: 1 })
      await fc.assert(
        fc.asyncProperty(ids, async generated => {
          const destinations = ['123', '0', '-', '..', ...generated]
          calls.length = 0
          await wakeUps.wake(destinations)
          await until(() => destinations.every(id => calls.includes(id)))
        }),
        { numRuns: 10 },
      )
    })
  })

  describe('no wake-up is lost', () => {
    test('while the destination is at work', async () => {
      const wakeUps = await start()
      const busy = blocker()
      wakeUps.work(busy.run, { concurrency: 2 })
      await wakeUps.wake(['vdab'])
      await until(() => busy.runs === 1)
      await wakeUps.wake(['vdab'])
      await sleep(200)
      expect(busy.runs).toBe(1)
      busy.release()
      await until(() => busy.runs === 2)
    })

    test('whatever the timing: what is due before the wake-up is found by the handler', async () => {
      const due = new Map<string, number>()
      const workers = [await start(), await start()]
      for (const worker of workers) {
        const claim = async (destination: string) => {
          await sleep(Math.random() * 3)
          due.delete(destination)
          await sleep(Math.random() * 8)
        }
        worker.work(claim, { concurrency: 3 })
      }
      const api = await start()
      const waves = fc.array(fc.record({ to: fc.integer({ min: 0, max: 5 }), pause: fc.nat(6) }), {
        minLength: 30,
        maxLength: 60,
      })
      await fc.assert(
        fc.asyncProperty(waves, async messages => {
          for (const { to, pause } of messages) {
            due.set(`party-${to}`, 1)
            void api.wake([`party-${to}`])
            await sleep(pause)
          }
          await until(() => due.size === 0, 5_000)
        }),
        { numRuns: 8 },
      )
    })

    test('where its worker is full: it waits its turn', async () => {
      const busy = blocker()
      const { calls, handler } = recorder()
      const wakeUps = await start()
      const either = (to: string) => (to === 'slow' ? busy.run() : handler(to))
      wakeUps.work(either, { concurrency: 1 })
      await wakeUps.wake(['slow'])
      await until(() => busy.runs === 1)
      await wakeUps.wake(['a', 'b', 'c'])
      await sleep(200)
      expect(calls).toEqual([])
      busy.release()
      await until(() => calls.length === 3)
    })
  })

  describe('a slow destination', () => {
    test('takes one slot of a process, however often it is woken; the others are served', async () => {
      const slow = blocker()
      const { calls, handler } = recorder()
      const wakeUps = await start()
      wakeUps.work(to => (to === 'slow' ? slow.run() : handler(to)), { concurrency: 2 })
      for (let i = 0; i < 20; i += 1) {
        await wakeUps.wake(['slow'])
        await sleep(10)
      }
      const others = Array.from({ length: 10 }, (_, i) => `party-${i}`)
      await wakeUps.wake(others)
      await until(() => others.every(id => calls.includes(id)), 3_000)
      expect(slow).toMatchObject({ atOnce: 1, most: 1, runs: 1 })
      slow.release()
      await until(() => slow.runs === 2)
    })

    test('that is always busy goes behind the others after each run', async () => {
      const { calls, handler } = recorder()
      const wakeUps = await start()
      const greedy = async (to: string) => {
        if (to === 'greedy') await wakeUps.wake(['greedy'])
        await handler(to)
        await sleep(5)
      }
      wakeUps.work(greedy, { concurrency: 1 })
      await wakeUps.wake(['greedy'])
      await until(() => calls.length > 3)
      await wakeUps.wake(['modest'])
      await until(() => calls.includes('modest'), 2_000)
    })
  })

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
      await until(() => calls.includes('vdab'), 3_000)
    })
  })

  describe('while the engine is away', () => {
    let proxy: Proxy
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
      expect(performance.now() - begun).toBeLessThan(7_000)
      expect(lines.filter(line => line.level === 'warn')).toHaveLength(1)
      expect(await wakeUps.depth()).toBeUndefined()
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
      wakeUps.work(async to => void (due.delete(to), await handler(to)), { concurrency: 2 })
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
      expect(performance.now() - begun).toBeLessThan(10_000)
    })
  })

  describe('the close', () => {
    test('tells the handlers, waits for what they have in hand, and starts no more', async () => {
      const { calls, handler } = recorder()
      const wakeUps = await start()
      const obedient = async (to: string, signal: AbortSignal) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        await sleep(300)
        await handler(to)
      }
      wakeUps.work(obedient, { concurrency: 1 })
      await wakeUps.wake(['vdab'])
      await until(async () => (await wakeUps.depth())?.active === 1)
      await wakeUps.wake(['woonboog'])
      const begun = performance.now()
      await wakeUps.close()
      expect(calls).toEqual(['vdab'])
      expect(performance.now() - begun).toBeLessThan(3_000)
      expect(await engine.jobData()).toEqual([{ destination: 'woonboog' }])
    })

    test('ends within 10 s where a handler does not', async () => {
      const stuck = blocker()
      const wakeUps = await start()
      wakeUps.work(stuck.run, { concurrency: 1 })
      await wakeUps.wake(['vdab'])
      await until(() => stuck.runs === 1)
      const begun = performance.now()
      await wakeUps.close()
      expect(performance.now() - begun).toBeLessThan(10_000)
      stuck.release()
    })

    test('of a process that only wakes is quick; waking after it does nothing', async () => {
      const wakeUps = await start()
      await wakeUps.wake(['vdab'])
      const begun = performance.now()
      await wakeUps.close()
      await wakeUps.close()
      expect(performance.now() - begun).toBeLessThan(1_000)
      await expect(wakeUps.wake(['vdab'])).resolves.toBeUndefined()
    })
  })
}

/** Starts a worker process and kills it as soon as its handler is at work. */
async function killAtWork(url: string): Promise<void> {
  const program = fileURLToPath(new URL('worker-program.ts', import.meta.url))
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [program, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  const [said] = await once(child.stdout, 'data')
  expect(String(said)).toBe('vdab\n')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
