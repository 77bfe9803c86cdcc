import { PartyStore } from '../../src/access/party.ts'
import { type PartyDraft, PartyError, type PartyFault } from '../../src/access/party-types.ts'
import { openPool } from '../../src/db/pool.ts'
import {
  type Bench,
  claimsOf,
  codeOf,
  draftOf,
  entriesOf,
  formOf,
  jwksOf,
  KBO,
  makeKey,
  openBench,
  SILENT,
  signAssertion,
  type TestKey,
} from './support.ts'

const HOUR = 3_600_000
const KEY = makeKey('key-1')
let bench: Bench

/** A fresh database for every test of a group, or one for all of them. */
function onFreshDatabase(every: 'test' | 'group'): void {
  const [before, after] = every === 'test' ? [beforeEach, afterEach] : [beforeAll, afterAll]
  before(async () => {
    bench = await openBench()
  })
  after(() => bench.close())
}

async function faultOf(change: Promise<unknown>): Promise<PartyFault | 'done'> {
  return change.then(
    () => 'done' as const,
    error => {
      if (error instanceof PartyError) return error.code
      throw error
    },
  )
}

async function signIn(key: TestKey, client = 'woonboog') {
  const assertion = await signAssertion(key, claimsOf(client, bench.clock.now()))
  return bench.tokens.issueToken(formOf(client, assertion))
}

describe('registering a party', () => {
  onFreshDatabase('test')
  test('keeps what was given, checked, with an entry', async () => {
    const { party, warnings, webhookSecret } = await bench.parties.add({
      ...draftOf('woonboog', KEY),
      kbo: 'BE 0123.456.749',
      name: '  Woonboog  ',
      webhook: 'https://hook.example/events',
      baseUrl: 'https://api.example/v1',
      tokenUrl: 'https://api.example/token',
    })
    expect(party).toMatchObject({
      id: 'woonboog',
      kind: 'housing-company',
      name: 'Woonboog',
      kbo: KBO,
      jwksUrl: undefined,
      baseUrl: 'https://api.example/v1',
      tokenUrl: 'https://api.example/token',
      disabledAt: undefined,
    })
    expect(warnings).toEqual([])
    expect(party.createdAt).toEqual(bench.clock.now())
    expect(webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const kept = await bench.keys.find('webhook:woonboog')
    expect(`whsec_${kept?.toString('base64')}`).toBe(webhookSecret)
    const [entry] = await entriesOf(bench.db.pool, 'party.added')
    expect(entry).toMatchObject({ actor: { role: 'operator' } })
    expect(entry?.['detailed']).toEqual({
      party: 'woonboog',
      kind: 'housing-company',
      kbo: KBO,
      keys: ['key-1'],
    })
  })

  test('shows it with its keys and webhook, and lists it', async () => {
    await bench.parties.add({ ...draftOf('b', KEY), webhook: 'https://hook.example/events' })
    await bench.parties.add(draftOf('a', KEY))
    expect((await bench.parties.list()).map(party => party.id)).toEqual(['a', 'b'])
    expect(await bench.parties.show('b')).toMatchObject({
      party: { id: 'b' },
      keys: [{ kid: 'key-1', algorithms: ['EdDSA', 'Ed25519'], until: undefined }],
      webhook: { url: 'https://hook.example/events', events: undefined },
    })
    expect((await bench.parties.show('a')).webhook).toBeUndefined()
    expect(await faultOf(bench.parties.show('c'))).toBe('unknown')
  })

  test('an id is given once, also when two operators give it together', async () => {
    const adds = await Promise.all(
      Array.from({ length: 4 }, () => faultOf(bench.parties.add(draftOf('woonboog', KEY)))),
    )
    expect(adds.toSorted()).toEqual(['done', 'exists', 'exists', 'exists'])
    expect(await entriesOf(bench.db.pool, 'party.added')).toHaveLength(1)
  })

  test('without evidence nothing is registered', async () => {
    await bench.db.pool.query('ALTER TABLE audit_pending RENAME TO hidden')
    const added = bench.parties.add({ ...draftOf('w', KEY), webhook: 'https://hook.example/' })
    await expect(added).rejects.toThrow('audit_pending')
    expect(await bench.parties.list()).toEqual([])
    expect(await bench.keys.find('webhook:w')).toBeUndefined()
    await bench.db.pool.query('ALTER TABLE hidden RENAME TO audit_pending')
  })

  test('is seen at once, also by those who just asked in vain', async () => {
    expect(await bench.parties.find('woonboog')).toBeUndefined()
    await bench.parties.add(draftOf('woonboog', KEY))
    expect(await bench.parties.find('woonboog')).toBeDefined()
    expect(await bench.parties.find("x' OR 'a'='a")).toBeUndefined()
  })
})

describe('a draft that does not hold', () => {
  onFreshDatabase('group')

  const changes: [PartyFault, Partial<PartyDraft>][] = [
    ['id', { id: '' }],
    ['id', { id: 'a b' }],
    ['id', { id: '../a' }],
    ['id', { id: 'a'.repeat(65) }],
    ['kind', { kind: 'supervisor' }],
    ['kind', { kind: 'constructor' }],
    ['name', { name: '   ' }],
    ['name', { name: 'a\u001b[31m' }],
    ['name', { name: 'a\u202eb' }],
    ['name', { name: 'a'.repeat(201) }],
    ['kbo', { kbo: '0123456748' }],
    ['kbo', { kbo: '' }],
    ['jwks', { jwks: { set: { keys: [] } } }],
    ['jwks', { jwks: { set: { keys: [{ ...KEY.jwk, d: 'AAAA' }] } } }],
    ['url', { jwks: { url: 'http://keys.example/jwks.json' } }],
    ['url', { webhook: 'https://10.0.0.1/hook' }],
    ['url', { webhook: 'http://localhost:3000/hook' }],
    ['url', { baseUrl: 'file:///etc', tokenUrl: 'https://api.example/token' }],
    ['url', { baseUrl: 'https://api.example' }],
    ['url', { tokenUrl: 'https://api.example/token' }],
  ]

  test.each(changes)('a bad %s is refused: %j', async (fault, change) => {
    expect(await faultOf(bench.parties.add({ ...draftOf('x', KEY), ...change }))).toBe(fault)
    expect(await bench.parties.list()).toEqual([])
    expect(await entriesOf(bench.db.pool, 'party.added')).toEqual([])
  })
})

describe('rotating keys', () => {
  onFreshDatabase('test')
  const next = makeKey('key-2')

  beforeEach(() => bench.parties.add(draftOf('woonboog', KEY)))

  test('old and new keys work side by side, then only the new one', async () => {
    await bench.parties.rotate('woonboog', { set: jwksOf(next) }, HOUR)
    await signIn(KEY)
    await signIn(next)
    bench.clock.pass(HOUR + 1_000)
    expect(await codeOf(signIn(KEY))).toBe('HB-108')
    await signIn(next)
    expect((await bench.parties.show('woonboog')).keys.map(key => key.kid)).toEqual(['key-2'])
  })

  test('without overlap the old key stops at once', async () => {
    await bench.parties.rotate('woonboog', { set: jwksOf(next) }, 0)
    expect(await codeOf(signIn(KEY))).toBe('HB-108')
    await signIn(next)
  })

  test('the overlap is a day unless told otherwise, and a later rotation never lengthens it', async () => {
    await bench.parties.rotate('woonboog', { set: jwksOf(next) })
    const end = new Date(Math.floor((bench.clock.now().getTime() + 24 * HOUR) / 1000) * 1000)
    const untilOf = async (kid: string) =>
      (await bench.parties.show('woonboog')).keys.find(key => key.kid === kid)?.until
    expect(await untilOf('key-1')).toEqual(end)
    await bench.parties.rotate('woonboog', { set: jwksOf(makeKey('key-3')) }, 48 * HOUR)
    expect(await untilOf('key-1')).toEqual(end)
    expect(await untilOf('key-2')).toEqual(new Date(end.getTime() + 24 * HOUR))
    expect(await untilOf('key-3')).toBeUndefined()
  })

  test('a key that is in both sets goes on', async () => {
    await bench.parties.rotate('woonboog', { set: jwksOf(next, KEY) }, 0)
    bench.clock.pass(HOUR)
    await signIn(KEY)
    await signIn(next)
  })

  test('the same kid for another key is refused, and nothing changes', async () => {
    const impostor = makeKey('key-1')
    const rotated = bench.parties.rotate('woonboog', { set: jwksOf(impostor) })
    expect(await faultOf(rotated)).toBe('jwks')
    await signIn(KEY)
    expect(await codeOf(signIn(impostor))).toBe('HB-108')
  })

  test('is an entry with the key ids; an unknown party or bad set is refused', async () => {
    await bench.parties.rotate('woonboog', { set: jwksOf(next) }, HOUR)
    const [entry] = await entriesOf(bench.db.pool, 'party.changed')
    expect(entry).toMatchObject({
      fields: ['jwks'],
      detailed: { party: 'woonboog', keys: ['key-2'], overlapSeconds: 3_600 },
    })
    expect(await faultOf(bench.parties.rotate('nobody', { set: jwksOf(next) }))).toBe('unknown')
    expect(await faultOf(bench.parties.rotate('woonboog', { set: {} }))).toBe('jwks')
    expect(await entriesOf(bench.db.pool, 'party.changed')).toHaveLength(1)
  })
})

describe('disabling a party', () => {
  onFreshDatabase('test')
  test('is an entry, and happens once', async () => {
    await bench.parties.add(draftOf('woonboog', KEY))
    const party = await bench.parties.disable('woonboog')
    expect(party.disabledAt).toEqual(bench.clock.now())
    expect(await faultOf(bench.parties.disable('woonboog'))).toBe('disabled')
    expect(await faultOf(bench.parties.disable('nobody'))).toBe('unknown')
    const entries = await entriesOf(bench.db.pool, 'party.disabled')
    expect(entries).toMatchObject([{ detailed: { party: 'woonboog' } }])
    expect((await bench.parties.find('woonboog'))?.disabledAt).toBeDefined()
  })
})

describe('keys at an address', () => {
  onFreshDatabase('test')
  const URL_ONE = 'https://keys.example/jwks.json'
  let answers: (() => Promise<Uint8Array>)[]
  let fetched: string[]
  let store: PartyStore

  beforeEach(async () => {
    answers = []
    fetched = []
    const { pool } = bench.db
    const fetchJwks = async (url: string) => {
      fetched.push(url)
      const next = answers.length > 1 ? answers.shift() : answers[0]
      return next ? next() : Promise.reject(new Error('no answer'))
    }
    const { keys } = bench
    store = new PartyStore({
      pool,
      keys,
      log: SILENT,
      fetchJwks,
      allowLoopback: false,
      now: bench.clock.now,
    })
  })

  const set =
    (...keys: TestKey[]) =>
    async () =>
      Buffer.from(JSON.stringify(jwksOf(...keys)))
  const raw = (text: string) => async () => Buffer.from(text)

  async function added() {
    const { party } = await store.add({ ...draftOf('w'), jwks: { url: URL_ONE } })
    fetched = []
    return party
  }

  test('are fetched once and kept for ten minutes', async () => {
    answers = [set(KEY)]
    const party = await added()
    for (let i = 0; i < 5; i += 1) expect(await store.findKey(party, 'key-1')).toBeDefined()
    expect(fetched).toEqual([URL_ONE])
    bench.clock.pass(10 * 60_000)
    await Promise.all(Array.from({ length: 5 }, () => store.findKey(party, 'key-1')))
    expect(fetched).toHaveLength(2)
  })

  test('are fetched again for an unknown kid, every 30 s at most', async () => {
    const next = makeKey('key-2')
    answers = [set(KEY)]
    const party = await added()
    await store.findKey(party, 'key-1')
    answers = [set(KEY, next)]
    bench.clock.pass(29_000)
    expect(await store.findKey(party, 'key-2')).toBeUndefined()
    expect(fetched).toHaveLength(1)
    bench.clock.pass(1_000)
    expect(await store.findKey(party, 'key-2')).toBeDefined()
    for (let i = 0; i < 50; i += 1) await store.findKey(party, `guess-${i}`)
    expect(fetched).toHaveLength(2)
  })

  test('a key that has gone there stops here', async () => {
    answers = [set(KEY)]
    const party = await added()
    await store.findKey(party, 'key-1')
    answers = [set(makeKey('key-2'))]
    bench.clock.pass(10 * 60_000)
    expect(await store.findKey(party, 'key-1')).toBeUndefined()
  })

  test('serve on for an hour when the address fails, then no more', async () => {
    answers = [set(KEY)]
    const party = await added()
    await store.findKey(party, 'key-1')
    answers = []
    for (let i = 0; i < 5; i += 1) {
      bench.clock.pass(11 * 60_000)
      expect(await store.findKey(party, 'key-1')).toBeDefined()
    }
    bench.clock.pass(5 * 60_000)
    expect(await store.findKey(party, 'key-1')).toBeUndefined()
    answers = [set(KEY)]
    bench.clock.pass(30_000)
    expect(await store.findKey(party, 'key-1')).toBeDefined()
  })

  test.each([
    ['not JSON', raw('<html>')],
    ['not a key set', raw('{"keys":"x"}')],
    ['a name twice', raw(`{"keys":[],"keys":[${JSON.stringify(KEY.jwk)}]}`)],
    ['a private key', raw(JSON.stringify({ keys: [{ ...KEY.jwk, d: 'AAAA' }] }))],
    ['a shared secret', raw('{"keys":[{"kty":"oct","k":"AAAA"}]}')],
  ])('%s there is refused at registration and never trusted later', async (_name, answer) => {
    answers = [answer]
    expect(await faultOf(added())).toBe('jwks')
    answers = [set(KEY)]
    const party = await added()
    answers = [answer]
    expect(await store.findKey(party, 'key-1')).toBeUndefined()
  })

  test('an address that does not answer yet is a warning, and is asked later', async () => {
    const { party, warnings } = await store.add({ ...draftOf('w'), jwks: { url: URL_ONE } })
    expect(warnings).toHaveLength(1)
    expect(await store.findKey(party, 'key-1')).toBeUndefined()
    answers = [set(KEY)]
    bench.clock.pass(30_000)
    expect(await store.findKey(party, 'key-1')).toBeDefined()
  })

  test('can take the place of stored keys, at once', async () => {
    await store.add(draftOf('w', KEY))
    answers = [set(makeKey('key-2'))]
    const { party } = await store.rotate('w', { url: URL_ONE })
    expect(party).toMatchObject({ jwks: undefined, jwksUrl: URL_ONE })
    expect(await store.findKey(party, 'key-1')).toBeUndefined()
    expect(await store.findKey(party, 'key-2')).toBeDefined()
  })
})

describe('several processes', () => {
  onFreshDatabase('test')
  test('see a new party and new keys within about a second', async () => {
    await bench.parties.add(draftOf('woonboog', KEY))
    const pool = openPool(bench.db.url)
    const parts = { pool, keys: bench.keys, log: SILENT, allowLoopback: false }
    const other = new PartyStore({ ...parts, fetchJwks: async () => Buffer.alloc(0) })
    expect((await other.find('woonboog'))?.jwks?.keys).toHaveLength(1)
    await bench.parties.rotate('woonboog', { set: jwksOf(makeKey('key-2')) }, HOUR)
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect((await other.find('woonboog'))?.jwks?.keys).toHaveLength(2)
    await pool.end()
  })
})
