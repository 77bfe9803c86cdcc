import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { publishedKey } from '../../src/client/published-key.ts'
import type { Domain } from '../../src/client/types.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { accedeWithQuota } from './quota.ts'

type Published = NonNullable<Domain['published']>

const FIRST = 'wm-vdab/1/1'
const SECOND = 'wm-vdab/1/2'

let gateway: TestGateway
let logKey: string

beforeAll(async () => {
  gateway = await testGateway()
  const { keys, config } = gateway.context
  logKey = await loadLogVerifierKey(keys, config.logOrigin)
  await accedeWithQuota(gateway, 'woonboog', { registerSize: 10, dailyAllowance: 1 })
})
afterAll(() => gateway?.close())

function published(
  domain: string,
  party: PartyId = 'vdab',
): Promise<Domain & { published: Published }> {
  return until(`${domain} is published`, async () => {
    const { items } = await gateway.clients[party].domains()
    const item = items.find(it => it.domain === domain)
    return item?.published && { ...item, published: item.published }
  })
}

/**
 * The check written a second time, from RFC 9162 2.1.3.2 and the C2SP texts, on other libraries and
 * sharing no code with ours: the root that the proof leads to is the one that the key signed.
 */
function isProven({ entry, proof }: Published, verifierKey: string): boolean {
  const [name, keyId, material] = verifierKey.split('+') as [string, string, string]
  const publicKey = Buffer.from(
    verifierKey.slice(name.length + keyId.length + 2),
    'base64',
  ).subarray(1)
  expect(material).not.toBe('')
  const [head, body, ...signatures] = proof.split('\n\n') as [string, string, string]
  const [version, index, ...hashes] = head.split('\n') as [string, string]
  const [origin, size, root] = body.split('\n') as [string, string, string]
  const [dash, by, blob] = signatures.join('').trimEnd().split(' ') as [string, string, string]
  const signed = Buffer.from(blob, 'base64')
  const text = Buffer.from(`${body}\n`)
  return (
    version === 'c2sp.org/tlog-proof@v1' &&
    dash === '—' &&
    by === name &&
    origin === name &&
    signed.subarray(0, 4).toString('hex') === keyId &&
    ed25519.verify(signed.subarray(4), text, publicKey) &&
    rootOf(
      Buffer.from(entry, 'base64url'),
      BigInt(index.replace('index ', '')),
      BigInt(size),
      hashes.map(hash => Buffer.from(hash, 'base64')),
    ) === root
  )
}

function rootOf(entry: Uint8Array, index: bigint, size: bigint, path: Uint8Array[]): string {
  const node = (left: Uint8Array, right: Uint8Array) =>
    sha256(Buffer.concat([Buffer.of(1), left, right]))
  let [fn, sn] = [index, size - 1n]
  let r: Uint8Array = sha256(Buffer.concat([Buffer.of(0), entry]))
  for (const p of path) {
    if (sn === 0n) return 'too long'
    if (fn % 2n === 1n || fn === sn) {
      r = node(p, r)
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n]
    } else {
      r = node(r, p)
    }
    ;[fn, sn] = [fn / 2n, sn / 2n]
  }
  return sn === 0n ? Buffer.from(r).toString('base64') : 'too short'
}

test.each<[string, PartyId]>([
  [FIRST, 'vdab'],
  ['ocmw-vdab/1/1', 'vdab'],
  [FIRST, 'woonboog'],
  ['subject', 'woonboog'],
])(
  'the key of %s, for %s, is proven to be in the log, by two implementations',
  async (name, party) => {
    const item = await published(name, party)
    expect(isProven(item.published, logKey)).toBe(true)
    expect(publishedKey(item, logKey).toString('base64url')).toBe(item.publicKey)
    const other = Buffer.from(item.published.entry, 'base64url')
    other[other.length - 3]! ^= 1
    expect(isProven({ ...item.published, entry: other.toString('base64url') }, logKey)).toBe(false)
  },
)

test('the entry holds nothing but what is public', async () => {
  const { published: publication, publicKey } = await published(FIRST)
  const entry = JSON.parse(Buffer.from(publication.entry, 'base64url').toString())
  expect(entry).toEqual({
    action: 'key.created',
    actor: { role: 'gateway' },
    at: expect.stringMatching(/^\d{4}-/),
    id: expect.stringMatching(/^[\w-]{22}$/),
    reason: `domain ${FIRST}`,
    rule: `public-key ${publicKey}`,
    schema: 1,
  })
})

test('a proof stays good while the log grows', async () => {
  const before = await published(FIRST)
  await gateway.clients.vdab.domainReady(FIRST)
  const after = await until('the log grew', async () => {
    const item = await published(FIRST)
    return item.published.proof !== before.published.proof && item
  })
  expect(after.published.entry).toBe(before.published.entry)
  for (const item of [before, after]) {
    expect(isProven(item.published, logKey)).toBe(true)
    expect(publishedKey(item, logKey).toString('base64url')).toBe(after.publicKey)
  }
})

test('until its entry is in the log, a key is not published, and the kit says to wait', async () => {
  const { pool } = gateway.db
  // A sequencer that is held up: nothing gets a place while this transaction is open.
  const holder = await pool.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('LOCK TABLE audit_entry IN EXCLUSIVE MODE')
    const by = { actor: { role: 'operator' }, at: new Date() }
    await gateway.context.domains.rotate('wm-vdab', by)
    const { items } = await gateway.clients.vdab.domains()
    const opening = items.find(it => it.domain === SECOND)
    expect(opening).toMatchObject({ state: 'opening', publicKey: expect.any(String) })
    expect(opening).not.toHaveProperty('published')
    expect(() => publishedKey(opening!, logKey)).toThrow(
      expect.objectContaining({
        code: 'key-not-published',
        message: expect.stringContaining('again in a second'),
      }),
    )
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
})

test('a rotation publishes the next key, and the former one stays provable', async () => {
  const [former, next] = [await published(FIRST), await published(SECOND)]
  expect(next.publicKey).not.toBe(former.publicKey)
  for (const item of [former, next]) {
    expect(isProven(item.published, logKey)).toBe(true)
    expect(publishedKey(item, logKey).toString('base64url')).toBe(item.publicKey)
  }
  const swapped = { ...next, publicKey: former.publicKey, published: former.published }
  expect(() => publishedKey(swapped, logKey)).toThrow('another domain')
})
