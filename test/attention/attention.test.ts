import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { startAttention } from '../../src/attention/attention.ts'
import { KINDS } from '../../src/attention/kinds.ts'
import { LOOKED_AT, lookAround } from '../../src/attention/look.ts'
import { WORDS } from '../../src/attention/words.ts'
import { attentionCommand } from '../../src/cli/attention.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { sampleProtocols } from '../console/rooms.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testLog } from '../support/log.ts'
import { type Peer, startPeer } from '../support/peer.ts'
import { seedRows } from '../support/seed.ts'
import { until } from '../support/until.ts'
import { type MailServer, openWorker, startMailServer, type Time, type Worker } from './support.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const MINUTE = 60_000
// Who verifies a call looks at its time too.
const NOW = new Date()
let database: TestDatabase
let mail: MailServer
let hook: Peer
let folder: string
const time: Time = { at: NOW }
const logged = testLog()
let workers: [Worker, Worker]

function settings(more: Record<string, string> = {}): Record<string, string> {
  return {
    HUISBRUG_ATTENTION_SMTP_URL: mail.url.replace('//', '//poort@'),
    HUISBRUG_ATTENTION_SMTP_PASSWORD_FILE: join(folder, 'password'),
    HUISBRUG_ATTENTION_FROM: 'huisbrug@gateway.example',
    HUISBRUG_ATTENTION_TO: 'dpo@vdab.example, wacht@gateway.example',
    HUISBRUG_ATTENTION_WEBHOOK_URL: `${hook.url}/aandacht`,
    HUISBRUG_ATTENTION_WEBHOOK_SECRET: SECRET,
    HUISBRUG_ATTENTION_QUIET_MINUTES: '60',
    ...more,
  }
}

function open(more: Record<string, string> = {}): Worker {
  return openWorker(database.url, time, settings(more), sampleProtocols(), logged)
}

beforeAll(async () => {
  database = await testDatabase()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-attention-'))
  writeFileSync(join(folder, 'password'), 'een-wachtwoord\n')
  mail = await startMailServer({ login: ['poort', 'een-wachtwoord'] })
  hook = await startPeer()
  workers = [open(), open()]
  await database.pool.query(
    `INSERT INTO party (id, kind, name, kbo, jwks)
     VALUES ('woonboog', 'housing-company', 'Woonboog', '0999000327', '{}')`,
  )
})

afterAll(async () => {
  for (const worker of workers ?? []) await worker.close()
  await mail?.close()
  await hook?.close()
  await database?.close()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(reset)

async function reset(): Promise<void> {
  await database.pool.query('TRUNCATE attention, attention_notice')
  await seedRows(database.pool, tx =>
    tx.query(`DELETE FROM exception; DELETE FROM transition; DELETE FROM hand_over; DELETE FROM subject_request;
      DELETE FROM circuit; UPDATE audit_disclosure SET stopped_at = NULL, lost = NULL`),
  )
  mail.mails.length = 0
  hook.received.length = 0
  answer(undefined, 202)
  time.at = NOW
  logged.lines.length = 0
  // What the sample protocols say is so on that day, told before the test begins.
  await round()
  time.at = new Date(NOW.getTime() + 2 * MINUTE)
  await round()
  mail.mails.length = 0
  hook.received.length = 0
}

/** Both workers look at once, and then both send at once. */
async function round(): Promise<void> {
  await Promise.all(workers.map(worker => worker.look()))
  await Promise.all(workers.map(worker => worker.send()))
}

function later(minutes: number): void {
  time.at = new Date(time.at.getTime() + minutes * MINUTE)
}

async function openExceptions(kind: string, count = 1): Promise<void> {
  await database.pool.query(
    `INSERT INTO exception (kind, opened_at) SELECT $1, $2 FROM generate_series(1, $3)`,
    [kind, time.at, count],
  )
}

async function closeExceptions(kind: string): Promise<void> {
  await database.pool.query(
    'UPDATE exception SET closed_at = $2 WHERE kind = $1 AND closed_at IS NULL',
    [kind, time.at],
  )
}

/** Gives up hand-overs; the database keeps when. */
async function park(count: number): Promise<void> {
  await seedRows(database.pool, async tx => {
    await tx.query(
      `INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
       SELECT 'del_' || gen_random_uuid(), 'woonboog', 'event', 'be.huisbrug.test', false, 1, 'queued',
         now(), now() FROM generate_series(1, $1)`,
      [count],
    )
    await tx.query("UPDATE hand_over SET state = 'parked' WHERE state = 'queued'")
  })
}

test('every kind is looked at, has words in both languages, leads to a page, and is in the handbook', () => {
  expect([...LOOKED_AT].sort()).toEqual(Object.keys(KINDS).sort())
  const pages = new Set(PAGES.map(({ path }) => path))
  const handbook = readFileSync(new URL('../../docs/attention.md', import.meta.url), 'utf8')
  for (const [kind, { severity, path }] of Object.entries(KINDS)) {
    expect([kind, pages.has(path.replace(/\?.*/, ''))]).toEqual([kind, true])
    expect(handbook).toMatch(new RegExp(`^\\| .*\`${kind}\`.* \\| ${severity} \\|`, 'm'))
  }
  for (const { kinds } of Object.values(WORDS)) {
    for (const say of Object.values(kinds)) {
      expect(say(1, 'wm-vdab')).toMatch(/^\S.*\.$/)
      expect(say(2_000, 'wm-vdab')).not.toMatch(/undefined|2000/)
    }
  }
})

test('what is worth waking someone for is found where it is', async () => {
  await openExceptions('out-of-balance', 2)
  await openExceptions('something-new')
  await park(3)
  await database.pool.query(
    `INSERT INTO circuit (party_id, channel, failures, paused_until, failing_since, reason)
     VALUES ('woonboog', 'webhook', 9, now() + interval '1 minute', now() - interval '2 hours', 'timeout')`,
  )
  await database.pool.query(
    `INSERT INTO subject_request (id, case_ref, kind, reason, received_on, due_on)
     SELECT 'req_01KAJ5J7WQ7Z3M8T5V9XK2B4C' || n, 'ZAAK-4711-' || n, 'access', 'Jan Peeters vraagt', today - 40, today + days
     FROM (VALUES ('D', -1), ('E', 1), ('F', 20)) AS r (n, days),
       (SELECT (now() AT TIME ZONE 'Europe/Brussels')::date AS today) AS t`,
  )
  await database.pool.query('UPDATE audit_disclosure SET stopped_at = $1', [NOW])
  const { found } = await lookAround(workers[0])
  const seen = found.map(({ kind, about, count }) => `${kind} ${about} ${count}`).sort()
  expect(seen).toEqual([
    'disclosures-stopped  1',
    'exception-other something-new 1',
    'out-of-balance  2',
    'parked woonboog 3',
    'person-request-due  1',
    'person-request-overdue  1',
    'protocol-broken kapot 1',
    'webhook-failing woonboog 1',
  ])
  later(60)
  await round()
  later(2)
  await round()
  const sent = JSON.stringify([mail.mails, hook.received])
  expect(sent).toContain('Eén vraag van een persoon is niet op tijd beantwoord')
  for (const planted of ['ZAAK-4711', 'Jan Peeters', 'req_01KAJ5J7'])
    expect(sent).not.toContain(planted)
  const told = await database.pool.query("SELECT DISTINCT about FROM attention WHERE about <> ''")
  expect(told.rows.map(({ about }) => about).sort()).toEqual(['kapot', 'something-new', 'woonboog'])
})

test('a thousand parked messages are one mail and one call, after a minute, and more of them one an hour later', async () => {
  await park(1_000)
  await round()
  expect(mail.mails).toEqual([])
  later(1)
  await round()
  later(5)
  await park(30)
  await round()
  later(5)
  await round()
  expect([mail.mails.length, hook.received.length]).toEqual([1, 1])
  const [first] = mail.mails
  expect(first?.to).toEqual(['dpo@vdab.example', 'wacht@gateway.example'])
  expect(first?.head).toContain('Subject: Huisbrug: 1 punt vraagt aandacht')
  expect(first?.head).toMatch(/^auto-submitted: auto-generated$/im)
  expect(first?.text).toContain('1.000 overdrachten naar woonboog zijn geparkeerd')
  expect(first?.text).toContain('https://huisbrug.example/poort/console/berichten?toestand=parked')
  later(60)
  await round()
  expect(mail.mails.map(({ text }) => /[\d.]+ overdrachten/.exec(text)?.[0])).toEqual([
    '1.000 overdrachten',
    '1.030 overdrachten',
  ])
  later(600)
  await round()
  expect(mail.mails).toHaveLength(2)
})

test('an alarm goes at once, as a call that anyone can verify with the id of the mail', async () => {
  await openExceptions('probe-late')
  await round()
  const [call] = hook.received
  const event = new Webhook(SECRET).verify(call?.raw ?? '', call?.headers as never) as {
    id: string
    data: { points: object[] }
  }
  expect(event).toMatchObject({ type: 'be.huisbrug.attention', id: mail.mails[0]?.id })
  expect(event.data.points).toEqual([
    {
      kind: 'probe-late',
      severity: 'alarm',
      about: '',
      count: 1,
      since: time.at.toISOString(),
      ended: false,
      text: expect.stringMatching(/^Eén proefbericht komt niet op tijd aan/),
      link: 'https://huisbrug.example/poort/console/systeem',
    },
  ])
  expect(mail.mails[0]?.head).toContain('Subject: Huisbrug: alarm')
})

test('what recurs is told again, what goes on is not', async () => {
  await openExceptions('probe-late')
  await round()
  later(90)
  await round()
  await closeExceptions('probe-late')
  await round()
  later(90)
  await openExceptions('probe-late')
  await round()
  await round()
  expect(mail.mails).toHaveLength(2)
})

test('an outage of the mail server loses nothing, tells nothing of what it says, and keeps no call back', async () => {
  mail.refuse = { code: 451, message: 'try later, dpo@vdab.example' }
  await openExceptions('probe-late')
  await round()
  later(90)
  await openExceptions('out-of-balance')
  await round()
  expect([mail.mails.length, hook.received.length]).toEqual([0, 2])
  const { rows } = await database.pool.query(
    "SELECT DISTINCT fault, attempts, due_at > now() AS waits FROM attention_notice WHERE channel = 'mail' AND sent_at IS NULL",
  )
  expect(rows).toEqual([{ fault: 'smtp-451', attempts: 1, waits: true }])
  expect(JSON.stringify(logged.lines)).not.toContain('dpo@vdab.example')
  mail.refuse = undefined
  await database.pool.query('UPDATE attention_notice SET due_at = now() WHERE sent_at IS NULL')
  await round()
  await round()
  expect(mail.mails.map(({ text }) => text.match(/^Alarm: /gm)?.length)).toEqual([1, 1])
  expect(hook.received).toHaveLength(2)
})

test('without TLS a mail goes nowhere but to this machine', async () => {
  const careful = open({ HUISBRUG_ALLOW_LOOPBACK: 'false' })
  try {
    await openExceptions('probe-late')
    await careful.look()
    await careful.send()
    const { rows } = await database.pool.query<{ channel: string; fault: string }>(
      'SELECT channel, fault FROM attention_notice WHERE sent_at IS NULL ORDER BY channel',
    )
    expect(rows).toEqual([
      { channel: 'mail', fault: expect.stringMatching(/^(etls|smtp-5\d\d)$/) },
      { channel: 'webhook', fault: 'address' },
    ])
    expect(mail.mails).toEqual([])
  } finally {
    await careful.close()
  }
})

test('a worker does so by itself, and stops within a moment', async () => {
  const worker = open({ HUISBRUG_ATTENTION_EVERY_SECONDS: '0.1' })
  const running = startAttention(worker as never)
  await openExceptions('probe-late')
  await until(() => mail.mails.length === 1 && hook.received.length === 1)
  await running.close()
  await worker.close()
  expect(logged.lines.filter(({ level }) => level === 'error')).toEqual([])
})

async function command(...words: string[]): Promise<string> {
  const worker = open()
  let written = ''
  const program = attentionCommand(async () => worker as never)
  for (const one of [program, ...program.commands])
    one.exitOverride().configureOutput({ writeOut: text => (written += text) })
  await program.parseAsync(words, { from: 'user' })
  return written
}

test('the command lists what needs attention, and tries each way with a test message', async () => {
  await openExceptions('probe-late')
  await round()
  expect(await command('list')).toMatch(
    /alarm {2}One test message does not arrive in time.* \(mail \S+Z; webhook \S+Z\)$/m,
  )
  expect(await command('test')).toBe('mail: taken over\nwebhook: taken over\n')
  expect(mail.mails.at(-1)?.text).toContain('Dit is een proefbericht. Er is niets aan de hand.')
  expect(hook.received.at(-1)?.body).toMatchObject({ type: 'be.huisbrug.attention.test' })
  mail.refuse = { code: 550, message: 'no' }
  await expect(command('test')).rejects.toThrow('mail: smtp-550')
})

type Step = 'open' | 'close' | 'park' | 'outage' | 'repair' | 'wait' | 'round'
const steps = fc.array(
  fc.constantFrom<Step>('open', 'close', 'park', 'outage', 'repair', 'wait', 'round'),
  { minLength: 5, maxLength: 25 },
)

test('whatever happens and goes down, each occurrence is in one mail and one call, by two workers', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async taken => {
      await reset()
      const before = await readState()
      const act: Record<Step, () => Promise<void>> = {
        open: () => openExceptions('probe-late'),
        close: () => closeExceptions('probe-late'),
        park: () => park(2),
        outage: async () => answer(421, 503),
        repair: async () => answer(undefined, 202),
        wait: async () => later(61),
        round,
      }
      for (const step of taken) {
        await act[step]()
        time.at = new Date(time.at.getTime() + 10)
      }
      answer(undefined, 202)
      for (const minutes of [61, 61, 2]) {
        later(minutes)
        await database.pool.query('UPDATE attention_notice SET due_at = now()')
        await round()
      }
      const { untold, unsent, notices, points } = await readState()
      expect([untold, unsent]).toEqual([0, 0])
      const mails = mail.mails.map(({ id }) => id).sort()
      expect(mails).toEqual([...new Set(mails)])
      expect(mails).toEqual(
        hook.received
          .filter(isTaken)
          .map(({ body }) => body['id'])
          .sort(),
      )
      expect(mails).toHaveLength(notices - before.notices)
      const lines = mail.mails.flatMap(({ text }) => text.match(/^(Alarm|Aandacht): /gm) ?? [])
      expect(lines).toHaveLength(points - before.points)
    }),
    { numRuns: 6 },
  )
})

const taken = new Set<object>()
const isTaken = (call: object): boolean => taken.has(call)

/** What the mail server and the webhook say from now on. */
function answer(code: number | undefined, status: number): void {
  mail.refuse = code === undefined ? undefined : { code, message: 'down' }
  hook.reply = call => {
    if (status === 202) taken.add(call)
    return { status }
  }
}

async function readState() {
  const { rows } = await database.pool.query<
    Record<'untold' | 'unsent' | 'notices' | 'points', number>
  >(
    `SELECT (SELECT count(*)::int FROM attention_notice WHERE sent_at IS NULL) AS unsent,
       (SELECT count(DISTINCT id)::int FROM attention_notice) AS notices,
       (SELECT count(*)::int FROM attention WHERE notice_id IS NOT NULL) AS points,
       (SELECT count(*)::int FROM attention WHERE notice_id IS NULL) AS untold`,
  )
  return rows[0] ?? { untold: 0, unsent: 0, notices: 0, points: 0 }
}
