import { decideApproval } from '../../src/subject/approval.ts'
import { lift, previewRestriction, restrict } from '../../src/subject/restriction.ts'
import { blinded } from '../blind-sender/support.ts'
import { client, eventAt, forwarded, question, type Welfare } from '../messages/welfare.ts'
import { detection, TODAY, tenants } from '../support/detection.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import { subjectCommand } from './command.ts'
import {
  assertBalanced,
  entriesSaying,
  FIRST,
  newestTag,
  openRightsWorld,
  partsOf,
  recover,
  report,
  request,
  untilIn,
} from './rights-kit.ts'

/** A person whose processing is restricted: nothing more about that person, whatever the way. */
let world: Welfare

beforeAll(async () => {
  world = await openRightsWorld([60, 61])
})
beforeEach(() => recover(world))
afterEach(() => assertBalanced(world))
afterAll(() => world.close())

const refusedAt = (index: number, code: string) =>
  expect.objectContaining({ refused: [expect.objectContaining({ index, code })], accepted: 1 })

test('in two protocols, from plain and blind senders, across key epochs; lifted, all goes', async () => {
  const { gateway, office } = world
  const { clients, context } = gateway
  await restrict(context, request(0))
  const blind = async (from: number) => {
    const items = await blinded({ ...gateway, domain: FIRST } as never, tenants(from, 1), {
      company: 'leefgoed',
    })
    return items[0] as never
  }
  expect(await clients.woonboog.detect(detection(tenants(0, 2)))).toEqual(refusedAt(0, 'HB-408'))
  const own = { ...detection([]), domain: FIRST, tenants: [await blind(2), await blind(0)] }
  expect(await clients.leefgoed.detect(own as never)).toEqual(refusedAt(1, 'HB-408'))
  expect(await office.send(question([client(1), client(0)]))).toEqual(refusedAt(1, 'HB-408'))
  await context.domains.rotate('wm-vdab', { actor: { role: 'operator' }, at: new Date() })
  const next = await prepareTestRegister(gateway, [syntheticNumber(99)], 'wm-vdab', 'wm-vdab/1/2')
  next.close()
  const late = { ...tenants(0, 1)[0]!, tenantRef: 'again' }
  const both = detection([late, ...tenants(3, 1)])
  expect(await clients['de-noorderkempen'].detect(both)).toEqual(refusedAt(0, 'HB-408'))
  const lifted = await lift(context, request(0))
  expect(lifted.until > lifted.since).toBe(true)
  const [said] = await entriesSaying(world, 'subject.released')
  expect(said).toMatchObject({ subjects: { count: 1 }, details: expect.any(String) })
  expect(await clients.woonboog.detect(detection(tenants(0, 1)))).toMatchObject({ accepted: 1 })
  expect(await office.send(question([client(0)]))).toMatchObject({ accepted: 1 })
})

test('what is under way is taken out, a request of one person whole, with its evidence', async () => {
  const { gateway } = world
  gateway.vdab.reply = () => ({ status: 503 })
  const two = await gateway.clients.woonboog.detect(detection(tenants(10, 2)))
  const one = await gateway.clients.leefgoed.detect(detection(tenants(10, 1)))
  for (const { messageId } of [two, one]) await untilIn(world, messageId, 'retrying')
  const expected = { handOvers: 2, items: 2, inHand: 0 }
  expect(await previewRestriction(gateway.context, request(10))).toEqual(expected)
  expect(await partsOf(world, two.messageId)).toMatchObject([{ items: 2, withdrawn: 0 }])
  expect(await restrict(gateway.context, request(10))).toEqual(expected)
  expect(await partsOf(world, two.messageId)).toMatchObject([{ items: 1, withdrawn: 1 }])
  expect(await partsOf(world, one.messageId)).toMatchObject([
    { state: 'withdrawn', reason: 'restricted' },
  ])
  expect(await gateway.clients.leefgoed.message(one.messageId)).toMatchObject({
    items: { withdrawn: 1, pending: 0 },
  })
  const said = (await entriesSaying(world, 'subject.restricted')).at(-1)
  expect(said).toMatchObject({
    counts: expected,
    subjects: { count: 1 },
    details: expect.any(String),
  })
  const withdrawn = await entriesSaying(world, 'message.withdrawn')
  expect(withdrawn.filter(it => it.reason === 'restricted')).toHaveLength(2)
  await recover(world)
  const call = await until('the other one goes', () =>
    gateway.vdab
      .to('/api/detections')
      .find(
        it => it.body['messageId'] === two.messageId && (it.body['rows'] as object[]).length === 1,
      ),
  )
  expect(call.body['rows']).toHaveLength(1)
})

test('what a worker has in hand is left out of its next try', async () => {
  const { gateway } = world
  const gate = Promise.withResolvers<void>()
  gateway.vdab.reply = async () => gate.promise.then(() => ({ status: 503 }))
  const sent = await gateway.clients.woonboog.detect(detection(tenants(20, 2)))
  await forwardedOnce(sent.messageId)
  expect(await restrict(gateway.context, request(20))).toMatchObject({ items: 0, inHand: 1 })
  gate.resolve()
  await untilIn(world, sent.messageId, 'retrying')
  gateway.vdab.received.length = 0
  await recover(world)
  const call = await forwardedOnce(sent.messageId)
  expect(call.body['rows']).toHaveLength(1)
  await untilIn(world, sent.messageId, 'delivered')
  expect(await partsOf(world, sent.messageId)).toMatchObject([{ items: 1, withdrawn: 1 }])
})

const forwardedOnce = (messageId: string) =>
  until('VDAB is called', () =>
    world.gateway.vdab.to('/api/detections').find(it => it.body['messageId'] === messageId),
  )

test('feedback: withdrawn, and the employment service cannot tell it from an unknown tag', async () => {
  const { gateway } = world
  gateway.hooks.woonboog.reply = () => ({ status: 503 })
  gateway.vdab.reply = () => ({ status: 503 })
  const domain = String(await gateway.context.domains.current('wm-vdab'))
  await gateway.clients.woonboog.detect(detection(tenants(30, 1)))
  const tag = await newestTag(world, domain)
  const before = await report(world, domain, [tag])
  await untilIn(world, before.messageId, 'retrying')
  await restrict(gateway.context, request(30))
  expect(await partsOf(world, before.messageId)).toMatchObject([
    { state: 'withdrawn', reason: 'restricted' },
  ])
  const [about, unknown] = (await report(world, domain, [tag, 'A'.repeat(22)])).refused
  expect(about).toMatchObject({ index: 0, code: 'HB-405' })
  const words = ({ index: _, pointer: __, ...rest }: typeof about & object) => rest
  expect(words(about!)).toEqual(words(unknown!))
  const { feedbackId } = (
    await gateway.db.pool.query('SELECT id AS "feedbackId" FROM feedback WHERE message_id = $1', [
      before.messageId,
    ])
  ).rows[0]
  const step = { status: 'taken-up' as const, on: TODAY }
  await expect(gateway.clients.woonboog.progress(feedbackId, step)).rejects.toMatchObject({
    code: 'HB-408',
  })
})

test('an answer per person leaves the person out, and is taken for the others', async () => {
  const { gateway, office, vdab, hook, register } = world
  const { messageId } = await office.send(question([client(60), client(61)]))
  const call = await forwarded(gateway, messageId)
  const opened = await register.open(call)
  expect(opened).toHaveLength(2)
  await untilIn(world, messageId, 'delivered')
  await restrict(gateway.context, request(60))
  hook.received.length = 0
  await vdab.send({
    ...{ protocol: 'ocmw-vdab', type: 'guidance.answer', purpose: 'guidance' },
    ...{ inReplyTo: messageId, requestDigest: String(call.body['requestDigest']) },
    items: opened.map(({ rowId }) => ({ row: rowId, guidance: 'welfare-office' })),
  })
  const event = await eventAt(hook, 'be.huisbrug.message.answered')
  const { results } = event['data'] as { results: object[] }
  expect(results).toEqual([
    { item: { clientRef: 'client-61' }, answer: { guidance: 'welfare-office' } },
  ])
})

test('at the same instant as messages: none slips through', async () => {
  const { gateway, office } = world
  const { clients, context, db } = gateway
  // Paused: what no worker has in hand must be gone at once.
  await db.pool.query(
    `INSERT INTO circuit (party_id, channel, failures, paused_until, failing_since, reason)
     VALUES ('vdab', 'calls', 1, now() + interval '1 hour', now(), 'test')`,
  )
  for (let round = 0; round < 12; round++) {
    const index = 200 + 2 * round
    const later = (work: () => Promise<unknown>) =>
      new Promise(resolve => setTimeout(resolve, Math.random() * 12)).then(work)
    const outcomes = await Promise.allSettled([
      later(() => clients.woonboog.detect(detection(tenants(index, 2)))),
      later(() => clients.leefgoed.detect(detection(tenants(index, 1)))),
      later(() => office.send(question([client(index), client(index + 1)]))),
      later(() => restrict(context, request(index))),
    ])
    const failed = outcomes.filter(it => it.status === 'rejected').map(it => it.reason.code)
    expect(failed.filter(code => code !== 'HB-408')).toEqual([])
    const { rows } = await db.pool.query(
      `SELECT h.state, h.attempts FROM restriction x
         JOIN detection_row d USING (subject_tag) JOIN hand_over h ON h.message_id = d.message_id
       WHERE x.lifted_at IS NULL AND h.state IN ('queued', 'retrying') AND h.kind = 'request'`,
    )
    expect(rows).toEqual([])
  }
})

test('the command shows first, does it with a yes, and never shows the number', async () => {
  const { gateway } = world
  const number = syntheticNumber(300)
  const asked = ['--case', 'GDPR-2026-77', '--reason', 'Verzoek van de betrokkene']
  const run = (name: string, ...more: string[]) =>
    subjectCommand(gateway, number, name, ...asked, ...more)
  const shown = await run('restrict')
  expect(shown).toMatchObject({ exit: 1, out: expect.stringContaining('Wat er zou gebeuren') })
  expect(shown.err).toContain('nothing was done')
  const done = await run('restrict', '--yes', '--json')
  expect(JSON.parse(done.out)).toEqual({ done: true, handOvers: 0, items: 0, inHand: 0 })
  const again = await run('restrict', '--json')
  expect([again.exit, JSON.parse(again.out).refused]).toEqual([1, 'HB-423'])
  for (const { out, err } of [shown, done, again]) expect(out + err).not.toContain(number)
})

test('with four eyes a second person approves that very act, and no other', async () => {
  const { context } = world.gateway
  const careful = {
    ...context,
    config: { ...context.config, fourEyes: new Set(['subject-restrict'] as const) },
  }
  const asked = request(310)
  const waits: unknown = await restrict(careful, asked).catch((error: Error) => error)
  expect(waits).toMatchObject({ code: 'HB-514' })
  const [approval] = JSON.stringify(waits).match(/req_[0-9A-Z]{26}/) ?? []
  const [id, at] = [String(approval), new Date()]
  const by = { role: 'privacy-officer', client: 'ses_other' }
  await decideApproval(context.pool, { id, decision: 'given', by, at })
  const approved = { ...asked, approval: id }
  await expect(lift(careful, approved)).rejects.toMatchObject({ code: 'HB-420' })
  expect(await restrict(careful, approved)).toMatchObject({ items: 0 })
  await expect(restrict(careful, approved)).rejects.toMatchObject({ code: 'HB-420' })
})

test('what is refused says why, and holds nothing of the person', async () => {
  const { context } = world.gateway
  const good = request(0)
  const refusals = [
    [() => restrict(context, request(10)), 'HB-423'],
    [() => lift(context, request(11)), 'HB-424'],
    [() => restrict(context, { ...good, insz: '85010100101' }), 'HB-401'],
    [() => restrict(context, { ...good, reason: `voor ${syntheticNumber(0)}` }), 'HB-202'],
    [() => restrict(context, { ...good, caseRef: syntheticNumber(0) }), 'HB-202'],
    [() => restrict(context, { ...good, reason: ' ' }), 'HB-202'],
  ] as const
  for (const [refused, code] of refusals) {
    const error: unknown = await refused().catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code })
    expect(JSON.stringify([(error as Error).message, error])).not.toMatch(/[0-9]{11}/)
  }
})
