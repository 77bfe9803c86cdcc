import { HuisbrugProblem, HuisbrugUnreachable } from '../../src/client/index.ts'
import { RetryingQueue, replyOrRefusal, sleepUntil } from '../../src/sandbox/retrying-queue.ts'
import { PATIENCE } from '../support/until.ts'

function problem(status: number, code: string): HuisbrugProblem {
  return new HuisbrugProblem(status, { code, title: 't' })
}

describe('the queue', () => {
  test('settles everything, so many at once and no more', async () => {
    let running = 0
    let most = 0
    const settled: number[] = []
    const queue = new RetryingQueue<number>({
      atOnce: 3,
      onSettled: () => {},
      settle: async item => {
        most = Math.max(most, ++running)
        await new Promise(resolve => setTimeout(resolve, 5))
        running--
        settled.push(item)
      },
    })
    queue.add(...Array.from({ length: 20 }, (_, i) => i))
    await queue.idle()
    expect(settled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(most).toBe(3)
  })

  test('tries one until it succeeds, and tells when it did', async () => {
    let tries = 0
    let told = 0
    const queue = new RetryingQueue<string>({
      atOnce: 1,
      pauseMs: 1,
      onSettled: () => told++,
      settle: async () => {
        if (++tries < 4) throw new Error('away')
      },
    })
    queue.add('a')
    await queue.idle()
    expect([tries, told]).toEqual([4, 1])
    queue.add('b')
    await queue.idle()
    expect([tries, told]).toEqual([5, 2])
  })

  test('ends at once while something keeps failing, and starts nothing new', async () => {
    const tried = new Set<string>()
    const queue = new RetryingQueue<string>({
      atOnce: 1,
      pauseMs: 60_000,
      onSettled: () => {},
      settle: async item => {
        tried.add(item)
        throw new Error('away')
      },
    })
    queue.add('a', 'b')
    await new Promise(resolve => setTimeout(resolve, 10))
    const startedAt = performance.now()
    await queue.close()
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE * 1_000)
    expect([...tried]).toEqual(['a'])
  })
})

describe('what will not pass', () => {
  test.each([
    [409, 'HB-509'],
    [403, 'HB-304'],
    [422, 'HB-405'],
  ])('%i %s is an outcome', async (status, code) => {
    await expect(replyOrRefusal(Promise.reject(problem(status, code)))).resolves.toEqual({ code })
  })

  test.each([
    [503, 'HB-316'],
    [429, 'HB-601'],
    [500, 'HB-901'],
    [401, 'HB-106'],
    [403, 'HB-107'],
  ])('%i %s is none: it is tried again', async (status, code) => {
    await expect(replyOrRefusal(Promise.reject(problem(status, code)))).rejects.toMatchObject({
      code,
    })
  })

  test('no answer and our own faults are none either', async () => {
    const away = new HuisbrugUnreachable('ECONNRESET')
    await expect(replyOrRefusal(Promise.reject(away))).rejects.toBe(away)
    await expect(replyOrRefusal(Promise.reject(new Error('disk')))).rejects.toThrow('disk')
    await expect(replyOrRefusal(Promise.resolve(7))).resolves.toEqual({ reply: 7 })
  })
})

test('a pause ends with the abort', async () => {
  const stop = new AbortController()
  const pause = sleepUntil(stop.signal)(60_000)
  stop.abort()
  await expect(pause).rejects.toThrow()
  await expect(sleepUntil(new AbortController().signal)(1)).resolves.toBeUndefined()
})
