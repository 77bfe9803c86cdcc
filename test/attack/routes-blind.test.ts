import { randomBytes } from 'node:crypto'
import { detection, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { assertConserved, endTenancies, post } from './kit.ts'

/**
 * A blind sender whose tag, secret and subject tag are not of one person: the gateway cannot see that,
 * but no feedback about another's tenant comes to it.
 */
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

const random = (size: number) => randomBytes(size).toString('base64url')

/** A tenant of the company that tells the truth, with the pseudonyms that the gateway gave. */
async function victim() {
  const [person] = tenants(next++, 1)
  const { messageId } = await gateway.clients.woonboog.detect(detection([person!]))
  const { rows } = await gateway.db.pool.query<{ tag: Buffer; subject: Buffer }>(
    'SELECT tag, subject_tag AS subject FROM detection_row WHERE message_id = $1',
    [messageId],
  )
  const [{ tag, subject }] = rows as [{ tag: Buffer; subject: Buffer }]
  return {
    person: person!,
    tag: tag.toString('base64url'),
    subjectTag: subject.toString('base64url'),
  }
}

/** What the liar sends in the place of a person; @returns its reference. */
async function lie(changes: object): Promise<{ tenantRef: string }> {
  const tenantRef = `lie-${next++}`
  const pseudonyms = { tag: random(16), secret: random(32), subjectTag: random(16), ...changes }
  const item = { ...pseudonyms, tenantRef, tenantGround: 'art-6.1-1-a' }
  const body = { ...detection([]), domain, tenants: [item] }
  const { status } = await post(gateway, 'leefgoed', '/v1/detections', body)
  expect(status).toBe(202)
  return { tenantRef }
}

function feedback(tag: string) {
  const items = [{ tag, reachability: 'not-reached' as const, establishedOn: TODAY }]
  return gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
}

const received = (party: 'woonboog' | 'leefgoed') =>
  gateway.hooks[party].received.map(it => it.body['data'])

test.each(['tag', 'subjectTag'] as const)(
  "the %s of another's tenant, the rest made up: to nobody, then to the right one",
  async field => {
    const right = await victim()
    const wrong = await lie({ [field]: right[field] })
    expect(await feedback(right.tag)).toMatchObject({ accepted: 1, refused: [] })
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect([...received('woonboog'), ...received('leefgoed')]).toEqual([])
    await endTenancies(gateway, 'leefgoed', [wrong])
    await until('it arrives', () => received('woonboog').length === 1)
    expect(received('woonboog')[0]).toMatchObject({ tenantRef: right.person.tenantRef })
    expect(received('leefgoed')).toEqual([])
  },
)

test("another's tag after its feedback left: held, and never the liar's", async () => {
  gateway.hooks.woonboog.reply = () => ({ status: 503 })
  const right = await victim()
  const { messageId } = await feedback(right.tag)
  await until('it waits for another try', async () => {
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM hand_over WHERE message_id = $1 AND state = 'retrying'",
      [messageId],
    )
    return rows.length === 1
  })
  const wrong = await lie({ tag: right.tag })
  gateway.hooks.woonboog.reply = () => ({ status: 202 })
  gateway.hooks.woonboog.received.length = 0
  await endTenancies(gateway, 'leefgoed', [wrong])
  await until('it arrives', () => received('woonboog').length === 1)
  expect(received('leefgoed')).toEqual([])
})

test('a tag that is nobody’s leads nothing to anyone, nor does it hold anything up', async () => {
  const right = await victim()
  await lie({})
  await feedback(right.tag)
  await until('it arrives', () => received('woonboog').length === 1)
  expect(received('leefgoed')).toEqual([])
})
