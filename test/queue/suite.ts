import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { PATIENCE, until } from '../support/until.ts'
import { blocker, type EngineUnderTest, type Harness, harness, recorder } from './kit.ts'

/** What every engine must do while all goes well, the same for each. */
export function describeWakeUps(open: () => Promise<EngineUnderTest>): void {
  let engine: EngineUnderTest
  let start: Harness['start']
  let reset: Harness['reset']
  beforeAll(async () => {
    ;({ engine, start, reset } = harness(await open()))
  })
  afterEach(() => reset())
  afterAll(() => engine.close())

  describe('a wake-up', () => {
    test('reaches a worker of another process at once', async () => {
      const { calls, handler } = recorder()
      const worker = await start()
      worker.work(handler, { concurrency: 2 })
      const api = await start()
      await api.wake(['vdab'])
      const woken = performance.now()
      await until(() => calls.includes('vdab'))
      // A worker that is not told looks every 5 s.
      expect(performance.now() - woken).toBeLessThan(3_000)
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

  describe('the close', () => {
    test('tells the handlers, waits for what they have in hand, and starts no more', async () => {
      const { calls, handler } = recorder()
      const wakeUps = await start()
      let begun = 0
      const obedient = async (to: string, signal: AbortSignal) => {
        begun = performance.now()
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        await sleep(300)
        await handler(to)
      }
      wakeUps.work(obedient, { concurrency: 1 })
      await wakeUps.wake(['vdab'])
      // The engine calls it active before the handler has begun.
      await until(() => begun > 0)
      await wakeUps.wake(['woonboog'])
      begun = performance.now()
      await wakeUps.close()
      expect(calls).toEqual(['vdab'])
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 3_000)
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
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 10_000)
      stuck.release()
    })

    test('of a process that only wakes is quick; waking after it does nothing', async () => {
      const wakeUps = await start()
      await wakeUps.wake(['vdab'])
      const begun = performance.now()
      await wakeUps.close()
      await wakeUps.close()
      expect(performance.now() - begun).toBeLessThan(PATIENCE * 1_000)
      await expect(wakeUps.wake(['vdab'])).resolves.toBeUndefined()
    })
  })
}
