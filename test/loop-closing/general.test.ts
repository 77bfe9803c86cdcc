import { readFollowUp } from '../../src/exchange/follow-up.ts'
import { validatorFor } from '../../src/schemas.ts'
import { suspend } from '../attack/kit.ts'
import { clientWith, envelope, register as registerKeys, withKey } from '../envelope/support.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { client, eventAt, forwarded, openWelfare, question, TODAY } from '../messages/welfare.ts'
import { openDomain } from '../support/detection.ts'
import { testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import { dayOf, feedbackFor, midnight, noticesOf, OVERDUE, openSince, tellAt } from './kit.ts'

const LONG_AGO = midnight(-40)
const DUE_ON = dayOf(midnight(-10))

test('an event of another protocol is overdue at the welfare office, by its own reference', async () => {
  const { gateway, office, vdab, hook, register, close } = await openWelfare([syntheticNumber(0)])
  try {
    const { messageId } = await office.send(question([client(0)]))
    const [person] = await register.open(await forwarded(gateway, messageId))
    await vdab.send({
      protocol: 'ocmw-vdab',
      type: 'contact.follow-up-needed',
      purpose: 'contact',
      domain: register.domain,
      items: [{ tag: person?.tag ?? '', neededOn: TODAY }],
    })
    const received = await eventAt(hook, 'be.huisbrug.message.received')
    const { feedbackId } = received['data'] as { feedbackId: string }
    await openSince(gateway, [feedbackId], LONG_AGO)
    await tellAt(gateway, new Date())
    const event = await eventAt(hook, OVERDUE)
    expect(validatorFor('envelope')(event)).toEqual([])
    expect(event['data']).toEqual({
      feedbackId,
      protocol: 'ocmw-vdab',
      type: 'contact.follow-up-needed',
      item: { clientRef: 'client-0' },
      status: 'open',
      dueOn: DUE_ON,
    })
  } finally {
    await close()
  }
}, 60_000)

test('what VDAB takes up is overdue at VDAB, by the id alone; an objection ends it', async () => {
  const gateway = await testGateway()
  await addThirdProtocol(gateway)
  const known = await prepareTestRegister(gateway, [syntheticNumber(0)], THIRD)
  try {
    const { woonboog, vdab } = gateway.clients
    const about = { protocol: THIRD, purpose: 'help' }
    const people = [0, 1, 2].map(index => ({
      ...{
        insz: syntheticNumber(index),
        dossier: `d-${index}`,
        signedOn: TODAY,
        paper: `p-${index}`,
      },
    }))
    await woonboog.send({ ...about, type: 'participants.question', items: people } as never)
    const long = await woonboog.send({
      ...about,
      type: 'referral.announced',
      items: [{ dossier: 'd-0', announcedOn: dayOf(midnight(-9)) }],
    } as never)
    await forwarded(gateway, long.messageId)
    const fresh = await woonboog.send({
      ...about,
      type: 'referral.announced',
      items: [1, 2].map(index => ({ dossier: `d-${index}`, announcedOn: TODAY })),
    } as never)
    const { rows } = await gateway.db.pool.query<{ id: string; messageId: string; since: Date }>(
      'SELECT id, message_id AS "messageId", open_since AS since FROM feedback ORDER BY id',
    )
    const waiting = rows.filter(row => row.messageId === fresh.messageId)
    // The clock of what may still be objected to starts where the window ends.
    expect(waiting.map(row => row.since)).toEqual([midnight(8), midnight(8)])
    const objection = { protocol: THIRD, purpose: 'stopping', type: 'objection.raised' }
    await woonboog.send({ ...objection, items: [{ dossier: 'd-1' }] } as never)
    await openSince(
      gateway,
      rows.map(row => row.id),
      LONG_AGO,
    )
    await gateway.db.pool.query('UPDATE feedback SET created_at = now() WHERE message_id = $1', [
      fresh.messageId,
    ])
    await gateway.db.pool.query('UPDATE hand_over SET due_at = now() WHERE message_id = $1', [
      fresh.messageId,
    ])
    await forwarded(gateway, fresh.messageId)
    // The gateway looks by itself as well, and may have been first.
    await tellAt(gateway, new Date())
    expect(
      await noticesOf(
        gateway,
        rows.map(row => row.id),
      ),
    ).toHaveLength(2)
    const { items } = await vdab.inbox()
    const events = items.filter(one => one.type === OVERDUE)
    expect(events).toHaveLength(2)
    for (const event of events) {
      expect(validatorFor('envelope')(event)).toEqual([])
      const { feedbackId, ...rest } = event.data as { feedbackId: string }
      expect(rest).toEqual({
        protocol: THIRD,
        type: 'referral.announced',
        status: 'open',
        dueOn: DUE_ON,
      })
      expect(feedbackId).toBe(event.subject)
    }
    expect(JSON.stringify(items)).not.toMatch(/"d-[012]/)
    // It closes what it was told of.
    const id = events[0]?.subject ?? ''
    const step = { feedbackId: id, status: 'closed', on: TODAY }
    await vdab.send({ ...about, type: 'referral.taken-up', items: [step] } as never)
    expect(await readFollowUp(gateway.db.pool)).toEqual([
      { protocol: THIRD, party: 'vdab', open: 2, takenUp: 0, closed: 1, overdue: 1 },
    ])
  } finally {
    known.close()
    await gateway.close()
  }
}, 60_000)

describe('in the inbox, in an envelope', () => {
  test('waits there while suspended, comes sealed, and names the reference inside only', async () => {
    const gateway = await testGateway({ webhooks: false, framework: envelope(false, true) })
    try {
      await openDomain(gateway)
      await registerKeys(gateway, 'woonboog', [])
      const pair = await withKey(gateway, 'woonboog')
      const { ids, people } = await feedbackFor(gateway, 'woonboog')
      await openSince(gateway, ids, LONG_AGO)
      await tellAt(gateway, new Date())
      const bare = gateway.clients.woonboog
      const woonboog = clientWith(gateway, 'woonboog', pair)
      const day = 86_400_000
      await suspend(gateway, 'wm-vdab-woonboog', { from: new Date(Date.now() - day), until: null })
      await until('nothing is shown while suspended', async () => {
        const { items } = await bare.inbox()
        return !items.some(one => one.type === OVERDUE)
      })
      await suspend(gateway, 'wm-vdab-woonboog')
      await until('it goes on', async () => {
        return (await noticesOf(gateway, ids))[0]?.state === 'queued'
      })
      const { items } = await woonboog.inbox()
      const event = items.find(one => one.type === OVERDUE)
      expect(event?.data).toMatchObject({ feedbackId: ids[0], tenantRef: people[0]?.tenantRef })
      const last = items.at(-1)
      await woonboog.acknowledge(last?.id ?? '')
      expect(await noticesOf(gateway, ids)).toMatchObject([{ state: 'delivered', counted: false }])
      expect((await woonboog.inbox()).items).toEqual([])
    } finally {
      await gateway.close()
    }
  }, 60_000)
})
