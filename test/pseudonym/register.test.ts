import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type EvaluationReply,
  prepareRegister,
  RegisterError,
  type RegisterProgress,
} from '../../src/client/blind.ts'
import { deriveTag, inputOf, tagInfo } from '../../src/pseudonym/derive.ts'
import {
  evaluateBlinded,
  evaluateDirectly,
  generateKeyPair,
  VOPRF,
} from '../../src/pseudonym/voprf.ts'
import {
  cleanUp,
  DOMAIN,
  FakeGateway,
  newFolder,
  openStore,
  optionsFor,
} from './register-support.ts'
import { base64url, hex, numbersOf } from './support.ts'

afterEach(cleanUp)

function expectedOf(gateway: FakeGateway, number: string) {
  return deriveTag(evaluateDirectly(VOPRF, gateway.key.secretKey, inputOf(number)), tagInfo(DOMAIN))
}

async function* inTurn(numbers: readonly string[]) {
  yield* numbers
}

describe('preparing a register', () => {
  test('gives each person the tag and secret that the gateway computes directly', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const numbers = numbersOf(25)
    const progress = await prepareRegister(optionsFor(gateway, store, numbers))
    expect(progress).toEqual({ seen: 25, added: 25, known: 0, invalid: 0 })
    for (const number of numbers) {
      const person = store.findByNumber(DOMAIN, number)!
      const { tag, secret } = expectedOf(gateway, number)
      expect([hex(person.tag), hex(person.secret)]).toEqual([hex(tag), hex(secret)])
    }
  })

  test('takes numbers as they come, in display form, and with a reference', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const [plain, ...others] = numbersOf(3)
    const numbers = [
      plain!,
      '85.07.30-033.28',
      ...others.map((insz, i) => ({ insz, ref: `klant-${i}` })),
    ]
    await prepareRegister(optionsFor(gateway, store, numbers))
    expect(store.findByNumber(DOMAIN, '85073003328')?.ref).toBe(store.personKey('85073003328'))
    expect(others.map(insz => store.findByNumber(DOMAIN, insz)?.ref)).toEqual([
      'klant-0',
      'klant-1',
    ])
    const { tag } = store.findByNumber(DOMAIN, others[1]!)!
    expect(store.findByTag(DOMAIN, base64url(tag))?.ref).toBe('klant-1')
    const asynchronous = openStore()
    const progress = await prepareRegister(optionsFor(gateway, asynchronous, inTurn(numbersOf(4))))
    expect(progress.added).toBe(4)
  })

  test('counts and leaves out invalid numbers and repetitions', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const numbers = [
      '85073003328',
      '85.07.30-033.28',
      '85073003329',
      '',
      '17073003384',
      '85073003328',
    ]
    const progress = await prepareRegister({ ...optionsFor(gateway, store, numbers), batchSize: 2 })
    expect(progress).toEqual({ seen: 6, added: 2, known: 2, invalid: 2 })
    expect(store.count(DOMAIN)).toBe(2)
  })

  test('asks only for new people the next time', async () => {
    const [gateway, folder] = [new FakeGateway(), newFolder()]
    const first = openStore(folder)
    await prepareRegister(optionsFor(gateway, first, numbersOf(20)))
    first.close()
    const store = openStore(folder)
    const progress = await prepareRegister(optionsFor(gateway, store, numbersOf(23)))
    expect(progress).toEqual({ seen: 23, added: 3, known: 20, invalid: 0 })
    expect(gateway.asked.map(blinded => blinded.length)).toEqual([20, 3])
    const again = await prepareRegister(optionsFor(gateway, store, numbersOf(23)))
    expect(again.known).toBe(23)
    expect(gateway.asked).toHaveLength(2)
  })

  test('goes in batches, with progress after each', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const seen: RegisterProgress[] = []
    const options = optionsFor(gateway, store, numbersOf(25))
    await prepareRegister({
      ...options,
      batchSize: 10,
      onProgress: progress => seen.push(progress),
    })
    expect(gateway.asked.map(blinded => blinded.length)).toEqual([10, 10, 5])
    expect(seen.map(progress => progress.added)).toEqual([10, 20, 25, 25])
  })

  test('of nobody asks nothing', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    expect((await prepareRegister(optionsFor(gateway, store, []))).seen).toBe(0)
    expect(gateway.asked).toEqual([])
  })

  test('lets the process do other work meanwhile', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await prepareRegister(optionsFor(gateway, store, numbersOf(1_000)))
    clearInterval(timer)
    // Parts of a hundred people, three times over: some thirty chances to do something else.
    expect(turns).toBeGreaterThan(15)
  })
})

describe('what leaves the register', () => {
  test('is unlike for the same number twice, and nothing but elements', async () => {
    const gateway = new FakeGateway()
    await prepareRegister(optionsFor(gateway, openStore(), numbersOf(5)))
    await prepareRegister(optionsFor(gateway, openStore(), numbersOf(5)))
    const sent = gateway.asked.flat()
    expect(new Set(sent.map(hex)).size).toBe(10)
    expect(sent.every(element => element.length === 32)).toBe(true)
  })

  test('and what is kept of it holds no national number', async () => {
    const [gateway, folder] = [new FakeGateway(), newFolder()]
    const store = openStore(folder)
    const numbers = numbersOf(10)
    await prepareRegister(
      optionsFor(
        gateway,
        store,
        numbers.map(insz => ({ insz, ref: 'klant' })),
      ),
    )
    await store.preparePeriod(DOMAIN, '2026-01')
    store.close()
    const kept = readdirSync(folder).map(name => readFileSync(join(folder, name)))
    const all = Buffer.concat(kept)
    expect(all.includes('klant')).toBe(true)
    for (const number of numbers) {
      for (const encoding of ['utf8', 'base64', 'base64url', 'hex', 'utf16le'] as const) {
        const text = Buffer.from(number).toString(encoding === 'utf16le' ? 'utf8' : encoding)
        expect(all.includes(Buffer.from(text, encoding === 'utf16le' ? 'utf16le' : 'utf8'))).toBe(
          false,
        )
      }
    }
  })
})

describe('a gateway that cheats is refused loudly', () => {
  const prepare = async (tamper: (reply: EvaluationReply) => EvaluationReply) => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    gateway.tamper = tamper
    const error = await prepareRegister(optionsFor(gateway, store, numbersOf(5))).catch(e => e)
    expect(error).toBeInstanceOf(RegisterError)
    expect(store.count(DOMAIN)).toBe(0)
    return error.code
  }

  test('where it answers under another key, even with a sound proof', async () => {
    const other = new FakeGateway()
    const [gateway, store] = [new FakeGateway(), openStore()]
    const options = { ...optionsFor(gateway, store, numbersOf(5)), evaluate: other.evaluate }
    await expect(prepareRegister(options)).rejects.toMatchObject({ code: 'key-not-published' })
    expect(store.count(DOMAIN)).toBe(0)
  })

  test('where it uses another key but names the published one', async () => {
    const other = new FakeGateway()
    const [gateway, store] = [new FakeGateway(), openStore()]
    const evaluate = async (domain: string, blinded: Uint8Array[]) => ({
      ...(await other.evaluate(domain, blinded)),
      publicKey: gateway.key.publicKey,
    })
    const options = { ...optionsFor(gateway, store, numbersOf(5)), evaluate }
    await expect(prepareRegister(options)).rejects.toMatchObject({ code: 'proof-wrong' })
    expect(store.count(DOMAIN)).toBe(0)
  })

  test('where it uses a key of its own for one person, to recognise that one', async () => {
    const mark = generateKeyPair().secretKey
    const marked = ({ evaluated, ...rest }: EvaluationReply) => ({
      ...rest,
      evaluated: evaluated.with(3, evaluateBlinded(mark, evaluated[3]!)),
    })
    expect(await prepare(marked)).toBe('proof-wrong')
  })

  test('where the proof is missing or of another batch', async () => {
    expect(await prepare(reply => ({ ...reply, proof: new Uint8Array(0) }))).toBe('proof-wrong')
    expect(await prepare(reply => ({ ...reply, proof: new Uint8Array(64) }))).toBe('proof-wrong')
  })

  test('where elements are missing, added or none', async () => {
    expect(await prepare(reply => ({ ...reply, evaluated: reply.evaluated.slice(1) }))).toBe(
      'reply-malformed',
    )
    const more = (reply: EvaluationReply) => [...reply.evaluated, reply.evaluated[0]!]
    expect(await prepare(reply => ({ ...reply, evaluated: more(reply) }))).toBe('reply-malformed')
    const none = (reply: EvaluationReply) => reply.evaluated.with(0, new Uint8Array(32))
    expect(await prepare(reply => ({ ...reply, evaluated: none(reply) }))).toBe('proof-wrong')
  })
})

describe('where the quota is used up', () => {
  const retryAt = new Date('2026-01-16T00:00:00.000Z')

  /** Evaluates up to a number of elements, as the gateway does with its quota. */
  function limited(gateway: FakeGateway, quota: number, tellsLeft: boolean) {
    return async (domain: string, blinded: Uint8Array[]) => {
      const left = quota - gateway.count
      if (blinded.length <= left) return gateway.evaluate(domain, blinded)
      const details = tellsLeft ? { retryAt, left } : { retryAt }
      throw new RegisterError('quota-used-up', 'the quota is used up', details)
    }
  }

  test('the error says when to go on, and what was done is kept', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const options = { ...optionsFor(gateway, store, numbersOf(30)), batchSize: 10 }
    const stopped = prepareRegister({ ...options, evaluate: limited(gateway, 25, false) })
    await expect(stopped).rejects.toMatchObject({ code: 'quota-used-up', retryAt })
    expect(store.count(DOMAIN)).toBe(20)
    const progress = await prepareRegister(options)
    expect(progress).toEqual({ seen: 30, added: 10, known: 20, invalid: 0 })
  })

  test('what is left of it is used, so that a small allowance gets on day by day', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const options = optionsFor(gateway, store, numbersOf(30))
    for (const [day, quota] of [12, 24].entries()) {
      const stopped = prepareRegister({ ...options, evaluate: limited(gateway, quota, true) })
      await expect(stopped).rejects.toMatchObject({ code: 'quota-used-up', left: 12 })
      expect(store.count(DOMAIN)).toBe(12 * (day + 1))
    }
    await prepareRegister({ ...options, evaluate: limited(gateway, 36, true) })
    expect(store.count(DOMAIN)).toBe(30)
    expect(gateway.count).toBe(30)
  })

  test('any other error of the caller passes through, with its batch not stored', async () => {
    const [gateway, store] = [new FakeGateway(), openStore()]
    const offline = new Error('no network')
    let calls = 0
    const evaluate = async (domain: string, blinded: Uint8Array[]) => {
      if (calls++ === 1) throw offline
      return gateway.evaluate(domain, blinded)
    }
    const options = { ...optionsFor(gateway, store, numbersOf(30)), evaluate, batchSize: 10 }
    await expect(prepareRegister(options)).rejects.toBe(offline)
    expect(store.count(DOMAIN)).toBe(10)
  })
})
