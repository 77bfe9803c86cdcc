import { EVERYTHING } from '../../src/access/scope.ts'
import { readContests } from '../../src/console/reads/overview.ts'
import { countUnseen } from '../../src/exchange/exceptions.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { detection, forwardedTo, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { assertConserved, endTenancies, entriesOf, handOversOf, hurry, tagsOf } from './kit.ts'

/** Where feedback goes, and where it must never go, also when a housing company lies. */
type Sender = 'woonboog' | 'leefgoed' | 'de-noorderkempen'
type Tenant = ReturnType<typeof tenants>[number]

let gateway: TestGateway
let domain: string
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  domain = await openDomain(gateway)
})
afterAll(async () => {
  await assertConserved(gateway)
  await gateway.close()
})
beforeEach(() => {
  for (const hook of Object.values(gateway.hooks)) hook.received.length = 0
})
afterEach(() => {
  for (const hook of Object.values(gateway.hooks)) hook.reply = () => ({ status: 202 })
})

const some = (count: number): Tenant[] => {
  next += count
  return tenants(next - count, count)
}

/** A company names tenants; @returns their tags, sorted. */
async function name(party: Sender, people: Tenant[]): Promise<string[]> {
  const { messageId } = await gateway.clients[party].detect(detection(people))
  return tagsOf(gateway, messageId)
}

/** The same persons under the references of another company. */
const asOwn = (people: Tenant[]): Tenant[] =>
  people.map(person => ({ ...person, tenantRef: `own-${person.tenantRef}` }))

function feedback(tags: string[]) {
  const items = tags.map(tag => ({
    ...{ tag, reachability: 'not-reached' as const },
    establishedOn: TODAY,
  }))
  return gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
}

const received = (party: Sender) => gateway.hooks[party].received.map(it => it.body)
const unknownTag = () =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')

describe('the end of a route', () => {
  test('unknown, ended, lapsed and left out: VDAB cannot tell one from the other', async () => {
    const people = some(4)
    const tags = await name('woonboog', people)
    const [ended, lapsed, leftOut] = people
    await endTenancies(gateway, 'woonboog', [ended!])
    const cipher = await RouteCipher.open(gateway.context.keys, domain, 'woonboog')
    const change = (set: string, person: Tenant) =>
      gateway.db.pool.query(
        `UPDATE route SET ${set} WHERE party_id = 'woonboog' AND reference_hash = $1`,
        [cipher.hash(person.tenantRef)],
      )
    await change("expires_at = now() - interval '1 second'", lapsed!)
    await change("period = '2025-01'", leftOut!)
    await gateway.db.pool.query(
      `INSERT INTO period_close (protocol, party_id, period, closed_at, released_at)
       VALUES ('wm-vdab', 'woonboog', '2025-02', now(), now())`,
    )
    const sent = await feedback([...tags, unknownTag()])
    expect(sent.accepted).toBe(1)
    expect(sent.refused).toHaveLength(4)
    const shapes = sent.refused.map(({ index, pointer, ...rest }) => {
      expect(pointer).toBe(`/items/${index}/tag`)
      return JSON.stringify(rest)
    })
    expect(new Set(shapes).size).toBe(1)
    expect(sent.refused[0]).toMatchObject({ code: 'HB-405' })
    await gateway.db.pool.query("DELETE FROM period_close WHERE period = '2025-02'")
  })

  test('the end of a tenancy erases the reference, retention the route', async () => {
    const [stays, goes] = some(2)
    const tags = await name('woonboog', [stays!, goes!])
    const of = async () => {
      const { rows } = await gateway.db.pool.query<{ ended: boolean; reference: Buffer }>(
        `SELECT ended_on IS NOT NULL AS ended, reference FROM route
         WHERE tag = ANY($1) ORDER BY 1`,
        [tags.map(tag => Buffer.from(tag, 'base64url'))],
      )
      return rows.map(row => [row.ended, row.reference.length])
    }
    expect(await of()).toEqual([
      [false, 92],
      [false, 92],
    ])
    await endTenancies(gateway, 'woonboog', [goes!])
    expect(await of()).toEqual([
      [false, 92],
      [true, 0],
    ])
    await gateway.db.pool.query(
      "UPDATE route SET expires_at = now() - interval '1 second' WHERE tag = ANY($1)",
      [tags.map(tag => Buffer.from(tag, 'base64url'))],
    )
    await eraseExpired(gateway.context)
    expect(await of()).toEqual([])
  })

  test('a reference opens with the key of its own company and domain only', async () => {
    const [person] = some(1)
    await name('woonboog', [person!])
    const { rows } = await gateway.db.pool.query<{ reference: Buffer }>(
      "SELECT reference FROM route WHERE party_id = 'woonboog' AND length(reference) > 0 LIMIT 1",
    )
    const sealed = rows[0]!.reference
    const { keys } = gateway.context
    const own = await RouteCipher.open(keys, domain, 'woonboog')
    expect(own.open(sealed)).toMatch(/^tenant-\d+$/)
    const [other, elsewhere] = [
      await RouteCipher.open(keys, domain, 'leefgoed'),
      await RouteCipher.open(keys, 'wm-vdab/1/9', 'woonboog'),
    ]
    expect(() => other.open(sealed)).toThrow()
    expect(() => elsewhere.open(sealed)).toThrow()
  })
})

describe('a housing company that names tenants of another', () => {
  /** All that it can read of its own, with what is random or a time taken out. */
  async function readAll(party: Sender, messageId: string): Promise<string> {
    const client = gateway.clients[party]
    const [message, inbox, deliveries] = await Promise.all([
      client.message(messageId),
      client.inbox(),
      client.deliveries(),
    ])
    const seen = { message, inbox, deliveries, hook: received(party) }
    return JSON.stringify(seen)
      .replaceAll(/(msg|del|fb)_[0-9A-Z]{26}/g, '$1')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
  }

  test('suppresses no more than it names, learns nothing of it, and is seen', async () => {
    const [victim, untouched] = some(2)
    const [tag] = await name('woonboog', [victim!])
    const [free] = await name('woonboog', [untouched!])
    const liar = gateway.clients.leefgoed
    const [stranger] = some(1)
    const naming = async (person: Tenant) => {
      const { receipt: _, messageId, ...rest } = await liar.detect(detection(asOwn([person])))
      await forwardedTo(gateway, messageId)
      await until('it is delivered', async () => (await liar.message(messageId)).items.delivered)
      return { messageId, rest }
    }
    const contested = await naming(victim!)
    const plain = await naming(stranger!)
    expect(contested.rest).toEqual(plain.rest)

    const sent = await feedback([tag!, free!])
    expect(sent).toMatchObject({ accepted: 2, refused: [] })
    await until('the other one arrives', () => received('woonboog').length > 0)
    await settleOnce(gateway.context)
    expect(received('woonboog')).toHaveLength(1)
    expect(received('leefgoed')).toEqual([])
    expect(await readAll('leefgoed', contested.messageId)).toBe(
      await readAll('leefgoed', plain.messageId),
    )

    const open = await countUnseen(gateway.db.pool, EVERYTHING)
    expect(open).toMatchObject([
      { kind: 'two-current-routes', parties: ['leefgoed', 'woonboog'], count: 1 },
    ])
    const [entry] = await entriesOf(gateway, sent.messageId, 'exception.opened')
    expect(entry).toMatchObject({ reason: 'two-current-routes', counts: { items: 1 } })
    expect(JSON.stringify(entry)).not.toContain('leefgoed')
    const { rows } = await gateway.db.pool.query<{ details: string }>(
      `SELECT details FROM audit_detail WHERE entry_id = decode($1, 'base64')`,
      [Buffer.from(String(entry!['id']), 'base64url').toString('base64')],
    )
    expect(JSON.parse(rows[0]!.details)).toEqual({ parties: ['leefgoed', 'woonboog'] })

    await endTenancies(gateway, 'leefgoed', asOwn([victim!]))
    await until('it goes to the right one', () => received('woonboog').length === 2)
    expect(received('woonboog')[1]!['data']).toMatchObject({ tenantRef: victim!.tenantRef })
    expect(received('leefgoed')).toEqual([])
    expect(await countUnseen(gateway.db.pool, EVERYTHING)).toEqual([])
  })

  test('again and again: the figures name who had to give way', async () => {
    const before = await readContests(gateway.db.pool, new Date())
    const figure = (list: typeof before, party: string) =>
      list.find(it => it.party === party) ?? { involved: 0, left: 0 }
    const people = some(5)
    const tags = await name('woonboog', people)
    await name('de-noorderkempen', asOwn(people))
    await feedback(tags)
    await endTenancies(gateway, 'de-noorderkempen', asOwn(people))
    await until('all arrive', () => received('woonboog').length === 5)
    const after = await readContests(gateway.db.pool, new Date())
    expect(figure(after, 'de-noorderkempen')).toMatchObject({ involved: 5, left: 5 })
    const own = figure(before, 'woonboog')
    expect(figure(after, 'woonboog')).toMatchObject({ involved: own.involved + 5, left: own.left })
    expect(after[0]!.party).toBe('de-noorderkempen')
    expect(received('de-noorderkempen')).toEqual([])
  })

  test('the route of the liar lapses: the feedback goes to the right one', async () => {
    const [victim] = some(1)
    const [tag] = await name('woonboog', [victim!])
    await name('leefgoed', asOwn([victim!]))
    await feedback([tag!])
    await gateway.db.pool.query(
      "UPDATE route SET expires_at = now() WHERE party_id = 'leefgoed' AND tag = $1",
      [Buffer.from(tag!, 'base64url')],
    )
    await until('it arrives', () => received('woonboog').length === 1)
    expect(received('leefgoed')).toEqual([])
  })

  test('both routes end: it is withdrawn as routeless, and the exception closes', async () => {
    const [victim] = some(1)
    const [tag] = await name('woonboog', [victim!])
    await name('leefgoed', asOwn([victim!]))
    const { messageId } = await feedback([tag!])
    await gateway.db.pool.query('UPDATE route SET expires_at = now() WHERE tag = $1', [
      Buffer.from(tag!, 'base64url'),
    ])
    await until('it is withdrawn', async () => {
      return (await handOversOf(gateway, messageId))[0]?.reason === 'HB-405'
    })
    expect(await entriesOf(gateway, messageId, 'exception.closed')).toHaveLength(1)
    expect(await countUnseen(gateway.db.pool, EVERYTHING)).toEqual([])
    await assertConserved(gateway)
  })

  test('gets nothing that was on its way, nor does the right one until it gives way', async () => {
    gateway.hooks.woonboog.reply = () => ({ status: 503 })
    const [victim, untouched] = some(2)
    const [tag] = await name('woonboog', [victim!])
    const [free] = await name('woonboog', [untouched!])
    const sent = await feedback([tag!, free!])
    await until('both were tried', () => received('woonboog').length >= 2)
    await until('no worker has them', async () => {
      const states = (await handOversOf(gateway, sent.messageId)).map(it => it.state)
      return states.join() === 'retrying,retrying'
    })
    await name('leefgoed', asOwn([victim!]))
    const states = await handOversOf(gateway, sent.messageId)
    expect(states.map(it => `${it.state} ${it.reason}`).toSorted()).toEqual([
      'held two-routes',
      expect.stringMatching(/^retrying /),
    ])
    expect(await entriesOf(gateway, sent.messageId, 'exception.opened')).toHaveLength(1)
    gateway.hooks.woonboog.received.length = 0
    gateway.hooks.woonboog.reply = () => ({ status: 202 })
    await hurry(gateway)
    await until('the other one arrives', () => received('woonboog').length === 1)
    await settleOnce(gateway.context)
    expect(received('woonboog')[0]!['data']).toMatchObject({ tenantRef: untouched!.tenantRef })
    await endTenancies(gateway, 'leefgoed', asOwn([victim!]))
    await until('it arrives', () => received('woonboog').length === 2)
    expect(received('leefgoed')).toEqual([])
    await assertConserved(gateway)
  })

  test('while a worker has it in hand: it is held before the next try', async () => {
    const [victim] = some(1)
    const [tag] = await name('woonboog', [victim!])
    let answer: (value: { status: number }) => void = () => {}
    gateway.hooks.woonboog.reply = () =>
      new Promise(resolve => {
        answer = resolve
      })
    const sent = await feedback([tag!])
    await until('it is in hand', () => received('woonboog').length === 1)
    await name('leefgoed', asOwn([victim!]))
    answer({ status: 503 })
    await until('it waits for another try', async () => {
      return (await handOversOf(gateway, sent.messageId))[0]?.state === 'retrying'
    })
    await settleOnce(gateway.context)
    await until('it is held', async () => {
      await settleOnce(gateway.context)
      return (await handOversOf(gateway, sent.messageId))[0]?.reason === 'two-routes'
    })
    gateway.hooks.woonboog.reply = () => ({ status: 202 })
    await endTenancies(gateway, 'leefgoed', asOwn([victim!]))
    await until('it arrives', () => received('woonboog').length === 2)
    expect(received('leefgoed')).toEqual([])
  })

  test('an inbox shows nothing of a person whom another names as well', async () => {
    const { woonboog } = gateway.clients
    const { url } = await woonboog.getWebhook()
    await woonboog.deleteWebhook()
    const [victim] = some(1)
    const [tag] = await name('woonboog', [victim!])
    await feedback([tag!])
    const shown = async () => {
      const { items } = await woonboog.inbox()
      return items.filter(it => (it.data as { tenantRef?: string }).tenantRef === victim!.tenantRef)
    }
    expect(await shown()).toHaveLength(1)
    await name('leefgoed', asOwn([victim!]))
    expect(await shown()).toEqual([])
    await endTenancies(gateway, 'leefgoed', asOwn([victim!]))
    await until('it is back', async () => (await shown()).length === 1)
    await woonboog.setWebhook({ url })
  })
})
