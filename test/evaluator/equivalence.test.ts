import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { inTransaction } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { ServiceClient } from '../../src/keys/service-client.ts'
import { transportKey } from '../../src/keys/service-secret.ts'
import { deriveRowKey, deriveTag, inputOf, tagInfo } from '../../src/pseudonym/derive.ts'
import { type Evaluator, LocalEvaluator } from '../../src/pseudonym/evaluator.ts'
import { RemoteEvaluator } from '../../src/pseudonym/evaluator-remote.ts'
import { PseudonymPool } from '../../src/pseudonym/pool.ts'
import { keepPublishedKey } from '../../src/pseudonym/published-key.ts'
import { openRow } from '../../src/pseudonym/row.ts'
import { subjectTagOf } from '../../src/pseudonym/subject-tag.ts'
import {
  blindInput,
  evaluateDirectly,
  finalize,
  randomScalar,
  VOPRF,
  verifyBatch,
} from '../../src/pseudonym/voprf.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { syntheticNumber } from '../support/people.ts'
import { type TestKeyService, testKeyService } from './support.ts'

const DOMAIN = 'wm-vdab/1/1'
const NAMES = [DOMAIN, 'subject']
const sealing = (count: number) => ({
  period: '2026-11',
  messageId: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
  plaintexts: Array.from({ length: count }, (_, index) => ({ tenantGround: 'art-6.1-1-a', index })),
})

let database: TestDatabase
let service: TestKeyService
let pool: PseudonymPool
let keys: KeyStore
let client: ServiceClient
let local: Evaluator
let remote: Evaluator

beforeAll(async () => {
  database = await testDatabase()
  service = await testKeyService({ HUISBRUG_EVALUATOR_TAKES_KEYS: 'true' })
  pool = new PseudonymPool({ threads: 2 })
  keys = new KeyStore(database.pool, randomBytes(32))
  client = new ServiceClient({ url: service.url, secret: service.secret, timeoutMs: 5_000 })
  local = new LocalEvaluator({ keys, pseudonyms: pool })
  remote = new RemoteEvaluator({ client, db: database.pool, pseudonyms: pool })
  for (const domain of NAMES) await shareKey(domain)
})
afterAll(async () => {
  client?.close()
  await pool?.close()
  await service?.close()
  await database?.close()
})

/** One key, here and at the service. */
async function shareKey(domain: string): Promise<void> {
  const publicKey = await inTransaction(database.pool, tx => local.make(domain, tx))
  const entryId = randomBytes(16).toString('base64url')
  await keepPublishedKey(database.pool as never, { domain, publicKey, entryId })
  const secret = await keys.find(domain === 'subject' ? domain : `domain:${domain}`)
  const wrapped = await transportKey(service.secret).wrap(domain, secret!)
  const body = { domain, wrapped: wrapped.toString('base64url') }
  const reply = await service.call('/evaluator/keys/take', body)
  expect(reply).toEqual({ status: 200, body: { publicKey: publicKey.toString('base64url') } })
}

const people = fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 12 })

test('the same key gives the same pseudonyms, here and at a service', async () => {
  await fc.assert(
    fc.asyncProperty(people, async indexes => {
      const insz = indexes.map(syntheticNumber)
      const request = { domain: DOMAIN, insz, sealing: sealing(insz.length) }
      const [here, there] = await Promise.all([
        local.pseudonymise(request),
        remote.pseudonymise(request),
      ])
      const same = (all: typeof here) =>
        all.map(({ tag, subjectTag, rowId }) =>
          [tag, subjectTag, rowId].map(it => it.toString('hex')),
        )
      expect(same(there)).toEqual(same(here))
      for (const evaluator of [local, remote]) {
        const tag = await subjectTagOf(evaluator, insz[0]!)
        expect(tag).toEqual(Buffer.from(here[0]!.subjectTag))
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)

test('rows that were sealed by way of the service open under the person’s own key', async () => {
  const insz = [7, 8, 9].map(syntheticNumber)
  const made = await remote.pseudonymise({ domain: DOMAIN, insz, sealing: sealing(3) })
  const secret = (await keys.find(`domain:${DOMAIN}`))!
  made.forEach(({ tag, rowId, row }, index) => {
    const output = evaluateDirectly(VOPRF, secret, inputOf(insz[index]!))
    const own = deriveTag(output, tagInfo(DOMAIN))
    expect(tag.equals(own.tag)).toBe(true)
    const { period, messageId } = sealing(0)
    const binding = { domain: DOMAIN, period, messageId, rowId }
    const opened = openRow(deriveRowKey(own.secret, period), binding, row)
    expect(opened).toEqual({ tenantGround: 'art-6.1-1-a', index })
  })
})

test('a blind evaluation by way of the service verifies and finalises as one made here', async () => {
  const insz = Array.from({ length: 250 }, (_, index) => syntheticNumber(500 + index))
  const blinds = insz.map(() => randomScalar())
  const blinded = insz.map((number, i) => blindInput(VOPRF, inputOf(number), blinds[i]!))
  const publicKey = await inTransaction(database.pool, tx => local.make(DOMAIN, tx))
  for (const evaluator of [local, remote]) {
    const batch = await evaluator.evaluate(DOMAIN, blinded)
    verifyBatch(publicKey, blinded, batch)
    const secret = (await keys.find(`domain:${DOMAIN}`))!
    const output = finalize(inputOf(insz[249]!), blinds[249]!, batch.evaluated[249]!)
    expect(output.equals(evaluateDirectly(VOPRF, secret, inputOf(insz[249]!)))).toBe(true)
  }
})

test('an element that is none is refused with its place, by both', async () => {
  const good = blindInput(VOPRF, inputOf(syntheticNumber(1)), randomScalar())
  const wrong = Buffer.alloc(32, 255)
  for (const evaluator of [local, remote]) {
    await expect(evaluator.evaluate(DOMAIN, [good, wrong])).rejects.toMatchObject({
      code: 'element-invalid',
      index: 1,
    })
    await expect(evaluator.evaluate(DOMAIN, [])).rejects.toMatchObject({ code: 'batch-empty' })
    const many = Array.from({ length: 5_001 }, () => good)
    await expect(evaluator.evaluate(DOMAIN, many)).rejects.toMatchObject({
      code: 'batch-too-large',
    })
  }
})
