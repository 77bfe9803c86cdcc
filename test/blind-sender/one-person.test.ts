import { randomBytes } from 'node:crypto'
import type { BlindTenant } from '../../src/client/types.ts'
import { detection, forwardedTo, PERIOD, tenants } from '../support/detection.ts'
import { tenant } from '../support/people.ts'
import { type BlindGateway, blinded, blindGateway, mayBeBlind, stored } from './support.ts'

/*
 * The gateway cannot see that tag, secret and subject tag are of one person. A company that could send
 * one person many times in a month, under other pseudonyms each time, would get as many of the month's
 * answers about that person, and average the noise of the counts away.
 */

const random16 = () => randomBytes(16).toString('base64url')
const random32 = () => randomBytes(32).toString('base64url')
let references = 0

/** The same person as somebody else, but for the members named. */
function disguised(person: BlindTenant, kept: readonly (keyof BlindTenant)[]): BlindTenant {
  const other = { tag: random16(), secret: random32(), subjectTag: random16() }
  const same = Object.fromEntries(kept.map(name => [name, person[name]]))
  return { ...person, ...other, tenantRef: `other-${references++}`, ...same }
}

describe('one person cannot be multiplied', () => {
  let gateway: BlindGateway
  let people: BlindTenant[]

  beforeAll(async () => {
    gateway = await blindGateway(mayBeBlind, [tenant(0).insz])
    people = await blinded(gateway, tenants(0, 3))
  })
  afterAll(() => gateway?.close())

  const send = (items: object[], more: object = {}) =>
    gateway.clients.woonboog.detect(
      detection(items as never, { domain: gateway.domain, ...more }) as never,
    )

  test('once in a month, under whatever subject tags', async () => {
    const sent = await send(people)
    expect(sent).toMatchObject({ accepted: 3 })
    const before = await stored(gateway)
    for (let time = 0; time < 10; time++) {
      const again = disguised(people[0]!, ['tag', 'secret'])
      await expect(send([again])).rejects.toMatchObject({
        code: 'HB-404',
        errors: [{ pointer: '/tenants/0/tag' }],
      })
    }
    expect(await stored(gateway)).toEqual(before)
    expect(await rowsSeenByVdab(sent.messageId)).toBe(1)
  })

  test('nor under another tag, which VDAB does not look at', async () => {
    await expect(send([disguised(people[0]!, ['secret'])])).rejects.toMatchObject({
      code: 'HB-404',
      errors: [{ pointer: '/tenants/0/secret' }],
    })
  })

  test('nor under another secret, or as somebody else with the same subject tag', async () => {
    await expect(send([disguised(people[0]!, ['tag'])])).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/tag' }],
    })
    await expect(send([disguised(people[0]!, ['subjectTag'])])).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/subjectTag' }],
    })
  })

  test('nor in one message', async () => {
    const [fresh] = await blinded(gateway, tenants(20, 1))
    for (const kept of ['tag', 'secret', 'subjectTag'] as const) {
      await expect(send([fresh!, disguised(fresh!, [kept])])).rejects.toMatchObject({
        errors: [{ code: 'HB-403', pointer: `/tenants/1/${kept}` }],
      })
    }
  })

  test('nor by sending the number after the pseudonyms, or the other way round', async () => {
    const { woonboog } = gateway.clients
    await expect(woonboog.detect(detection([tenant(0)]))).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/insz' }],
    })
    const [disguise] = await blinded(gateway, tenants(30, 1))
    await send([disguised(disguise!, ['tag', 'secret'])])
    await expect(woonboog.detect(detection([tenant(30)]))).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/insz' }],
    })
    await woonboog.detect(detection([tenant(40)]))
    const [known] = await blinded(gateway, tenants(40, 1))
    await expect(send([disguised(known!, ['tag', 'secret'])])).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/tag' }],
    })
  })

  test('two at the same moment: one of them is taken', async () => {
    const [racer] = await blinded(gateway, tenants(50, 1))
    const tries = Array.from({ length: 8 }, () => send([disguised(racer!, ['secret'])]))
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const { rows } = await gateway.db.pool.query(
      `SELECT count(*)::int AS n, count(DISTINCT row_id)::int AS ids FROM period_member
       WHERE party_id = 'woonboog' AND period = $1`,
      [PERIOD],
    )
    expect(rows[0].n).toBe(rows[0].ids)
  })

  test('another company may send the same person', async () => {
    const [own] = await blinded(gateway, tenants(0, 1), { company: 'leefgoed' })
    const request = detection([own] as never, { domain: gateway.domain })
    const reply = await gateway.clients.leefgoed.detect(request as never)
    expect(reply).toMatchObject({ accepted: 1 })
  })

  async function rowsSeenByVdab(messageId: string): Promise<number> {
    const opened = await gateway.register.open(await forwardedTo(gateway, messageId))
    return opened.length
  }
})
