import fc from 'fast-check'
import type { BlindTenant } from '../../src/client/types.ts'
import { detection, PERIOD, tenants } from '../support/detection.ts'
import { tenant } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import {
  type BlindGateway,
  blinded,
  blindGateway,
  mayBeBlind,
  mustBeBlind,
  stored,
} from './support.ts'

const NONCE = 'q0v3hN1yT5uWmJx8sKfZ2bRcLpDgEaYiOwQtUzXn6VM'
let keys = 0

interface Told {
  status: number
  code: string | undefined
  places: string[]
  text: string
}

async function send(gateway: BlindGateway, body: object, path = '/v1/detections'): Promise<Told> {
  const token = await tokenFor(gateway, 'woonboog')
  const key = `refused-${keys++}`
  const reply = await call(gateway, 'POST', path, { token, key, body: { nonce: NONCE, ...body } })
  const errors = (reply.body['errors'] ?? []) as { code: string; pointer: string }[]
  return {
    status: reply.status,
    code: reply.body['code'] as string | undefined,
    places: errors.map(({ code, pointer }) => `${code} ${pointer}`),
    text: JSON.stringify(reply.body),
  }
}

describe('a protocol that has senders make the pseudonyms', () => {
  let gateway: BlindGateway
  let good: BlindTenant[]

  beforeAll(async () => {
    gateway = await blindGateway(mustBeBlind)
    good = await blinded(gateway, tenants(0, 6))
  })
  afterAll(() => gateway?.close())

  const body = (items: object[], more: object = {}) =>
    detection(items as never, { domain: gateway.domain, ...more })

  test('a plain item is refused with a code and a remedy, and nothing of it is echoed', async () => {
    const before = await stored(gateway)
    const { status, code, places, text } = await send(gateway, detection([tenant(1), tenant(2)]))
    expect([status, code]).toEqual([403, 'HB-321'])
    expect(places).toContain('HB-321 /tenants/0/insz')
    expect(places).toContain('HB-321 /tenants/1/insz')
    expect(text).toContain('tag, secret and subjectTag')
    expect(text).toContain('modalities.senderBlind')
    expect(text).not.toContain(tenant(1).insz)
    expect(await stored(gateway)).toEqual(before)
  })

  test('so is one among others, and a number beside pseudonyms', async () => {
    const [first, second] = good
    const mixed = await send(gateway, body([first!, tenant(9)]))
    expect(mixed).toMatchObject({ code: 'HB-321' })
    expect(mixed.places).toContain('HB-321 /tenants/1/insz')
    const both = await send(gateway, body([first!, { ...second, insz: tenant(9).insz }]))
    expect(both.places).toEqual(['HB-321 /tenants/1/insz'])
    expect(both.text).not.toContain(tenant(9).insz)
  })

  test('in the general form too', async () => {
    const { tenants: _, ...rest } = body([])
    const items = [tenant(1)]
    const told = await send(gateway, { ...rest, type: 'detection.request', items }, '/v1/messages')
    expect(told).toMatchObject({ status: 403, code: 'HB-321' })
    expect(told.places).toContain('HB-321 /items/0/insz')
  })

  test('each member is needed', async () => {
    for (const name of ['tag', 'secret', 'subjectTag', 'tenantRef', 'tenantGround'] as const) {
      const { [name]: _, ...item } = good[0]!
      const told = await send(gateway, body([good[1]!, item]))
      expect(told.places).toEqual([`HB-202 /tenants/1/${name}`])
    }
  })

  test('a second tag, secret, subject tag or reference is refused with its place', async () => {
    for (const name of ['tag', 'secret', 'subjectTag', 'tenantRef'] as const) {
      const items = [good[0]!, good[1]!, { ...good[2]!, [name]: good[0]![name] }]
      const told = await send(gateway, body(items))
      expect([told.status, told.places]).toEqual([422, [`HB-403 /tenants/2/${name}`]])
    }
  })

  test('a national number in the place of a pseudonym is refused, as text and as bytes', async () => {
    const { insz } = tenant(3)
    const inBytes = (size: number) =>
      Buffer.concat([Buffer.from(insz), Buffer.alloc(size - insz.length)]).toString('base64url')
    for (const [name, size, fill] of [
      ['tag', 16, 'x'.repeat(10)],
      ['secret', 32, 'x'.repeat(31)],
      ['subjectTag', 16, 'x'.repeat(10)],
    ] as const) {
      for (const value of [`${insz}${fill}A`, inBytes(size)]) {
        const told = await send(gateway, body([{ ...good[0]!, [name]: value }]))
        expect(told.places).toEqual([`HB-402 /tenants/0/${name}`])
        expect(told.text).not.toContain(insz)
      }
    }
  })

  test('any wrong length, form or type is refused with its place, and nothing is stored', async () => {
    const before = await stored(gateway)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: good.length - 1 }),
        fc.constantFrom('tag' as const, 'secret' as const, 'subjectTag' as const),
        wrongFor(),
        async (index, name, spoil) => {
          const value = spoil(good[index]![name])
          const items = good.map((item, at) => (at === index ? { ...item, [name]: value } : item))
          const told = await send(gateway, body(items))
          expect(told.status).toBe(400)
          expect(told.places.every(place => place === `HB-202 /tenants/${index}/${name}`)).toBe(
            true,
          )
          expect(told.places.length).toBeGreaterThan(0)
          for (const item of good) expect(told.text).not.toContain(item.secret)
        },
      ),
      { numRuns: 60 },
    )
    expect(await stored(gateway)).toEqual(before)
  })

  test('the domain is the current one of the protocol', async () => {
    const at = async (domain: unknown) => send(gateway, body(good, { domain }))
    expect(await at('wm-vdab/1/9')).toMatchObject({ status: 422, code: 'HB-412' })
    expect(await at('ocmw-vdab/1/1')).toMatchObject({ status: 422, code: 'HB-412' })
    expect(await at('subject')).toMatchObject({ status: 400, places: ['HB-202 /domain'] })
    expect(await at(1)).toMatchObject({ status: 400, places: ['HB-202 /domain'] })
  })

  test('what is good is taken, without a secret anywhere', async () => {
    // There was one key epoch only, so the domain may be left out.
    const told = await send(gateway, detection(good as never))
    expect(told).toMatchObject({ status: 202 })
    const { rows } = await gateway.db.pool.query(
      'SELECT encode(tag, $1) AS tag, period FROM period_member',
      ['hex'],
    )
    const tags = good.map(({ tag }) => Buffer.from(tag, 'base64url').toString('hex'))
    expect(rows.map(row => row.tag).toSorted()).toEqual(tags.toSorted())
    expect(rows.every(row => row.period === PERIOD)).toBe(true)
  })
})

/** Ways to spoil base64url of a known length. */
function wrongFor(): fc.Arbitrary<(good: string) => unknown> {
  return fc.oneof(
    fc.constantFrom<(good: string) => unknown>(
      good => `${good}=`,
      good => good.slice(1),
      good => `${good}A`,
      good => `${good}AAAA`,
      good => `${good.slice(0, -1)}${good.endsWith('B') ? 'C' : 'B'}`,
      good => ` ${good.slice(1)}`,
      good => `+${good.slice(1)}`,
      good => `/${good.slice(1)}`,
      good => `${good}\n`,
      good => Buffer.from(good, 'base64url').toString('hex'),
      () => '',
      () => null,
      () => 1,
      () => true,
      good => [good],
      good => ({ value: good }),
    ),
    fc.string({ maxLength: 50 }).map(text => () => `${text}!`),
    fc
      .uint8Array({ maxLength: 40 })
      .filter(({ length }) => length !== 16 && length !== 32)
      .map(bytes => () => Buffer.from(bytes).toString('base64url')),
  )
}

describe('a protocol that leaves it to the sender', () => {
  let gateway: BlindGateway
  let good: BlindTenant[]

  beforeAll(async () => {
    gateway = await blindGateway(mayBeBlind)
    good = await blinded(gateway, tenants(0, 4))
  })
  afterAll(() => gateway?.close())

  test('both forms are taken, never in one message', async () => {
    const domain = { domain: gateway.domain }
    const before = await stored(gateway)
    for (const items of [
      [good[0]!, tenant(8)],
      [tenant(8), good[0]!],
      [{ ...good[0]!, insz: tenant(8).insz }],
    ]) {
      const told = await send(gateway, detection(items as never, domain))
      expect([told.status, told.code]).toEqual([422, 'HB-418'])
      expect(told.places.some(place => place.endsWith('/insz'))).toBe(true)
      expect(told.text).not.toContain(tenant(8).insz)
    }
    expect(await stored(gateway)).toEqual(before)
    expect(await send(gateway, detection(tenants(10, 3)))).toMatchObject({ status: 202 })
    expect(await send(gateway, detection(good as never, domain))).toMatchObject({ status: 202 })
  })

  test('a domain beside national numbers says nothing, and is refused', async () => {
    const told = await send(gateway, detection(tenants(20, 1), { domain: gateway.domain }))
    expect(told).toMatchObject({ status: 403, places: ['HB-312 /domain'] })
  })

  test('part of the pseudonyms is no form at all', async () => {
    const [first] = await blinded(gateway, tenants(30, 1))
    const { secret: _, subjectTag: __, ...only } = first!
    const told = await send(gateway, detection([only] as never))
    expect(told).toMatchObject({ status: 403, places: ['HB-312 /tenants/0/tag'] })
  })
})
