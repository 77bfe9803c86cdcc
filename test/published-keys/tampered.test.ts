import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signCheckpoint } from '../../src/audit/checkpoint.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { leafHash } from '../../src/audit/merkle.ts'
import { noteSigner } from '../../src/audit/note.ts'
import { formatProof, parseProof } from '../../src/audit/proof-file.ts'
import { entryWithProof } from '../../src/audit/query.ts'
import { prepareRegister, RegisterStore } from '../../src/client/blind.ts'
import { evaluateWith } from '../../src/client/blind-evaluation.ts'
import type { HuisbrugClient } from '../../src/client/index.ts'
import { publishedKey } from '../../src/client/published-key.ts'
import type { Domain, Evaluation } from '../../src/client/types.ts'
import { evaluateBatch, generateKeyPair } from '../../src/pseudonym/voprf.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'

const DOMAIN = 'wm-vdab/1/1'
const OTHER = 'ocmw-vdab/1/1'
const PEOPLE = Array.from({ length: 12 }, (_, at) => syntheticNumber(at))
const HEADER_BYTES = 256

let gateway: TestGateway
let logKey: string
let domains: Map<string, Domain>
let folder: string
let store: RegisterStore

beforeAll(async () => {
  gateway = await testGateway()
  const { keys, config } = gateway.context
  logKey = await loadLogVerifierKey(keys, config.logOrigin)
  domains = await until('both keys are published', async () => {
    const { items } = await gateway.clients.vdab.domains()
    const published = items.filter(item => item.published)
    return published.length === 2 && new Map(published.map(item => [item.domain, item]))
  })
})
afterAll(() => gateway?.close())

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-tampered-'))
  store = new RegisterStore(folder)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

/** What the gateway says of a domain, and of elements, on its way to the kit. */
interface Tampering {
  domain?: (item: Domain) => Domain
  evaluation?: (reply: Evaluation, blinded: string[]) => Evaluation
  /** The verifier key that the partner has pinned. */
  pinned?: string
}

/** Prepares a register as a partner does, by way of a gateway that was tampered with. */
function prepare({ domain, evaluation, pinned = logKey }: Tampering = {}) {
  const client: Pick<HuisbrugClient, 'evaluate'> = {
    evaluate: async request => {
      const reply = await gateway.clients.vdab.evaluate(request)
      return evaluation ? evaluation(reply, request.blinded) : reply
    },
  }
  const item = itemOf(DOMAIN)
  const publicKey = publishedKey(domain ? domain(item) : item, pinned)
  const evaluate = evaluateWith(client)
  return prepareRegister({ domain: DOMAIN, publicKey, numbers: PEOPLE, store, evaluate })
}

function itemOf(name: string): Domain & { published: NonNullable<Domain['published']> } {
  const item = domains.get(name)
  if (!item?.published) throw new Error(`${name} is not published`)
  return { ...item, published: item.published }
}

/** Bytes of the store beyond the headers of its files: what it keeps of people. */
function keptBytes(): number {
  return readdirSync(folder)
    .filter(file => !['key', 'lock'].includes(file))
    .reduce((sum, file) => sum + Math.max(0, statSync(join(folder, file)).size - HEADER_BYTES), 0)
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const decode = (text: string) => Buffer.from(text, 'base64url')
const attacker = generateKeyPair()

/** Good proofs under the attacker's own key. */
function underAttackersKey(reply: Evaluation, blinded: string[]): Evaluation {
  const { evaluated, proof } = evaluateBatch(attacker, blinded.map(decode))
  return {
    ...reply,
    publicKey: base64url(attacker.publicKey),
    evaluated: evaluated.map(base64url),
    proof: base64url(proof),
  }
}

function withPublished(change: (published: { entry: string; proof: string }) => object) {
  return (item: Domain): Domain => {
    const published = { ...itemOf(DOMAIN).published }
    return { ...item, published: { ...published, ...change(published) } }
  }
}

function withProof(change: (proof: ReturnType<typeof parseProof>) => object) {
  return withPublished(({ proof }) => {
    const parsed = parseProof(proof)
    return { proof: formatProof({ ...parsed, ...change(parsed) }) }
  })
}

/** A log of the attacker's own that publishes the attacker's key. */
function ownLog(name: string): { verifierKey: string; item: (item: Domain) => Domain } {
  const signer = noteSigner(name, generateKeyPairSync('ed25519').privateKey)
  const publicKey = base64url(attacker.publicKey)
  const original = JSON.parse(decode(itemOf(DOMAIN).published.entry).toString())
  const entry = Buffer.from(JSON.stringify({ ...original, rule: `public-key ${publicKey}` }))
  const checkpoint = signCheckpoint(signer, 1, leafHash(entry))
  const published = {
    entry: base64url(entry),
    proof: formatProof({ index: 0, hashes: [], checkpoint }),
  }
  return {
    verifierKey: signer.verifierKey,
    item: item => ({ ...item, publicKey, published }),
  }
}

test('an honest gateway: the register is prepared, and kept', async () => {
  expect(await prepare()).toMatchObject({ added: PEOPLE.length })
  expect(keptBytes()).toBeGreaterThan(PEOPLE.length * 32)
  expect(base64url(publishedKey(itemOf(DOMAIN), logKey))).toBe(itemOf(DOMAIN).publicKey)
})

describe('a gateway that was tampered with', () => {
  const flip = (bytes: Uint8Array) =>
    Buffer.from(bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)))
  const attackersKey = (item: Domain) => ({ ...item, publicKey: base64url(attacker.publicKey) })
  const CASES: [string, () => Tampering, string][] = [
    [
      'another key in the list, with the publication of the true one',
      () => ({ domain: attackersKey, evaluation: underAttackersKey }),
      'names another key',
    ],
    [
      'another key in the list, without a publication',
      () => ({
        domain: ({ published: _, ...item }) => attackersKey(item),
        evaluation: underAttackersKey,
      }),
      'does not publish a key',
    ],
    [
      'another key in the entry, with the proof of the true one',
      () => ({
        domain: item => ({
          ...ownLog('x').item(item),
          published: {
            ...ownLog('x').item(item).published!,
            proof: itemOf(DOMAIN).published.proof,
          },
        }),
        evaluation: underAttackersKey,
      }),
      'proof-wrong',
    ],
    [
      'the publication of another domain',
      () => ({ domain: item => ({ ...itemOf(OTHER), domain: item.domain }) }),
      'of another domain',
    ],
    [
      'a forged signature of the checkpoint',
      () => ({
        domain: withProof(({ checkpoint }) => {
          const [line = ''] = /^— .*$/m.exec(checkpoint) ?? []
          const blob = Buffer.from(line.split(' ')[2]!, 'base64')
          blob[blob.length - 1]! ^= 1
          return { checkpoint: checkpoint.replace(/\S+\n$/, `${blob.toString('base64')}\n`) }
        }),
      }),
      'note-bad-signature',
    ],
    [
      'a checkpoint of another root under the same signature',
      () => ({
        domain: withProof(({ checkpoint }) => {
          const [origin, size, root, ...rest] = checkpoint.split('\n')
          const other = flip(Buffer.from(root!, 'base64')).toString('base64')
          return { checkpoint: [origin, size, other, ...rest].join('\n') }
        }),
      }),
      'note-bad-signature',
    ],
    [
      'a checkpoint that nobody signed',
      () => ({
        domain: withProof(({ checkpoint }) => ({
          checkpoint: `${checkpoint.split('\n\n')[0]!}\n\n`,
        })),
      }),
      'note-malformed',
    ],
    [
      'an inclusion proof with another hash',
      () => ({
        domain: withProof(({ hashes }) => ({ hashes: [flip(hashes[0]!), ...hashes.slice(1)] })),
      }),
      'proof-wrong',
    ],
    [
      'an inclusion proof for another place',
      () => ({ domain: withProof(({ index }) => ({ index: index ^ 1 })) }),
      'proof-wrong',
    ],
    [
      'an inclusion proof that is cut off',
      () => ({ domain: withProof(({ hashes }) => ({ hashes: hashes.slice(1) })) }),
      'proof-wrong',
    ],
    [
      'no inclusion proof',
      () => ({ domain: withPublished(() => ({ proof: '' })) }),
      'proof-malformed',
    ],
    [
      'a log of another name',
      () => ({ domain: ownLog('attacker.example/log').item, evaluation: underAttackersKey }),
      'note-unverified',
    ],
    [
      'another log under the same name',
      () => ({
        domain: ownLog(logKey.split('+')[0]!).item,
        evaluation: underAttackersKey,
      }),
      'note-unverified',
    ],
    [
      'a log that another key signs than the one that is pinned',
      () => ({ pinned: ownLog(logKey.split('+')[0]!).verifierKey }),
      'note-unverified',
    ],
  ]

  test.each(CASES)('%s: refused before a number is blinded', async (_, tampering, why) => {
    const refused = (async () => prepare(tampering()))()
    await expect(refused).rejects.toMatchObject({
      name: 'RegisterError',
      code: 'key-not-published',
      message: expect.stringContaining(why),
    })
    expect(keptBytes()).toBe(0)
    expect(readdirSync(folder).filter(file => file.includes('people'))).toEqual([])
  })

  test.each<[string, string, NonNullable<Tampering['evaluation']>]>([
    ['a reply under another key than the published one', 'key-not-published', underAttackersKey],
    [
      'a reply under another key that says it is the published one',
      'proof-wrong',
      (reply, blinded) => ({ ...underAttackersKey(reply, blinded), publicKey: reply.publicKey }),
    ],
    [
      'a wrong proof',
      'proof-wrong',
      reply => ({ ...reply, proof: base64url(flip(decode(reply.proof))) }),
    ],
    [
      'one element of another person',
      'proof-wrong',
      reply => {
        const [first, second, ...rest] = reply.evaluated
        return { ...reply, evaluated: [second!, first!, ...rest] }
      },
    ],
  ])('%s: refused, nothing kept', async (_, code, evaluation) => {
    await expect(prepare({ evaluation })).rejects.toMatchObject({ name: 'RegisterError', code })
    expect(keptBytes()).toBe(0)
    expect(store.count(DOMAIN)).toBe(0)
    // The store itself took no harm: the honest gateway gets it further.
    expect(await prepare()).toMatchObject({ added: PEOPLE.length })
  })

  test('an entry that only speaks of the key does not publish it', async () => {
    await gateway.clients.vdab.domainReady(DOMAIN)
    const ready = await until('the report is in the log', async () => {
      const { rows } = await gateway.db.pool.query<{ id: Buffer }>(
        `SELECT entry_id AS id FROM audit_entry WHERE action = 'key.ready'`,
      )
      return rows[0] && entryWithProof(gateway.db.pool, rows[0].id)
    })
    const published = { entry: base64url(ready.entry), proof: ready.proof }
    expect(JSON.parse(ready.entry.toString())).toMatchObject({ reason: `domain ${DOMAIN}` })
    expect(() => publishedKey({ ...itemOf(DOMAIN), published }, logKey)).toThrow('publishes no key')
  })
})

test('another key for a domain that the store knows is refused, wherever it is published', async () => {
  await prepare()
  store.close()
  store = new RegisterStore(folder)
  const forged = ownLog('attacker.example/log')
  const refused = (async () => prepare({ domain: forged.item, pinned: forged.verifierKey }))()
  await expect(refused).rejects.toMatchObject({ code: 'store-other-key' })
})

test('a pinned key that is none says where to get one', () => {
  for (const key of ['', 'huisbrug.example/log', logKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')]) {
    expect(() => publishedKey(itemOf(DOMAIN), key)).toThrow(
      expect.objectContaining({
        code: 'log-key-malformed',
        message: expect.stringContaining('audit key'),
      }),
    )
  }
})

test('while the log changes its key, a former and a next key may both be pinned', () => {
  const next = ownLog(logKey.split('+')[0]!).verifierKey
  const key = publishedKey(itemOf(DOMAIN), [next, `${logKey}\n`])
  expect(base64url(key)).toBe(itemOf(DOMAIN).publicKey)
})
