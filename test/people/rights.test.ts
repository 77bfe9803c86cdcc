import { decodeJwt } from 'jose'
import { mayPerson, RIGHTS } from '../../src/access/operations.ts'
import { toJwks } from '../../src/client/index.ts'
import { CONSOLE_ROLES, PARTY_OFFICER } from '../../src/config-people.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { newId } from '../../src/ids.ts'
import { openRooms, type Rooms } from '../console/rooms.ts'
import { feedbackFor } from '../loop-closing/kit.ts'
import { openDomain, TODAY } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway } from '../support/gateway.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import { testKey } from '../support/statements.ts'

// Written out: a route that becomes public by mistake is not in this list.
const PUBLIC = [
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'post /oauth/token',
  'get /v1/protocols',
  'get /v1/protocols/:id',
  'get /v1/protocols/:id/diff',
  'get /log/checkpoint',
  'get /log/tile/:level/*path',
  'post /witness/add-checkpoint',
  'get /.well-known/jwks.json',
  'get /.well-known/oauth-authorization-server',
]

describe('the table of rights', () => {
  test('has every route and every page, and nothing that does not exist', () => {
    const used = new Set<string>()
    for (const { method, path, access, people } of ROUTES) {
      const isPublic = access === 'public'
      expect([method, path, PUBLIC.includes(`${method} ${path}`)]).toEqual([method, path, isPublic])
      if (access && !isPublic) expect(Object.keys(RIGHTS.parties)).toContain(access)
      if (people) expect(Object.keys(RIGHTS.people)).toContain(people)
      for (const it of [access, people]) used.add(it ?? '')
    }
    for (const { operation } of PAGES) {
      expect(Object.keys(RIGHTS.pages)).toContain(operation)
      used.add(operation)
    }
    const all = Object.values(RIGHTS).flatMap(table => Object.keys(table))
    expect(all.filter(it => !used.has(it))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  test('a party has its own, a person all but the officer of one party; the privacy officer has every page', () => {
    const reach = (table: object) => new Set(Object.values(table).flatMap(Object.values))
    expect([...reach(RIGHTS.parties)]).toEqual(['own'])
    for (const row of Object.values({ ...RIGHTS.people, ...RIGHTS.pages }))
      for (const [role, of] of Object.entries(row))
        expect(of).toBe(role === PARTY_OFFICER ? 'own' : 'all')
    for (const { operation } of PAGES)
      expect(mayPerson({ role: 'privacy-officer' }, operation)).toBe(true)
    for (const role of ['constructor', '__proto__', 'toString'])
      expect(mayPerson({ role: role as never }, 'overview:read')).toBe(false)
  })
})

describe('every page for every role', () => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openRooms()
  })
  afterAll(() => rooms?.close())

  test.each(CONSOLE_ROLES)('%s opens what the table gives, and nothing else', async role => {
    const { cookie, csrf } = await rooms.signIn(role)
    for (const { method, path, operation } of PAGES) {
      const at = path.replace(/:\w+/g, 'msg_0')
      const isGet = method === 'get'
      const { status } = await (isGet ? rooms.get(at, cookie) : rooms.post(at, { csrf }, cookie))
      expect([path, method, status === 403]).toEqual([
        path,
        method,
        !mayPerson({ role }, operation),
      ])
      // Without the session's own token a form does nothing, whoever sends it.
      // One that outlives its session is drawn again, where what it is about is there.
      const foreign = isGet ? 403 : (await rooms.post(at, { csrf: 'x' }, cookie)).status
      expect([path, foreign === 403 || foreign === 404]).toEqual([path, true])
      const nobody = isGet ? await rooms.get(at) : await rooms.post(at, { csrf })
      expect([path, nobody.status]).toEqual([path, 401])
    }
  })
})

describe("another party's id is answered as an unknown one", () => {
  let gateway: TestGateway
  let ids: Record<'msg' | 'del' | 'fb', string>

  beforeAll(async () => {
    gateway = await testGateway({ webhooks: false })
    await openDomain(gateway)
    const pair = testKey('andere-dienst')
    await gateway.context.parties.add({
      id: 'andere-dienst',
      kind: 'employment-service',
      name: 'Andere dienst',
      kbo: '0999000525',
      jwks: { set: toJwks(pair) },
    })
    Object.assign(gateway.keys, { 'andere-dienst': pair })
    const { request, ids: feedback } = await feedbackFor(gateway, 'woonboog')
    // Only what was shown can be acknowledged.
    await call(gateway, 'GET', '/v1/inbox', { token: await tokenFor(gateway, 'woonboog') })
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      "SELECT id FROM hand_over WHERE destination = 'woonboog' ORDER BY id DESC LIMIT 1",
    )
    ids = { msg: request, del: rows[0]?.id ?? '', fb: feedback[0] ?? '' }
  })
  afterAll(() => gateway?.close())

  /** Where an id of an object goes in: the owner, another of the same kind, and the call. */
  const places = {
    'get /v1/messages/:id': ['msg', 'woonboog', 'leefgoed'],
    'get /v1/receipts/:messageId': ['msg', 'woonboog', 'leefgoed'],
    'post /v1/detections/:messageId/answer': ['msg', 'vdab', 'andere-dienst'],
    'post /v1/inbox/acknowledgements': ['del', 'woonboog', 'leefgoed'],
    'post /v1/deliveries/:id/retry': ['del', 'woonboog', 'leefgoed'],
    'post /v1/feedback/:feedbackId/progress': ['fb', 'woonboog', 'leefgoed'],
  } as const satisfies Record<string, [keyof typeof ids, PartyId, string]>
  const PATHS = Object.keys(places) as (keyof typeof places)[]

  test('every route of parties with an id is here', () => {
    const withId = ROUTES.filter(
      ({ access, path }) => access && access !== 'public' && /:/.test(path),
    )
    expect(PATHS).toEqual(expect.arrayContaining(withId.map(it => `${it.method} ${it.path}`)))
    expect(withId.length).toBeGreaterThan(4)
  })

  const BODIES: Partial<Record<string, (id: string) => object>> = {
    'post /v1/detections/:messageId/answer': () => ({
      requestDigest: 'A'.repeat(43),
      granularity: 'counts',
      found: 0,
    }),
    'post /v1/feedback/:feedbackId/progress': () => ({ status: 'taken-up', on: TODAY }),
    'post /v1/inbox/acknowledgements': id => ({ upTo: id }),
  }

  async function ask(place: string, id: string, party: string): Promise<unknown> {
    const [method = '', path = ''] = place.split(' ')
    const body = BODIES[place]?.(id)
    const token = await tokenFor(gateway, party as PartyId)
    const key = newId('req', new Date())
    const reply = await call(gateway, method.toUpperCase(), path.replace(/:\w+/, id), {
      token,
      ...(method === 'post' && { key }),
      ...(body && { body }),
    })
    return shapeOf(reply, id)
  }

  // What differs by call, and the id itself, put aside.
  function shapeOf({ status, headers, text }: RawReply, id: string) {
    const told = text.replace(/(?<="receipt":")[^"]+/, receipt => claimsOf(receipt))
    const same = told.replaceAll(id, '*').replace(/(msg|req|inst)_[0-9A-Z]{26}/g, '#')
    const fixed = [...headers].filter(([name]) => !/^(date|etag|x-request-id|ratelimit)/.test(name))
    return { status, same, fixed, names: [...headers.keys()] }
  }

  function claimsOf(receipt: string): string {
    const { entryCommitment: _, iat: _at, ...claims } = decodeJwt(receipt)
    return JSON.stringify(claims)
  }

  test.each(PATHS)('%s', async place => {
    const [kind, owner, other] = places[place]
    const known = ids[kind]
    for (let turn = 0; turn < 3; turn += 1) {
      const unknown = newId(kind, new Date(Date.now() - turn * 60_000))
      const [asUnknown, asOther] = [
        await ask(place, unknown, other),
        await ask(place, known, other),
      ]
      expect(asOther).toEqual(asUnknown)
    }
    // The owner is told something else: the id is a known one.
    const unknown = newId(kind, new Date())
    expect(await ask(place, known, owner)).not.toEqual(await ask(place, unknown, owner))
  })
})
