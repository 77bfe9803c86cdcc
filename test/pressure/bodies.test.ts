import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { BodyLimits } from '../../src/http/limits-bodies.ts'
import { Turns } from '../../src/http/limits-repeats.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { syntheticNumber } from '../support/people.ts'

const MIB = 1024 * 1024

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('room for bodies', () => {
  test('is never overrun, and all of it is free again in the end', () => {
    const step = fc.record({ holder: fc.nat(6), size: fc.nat(2 * MIB), leaves: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const bodies = new BodyLimits({ bytes: 8 * MIB })
        const places: { leave(): void }[] = []
        for (const { holder, size, leaves } of steps) {
          const code = codeOf(() => places.push(bodies.enter(`party ${holder}`, size)))
          expect([undefined, 'HB-605']).toContain(code)
          if (leaves) places.shift()?.leave()
          expect(bodies.held).toBeLessThanOrEqual(8 * MIB)
        }
        for (const place of [...places, ...places]) place.leave()
        expect(bodies.held).toBe(0)
      }),
    )
  })

  test('of which one holder has at most a quarter, so that others still get in', () => {
    const bodies = new BodyLimits({ bytes: 32 * MIB })
    const enter = () => codeOf(() => bodies.enter('stolen', MIB))
    const codes = Array.from({ length: 10 }, enter)
    expect(codes.filter(code => code === undefined)).toHaveLength(7)
    expect(codeOf(() => bodies.enter('another', MIB))).toBeUndefined()
  })

  test('an eighth is at work at once, and who has least at work goes first', async () => {
    const bodies = new BodyLimits({ bytes: 16 * MIB })
    const order: string[] = []
    const ends: (() => void)[] = []
    const work = (name: string) => () => {
      order.push(name)
      return new Promise<void>(resolve => ends.push(resolve))
    }
    const size = 700_000
    const handle = (holder: string, name: string) => bodies.enter(holder, size).handle(work(name))
    const all = [1, 2, 3, 4].map(index => handle('many', `many ${index}`))
    all.push(handle('few', 'few 1'))
    await turn()
    expect(order).toEqual(['many 1', 'many 2'])
    ends.shift()?.()
    await turn()
    expect(order).toEqual(['many 1', 'many 2', 'few 1'])
    while (order.length < 5 || ends.length > 0) {
      ends.shift()?.()
      await turn()
    }
    await Promise.all(all)
    expect(order.slice(3)).toEqual(['many 3', 'many 4'])
  })

  test('work that fails gives its place back', async () => {
    const bodies = new BodyLimits({ bytes: 8 * MIB })
    for (let count = 0; count < 20; count++) {
      const place = bodies.enter('one', 900_000)
      await expect(place.handle(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
      place.leave()
    }
  })
})

test('calls under one key run one after another, under others beside them', async () => {
  const turns = new Turns()
  let running = 0
  let most = 0
  const work = async (fails: boolean) => {
    running += 1
    most = Math.max(most, running)
    await turn()
    running -= 1
    if (fails) throw new Error('no')
  }
  const same = Array.from({ length: 10 }, (_, index) =>
    turns.inTurn('a', () => work(index % 3 === 0)),
  )
  await Promise.allSettled(same)
  expect(most).toBe(1)
  await Promise.all(['b', 'c', 'd'].map(key => turns.inTurn(key, () => work(false))))
  expect(most).toBe(3)
})

test('the line before the threads has an end', async () => {
  const pool = new PseudonymPool({ threads: 1 })
  const key = Buffer.alloc(32, 1)
  const insz = [syntheticNumber(1)]
  const request = { domain: 'd', domainKey: key, subjectKey: key, insz }
  const all = Array.from({ length: 4_200 }, () => pool.pseudonymise(request))
  const refused = (await Promise.allSettled(all)).filter(it => it.status === 'rejected')
  expect(refused.length).toBeGreaterThan(50)
  expect(new Set(refused.map(it => it.reason.code))).toEqual(new Set(['pool-busy']))
  await pool.close()
})
