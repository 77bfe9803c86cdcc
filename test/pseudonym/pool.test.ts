import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  deriveRowId,
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  inputOf,
  tagInfo,
} from '../../src/pseudonym/derive.ts'
import { packNumbers } from '../../src/pseudonym/packed.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { openRow } from '../../src/pseudonym/row.ts'
import {
  blindInput,
  evaluateDirectly,
  finalize,
  generateKeyPair,
  randomScalar,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { hex, numbersOf } from './support.ts'

const domain = 'wm-vdab/1/1'
const key = generateKeyPair()
const subject = generateKeyPair()
const keys = { domain, domainKey: key.secretKey, subjectKey: subject.secretKey }
const root = fileURLToPath(new URL('../../', import.meta.url))

let pool: PseudonymPool

beforeAll(() => {
  pool = new PseudonymPool({ threads: 2 })
})

afterAll(async () => {
  await pool.close()
})

function expectedOf(number: string) {
  const output = evaluateDirectly(VOPRF, key.secretKey, inputOf(number))
  const subjectOutput = evaluateDirectly(VOPRF, subject.secretKey, inputOf(number))
  return { ...deriveTag(output, tagInfo(domain)), subjectTag: deriveSubjectTag(subjectOutput) }
}

describe('pseudonymising in threads', () => {
  // 1, one part, several uneven parts for two threads
  test.each([1, 2, 7, 100, 253])('%i people come back in their order', async count => {
    const numbers = numbersOf(count)
    const pseudonyms = await pool.pseudonymise({ ...keys, insz: numbers })
    const expected = numbers.map(expectedOf)
    expect(pseudonyms.map(one => hex(one.tag))).toEqual(expected.map(one => hex(one.tag)))
    expect(pseudonyms.map(one => hex(one.subjectTag))).toEqual(
      expected.map(one => hex(one.subjectTag)),
    )
  })

  test('nobody is nothing', async () => {
    expect(await pool.pseudonymise({ ...keys, insz: [] })).toEqual([])
  })

  test("each row opens with its person's key, and holds that person's content", async () => {
    const numbers = numbersOf(230)
    const plaintexts = numbers.map((_, i) => ({
      tenantGround: i % 2 ? 'art-6.1-1-a' : 'art-6.1-1-b',
      referenceDate: `2026-01-${String(1 + (i % 31)).padStart(2, '0')}`,
    }))
    const sealing = { period: '2026-01', messageId: 'msg_1', plaintexts }
    const sealed = await pool.pseudonymise({ ...keys, insz: numbers, sealing })
    const opened = sealed.map(({ rowId, row }, i) => {
      const { secret } = expectedOf(numbers[i]!)
      expect(hex(rowId)).toBe(hex(deriveRowId(secret, '2026-01')))
      const binding = { domain, period: '2026-01', messageId: 'msg_1', rowId }
      return openRow(deriveRowKey(secret, '2026-01'), binding, row)
    })
    expect(opened).toEqual(plaintexts)
    expect(new Set(sealed.map(({ row }) => hex(row.nonce))).size).toBe(230)
  })

  test('requests at the same time do not mix', async () => {
    const numbers = numbersOf(400)
    const quarters = [0, 1, 2, 3].map(i => numbers.slice(i * 100, (i + 1) * 100))
    const answers = await Promise.all(quarters.map(insz => pool.pseudonymise({ ...keys, insz })))
    const tags = answers.flat().map(one => hex(one.tag))
    expect(tags).toEqual(numbers.map(number => hex(expectedOf(number).tag)))
  })

  test('uneven contents, a content that is too long and a bad key are refused by code', async () => {
    const insz = numbersOf(3)
    const content = { tenantGround: 'art-6.1-1-a', referenceDate: '2026-01-15' }
    const sealing = { period: '2026-01', messageId: 'msg_1', plaintexts: [content] }
    await expect(pool.pseudonymise({ ...keys, insz, sealing })).rejects.toThrow('batch-uneven')
    const long = { ...content, tenantGround: 'x'.repeat(200) }
    const plaintexts = [content, long, content]
    const tooLong = pool.pseudonymise({ ...keys, insz, sealing: { ...sealing, plaintexts } })
    await expect(tooLong).rejects.toThrow('row-too-long')
    const domainKey = new Uint8Array(32)
    await expect(pool.pseudonymise({ ...keys, domainKey, insz })).rejects.toThrow('scalar-invalid')
  })

  test('keys given as views of a larger buffer arrive as they are, and stay', async () => {
    const shared = Buffer.concat([randomBytes(8), key.secretKey, subject.secretKey, randomBytes(8)])
    const before = hex(shared)
    const views = { domainKey: shared.subarray(8, 40), subjectKey: shared.subarray(40, 72) }
    const [one] = await pool.pseudonymise({ ...keys, ...views, insz: numbersOf(1) })
    expect(hex(one!.tag)).toBe(hex(expectedOf(numbersOf(1)[0]!).tag))
    expect(hex(shared)).toBe(before)
  })

  test('what is not eleven digits long does not get to a thread', async () => {
    await expect(pool.pseudonymise({ ...keys, insz: ['8507300332'] })).rejects.toThrow(RangeError)
  })
})

describe('evaluating in threads', () => {
  test.each([1, 3, 450])('a batch of %i has one proof over all of it', async count => {
    const numbers = numbersOf(count)
    const blinds = numbers.map(() => randomScalar())
    const blinded = numbers.map((number, i) => blindInput(VOPRF, inputOf(number), blinds[i]!))
    const batch = await pool.evaluate({ key: key.secretKey, publicKey: key.publicKey, blinded })
    expect(batch.proof.length).toBe(64)
    expect(() => verifyBatch(key.publicKey, blinded, batch)).not.toThrow()
    const last = count - 1
    const output = finalize(inputOf(numbers[last]!), blinds[last]!, batch.evaluated[last]!)
    expect(hex(output)).toBe(hex(evaluateDirectly(VOPRF, key.secretKey, inputOf(numbers[last]!))))
  })

  test('two proofs over the same batch differ: the random scalar is fresh', async () => {
    const blinded = [blindInput(VOPRF, Buffer.from('x'), randomScalar())]
    const request = { key: key.secretKey, publicKey: key.publicKey, blinded }
    const [first, second] = await Promise.all([pool.evaluate(request), pool.evaluate(request)])
    expect(hex(first.evaluated[0]!)).toBe(hex(second.evaluated[0]!))
    expect(hex(first.proof)).not.toBe(hex(second.proof))
  })

  test('an element that is none is named by its place in the whole batch', async () => {
    const blinded = numbersOf(250).map(number => blindInput(VOPRF, inputOf(number), randomScalar()))
    const evaluate = (element: Uint8Array) =>
      pool.evaluate({
        key: key.secretKey,
        publicKey: key.publicKey,
        blinded: blinded.with(207, element),
      })
    await expect(evaluate(new Uint8Array(32))).rejects.toMatchObject({
      code: 'element-identity',
      index: 207,
    })
    await expect(evaluate(Buffer.alloc(32, 1))).rejects.toMatchObject({
      code: 'element-invalid',
      index: 207,
    })
    await expect(evaluate(randomBytes(31))).rejects.toMatchObject({
      code: 'element-length',
      index: 207,
    })
  })

  test('no element, and more than 5,000, are refused', async () => {
    const evaluate = (blinded: Uint8Array[]) =>
      pool.evaluate({ key: key.secretKey, publicKey: key.publicKey, blinded })
    await expect(evaluate([])).rejects.toThrow('batch-empty')
    await expect(evaluate(Array(5_001).fill(key.publicKey))).rejects.toThrow('batch-too-large')
  })
})

describe('what travels to a thread', () => {
  test('is bytes of their own, not a view of something larger', () => {
    const packed = packNumbers(['85073003328', '17073003384'])
    expect(packed.buffer.byteLength).toBe(22)
    expect(Buffer.from(packed).toString()).toBe('8507300332817073003384')
  })
})

describe('a failure', () => {
  test('of a closed pool is a code', async () => {
    const closed = new PseudonymPool({ threads: 1 })
    await closed.close()
    const work = closed.pseudonymise({ ...keys, insz: numbersOf(1) })
    await expect(work).rejects.toMatchObject({ name: 'PseudonymError', code: 'worker-failed' })
  })

  test('that nobody foresaw says nothing of the input', async () => {
    const content = { tenantGround: 'art-6.1-1-a', referenceDate: '2026-01-15' }
    const messageId = (() => '85073003328') as unknown as string
    const sealing = { period: '2026-01', messageId, plaintexts: [content] }
    const error = await pool.pseudonymise({ ...keys, insz: ['85073003328'], sealing }).catch(e => e)
    expect(error).toMatchObject({ code: 'worker-failed' })
    expect(error.cause).toBeUndefined()
    expect(`${error.message} ${error.stack}`).not.toContain('85073003328')
  })
})

describe('outside the tests', () => {
  const driver = (pseudonym: string, extension: string) => `
    import { PseudonymPool } from '${pseudonym}/pool.${extension}'
    const pool = new PseudonymPool({ threads: 1 })
    const request = ${JSON.stringify({ domain, insz: numbersOf(2) })}
    const key = hex => Uint8Array.from(Buffer.from(hex, 'hex'))
    const keys = { domainKey: key('${hex(key.secretKey)}'), subjectKey: key('${hex(subject.secretKey)}') }
    const people = await pool.pseudonymise({ ...request, ...keys })
    process.stdout.write(people.map(one => one.tag.toString('hex')).join())
    await pool.close()`
  const expected = () =>
    numbersOf(2)
      .map(number => hex(expectedOf(number).tag))
      .join()

  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-pool-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (source: string, name: string): string => {
    writeFileSync(join(folder, name), source)
    const env = { PATH: process.env['PATH'] }
    return execFileSync(process.execPath, ['--no-warnings', join(folder, name)], {
      env,
      encoding: 'utf8',
    })
  }

  test('the sources run as they are', () => {
    expect(run(driver(join(root, 'src/pseudonym'), 'ts'), 'direct.mjs')).toBe(expected())
  })

  test('the compiled program runs', () => {
    const out = join(folder, 'dist')
    mkdirSync(out)
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const options = [
      '--ignoreConfig',
      '--noEmit',
      'false',
      '--rewriteRelativeImportExtensions',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--skipLibCheck',
      '--rootDir',
      join(root, 'src'),
      '--outDir',
      out,
    ]
    const files = ['pool', 'worker'].map(name => join(root, `src/pseudonym/${name}.ts`))
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files],
      { stdio: 'pipe' },
    )
    expect(run(driver(join(out, 'pseudonym'), 'js'), 'compiled.mjs')).toBe(expected())
  })
})
