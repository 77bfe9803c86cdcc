import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConsoleSessions } from '../../src/access/session.ts'
import { saltedDigest, subjectRoot } from '../../src/audit/commitment.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { erase, previewErasure } from '../../src/subject/erasure.ts'
import { PERSON_COLUMNS } from '../../src/subject/erasure-tables.ts'
import { identify } from '../../src/subject/person.ts'
import { lift, restrict } from '../../src/subject/restriction.ts'
import { client, eventAt, forwarded, question, type Welfare } from '../messages/welfare.ts'
import { detection, TODAY, tenants } from '../support/detection.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import { findTraces, tracesOf } from './recompute.ts'
import {
  assertBalanced,
  entriesSaying,
  FIRST,
  openRightsWorld,
  partsOf,
  recover,
  report,
  request,
  untilIn,
} from './rights-kit.ts'

/** A person is erased: nothing of the person can be computed any more, and all proofs stay valid. */
let world: Welfare
const [PERSON, OTHER] = [60, 61]

beforeAll(async () => {
  world = await openRightsWorld([PERSON, OTHER])
})
afterEach(() => assertBalanced(world))
afterAll(() => world.close())

async function tagOf(index: number, domain = FIRST): Promise<string> {
  const { tags } = await identify(world.gateway.context, syntheticNumber(index))
  return tags.find(it => it.domain === domain)!.tag.toString('base64url')
}

/** Everything that may happen about two persons, and what is still under way about one of them. */
async function liveThrough() {
  const { gateway, office, vdab, hook, register } = world
  const { woonboog, leefgoed } = gateway.clients
  const detected = await woonboog.detect(detection(tenants(PERSON, 2)))
  await untilIn(world, detected.messageId, 'delivered')
  const fed = await report(world, FIRST, [await tagOf(PERSON), await tagOf(OTHER)])
  await untilIn(world, fed.messageId, 'delivered')
  const { rows } = await gateway.db.pool.query('SELECT id FROM feedback ORDER BY id')
  await woonboog.progress(rows[0].id, { status: 'taken-up', on: TODAY })
  const asked = await office.send(question([client(PERSON), client(OTHER)]))
  const call = await forwarded(gateway, asked.messageId)
  const answer = {
    ...{ protocol: 'ocmw-vdab', type: 'guidance.answer', purpose: 'guidance' },
    ...{ inReplyTo: asked.messageId, requestDigest: String(call.body['requestDigest']) },
    items: (await register.open(call)).map(({ rowId }) => ({
      row: rowId,
      guidance: 'welfare-office',
    })),
  }
  await vdab.send(answer)
  await eventAt(hook, 'be.huisbrug.message.answered')
  await restrict(gateway.context, request(PERSON))
  await lift(gateway.context, request(PERSON))
  gateway.vdab.reply = () => ({ status: 503 })
  gateway.hooks.woonboog.reply = () => ({ status: 503 })
  const waiting = await leefgoed.detect(detection(tenants(PERSON, 1)))
  const ended = await office.send({
    ...{ protocol: 'ocmw-vdab', type: 'assistance.ended', purpose: 'stopping' },
    items: [PERSON, OTHER].map(index => ({ clientRef: `client-${index}`, endedOn: TODAY })),
  })
  for (const { messageId } of [waiting, ended]) await untilIn(world, messageId, 'retrying')
  await gateway.db.pool.query(
    `INSERT INTO participation SELECT 'wm-vdab', 'woonboog', subject_tag, '2026-01-01', 'doc-1', NULL
       FROM route WHERE party_id = 'woonboog';
     INSERT INTO objection SELECT 'wm-vdab', 'woonboog', 'x', subject_tag, '2026-01-01'
       FROM route WHERE party_id = 'woonboog'`,
  )
  return { detected, asked, waiting, ended }
}

/** Receipts and proofs as their senders keep them. */
async function keptProofs(messages: { messageId: string }[]) {
  const { gateway, office } = world
  const kept = []
  for (const [position, { messageId }] of messages.entries()) {
    const holder = position % 2 === 0 ? gateway.clients.woonboog : office
    kept.push(
      await until('it is sequenced', async () => {
        const receipt = await holder.receipt(messageId)
        return receipt.proof ? { ...receipt, messageId } : undefined
      }),
    )
  }
  return kept
}

/** The roots over the persons of all entries, recomputed from the rows. */
async function subjectRoots() {
  const { rows } = await world.gateway.db.pool.query(
    `SELECT e.entry, s.* FROM audit_subject s JOIN audit_entry e USING (entry_id)
     ORDER BY s.entry_id, s.position`,
  )
  const entries = Map.groupBy(rows, row => row.entry_id.toString('hex'))
  return [...entries.values()].map(all => ({
    signed: JSON.parse(all[0].entry.toString()).subjects.root as string,
    again: subjectRoot(
      all.map(row => row.leaf ?? saltedDigest(row.salt, row.subject_tag)),
    ).toString('base64url'),
    mixed: all.some(row => row.leaf) && all.some(row => row.salt),
  }))
}

test('nothing can be recomputed with the number and all keys, and every proof stays valid', async () => {
  const { gateway } = world
  const { context, db } = gateway
  const { detected, asked, waiting, ended } = await liveThrough()
  const proofs = await keptProofs([detected, asked])
  await until('all is sequenced', async () => {
    const { rows } = await db.pool.query('SELECT FROM audit_pending')
    return rows.length === 0
  })
  const { rows: entries } = await db.pool.query(
    "SELECT message_id, entry FROM audit_entry WHERE action = 'message.accepted'",
  )
  const look = async (index: number) => {
    const references = [`tenant-${index}`, `client-${index}`]
    return findTraces(db.url, await tracesOf(gateway, syntheticNumber(index), references))
  }
  const before = await look(PERSON)
  const expected = [...new Set(Object.keys(PERSON_COLUMNS).map(name => name.split('.')[0]!))]
  for (const table of [...expected, 'audit_entry'].map(name => `public.${name}`))
    expect(before).toContain(table)
  const roots = await subjectRoots()
  expect(roots.every(({ signed, again }) => signed === again)).toBe(true)

  const preview = await previewErasure(context, request(PERSON))
  const outcome = await erase(context, request(PERSON))
  expect(outcome).toEqual(preview)
  expect(outcome.withdrawn).toEqual({ handOvers: 2, items: 2 })
  expect(outcome.remains).toMatchObject({ feedback: 1, restriction: false })
  for (const count of ['results', 'feedback', 'routes', 'memberships', 'participations'])
    expect(outcome.erased[count]).toBeGreaterThan(0)
  expect(await partsOf(world, waiting.messageId)).toMatchObject([
    { state: 'withdrawn', reason: 'erased', withdrawn: 1 },
  ])
  expect(await partsOf(world, ended.messageId)).toMatchObject([{ items: 1, withdrawn: 1 }])

  expect(await look(PERSON)).toEqual([])
  expect((await look(OTHER)).length).toBeGreaterThan(5)
  const after = await subjectRoots()
  expect(after.map(it => it.again)).toEqual(roots.map(it => it.signed))
  expect(after.some(it => it.mixed)).toBe(true)
  const key = await loadLogVerifierKey(context.keys, context.config.logOrigin)
  for (const { messageId, receipt, proof } of proofs) {
    const { entry } = entries.find(row => row.message_id === messageId)!
    expect(verifyProof(String(proof), entry, noteVerifier(key)).size).toBeGreaterThan(0)
    const claims = JSON.parse(Buffer.from(receipt.split('.')[1]!, 'base64url').toString())
    const leaf = hash('sha256', Buffer.concat([Buffer.of(0), entry]), 'base64url')
    expect(claims.entryCommitment).toBe(leaf)
  }
  await until('the erasure is sequenced', async () => {
    const { rows } = await db.pool.query('SELECT FROM audit_pending')
    return rows.length === 0
  })
  expect((await verifyLog(db.pool, key)).problems).toEqual([])
  const [said] = await entriesSaying(world, 'subject.erased')
  expect(said).toMatchObject({ actor: { role: 'privacy-officer' }, counts: outcome.erased })
  expect(said).not.toHaveProperty('subjects')
}, 60_000)

test('what comes back about the person is none; a later lawful request goes', async () => {
  const { gateway } = world
  await recover(world)
  const tag = await tagOf(PERSON)
  const sent = await report(world, FIRST, [tag])
  expect(sent).toMatchObject({ accepted: 0, refused: [{ code: 'HB-405' }] })
  const { rows } = await gateway.db.pool.query('SELECT id FROM feedback WHERE tag IS NULL')
  const step = { status: 'closed' as const, on: TODAY }
  await expect(gateway.clients.woonboog.progress(rows[0].id, step)).rejects.toMatchObject({
    code: 'HB-506',
  })
  const again = await gateway.clients.woonboog.detect(detection(tenants(PERSON, 1)))
  expect(again).toMatchObject({ accepted: 1, refused: [] })
})

test('erased while its answer is awaited: the answer counts for the others', async () => {
  const { gateway, office, vdab, hook, register } = world
  await recover(world)
  const { messageId } = await office.send(question([client(PERSON), client(70)]))
  const call = await forwarded(gateway, messageId)
  await untilIn(world, messageId, 'delivered')
  expect(await erase(gateway.context, request(PERSON))).toMatchObject({ erased: { rows: 2 } })
  const rows = (await register.open(call)).map(({ rowId }) => rowId)
  const about = {
    ...{ protocol: 'ocmw-vdab', type: 'guidance.answer', purpose: 'guidance' },
    ...{ inReplyTo: messageId, requestDigest: String(call.body['requestDigest']) },
  }
  const itemsOf = (all: string[]) => all.map(row => ({ row, guidance: 'welfare-office' }))
  const two = itemsOf([...rows, 'A'.repeat(22)])
  await expect(vdab.send({ ...about, items: two })).rejects.toMatchObject({ code: 'HB-407' })
  hook.received.length = 0
  await vdab.send({ ...about, items: itemsOf(rows) })
  const event = await eventAt(hook, 'be.huisbrug.message.answered')
  expect(event['data']).toMatchObject({
    results: [{ item: { clientRef: 'client-70' }, answer: null }],
  })
})

test('a restriction survives, and what a worker has in hand is waited for', async () => {
  const { gateway } = world
  await recover(world)
  const gate = Promise.withResolvers<void>()
  gateway.vdab.reply = async () => gate.promise.then(() => ({ status: 202, body: {} }))
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(80, 1)))
  await until('it is in hand', () =>
    gateway.vdab.to('/api/detections').find(it => it.body['messageId'] === messageId),
  )
  expect(await restrict(gateway.context, request(80))).toMatchObject({ inHand: 1 })
  await expect(previewErasure(gateway.context, request(80))).rejects.toMatchObject({
    code: 'HB-425',
  })
  const erasing = erase(gateway.context, request(80))
  await sleep(300)
  gate.resolve()
  expect(await erasing).toMatchObject({ remains: { restriction: true } })
  const traces = await findTraces(
    gateway.db.url,
    await tracesOf(gateway, syntheticNumber(80), ['tenant-80']),
  )
  expect(traces).toEqual(['public.restriction'])
  const later = detection([{ ...tenants(80, 1)[0]!, tenantRef: 'new' }, ...tenants(81, 1)])
  expect(await gateway.clients.leefgoed.detect(later)).toMatchObject({
    refused: [{ code: 'HB-408' }],
  })
})

test('on the interface: a privacy officer, with words in Dutch; not an auditor, not a party', async () => {
  const { gateway } = world
  const sessions = new ConsoleSessions({ pool: gateway.db.pool })
  const [officer, auditor] = await Promise.all([
    sessions.makeToken('privacy-officer'),
    sessions.makeToken('auditor'),
  ])
  const body = { insz: syntheticNumber(90), case: 'GDPR-2026-90', reason: 'Verzoek' }
  const post = (path: string, token: string, more: object = {}) =>
    call(gateway, 'POST', `/v1/subjects/${path}`, { token, body: { ...body, ...more } })
  const party = await tokenFor(gateway, 'woonboog')
  for (const path of ['restrictions', 'restrictions/lift', 'erasures']) {
    for (const token of [auditor.token, party]) expect((await post(path, token)).status).toBe(403)
  }
  const { token } = officer
  expect(await post('restrictions', token, { preview: true })).toMatchObject({
    status: 200,
    body: { preview: true, items: 0 },
  })
  expect((await post('restrictions', token)).body).toMatchObject({ preview: false, inHand: 0 })
  expect(await post('restrictions', token)).toMatchObject({ status: 409, body: { code: 'HB-423' } })
  const erased = await post('erasures', token)
  expect(erased.body).toMatchObject({ remains: { restriction: true }, text: expect.any(Array) })
  expect(await post('restrictions/lift', token)).toMatchObject({ status: 200 })
  expect(await post('restrictions/lift', token)).toMatchObject({ body: { code: 'HB-424' } })
})

test('every column that can tell of a person is one that an erasure knows', async () => {
  const { rows } = await world.gateway.db.pool.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
       AND column_name ~ '(^|_)(tag|tags|subject|subjects|row_id|reference|reference_hash|insz)$'
     ORDER BY 1`,
  )
  const known = Object.keys(PERSON_COLUMNS)
  expect(rows.map(row => row.name).filter(name => !known.includes(name))).toEqual([
    // The name of a state machine.
    'state_rule.subject',
  ])
  expect(known.filter(name => !rows.some(row => row.name === name))).toEqual([])
})
