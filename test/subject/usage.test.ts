import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { saltedDigest } from '../../src/audit/commitment.ts'
import { parseEntry } from '../../src/audit/entry.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { leafHash } from '../../src/audit/merkle.ts'
import { assertIncluded } from '../../src/audit/merkle-proof.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import type { AuditEntry } from '../../src/audit/types.ts'
import { type FourEyes, foreignEnvironment } from '../../src/config.ts'
import { closeOldPeriods } from '../../src/exchange/period.ts'
import { subjectTagOf } from '../../src/pseudonym/subject-tag.ts'
import { scanForLeaks } from '../../src/sandbox/leak-scan.ts'
import type { Usage as Report } from '../../src/schemas.generated.ts'
import { findUsages } from '../../src/subject/usage-store.ts'
import { factsOf, wordsOf } from '../../src/subject/usage-words.ts'
import { holdSettling } from '../attack/kit.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const PATH = '/v1/subjects/usage'
const REASON = 'vraag om inzage 2026-17'
const LAST_MONTH = new Date(Date.UTC(Number(TODAY.slice(0, 4)), Number(TODAY.slice(5, 7)) - 1, 0))
  .toISOString()
  .slice(0, 10)
const FOUND = syntheticNumber(0)

let gateway: TestGateway
let register: TestRegister
let tagsOfFound: string[] = []
const tokens: Record<string, string> = {}
const replies: string[] = []

beforeAll(async () => {
  gateway = await testGateway()
  // A round of the gateway's own would close the month at one moment or another.
  const settleAgain = await holdSettling(gateway)
  register = await prepareTestRegister(gateway, [FOUND, syntheticNumber(2)])
  for (const party of ['woonboog', 'leefgoed', 'vdab'] as PartyId[])
    tokens[party] = await tokenFor(gateway, party)
  for (const role of ['privacy-officer', 'auditor', 'viewer'] as const)
    tokens[role] = (await gateway.context.sessions.makeToken(role)).token
  // Two messages that differ in one thing: VDAB knows a tenant of the first.
  for (const [first, found] of [
    [0, 2],
    [1, 0],
  ] as const) {
    const items = [tenant(first), ...tenants(2 + first * 4, 4)]
    const sent = await gateway.clients.woonboog.detect(
      detection(items, { referenceDate: LAST_MONTH }),
    )
    const forwarded = await forwardedTo(gateway, sent.messageId)
    const opened = await register.open(forwarded)
    expect(opened).toHaveLength(found)
    tagsOfFound = [...tagsOfFound, ...opened.map(it => it.tag)]
    const requestDigest = String(forwarded.body['requestDigest'])
    await until('it is delivered', () => isDelivered(sent.messageId))
    await gateway.clients.vdab.answer(sent.messageId, { requestDigest, found })
  }
  await closeOldPeriods(gateway.context)
  await settleAgain()
  await until('the number of the month is told', isTold)
  await sequenced()
}, 60_000)
afterAll(async () => {
  register?.close()
  await gateway?.close()
})

async function isTold(): Promise<boolean> {
  const { rowCount } = await gateway.db.pool.query(
    "SELECT FROM hand_over WHERE kind = 'event' AND NOT counted AND state = 'delivered'",
  )
  return rowCount === 1
}

async function isDelivered(messageId: string): Promise<boolean> {
  const { items } = await gateway.clients.woonboog.message(messageId)
  return items.delivered > 0 && items.pending === 0
}

/** Until everything that was recorded has its place in the log. */
async function sequenced(): Promise<void> {
  await until('all is sequenced', async () => {
    const { rows } = await gateway.db.pool.query('SELECT count(*)::int AS n FROM audit_pending')
    return rows[0].n === 0
  })
}

async function post(who: string | undefined, body: object): Promise<RawReply> {
  const token = who === undefined ? {} : { token: tokens[who] ?? '' }
  const reply = await call(gateway, 'POST', PATH, { ...token, body })
  replies.push(reply.text)
  return reply
}

async function ask(question: object = {}, who = 'privacy-officer'): Promise<Report> {
  const reply = await post(who, { insz: FOUND, reason: REASON, ...question })
  expect({ status: reply.status, text: reply.text }).toMatchObject({ status: 200 })
  return reply.body as unknown as Report
}

async function own(tenantRef: string): Promise<Report> {
  const reply = await post('woonboog', { tenantRef })
  expect(reply.status).toBe(200)
  return reply.body as unknown as Report
}

/** What was done about the person; that the number of the month was told hangs on the day of the test. */
const steps = ({ usages }: Report) =>
  usages
    .map(({ action, receiverSystem }) => `${receiverSystem}: ${action}`)
    .filter(step => !step.includes('bericht over de hele groep'))
const GOT = 'woonboog: De gateway leverde een terugkoppeling over bereikbaarheid af bij woonboog.'
const PROGRESS = 'huisbrug: De gateway aanvaardde een voortgangsmelding van woonboog.'

/** A report without what is different for every message: times and places in the log. */
const bare = ({ totalUsages, usages, next }: Report) => ({
  totalUsages,
  next,
  usages: usages.map(({ logtime, proof, ...rest }) => ({ ...rest, proof: Object.keys(proof) })),
})

const SENT = [
  'vdab: De gateway leverde een detectievraag af bij vdab.',
  'vdab: De gateway stuurt een detectievraag naar vdab.',
  'huisbrug: De gateway aanvaardde een detectievraag van woonboog.',
]

interface Told {
  feedbackId: string
  tenantRef: string
}

describe('what a housing company sees', () => {
  test('is the same for a tenant whom VDAB knows and one whom it does not', async () => {
    const [one, other] = [await own('tenant-0'), await own('tenant-1')]
    expect(steps(one)).toEqual(SENT)
    expect(bare(one)).toEqual(bare(other))
    // Nor after the searches themselves, and those of the privacy officer.
    await ask()
    await sequenced()
    expect(bare(await own('tenant-0'))).toEqual(bare(one))
  })

  test('is its own: the feedback that reached it, not what others did', async () => {
    const hook = gateway.hooks.woonboog
    const before = hook.received.length
    await gateway.clients.vdab.feedback({
      protocol: 'wm-vdab',
      domain: register.domain,
      items: tagsOfFound.map(tag => ({
        tag,
        reachability: 'not-reached' as const,
        establishedOn: TODAY,
      })),
    })
    const told = await until('the feedback arrives', () => {
      const events = hook.received.slice(before).map(it => it.body['data'] as Told)
      return events.length === 2 && events
    })
    const { feedbackId = '' } = told.find(it => it.tenantRef === 'tenant-0') ?? {}
    await gateway.clients.woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY })
    const report = await until('all of it is in the log', async () => {
      const found = await own('tenant-0')
      return found.totalUsages === 5 && found
    })
    // Its progress may come before the gateway noted that the feedback arrived.
    expect(steps(report).slice(0, 2).toSorted()).toEqual([PROGRESS, GOT])
    expect(steps(report).slice(2)).toEqual(SENT)
    expect(steps(await own('tenant-2'))).toEqual([GOT, ...SENT])
    expect(steps(await own('tenant-1'))).toEqual(SENT)
    expect(report.usages.every(({ proof }) => !proof.subject && !proof.entry)).toBe(true)
  })

  test('is nothing of a tenant that is not its own, nor open to others', async () => {
    const unknown = await post('woonboog', { tenantRef: 'nobody' })
    expect(unknown).toMatchObject({ status: 422, body: { code: 'HB-406' } })
    const elsewhere = await post('leefgoed', { tenantRef: 'tenant-0' })
    expect(elsewhere).toMatchObject({ status: 422, body: { code: 'HB-406' } })
    expect(elsewhere.body.errors).toEqual(unknown.body.errors)
    expect((await post('vdab', { tenantRef: 'tenant-0' })).body.code).toBe('HB-107')
    expect((await post('woonboog', { insz: FOUND, reason: REASON })).body.code).toBe('HB-202')
    expect((await post('auditor', { insz: FOUND, reason: REASON })).body.code).toBe('HB-114')
    expect((await post('viewer', { insz: FOUND, reason: REASON })).body.code).toBe('HB-114')
    expect((await post(undefined, { insz: FOUND, reason: REASON })).status).toBe(401)
  })
})

describe('what a privacy officer sees', () => {
  test('everything, in the words of the protocol, with searches by others and their reason', async () => {
    await sequenced()
    const report = await ask()
    const named = report.usages.filter(it => !it.action.includes('zocht op'))
    expect(steps({ ...report, usages: named }).toSorted()).toEqual(
      [
        ...SENT,
        'huisbrug: Er kwam een antwoord op de vraag van woonboog.',
        'huisbrug: De gateway aanvaardde een terugkoppeling over bereikbaarheid van vdab.',
        'woonboog: De gateway stuurt een terugkoppeling over bereikbaarheid naar woonboog.',
        GOT,
        PROGRESS,
      ].toSorted(),
    )
    const times = report.usages.map(it => it.logtime)
    expect(times).toEqual(times.toSorted().toReversed())
    const left = report.usages.findLast(it => it.receiverSystem === 'vdab')
    expect(left).toMatchObject({
      purpose: expect.stringMatching(/^Opsporen in het klantenbestand: VDAB gaat na/),
      legalBasis: expect.stringContaining('Oprichtingsdecreet van VDAB'),
      protocol: { id: 'wm-vdab', version: '1.0.0' },
      receiverCode: '0999000129',
    })
    expect(left?.data).toEqual([
      'Rijksregisternummer of bisnummer (als pseudoniem)',
      'Grond van het huurderschap',
      'Peildatum',
      'Doelgroep',
    ])
    const searched = report.usages.filter(it => it.action.includes('zocht op'))
    expect(searched.map(it => it.reason)).toContain(REASON)
    expect(searched.map(it => it.action)).toContain(
      'Woonboog zocht op wat er over een persoon is uitgewisseld.',
    )
    expect(searched[0]?.purpose).toBe('Inzage en toezicht')
  })

  test('the number of a month is about the group: no data of the person go with it', () => {
    const entry: AuditEntry = {
      ...{ schema: 1, id: 'x', at: '2026-11-21T09:30:00.000Z', action: 'message.delivered' },
      ...{ actor: { role: 'gateway' }, recipient: 'woonboog', counts: { items: 0 } },
    }
    const row = {
      protocol: null,
      protocolVersion: null,
      protocolDigest: null,
      purpose: 'detection',
    }
    const fields = ['referenceDate']
    const words = (sender: string) =>
      wordsOf(gateway.context.protocols.current(), entry, { ...row, fields, sender }, id => id)
    expect(words('woonboog')).toMatchObject({
      action:
        'woonboog kreeg bericht over de hele groep: een aantal, of dat er geen antwoord kwam.',
      data: [],
    })
    expect(words('vdab')).toMatchObject({ data: fields })
  })

  test('with proofs that need nothing but the verifier key', async () => {
    const key = await loadLogVerifierKey(gateway.context.keys, gateway.context.config.logOrigin)
    const { usages } = await ask()
    const committed = usages.filter(({ proof: { entry = '', inclusion = '', subject } }) => {
      const bytes = Buffer.from(entry, 'base64url')
      expect(verifyProof(inclusion, bytes, noteVerifier(key)).size).toBeGreaterThan(0)
      if (!subject) return false
      const tag = Buffer.from(subject.subjectTag, 'base64url')
      const commitment = saltedDigest(Buffer.from(subject.salt, 'base64url'), tag)
      const { root = '', count = 0 } = parseEntry(bytes).subjects ?? {}
      const claim = {
        leaf: leafHash(commitment),
        index: subject.position,
        size: count,
        proof: subject.path.map(it => Buffer.from(it, 'base64url')),
        root: Buffer.from(root, 'base64url'),
      }
      expect(() => assertIncluded(claim)).not.toThrow()
      expect(() => assertIncluded({ ...claim, leaf: leafHash(tag) })).toThrow('does not fit')
      return true
    })
    // The request of five tenants, feedback, progress, and the searches: all that name the person.
    expect(committed.length).toBeGreaterThan(5)
    expect(committed.some(it => it.proof.subject?.count === 5)).toBe(true)
  })

  test('page by page: reading one adds to the log and shifts nothing', async () => {
    await sequenced()
    const whole = await ask()
    const seen: string[] = []
    let next: object | undefined = { until: whole.usagePeriod.until }
    while (next) {
      const page: Report = await ask({ ...next, limit: 3 })
      expect(page.totalUsages).toBe(whole.totalUsages)
      expect(page.usages.length).toBeLessThanOrEqual(3)
      seen.push(...page.usages.map(it => String(it.proof.index)))
      next = page.next
      await sequenced()
    }
    expect(seen).toEqual(whole.usages.map(it => String(it.proof.index)))
    const [newest] = whole.usages
    const oldest = whole.usages.at(-1)
    const later = await ask({ from: newest?.logtime, until: whole.usagePeriod.until })
    expect(later.usages[0]?.proof.index).toBe(newest?.proof.index)
    expect(later.totalUsages).toBeLessThan(whole.totalUsages)
    expect((await ask({ until: oldest?.logtime })).totalUsages).toBe(0)
    expect(await ask({ until: whole.usagePeriod.until, offset: 1_000 })).toMatchObject({
      totalUsages: whole.totalUsages,
      usages: [],
    })
  })

  test('refusals name the place and nothing of what was sent', async () => {
    const wrong = `${FOUND.slice(0, 9)}00`
    for (const [question, code, pointer] of [
      [{ insz: wrong }, 'HB-401', '/insz'],
      [{ reason: '  ' }, 'HB-202', '/reason'],
      [{ reason: `over ${FOUND}` }, 'HB-202', '/reason'],
      [{ reason: 'a'.repeat(501) }, 'HB-202', '/reason'],
      [{ reason: undefined }, 'HB-202', ''],
      [{ limit: 1_001 }, 'HB-202', '/limit'],
      [{ limit: 0 }, 'HB-202', '/limit'],
      [{ from: '2099-01-01T00:00:00.000Z' }, 'HB-202', '/from'],
      [{ tenantRef: 'tenant-0' }, 'HB-202', ''],
    ] as const) {
      const reply = await post('privacy-officer', { insz: FOUND, reason: REASON, ...question })
      expect({ question, ...reply.body }).toMatchObject({ code })
      expect(reply.body.errors?.[0]?.pointer).toContain(pointer)
      expect(reply.text).not.toContain(wrong)
    }
    const nobody = await ask({ insz: syntheticNumber(77_777) })
    expect(nobody).toMatchObject({ totalUsages: 0, usages: [] })
  })

  test('a person who was taken out of a message before it left did not leave with it', async () => {
    const { pool } = gateway.db
    await pool.query(
      `INSERT INTO circuit (party_id, channel, failures, paused_until, failing_since, reason)
       VALUES ('vdab', 'calls', 1, now() + interval '1 hour', now(), 'test')`,
    )
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(40, 2)))
    await gateway.clients.woonboog.tenanciesEnded({
      protocol: 'wm-vdab',
      items: [{ tenantRef: 'tenant-40', endedOn: TODAY }],
    })
    await pool.query("DELETE FROM circuit WHERE party_id = 'vdab'")
    await gateway.context.wakeUps.wake(['vdab'])
    await until('it is delivered', () => isDelivered(messageId))
    await sequenced()
    const gone = steps(await ask({ insz: syntheticNumber(40) }))
    const stayed = steps(await ask({ insz: syntheticNumber(41) }))
    expect(stayed).toEqual(SENT)
    expect(gone).toContain(SENT[2])
    expect(
      gone.filter(it => it.includes('detectievraag naar') || it.includes('detectievraag af')),
    ).toEqual([])
    expect(gone).toContain(
      'vdab: De gateway leverde een melding dat een huur eindigde af bij vdab.',
    )
  })

  test('a new key changes nothing: what was exchanged under the former is found', async () => {
    const by = { actor: { role: 'operator' }, at: new Date() }
    const { name } = await gateway.context.domains.rotate('wm-vdab', by)
    const before = await ask()
    const second = await prepareTestRegister(gateway, [FOUND], 'wm-vdab', name)
    second.close()
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(0, 1)))
    expect((await forwardedTo(gateway, messageId)).body['domain']).toBe(name)
    await until('it is delivered', () => isDelivered(messageId))
    await sequenced()
    const after = await ask()
    expect(steps(after).filter(it => it === SENT[0])).toHaveLength(2)
    expect(after.totalUsages).toBeGreaterThanOrEqual(before.totalUsages + 3)
    const mine = await own('tenant-0')
    expect(steps(mine).filter(it => it === SENT[0])).toHaveLength(2)
  })
})

test('the command writes a letter in plain Dutch; the number comes from standard input', async () => {
  const { config } = gateway.context
  const run = spawnSync(process.execPath, [CLI, 'subject', 'usage', '--reason', REASON], {
    input: `${FOUND}\n`,
    encoding: 'utf8',
    env: {
      ...foreignEnvironment(),
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_DATABASE_URL: gateway.db.url,
      HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
    },
  })
  expect(run.stderr).not.toContain('huisbrug:')
  const lines = run.stdout.split('\n')
  expect(lines[0]).toBe('Wat er met gegevens over deze persoon gebeurde')
  expect(run.stdout).toContain('  Wie kreeg de gegevens: vdab (ondernemingsnummer 0999000129)')
  expect(run.stdout).toContain('  Wie kreeg de gegevens: niemand anders: dit bleef in de gateway')
  expect(run.stdout).toContain('Rijksregisternummer of bisnummer (als pseudoniem); Grond van het')
  expect(run.stdout + run.stderr).not.toContain(FOUND)
  expect(run.status).toBe(0)
}, 20_000)

test('with four eyes a second privacy officer approves first, and then it is done once', async () => {
  const config = gateway.context.config as { fourEyes: ReadonlySet<FourEyes> }
  tokens['second'] = (await gateway.context.sessions.makeToken('privacy-officer')).token
  config.fourEyes = new Set<FourEyes>(['subject-usage'])
  const question = { insz: FOUND, reason: 'vier ogen' }
  const approvals = (who: string, path = '', body?: object) =>
    call(gateway, body ? 'POST' : 'GET', `/v1/approvals${path}`, {
      token: tokens[who] ?? '',
      ...(body && { body }),
    })
  const asked = await post('privacy-officer', question)
  expect(asked).toMatchObject({ status: 409, body: { code: 'HB-514' } })
  const waiting = await approvals('second')
  const [{ id = '' } = {}] = waiting.body['items'] as { id?: string }[]
  expect(asked.body.errors?.[0]?.remedy).toContain(id)
  expect(waiting.text).not.toContain(FOUND)
  expect((await approvals('auditor')).body.code).toBe('HB-114')
  expect((await approvals('woonboog')).status).toBe(403)
  const given = { decision: 'given' }
  expect((await approvals('privacy-officer', `/${id}`, given)).body.code).toBe('HB-422')
  expect((await post('privacy-officer', { ...question, approval: id })).body.code).toBe('HB-514')
  expect((await approvals('second', `/${id}`, given)).status).toBe(204)
  const done = await post('privacy-officer', { ...question, approval: id })
  expect(done.status).toBe(200)
  expect((await post('privacy-officer', { ...question, approval: id })).body.code).toBe('HB-420')
  config.fourEyes = new Set()
  await sequenced()
  const { usages } = await ask()
  expect(
    usages
      .filter(it => it.reason === 'vier ogen')
      .map(it => it.purpose)
      .toSorted(),
  ).toEqual(['Controle door een tweede persoon', 'Inzage en toezicht'])
}, 20_000)

test('where a protocol grants answers per person, the answer is a usage too', async () => {
  const { pool } = gateway.db
  const tags = [await subjectTagOf(gateway.context.evaluator, syntheticNumber(1))]
  const page = { tags, from: undefined, until: new Date(), offset: 0, limit: 100 }
  const facts = factsOf(gateway.context.protocols.current())
  expect(facts.stops).toContainEqual({ by: 'tenancy.ended', stopped: 'detection.request' })
  const digest = gateway.context.protocols.current().protocols.get('wm-vdab')?.digest ?? ''
  expect(facts.perPerson).not.toContain(digest)
  const counts = await findUsages(pool, { ...page, party: undefined }, facts)
  const persons = await findUsages(
    pool,
    { ...page, party: undefined },
    { ...facts, perPerson: [digest] },
  )
  // Accepted, and delivered.
  expect(persons.total).toBe(counts.total + 2)
}, 20_000)

test('no national number is left anywhere', async () => {
  const numbers = Array.from({ length: 60 }, (_, index) => syntheticNumber(index))
  const { databaseUrl, dataDir } = gateway.context.config
  const { leaks } = await scanForLeaks(numbers, { databaseUrl, files: [dataDir] })
  expect(leaks).toEqual([])
  const told = gateway.logged.join('') + replies.join('')
  for (const number of numbers) expect(told.includes(number)).toBe(false)
})
