import { type Command, CommanderError } from 'commander'
import { parseEntry } from '../../src/audit/entry.ts'
import type { AuditEntry } from '../../src/audit/types.ts'
import { reportCommand } from '../../src/cli/report.ts'
import type { Breach, BreachLine } from '../../src/report/breach.ts'
import type { Register } from '../../src/report/register.ts'
import { giveFeedback, tagsOf } from '../attack/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'

// Counted by hand. Woonboog asks about persons 0, 1, 2 and then 3; Leefgoed about 4. So five persons left
// in three requests. VDAB gives feedback about 0, 1 and 4 in one message, and later about 0 again: three
// events to Woonboog about two persons, one to Leefgoed. Another request of Leefgoed, of two persons, is
// refused.
let gateway: TestGateway
let tags: string[]
const DAY_MS = 86_400_000
const since = new Date(Date.now() - DAY_MS).toISOString()
const later = new Date(Date.now() + DAY_MS).toISOString()
const PERIOD = ['--from', since, '--until', later]

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  const { woonboog, leefgoed } = gateway.clients
  const one = await woonboog.detect(detection(tenants(0, 3)))
  tags = await tagsOf(gateway, one.messageId)
  await woonboog.detect(detection(tenants(3, 1)))
  const other = await leefgoed.detect(detection(tenants(4, 1)))
  const wrong = { purpose: 'follow-up' }
  await expect(leefgoed.detect(detection(tenants(5, 2), wrong))).rejects.toThrow()
  await giveFeedback(gateway, [...tags.slice(0, 2), ...(await tagsOf(gateway, other.messageId))])
  await giveFeedback(gateway, tags.slice(0, 1))
  await until('all is delivered and in the log', async () => {
    const { rows } = await gateway.db.pool.query<{ open: boolean }>(
      `SELECT (SELECT count(*) FROM hand_over WHERE state = 'delivered') < 7
         OR EXISTS (SELECT FROM audit_pending) AS open`,
    )
    return rows[0]?.open === false
  })
})
afterAll(() => gateway.close())

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const outcome = { exit: 0, out: '', err: '' }
  const { config, keys, log } = gateway.context
  const store = { pool: gateway.db.pool, config, keys, log, close: async () => {} }
  const command = quiet(
    reportCommand(async () => store as never),
    text => {
      outcome.out += text
    },
  )
  await command.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    outcome.exit = error instanceof CommanderError ? 2 : 1
    outcome.err = error.message
  })
  return outcome
}

function quiet(command: Command, writeOut: (text: string) => void): Command {
  command.exitOverride().configureOutput({ writeOut, writeErr: () => {} })
  for (const sub of command.commands) quiet(sub, writeOut)
  return command
}

async function breach(...args: string[]): Promise<Breach> {
  const { exit, out, err } = await run('breach', ...PERIOD, '--json', ...args)
  expect([exit, err]).toEqual([0, ''])
  return JSON.parse(out) as Breach
}

const counted = ({ recipient, type, senders, messages, delivered, persons }: BreachLine) => [
  ...[recipient, type, senders.join()],
  ...[messages, delivered, persons.distinct, persons.byEntries, persons.counted],
]

/** The newest entry of a report, once it is in the log or still waits. */
async function lastMade(): Promise<{ entry: AuditEntry; details: Record<string, unknown> }> {
  const { rows } = await gateway.db.pool.query<{ entry: Buffer; details: string | null }>(
    `SELECT e.entry, d.details FROM (
       SELECT entry_id, entry, at, action FROM audit_entry
       UNION ALL SELECT entry_id, entry, at, action FROM audit_pending) e
     LEFT JOIN audit_detail d USING (entry_id) WHERE e.action = 'report.made' ORDER BY e.at DESC LIMIT 1`,
  )
  return { entry: parseEntry(rows[0]!.entry), details: JSON.parse(rows[0]!.details ?? '{}') }
}

/** Whatever names a person or a tenant. */
const PERSON = /\bt-\d+\b|\b85\d{9}\b/

describe('the extract for a breach', () => {
  test('counts what left, for each recipient, type and purpose', async () => {
    const report = await breach()
    expect(report.lines.map(counted)).toEqual([
      ['leefgoed', 'feedback.reachability', 'vdab', 1, 1, 1, 0, 'distinct'],
      ['vdab', 'detection.request', 'leefgoed,woonboog', 3, 3, 5, 0, 'distinct'],
      ['woonboog', 'feedback.reachability', 'vdab', 2, 2, 2, 0, 'distinct'],
    ])
    expect(report.refusals).toEqual([
      expect.objectContaining({
        party: 'leefgoed',
        type: 'detection.request',
        messages: 1,
        items: 2,
      }),
    ])
    expect(report.totals).toEqual({
      messages: 5,
      persons: { total: 5, distinct: 5, byEntries: 0, counted: 'distinct' },
      refusals: 1,
    })
    const [, request] = report.lines
    expect(request).toMatchObject({ protocol: 'wm-vdab', version: '1.0.0', purpose: 'detection' })
    expect(request?.fields.map(({ field, as }) => `${field} ${as}`)).toEqual([
      'insz pseudonym',
      'referenceDate plain',
      'targetGroup plain',
      'tenantGround plain',
    ])
    expect(request?.kept).toEqual(['tenantRef'])
    expect(JSON.stringify(report)).not.toMatch(PERSON)
  })

  test('is evidence: who made which extract, over what, against which checkpoint', async () => {
    const report = await breach('--recipient', 'vdab')
    const { entry, details } = await lastMade()
    expect(entry).toMatchObject({
      actor: { role: 'operator' },
      reason: 'breach-extract',
      counts: { lines: 1, messages: 3, persons: 5, refusals: 0 },
    })
    expect(details).toEqual({
      ...{ from: since, until: later, recipient: 'vdab', format: 'json' },
      ...report.checkpoint,
    })
    const { rows } = await gateway.db.pool.query(
      `SELECT encode(root, 'base64') AS root FROM audit_checkpoint WHERE size = $1`,
      [report.checkpoint?.size],
    )
    const root = Buffer.from(rows[0].root, 'base64').toString('base64url')
    expect(report.checkpoint?.root).toBe(root)
  })

  test('of one sender, type or time holds that alone; what is not there is refused', async () => {
    const own = await breach('--party', 'woonboog')
    expect(own.lines.map(counted)).toEqual([
      ['vdab', 'detection.request', 'woonboog', 2, 2, 4, 0, 'distinct'],
    ])
    expect((await breach('--type', 'feedback.reachability')).totals.persons.total).toBe(3)
    const before = ['--from', '2020-01-01', '--until', '2020-02-01']
    const { out } = await run('breach', ...before, '--json')
    expect(JSON.parse(out)).toMatchObject({ lines: [], totals: { messages: 0, refusals: 0 } })
    for (const [option, value] of [
      ['--party', 'nobody'],
      ['--recipient', 'nobody'],
      ['--protocol', 'none-such'],
    ] as const) {
      const { exit, err } = await run('breach', ...PERIOD, option, value)
      expect([exit, err]).toEqual([1, `there is no party or agreement ${value}`])
    }
    expect((await run('breach', '--from', later, '--until', since)).exit).toBe(2)
    expect((await run('breach', '--from', 'yesterday', '--until', since)).exit).toBe(2)
  })

  test('reads as plain Dutch, and names nobody', async () => {
    const { out } = await run('breach', ...PERIOD)
    expect(out).toContain('In totaal: 5 berichten, 5 personen (verschillende), 1 weigering.')
    expect(out).toContain(
      '| Gegevens die doorgingen | Rijksregisternummer of bisnummer (insz, als pseudoniem)',
    )
    expect(out).not.toMatch(PERSON)
  })

  test('an erased person counts entry by entry, and an erased detail hides no event', async () => {
    await gateway.db.pool.query(
      `UPDATE audit_subject s SET subject_tag = NULL, salt = NULL, leaf = sha256(salt || s.subject_tag)
       FROM feedback f WHERE f.tag = $1 AND f.subject_tag = s.subject_tag`,
      [Buffer.from(tags[0] ?? '', 'base64url')],
    )
    await gateway.db.pool.query(
      `DELETE FROM audit_detail d USING audit_entry e WHERE e.entry_id = d.entry_id
         AND e.type = 'feedback.reachability'`,
    )
    const { lines } = await breach()
    expect(lines.map(counted)).toEqual([
      ['leefgoed', 'feedback.reachability', 'vdab', 1, 1, 1, 0, 'distinct'],
      ['vdab', 'detection.request', 'leefgoed,woonboog', 3, 3, 4, 1, 'both'],
      ['woonboog', 'feedback.reachability', 'vdab', 2, 2, 1, 2, 'both'],
    ])
    const { out } = await run('breach', ...PERIOD, '--recipient', 'vdab')
    expect(out).toContain('5 personen (4 verschillende en 1 per regel geteld)')
  })
})

describe('the record of processing activities', () => {
  test('holds each agreement with who joined it, and is evidence', async () => {
    const { out } = await run('processing-register', '--json')
    const { activities } = JSON.parse(out) as Register
    expect(activities.map(one => [one.protocol, one.inForce])).toEqual([
      ['ocmw-vdab', expect.any(Boolean)],
      ['wm-vdab', true],
    ])
    const activity = activities[1]!
    expect(activity.accessions.map(one => one.protocol)).toEqual([
      'wm-vdab-de-noorderkempen',
      'wm-vdab-leefgoed',
      'wm-vdab-woonboog',
    ])
    expect(activity.purposes[0]?.legalBasis.map(it => it.gdpr)).toEqual(Array(3).fill('6(1)(e)'))
    expect(activity.data.map(it => it.field)).toContain('tenantGround')
    // What no message that is on carries is not processed.
    expect(activity.data.map(it => it.field)).not.toContain('step')
    expect(activity.statements).toContainEqual(expect.objectContaining({ party: 'vdab' }))
    expect(activity.security.length).toBeGreaterThan(3)
    const { entry } = await lastMade()
    expect(entry).toMatchObject({ reason: 'processing-register', counts: { protocols: 2 } })
  })

  test('of one accession is its framework with that one; in plain Dutch, with what has to be there', async () => {
    const { out } = await run('processing-register', '--protocol', 'wm-vdab-woonboog')
    for (const part of [
      'Verwerkingsverantwoordelijken',
      'Doelen en rechtsgrond',
      'Betrokkenen',
      'Gegevens',
      'Ontvangers',
      'Hoe lang Huisbrug zelf bewaart',
      'Beveiliging, in algemene woorden',
      'Documenten, versies en handtekeningen',
    ])
      expect(out).toContain(`### ${part}`)
    expect(out).toContain('| Woonboog | 0999000327 | verwerkingsverantwoordelijke |')
    expect(out).not.toContain('wm-vdab-leefgoed')
    expect(out).not.toMatch(PERSON)
    const unknown = await run('processing-register', '--protocol', 'none-such')
    expect([unknown.exit, unknown.err]).toEqual([1, 'there is no protocol none-such'])
  })

  test('a version that is gone from the folder stays in it, by its last state', async () => {
    await gateway.db.pool.query(
      `INSERT INTO protocol_version (id, version, digest, document, state, seen_at)
       SELECT id, '0.9.0', 'former', document, 'terminated', now() FROM protocol_version
       WHERE id = 'wm-vdab'`,
    )
    const { out } = await run('processing-register', '--protocol', 'wm-vdab')
    expect(out).toContain('| wm-vdab 0.9.0 | Vroeger: beëindigd | former |')
    await gateway.db.pool.query("DELETE FROM protocol_version WHERE digest = 'former'")
  })
})
