import { randomInt } from 'node:crypto'
import { prepareRegister } from '../../src/client/blind.ts'
import { inputOf } from '../../src/pseudonym/derive.ts'
import {
  addElements,
  invertScalars,
  isIdentity,
  multiply,
  multiplyBase,
  randomScalar,
  reduceScalar,
} from '../../src/pseudonym/group.ts'
import { blindInput, VOPRF } from '../../src/pseudonym/voprf.ts'
import { cleanUp, FakeGateway, openStore, optionsFor } from '../pseudonym/register-support.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { findForbidden } from './forbidden.ts'

/**
 * The gateway as attacker on VDAB's register: it keeps every evaluation request, knows its own key, all
 * national numbers there can be, and computes what it likes.
 */
const people = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => syntheticNumber(from + index))

/** Prepares a register and @returns what the gateway was asked, request by request. */
async function asked(numbers: string[], batchSize = 5_000): Promise<Uint8Array[][]> {
  const gateway = new FakeGateway()
  await prepareRegister({ ...optionsFor(gateway, openStore(), numbers), batchSize })
  return gateway.asked
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const BITS = 256

/** How often each bit is one over all elements. */
function profile(elements: Uint8Array[]): number[] {
  return Array.from({ length: BITS }, (_, at) =>
    elements.reduce((sum, element) => sum + ((element[at >> 3]! >> (at & 7)) & 1), 0),
  )
}

/** The largest difference of two profiles of as many elements, in standard deviations. */
function distance(left: number[], right: number[], count: number): number {
  const deviations = left.map((ones, at) => {
    const share = (ones + right[at]!) / (2 * count)
    const spread = Math.sqrt(2 * count * share * (1 - share))
    return spread === 0 ? 0 : Math.abs(ones - right[at]!) / spread
  })
  return Math.max(...deviations)
}

/** What a transcript looks like that was made without any register: random elements. */
const simulated = (count: number) =>
  Array.from({ length: count }, () => multiplyBase(randomScalar()))

afterAll(cleanUp)

describe('an evaluation request', () => {
  test('holds as many elements as there are new people, and nothing else', async () => {
    const register = people(0, 30)
    const invalid = ['85010100100', 'nobody']
    const requests = await asked([...register, ...invalid, ...register.slice(0, 5)], 12)
    expect(requests.map(it => it.length)).toEqual([12, 12, 6])
    for (const element of requests.flat()) expect(element).toHaveLength(32)
  })

  test('never blinds a number twice to the same element', async () => {
    const register = people(0, 40)
    const all = [...(await asked(register)), ...(await asked(register))].flat().map(hex)
    expect(new Set(all).size).toBe(80)
    const input = inputOf(register[0]!)
    const again = Array.from({ length: 200 }, () => hex(blindInput(VOPRF, input, randomScalar())))
    expect(new Set(again).size).toBe(200)
  })

  test('after a stop sends those under way under new blinds', async () => {
    const gateway = new FakeGateway()
    const store = openStore()
    const options = optionsFor(gateway, store, people(0, 10))
    let calls = 0
    const failing = async (domain: string, blinded: Uint8Array[]) => {
      calls++
      await gateway.evaluate(domain, blinded)
      throw new Error('lost')
    }
    await expect(prepareRegister({ ...options, evaluate: failing })).rejects.toThrow('lost')
    await prepareRegister(options)
    expect(calls).toBe(1)
    expect(new Set(gateway.asked.flat().map(hex)).size).toBe(20)
  })

  test('tells how many people are new, and of a month without new people nothing at all', async () => {
    const gateway = new FakeGateway()
    const store = openStore()
    const first = people(0, 20)
    await prepareRegister(optionsFor(gateway, store, first))
    await prepareRegister(optionsFor(gateway, store, first.toReversed()))
    await prepareRegister(optionsFor(gateway, store, [...people(90, 3), ...first]))
    expect(gateway.asked.map(it => it.length)).toEqual([20, 3])
  })
})

describe('two registers of one size', () => {
  const COUNT = 600

  test('of whom, and in which order, shows in no bit; nor beside random elements', async () => {
    const register = people(0, COUNT)
    const transcripts = {
      one: await asked(register, 200),
      backwards: await asked(register.toReversed(), 200),
      others: await asked(people(40_000, COUNT), 200),
      random: [0, 1, 2].map(() => simulated(200)),
    }
    const profiles = Object.entries(transcripts).map(([name, requests]) => {
      expect([name, requests.map(it => it.length)]).toEqual([name, [200, 200, 200]])
      return profile(requests.flat())
    })
    // 256 bits and six pairs: less than one in ten thousand runs would pass this bound by chance.
    for (const left of profiles) {
      for (const right of profiles) expect(distance(left, right, COUNT)).toBeLessThan(6)
    }
    // The measure itself sees a difference: elements that are not blinded twice, or of few people.
    const few = Array.from({ length: COUNT }, (_, i) => transcripts.one.flat()[i % 3]!)
    expect(distance(profiles[0]!, profile(few), COUNT)).toBeGreaterThan(6)
  })

  test('neighbours in a request are no more alike than strangers', async () => {
    const requests = (await asked(people(0, 300), 300))[0]!
    const alike = (left: Uint8Array, right: Uint8Array) =>
      left.reduce((sum, byte, at) => sum + (byte === right[at] ? 1 : 0), 0)
    const pairs = requests.slice(1).map((element, at) => alike(element, requests[at]!))
    const equalBytes = pairs.reduce((a, b) => a + b)
    // 299 pairs of 32 bytes, each equal by chance once in 256: about 37, and six deviations more.
    expect(equalBytes).toBeLessThan(80)
    expect(new Set(requests.map(hex)).size).toBe(300)
  })
})

describe('for every element and every number there is one blind that explains it', () => {
  test('computed, in the group with known logarithms', () => {
    // As the hash to the group, but with a logarithm that the test knows: H(x) = h(x)·G.
    const logs = new Map(people(0, 60).map(insz => [insz, randomScalar()]))
    const hashed = (insz: string) => multiplyBase(logs.get(insz)!)
    const numbers = [...logs.keys()]
    const real = numbers[randomInt(numbers.length)]!
    const blind = randomScalar()
    const seen = multiply(blind, hashed(real))
    const blinds = numbers.map(candidate => {
      // b' = b · h(x) / h(x')
      const [inverse] = invertScalars([logs.get(candidate)!])
      const explains = product(product(blind, logs.get(real)!), inverse!)
      expect(hex(multiply(explains, hashed(candidate)))).toBe(hex(seen))
      return hex(explains)
    })
    // One each, all different: a uniform blind makes every number as likely after as before.
    expect(new Set(blinds).size).toBe(numbers.length)
    expect(blinds[numbers.indexOf(real)]).toBe(hex(blind))
  })

  test('and the real hash gives what that needs: every element of it generates the whole group', () => {
    // The order of the group, 2^252 + 27742317777372353535851937790883648493, is prime (RFC 9496, 4).
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const lessOne = scalarOf(order - 1n)
    for (const insz of people(0, 50)) {
      const element = VOPRF.hashToGroup(inputOf(insz))
      expect(isIdentity(element)).toBe(false)
      expect(isIdentity(addElements(multiply(lessOne, element), element))).toBe(true)
    }
  })
})

/** The product of two scalars, by big integers: slow, and nothing of the product is used for it. */
function product(left: Uint8Array, right: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  return scalarOf((numberOf(left) * numberOf(right)) % order)
}

function numberOf(scalar: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(scalar).reverse().toString('hex')}`)
}

function scalarOf(number: bigint): Uint8Array {
  const bytes = Buffer.from(number.toString(16).padStart(128, '0'), 'hex').reverse()
  return reduceScalar(bytes)
}

describe('a real gateway', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await testGateway()
  })
  afterAll(async () => {
    await gateway.close()
  })

  test('keeps of a request its size, and no element that it got; what it gave only to say it again', async () => {
    const { vdab } = gateway.clients
    const { domain, publicKey } = await until('a domain opens', async () => {
      const { items } = await vdab.domains()
      return items.find(it => it.domain.startsWith('wm-vdab/'))
    })
    const numbers = people(0, 25)
    const elements: string[] = []
    const answers: string[] = []
    await prepareRegister({
      ...{ domain, publicKey: Buffer.from(publicKey, 'base64url'), numbers, store: openStore() },
      evaluate: async (name, blinded) => {
        const sent = blinded.map(element => Buffer.from(element).toString('base64url'))
        const reply = await vdab.evaluate({ domain: name, blinded: sent })
        elements.push(...sent)
        answers.push(...reply.evaluated)
        return {
          evaluated: reply.evaluated.map(element => Buffer.from(element, 'base64url')),
          proof: Buffer.from(reply.proof, 'base64url'),
          publicKey: Buffer.from(reply.publicKey, 'base64url'),
        }
      },
    })
    expect([elements.length, answers.length]).toEqual([25, 25])
    const { rows } = await gateway.db.pool.query(
      'SELECT party_id, used::int AS used FROM quota_use WHERE domain = $1',
      [domain],
    )
    expect(rows).toEqual([{ party_id: 'vdab', used: 25 }])
    const forms = elements.flatMap(element => [
      element,
      Buffer.from(element, 'base64url').toString('hex'),
    ])
    expect(await findForbidden(gateway, numbers, forms)).toEqual([])
    // Blinded still; the same request again gets the same reply, for as long as replies are kept.
    const kept = await findForbidden(gateway, [], answers)
    expect(kept.filter(place => place !== 'idempotency')).toEqual([])
    // The search finds what is there.
    expect(await findForbidden(gateway, [], [domain])).not.toEqual([])
  })
})
