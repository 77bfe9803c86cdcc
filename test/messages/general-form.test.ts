import { detection, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

type Body = Record<string, unknown>

/** The general form of a detection request: the same, with its tenants as items. */
function general({ tenants: items, ...request }: ReturnType<typeof detection>, changes: Body = {}) {
  return { type: 'detection.request', ...request, items, ...changes } as never
}

async function refusal(promise: Promise<unknown>) {
  const problem = await promise.then(
    () => undefined,
    error => error,
  )
  return { code: problem?.code, errors: problem?.errors, status: problem?.status }
}

describe('the named endpoints are shorthands of the general form', () => {
  let gateway: TestGateway
  let register: TestRegister
  let requestId = ''

  beforeAll(async () => {
    gateway = await testGateway()
    register = await prepareTestRegister(gateway, [0, 1, 2].map(syntheticNumber))
  })

  afterAll(async () => {
    register.close()
    await gateway.close()
  })

  const arrived = (messageId: string) =>
    until('VDAB has it', () =>
      gateway.vdab.received.find(call => call.body['messageId'] === messageId),
    )

  test('a request, its answer, feedback, progress and the end of a tenancy', async () => {
    const { woonboog, vdab } = gateway.clients
    const sent = await woonboog.send(general(detection(tenants(0, 20))))
    const call = await arrived(sent.messageId)
    expect(call.path).toBe('/api/detections')
    expect(call.headers['idempotency-key']).toBe(sent.messageId)
    const opened = await register.open(call)
    expect(opened[0]?.content).toEqual({ tenantGround: 'art-6.1-1-a', referenceDate: TODAY })

    const about = { protocol: 'wm-vdab', inReplyTo: sent.messageId }
    const requestDigest = String(call.body['requestDigest'])
    const answer = { ...about, requestDigest, type: 'detection.answer', purpose: 'detection' }
    const rows = { ...answer, items: opened.map(({ rowId }) => ({ found: rowId })) }
    expect((await refusal(vdab.send(rows as never))).code).toBe('HB-315')
    await vdab.send({ ...answer, items: [{ found: 3 }] } as never)

    const feedback = await vdab.send({
      protocol: 'wm-vdab',
      type: 'feedback.reachability',
      purpose: 'follow-up',
      domain: register.domain,
      items: [{ tag: opened[0]?.tag, reachability: 'not-reached', establishedOn: TODAY }],
    } as never)
    expect(feedback).toMatchObject({ accepted: 1, state: 'accepted' })
    const event = await until('feedback arrives', () =>
      gateway.hooks.woonboog.received
        .map(it => it.body as { type: string; data: Record<string, string> })
        .find(it => it.type === 'be.huisbrug.feedback.reachability'),
    )
    const { feedbackId = '', tenantRef = '' } = event.data
    const progress = { protocol: 'wm-vdab', type: 'feedback.progress', purpose: 'follow-up' }
    await woonboog.send({
      ...progress,
      items: [{ feedbackId, status: 'taken-up', on: TODAY }],
    })
    await woonboog.progress(feedbackId, { status: 'closed', on: TODAY })

    const ended = await woonboog.send({
      protocol: 'wm-vdab',
      type: 'tenancy.ended',
      purpose: 'stopping',
      items: [{ tenantRef, endedOn: TODAY }],
    })
    expect((await arrived(ended.messageId)).path).toBe('/api/tenancies/ended')
    requestId = sent.messageId
  })

  const bad: [string, (request: ReturnType<typeof detection>) => Body][] = [
    ['an unknown protocol', request => ({ ...request, protocol: 'none' })],
    ['another purpose', request => ({ ...request, purpose: 'profiling' })],
    ['another target group', request => ({ ...request, targetGroup: { id: 'all', version: '1' } })],
    ['a field that is not listed', request => ({ ...request, remark: 'x' })],
    ['no reference date', ({ referenceDate: _, ...request }) => request],
    ['a date in the future', request => ({ ...request, referenceDate: '2098-01-01' })],
    [
      'one tenant twice',
      request => ({ ...request, tenants: [...request.tenants, ...request.tenants] }),
    ],
  ]

  test.each(bad)('%s is refused alike in both forms', async (_what, change) => {
    const { woonboog } = gateway.clients
    const wrong = change(detection(tenants(100, 2))) as ReturnType<typeof detection>
    const named = await refusal(woonboog.detect(wrong as never))
    const other = await refusal(woonboog.send(general(wrong)))
    const asItems = JSON.parse(JSON.stringify(named).replaceAll('/tenants', '/items'))
    expect(named.code).toMatch(/^HB-/)
    expect(other.code).toBe(named.code)
    expect(other.errors?.map((it: Body) => it['pointer'])).toEqual(
      asItems.errors?.map((it: Body) => it['pointer']),
    )
  })

  test('a type that no protocol lists, and what is no message at all', async () => {
    const { woonboog } = gateway.clients
    const request = detection(tenants(200, 1))
    const number = syntheticNumber(5)
    for (const [changes, code] of [
      [{ type: 'profile.segment' }, 'HB-310'],
      [{ type: `a.${number}` }, 'HB-310'],
      [{ type: 7 }, 'HB-202'],
      [{ type: 'steps.counts' }, 'HB-310'],
      [{ type: 'feedback.reachability' }, 'HB-309'],
      [{ items: 'none' }, 'HB-202'],
      [{ items: [] }, 'HB-202'],
    ] as const) {
      expect((await refusal(woonboog.send(general(request, changes)))).code).toBe(code)
    }
    const { rows } = await gateway.db.pool.query(
      "SELECT count(*)::int AS n FROM message WHERE type LIKE '%' || $1 || '%'",
      [number],
    )
    expect(rows[0].n).toBe(0)
  })

  test('one key is one message, whichever form it had first', async () => {
    const { leefgoed } = gateway.clients
    const once = { idempotencyKey: 'same-key', nonce: 'A'.repeat(43) }
    const first = await leefgoed.send(general(detection(tenants(300, 2))), once)
    const again = await leefgoed.send(general(detection(tenants(300, 2))), once)
    expect(again).toEqual(first)
    const other = refusal(leefgoed.send(general(detection(tenants(302, 2))), once))
    expect((await other).code).toBe('HB-501')
  })

  test('the number of the month goes out once it is closed', async () => {
    const { woonboog } = gateway.clients
    await woonboog.closePeriod('wm-vdab', PERIOD)
    await until('the number arrives', () =>
      gateway.hooks.woonboog.received.find(
        it => it.body['type'] === 'be.huisbrug.detection.answered',
      ),
    )
    const state = await woonboog.message(requestId)
    expect(state).toMatchObject({ type: 'detection.request', state: 'answered' })
  })
})

test('steps.counts of wm-vdab is off until a version lists it, and then goes through', async () => {
  const gateway = await testGateway({
    framework: document => {
      for (const type of document.messageTypes)
        if (type.type === 'steps.counts') type.enabled = true
    },
  })
  try {
    await openDomain(gateway)
    const { woonboog, vdab } = gateway.clients
    const sent = await woonboog.detect(detection(tenants(0, 60)))
    const call = await until('VDAB has it', () => gateway.vdab.to('/api/detections')[0])
    await vdab.send({
      protocol: 'wm-vdab',
      type: 'steps.counts',
      purpose: 'detection',
      inReplyTo: sent.messageId,
      requestDigest: String(call.body['requestDigest']),
      items: [{ step: 'training', persons: 30 }],
    })
    const event = await until('the counts arrive', () =>
      gateway.hooks.woonboog.received.find(it => it.body['type'] === 'be.huisbrug.message.counts'),
    )
    expect(event.body['data']).toMatchObject({ type: 'steps.counts', messageId: sent.messageId })
    // Each number is a cell of a release to woonboog, with its entry.
    const { rows } = await gateway.db.pool.query(
      `SELECT r.recipient, r.table_id, array_agg(c.value ORDER BY split_part(c.cell, '|', 4)::int) AS numbers
       FROM release r JOIN release_cell c USING (number) WHERE r.measure = 'group' GROUP BY 1, 2`,
    )
    const items = (event.body['data'] as { items: { persons: number | null }[] }).items
    const numbers = items.map(({ persons }) => persons)
    expect(rows).toEqual([{ recipient: 'woonboog', table_id: 'group-counts', numbers }])
    const { rows: entries } = await gateway.db.pool.query(
      `SELECT FROM audit_pending WHERE action = 'counts.released'
       UNION ALL SELECT FROM audit_entry WHERE action = 'counts.released'`,
    )
    expect(entries).toHaveLength(1)
    // What came in between says nothing of the answer itself.
    expect(await woonboog.message(sent.messageId)).toMatchObject({ state: 'delivered' })
  } finally {
    await gateway.close()
  }
})
