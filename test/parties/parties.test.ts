import { X509Certificate } from 'node:crypto'
import { parseContacts } from '../../src/access/contacts.ts'
import { PartyStore } from '../../src/access/party.ts'
import { type PartyDraft, PartyError, type PartyFault } from '../../src/access/party-types.ts'
import { checkRegisters } from '../../src/audit/verify-links-registers.ts'
import { generateEncryptionKeyPair } from '../../src/client/index.ts'
import { openPool } from '../../src/db/pool.ts'
import { checkParties } from '../../src/health-parties.ts'
import { makeCertificate } from '../access/certificate.ts'
import {
  type Bench,
  claimsOf,
  codeOf,
  draftOf,
  entriesOf,
  formOf,
  jwksOf,
  makeKey,
  openAccess,
  openBench,
  SILENT,
  signAssertion,
  type TestKey,
} from '../access/support.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const KEY = makeKey('key-1')
const NEXT = makeKey('key-2')
let bench: Bench

beforeAll(async () => {
  bench = await openBench()
})
beforeEach(async () => {
  await bench.db.pool.query('DELETE FROM exception')
  await bench.db.pool.query('DELETE FROM party_key')
  await bench.db.pool.query('DELETE FROM webhook')
  await bench.db.pool.query('DELETE FROM party')
})
afterAll(() => bench.close())

async function faultOf(change: Promise<unknown>): Promise<PartyFault | 'done'> {
  return change.then(
    () => 'done' as const,
    error => {
      if (error instanceof PartyError) return error.code
      throw error
    },
  )
}

/** The entries of one party, for those of the tests before stay. */
async function entriesAbout(action: string, id: string): Promise<Record<string, unknown>[]> {
  const entries = await entriesOf(bench.db.pool, action)
  return entries.filter(({ detailed }) => (detailed as { party?: string })?.party === id)
}

let names = 0

/** A party of its own, for what a store remembers of another is not read again. */
async function added(draft: Partial<PartyDraft> = {}, ...keys: TestKey[]): Promise<string> {
  names += 1
  const id = `wm-${names}`
  await bench.parties.add({ ...draftOf(id, ...(keys.length > 0 ? keys : [KEY])), ...draft })
  return id
}

async function signIn(client: string, key: TestKey, access = bench as Pick<Bench, 'tokens'>) {
  const assertion = await signAssertion(key, claimsOf(client, bench.clock.now()))
  return access.tokens.issueToken(formOf(client, assertion))
}

describe('contacts', () => {
  test('are desks, with an address or a number, kept in one form', async () => {
    const contacts = [
      'technical: Servicedesk ICT, ICT@woonboog.example, +32 3 212.34-56',
      'privacy:Gegevensbescherming,dpo@woonboog.example',
      'security: Wachtdienst (24/7), +3232123457',
      'technical: Team wonen, service.desk@woonboog.example',
    ]
    const id = await added({ contacts })
    const { party } = await bench.parties.show(id)
    const [first, second] = party.contacts
    expect(first).toEqual({
      role: 'technical',
      name: 'Servicedesk ICT',
      email: 'ict@woonboog.example',
      phone: '+3232123456',
    })
    expect(second).toMatchObject({ role: 'privacy', email: 'dpo@woonboog.example' })
    expect(party.contacts).toHaveLength(4)
    const [entry] = await entriesAbout('party.added', id)
    expect(JSON.stringify(entry)).not.toMatch(/Servicedesk|@/)
  })

  test.each([
    ['boss: Directie, info@x.example', 'begins with its role'],
    ['Servicedesk, info@x.example', 'begins with its role'],
    ['technical: , info@x.example', 'name of a desk'],
    ['technical: Dienst\u001b[31m, info@x.example', 'name of a desk'],
    ['technical: Dienst 93051822361, info@x.example', 'name of a desk'],
    ['technical: Mevr. Janssens, info@x.example', 'never a person'],
    ['technical: Dienst', 'one e-mail address, one phone number'],
    ['technical: Dienst, a@x.example, b@x.example', 'one e-mail address, one phone number'],
    ['technical: Dienst, +3232123456, +3232123457', 'one e-mail address, one phone number'],
    ['technical: Dienst, info@x', 'not valid'],
    ['technical: Dienst, info@x.example<script>', 'not valid'],
    ['technical: Dienst, an.janssens@x.example', "a person's own"],
    ['technical: Dienst, info@gmail.com', "a person's own"],
    ['technical: Dienst, 03 212 34 56', '+32 3'],
    ['technical: Dienst, +32 470 12 34 56', 'mobile'],
  ])('%j is refused: %s', (text, fault) => {
    expect(parseContacts([text])).toEqual({ fault: expect.stringContaining(fault) })
  })

  test('and there are few', async () => {
    const many = Array.from({ length: 7 }, () => 'technical: Dienst, info@x.example')
    expect(await faultOf(added({ contacts: many }))).toBe('contact')
  })
})

describe('networks of a party', () => {
  const hook = 'https://10.1.2.3/hook'

  test('open its addresses, are in the entries, and are held against these', async () => {
    expect(await faultOf(added({ webhook: hook }))).toBe('url')
    const id = await added({ webhook: hook, networks: ['10.1.2.0/24'] })
    expect((await bench.parties.show(id)).party.networks).toEqual(['10.1.2.0/24'])
    const [entry] = await entriesAbout('party.added', id)
    expect(entry?.['detailed']).toMatchObject({ party: id, networks: ['10.1.2.0/24'] })
    const wrong = async () => (await checkRegisters(bench.db.pool)).map(({ what }) => what)
    expect(await wrong()).toEqual([])
    await bench.db.pool.query(`UPDATE party SET networks = '{10.0.0.0/8}' WHERE id = $1`, [id])
    expect(await wrong()).toEqual([`no entry gave party ${id} one of its networks`])
  })

  test('change with an entry; what they close is said', async () => {
    const id = await added({ webhook: hook, networks: ['10.1.2.0/24'] })
    const { party, warnings } = await bench.parties.change(id, { networks: ['192.168.0.0/24'] })
    expect(party.networks).toEqual(['192.168.0.0/24'])
    expect(warnings).toEqual([expect.stringContaining('webhook is in a network that is not')])
    const [entry] = await entriesAbout('party.changed', id)
    expect(entry).toMatchObject({
      fields: ['networks'],
      detailed: { party: id, networks: ['192.168.0.0/24'] },
    })
    const addresses = { baseUrl: 'https://192.168.0.9/api', tokenUrl: 'https://192.168.0.9/token' }
    expect((await bench.parties.change(id, addresses)).party).toMatchObject(addresses)
    expect((await bench.parties.change(id, { networks: [] })).warnings).toHaveLength(3)
  })

  test.each<[PartyFault, Partial<PartyDraft>]>([
    ['network', { networks: ['0.0.0.0/0'] }],
    ['network', { networks: ['10.1.2.3/8'] }],
    ['contact', { contacts: ['x'] }],
    ['url', { baseUrl: 'https://10.0.0.1/', tokenUrl: 'https://10.0.0.1/' }],
    ['url', { baseUrl: 'https://api.example/' }],
    ['nothing', {}],
  ])('a change that does not hold (%s) changes nothing: %j', async (fault, change) => {
    const id = await added()
    expect(await faultOf(bench.parties.change(id, change))).toBe(fault)
    expect(await faultOf(bench.parties.change('nobody', change))).toBe('unknown')
    expect(await entriesAbout('party.changed', id)).toEqual([])
  })

  test('a homograph shows itself', async () => {
    const webhook = 'https://w\u043eonboog.example/hook'
    const { webhook: kept } = await bench.parties.show(await added({ webhook }))
    expect(kept?.url).toMatch(/^https:\/\/xn--wonboog-[a-z0-9]+\.example\/hook$/)
  })

  test('a key set is fetched within them', async () => {
    const asked: unknown[] = []
    const fetchJwks = async (url: string, networks?: readonly string[]) => {
      asked.push([url, networks])
      return Buffer.from(JSON.stringify(jwksOf(KEY)))
    }
    const parts = { pool: bench.db.pool, keys: bench.keys, log: SILENT, allowLoopback: false }
    const store = new PartyStore({ ...parts, fetchJwks, now: bench.clock.now })
    const url = 'https://10.1.2.3/jwks.json'
    const networks = ['10.1.2.0/24']
    const { party } = await store.add({ ...draftOf('inner'), jwks: { url }, networks })
    expect(await store.findKey(party, 'key-1')).toBeDefined()
    expect(asked).toEqual([
      [url, networks],
      [url, networks],
    ])
    // Of a disabled party nothing is asked, whoever names it.
    bench.clock.pass(HOUR)
    expect(await store.findKey(await store.disable('inner'), 'key-9')).toBeUndefined()
    expect(asked).toHaveLength(2)
  })
})

describe('the end of keys', () => {
  const at = (days: number) =>
    new Date(Math.floor(bench.clock.now().getTime() / 1000) * 1000 + days * DAY)
  const ending = async () =>
    (await bench.parties.endingKeys()).map(({ party, use, at }) => [party, use, at])

  test('is given with them, and told from 30 days before', async () => {
    const id = await added({ expires: at(31) })
    const plain = await added()
    const until = at(31)
    expect((await bench.parties.show(id)).keys).toMatchObject([{ kid: 'key-1', until }])
    expect(await ending()).toEqual([])
    bench.clock.pass(2 * DAY)
    expect(await ending()).toEqual([[id, 'sig', until]])
    const [check] = await checkParties({ pool: bench.db.pool, clock: bench.clock.now })
    expect(check).toMatchObject({
      ok: false,
      detail: expect.stringContaining(`keys of ${id} end `),
    })
    bench.clock.pass(30 * DAY)
    expect(await codeOf(signIn(id, KEY))).toBe('HB-108')
    expect(await ending()).toEqual([[id, 'sig', until]])
    await bench.parties.rotate(id, { set: jwksOf(NEXT) }, 0)
    await signIn(id, NEXT)
    expect(await ending()).toEqual([])
    expect((await bench.parties.show(plain)).keys).toMatchObject([{ until: undefined }])
  })

  test('of a rotation is no alarm while a new key stays', async () => {
    const id = await added()
    await bench.parties.rotate(id, { set: jwksOf(NEXT) }, 5 * DAY)
    expect(await ending()).toEqual([])
    await bench.parties.rotate(id, { set: jwksOf(makeKey('key-3')) }, 5 * DAY, at(20))
    expect(await ending()).toEqual([[id, 'sig', at(20)]])
  })

  test('is that of the certificate where there is one, and it must be of that key', async () => {
    const certificate = new X509Certificate(makeCertificate('woonboog.example').cert)
    const jwk = certificate.publicKey.export({ format: 'jwk' })
    const x5c = [certificate.raw.toString('base64')]
    // It is good for an hour of the real clock, which is far from that of the test.
    const id = await added({ jwks: { set: { keys: [{ ...jwk, kid: 'c', x5c }] } } })
    expect((await bench.parties.show(id)).keys[0]?.until).toEqual(certificate.validToDate)
    const soon = Math.floor(bench.clock.now().getTime() / 1000) + 60
    const own = { ...jwk, kid: 'c', x5c, exp: soon }
    const first = await added({ jwks: { set: { keys: [own] } } })
    expect((await bench.parties.show(first)).keys[0]?.until).toEqual(new Date(soon * 1000))
    for (const wrong of [[], 'x', [7], ['AAAA'], x5c]) {
      const set = { keys: [{ ...makeKey('other', 'ES256').jwk, x5c: wrong }] }
      expect(await faultOf(added({ jwks: { set } }))).toBe('jwks')
    }
  })

  test.each<[PartyFault, () => Partial<PartyDraft>]>([
    ['expires', () => ({ expires: at(0) })],
    ['expires', () => ({ expires: new Date(NaN) })],
    ['expires', () => ({ expires: at(9), jwks: { url: 'https://keys.example/' } })],
    ['jwks', () => ({ jwks: { set: { keys: [{ ...KEY.jwk, exp: 1_000 }] } } })],
  ])('%s: what has ended, or says it itself, is refused', async (fault, draft) => {
    expect(await faultOf(added(draft()))).toBe(fault)
  })

  test('of a set at an address is that of the key used last', async () => {
    const exp = Math.floor(at(10).getTime() / 1000)
    const set = { keys: [{ ...KEY.jwk, exp }] }
    const access = openAccess(bench.db.pool, bench.clock, async () =>
      Buffer.from(JSON.stringify(set)),
    )
    await access.parties.add({ ...draftOf('far'), jwks: { url: 'https://keys.example/' } })
    expect(await ending()).toEqual([])
    await signIn('far', KEY, access)
    expect(await ending()).toEqual([['far', 'sig', new Date(exp * 1000)]])
    await access.tokens.close()
  })
})

describe('the last use of a key', () => {
  const useOf = async (id: string) => {
    const { rows } = await bench.db.pool.query(
      'SELECT kid, last_used_at AS at, xmin::text AS written FROM party_key WHERE party_id = $1 ORDER BY kid',
      [id],
    )
    return rows
  }

  test('is kept to the minute, in one write, for good signatures only', async () => {
    const id = await added({}, KEY, NEXT)
    const since = bench.clock.now()
    const impostor = makeKey('key-1')
    expect(await codeOf(signIn(id, impostor))).toBe('HB-108')
    expect(await useOf(id)).toMatchObject([{ at: null }, { at: null }])
    await signIn(id, KEY)
    const [first] = await useOf(id)
    expect(first).toMatchObject({ kid: 'key-1', at: since })
    for (let call = 0; call < 5; call += 1) {
      bench.clock.pass(11_000)
      await signIn(id, KEY)
    }
    expect((await useOf(id))[0]).toEqual(first)
    bench.clock.pass(6_000)
    await signIn(id, KEY)
    const { keys } = await bench.parties.show(id)
    expect(keys).toMatchObject([
      { kid: 'key-1', use: 'sig', since, lastUsed: bench.clock.now() },
      { kid: 'key-2', use: 'sig', since, lastUsed: undefined },
    ])
  })

  test('of a key to seal for is when something was sealed for it', async () => {
    const { publicKey } = await generateEncryptionKeyPair()
    const id = await added({ jwks: { set: { keys: [KEY.jwk, publicKey] } } })
    const lastUse = async () =>
      (await bench.parties.show(id)).keys.map(key => [key.use, key.lastUsed])
    await bench.parties.show(id)
    expect(await lastUse()).toEqual([
      ['sig', undefined],
      ['enc', undefined],
    ])
    expect((await bench.parties.encryptionKeyOf(id))?.kid).toBe(publicKey.kid)
    expect(await lastUse()).toEqual([
      ['sig', undefined],
      ['enc', bench.clock.now()],
    ])
    await bench.parties.disable(id)
    expect(await bench.parties.encryptionKeyOf(id)).toBeUndefined()
  })

  test('begins anew for another key under an old id, not for one that stays', async () => {
    const id = await added()
    await signIn(id, KEY)
    const used = bench.clock.now()
    await bench.parties.rotate(id, { set: jwksOf(NEXT, KEY) }, 0)
    expect((await bench.parties.show(id)).keys[1]).toMatchObject({ kid: 'key-1', lastUsed: used })
    await bench.parties.rotate(id, { set: jwksOf(NEXT) }, 0)
    bench.clock.pass(HOUR)
    await bench.parties.rotate(id, { set: jwksOf(makeKey('key-1')) }, 0)
    const { keys } = await bench.parties.show(id)
    expect(keys).toMatchObject([{ since: bench.clock.now(), lastUsed: undefined }])
  })

  test('nobody is kept out where it cannot be written', async () => {
    const id = await added()
    await bench.db.pool.query('ALTER TABLE party_key RENAME TO hidden')
    await expect(signIn(id, KEY)).resolves.toMatchObject({ token_type: 'Bearer' })
    await bench.db.pool.query('ALTER TABLE hidden RENAME TO party_key')
  })
})

describe('disabled and enabled', () => {
  test('in another process within two seconds: tokens stop, and come back', async () => {
    const id = await added()
    const pool = openPool(bench.db.url)
    const other = openAccess(pool, bench.clock)
    const { access_token: token } = await signIn(id, KEY, other)
    const call = () => other.tokens.verifyToken(`Bearer ${token}`)
    await expect(call()).resolves.toMatchObject({ party: id })
    await bench.parties.disable(id)
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect(await codeOf(call())).toBe('HB-106')
    expect(await codeOf(signIn(id, KEY, other))).toBe('HB-106')
    await bench.parties.enable(id)
    await new Promise(resolve => setTimeout(resolve, 1_100))
    await expect(call()).resolves.toMatchObject({ party: id })
    await other.tokens.close()
    await pool.end()
  })

  test('each once, with an entry; enabling is for who is disabled', async () => {
    const id = await added()
    expect(await faultOf(bench.parties.enable(id))).toBe('enabled')
    expect(await faultOf(bench.parties.enable('nobody'))).toBe('unknown')
    await bench.parties.disable(id)
    expect((await bench.parties.enable(id)).disabledAt).toBeUndefined()
    const [entry] = await entriesAbout('party.changed', id)
    expect(entry).toMatchObject({ fields: ['disabled'], detailed: { party: id, enabled: true } })
    const { rows } = await bench.db.pool.query(
      `SELECT kind, parties, closed_at IS NOT NULL AS closed FROM exception`,
    )
    expect(rows).toEqual([{ kind: 'party-disabled', parties: [id], closed: true }])
  })
})
