import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { listenCommand } from '../../src/cli/listen.ts'
import { takeInbox } from '../../src/client/follow.ts'
import type { Envelope } from '../../src/client/types.ts'
import { EventFile, FileInUse } from '../../src/sheet/event-file.ts'
import { rowsOfEvent } from '../../src/sheet/event-rows.ts'
import { excelCsv } from '../../src/sheet/result.ts'
import { giveFeedback, tagsOf } from '../attack/kit.ts'
import { detection, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { readResult, run, workFolder } from './kit.ts'

const PEOPLE = 30
let gateway: TestGateway
let work: ReturnType<typeof workFolder>
let tags: string[]

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  await openDomain(gateway)
  work = workFolder(gateway)
  const people = tenants(0, PEOPLE).map((it, at) => ({ ...it, tenantRef: `00${at}` }))
  const { messageId } = await gateway.clients.woonboog.detect(detection(people))
  tags = await tagsOf(gateway, messageId)
})
afterAll(async () => {
  work.remove()
  await gateway.close()
})

const out = () => work.path('feedback.csv')
const lines = () => readResult(readFileSync(out()))
const listen = (...args: string[]) =>
  run(listenCommand(), '--profile', work.path('profile.json'), '--out', out(), ...args)

async function append(...events: Envelope[]): Promise<number> {
  const file = await EventFile.open(out())
  try {
    return await file.append(events.flatMap(rowsOfEvent))
  } finally {
    await file.close()
  }
}

/** Feedback about these people, waiting in the inbox. */
async function feedback(from: number, count: number): Promise<void> {
  await giveFeedback(gateway, tags.slice(from, from + count))
  const waiting = async () => (await gateway.clients.woonboog.inbox({ limit: 1000 })).items.length
  await until('it waits in the inbox', async () => (await waiting()) === count)
}

it('takes what waits into a file that Excel opens, once', async () => {
  await feedback(0, 10)
  const { exit, out: said } = await listen('--once')
  expect([exit, said]).toEqual([0, `10 events taken, 10 new lines in ${out()}\n`])
  const text = readFileSync(out(), 'utf8')
  expect(text.startsWith('\ufefftijdstip (UTC);soort;protocol;kenmerk;wat;')).toBe(true)
  // Zeros in front stay where Excel opens it.
  expect(text).toMatch(/;"=""00\d+""";moeilijk bereikbaar;/)
  const [kind, protocol, reference, what, date] = lines()[0]?.slice(1) ?? []
  expect([kind, protocol, what, date]).toEqual([
    ...['terugkoppeling', 'wm-vdab', 'moeilijk bereikbaar', TODAY],
  ])
  expect(reference).toMatch(/^00\d{1,2}$/)
  expect((await listen('--once', '--json')).out).toContain('"events":0')
  expect(lines()).toHaveLength(10)
})

it('loses and doubles nothing where it was killed: before the line, within it, before it was acknowledged', async () => {
  await feedback(10, 8)
  const { woonboog } = gateway.clients
  const deaf = {
    inbox: woonboog.inbox,
    acknowledge: async () => Promise.reject(new Error('killed')),
  }
  await expect(takeInbox(woonboog, () => Promise.reject(new Error('killed')))).rejects.toThrow()
  expect(lines()).toHaveLength(10)
  await expect(takeInbox(deaf, append)).rejects.toThrow('killed')
  expect(lines()).toHaveLength(18)
  // Cut off in the middle of a line, whose event was not acknowledged.
  const bytes = readFileSync(out())
  for (const cut of [1, 30, 60, bytes.length - bytes.lastIndexOf('\n', -2) - 3]) {
    truncateSync(out(), readFileSync(out()).length - cut)
    await expect(takeInbox(deaf, append)).rejects.toThrow('killed')
    expect(readFileSync(out()).equals(bytes)).toBe(true)
  }
  expect((await listen('--once')).out).toContain('8 events taken, 0 new lines')
  expect(new Set(lines().map(row => row.at(-1))).size).toBe(18)
})

it('goes on after Excel saved the file its own way, with columns moved and a remark added', async () => {
  const rows = lines().map(row => [...row.slice(-1), 'bekeken', ...row.slice(0, -1)])
  const titles = ['bericht', 'opmerking', 'tijdstip (UTC)']
  writeFileSync(
    out(),
    excelCsv([titles, ...rows], ',')
      .replace('bekeken', 'één')
      .trimEnd(),
    'latin1',
  )
  await feedback(18, 2)
  const kept = await gateway.clients.woonboog.inbox()
  const before = rows.length
  expect(await append(...kept.items)).toBe(2)
  expect((await listen('--once')).out).toContain('2 events taken, 0 new lines')
  expect(lines()).toHaveLength(before + 2)
  expect(lines()[0]?.[1]).toBe('één')
})

it('waits, saying so, while the file is open elsewhere, and does not touch a file of another kind', async () => {
  writeFileSync(work.path('.~lock.feedback.csv#'), '')
  await feedback(20, 3)
  const locked = await listen('--once')
  expect([locked.exit, locked.err]).toEqual([1, expect.stringMatching(/open in Excel.*close it/)])
  rmSync(work.path('.~lock.feedback.csv#'))
  writeFileSync(work.path('tenants.csv'), 'INSZ;Kenmerk\r\n1;WB-1')
  await expect(EventFile.open(work.path('tenants.csv'))).rejects.toThrow(/something else/)
  expect(readFileSync(work.path('tenants.csv'), 'utf8')).toBe('INSZ;Kenmerk\r\n1;WB-1')
  expect(new FileInUse('x').message).toContain('stays in the inbox')

  const running = listen('--every', '1')
  await until('it is taken', () => lines().length === 23)
  await feedback(23, 1)
  await until('the next is taken', () => lines().length === 24)
  process.emit('SIGINT')
  expect(await running).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/3 new[\s\S]*4 events/),
  })
})

it('tells each kind of event in Dutch, an answer per person in a line each, and keeps what it does not know', () => {
  const event = (type: string, data: object) =>
    rowsOfEvent({
      ...{ specversion: '1.0', source: 'x', datacontenttype: 'application/json' },
      ...{ id: `del_${'0'.repeat(26)}`, time: '2026-11-21T10:00:00.000Z', type, data },
    } as Envelope).map(({ cells, id }) => [cells[1], cells[3], cells[4], cells[6], id.slice(30)])
  const results = [
    { tenantRef: 'WB-1', result: 'found' },
    { tenantRef: '7', result: 'not-found' },
  ]
  const note = 'Niet gevonden betekent niet: niet ingeschreven.'
  expect(event('be.huisbrug.detection.answered', { results })).toEqual([
    ['antwoord op opsporing', 'WB-1', 'gevonden bij VDAB', note, '.1'],
    ['antwoord op opsporing', '7', 'niet gevonden bij VDAB', note, '.2'],
  ])
  const counts = { period: '2026-10', tenants: 3400, found: 1460, suppressed: false }
  expect(event('be.huisbrug.detection.answered', counts)[0]?.[2]).toBe('ongeveer 1460')
  const none = { ...counts, found: null }
  expect(event('be.huisbrug.detection.answered', none)[0]?.[2]).toBe('niet getoond')
  const told = [
    ['be.huisbrug.feedback.overdue', { tenantRef: 'WB-1', status: 'open' }, 'opvolging te laat'],
    ['be.huisbrug.interaction.expired', { expiredAt: '2026-11-20T' }, 'geen antwoord'],
    ['be.huisbrug.protocol.suspended', { reason: '=1+1' }, 'protocol opgeschort'],
    ['be.huisbrug.protocol.resumed', {}, 'protocol hervat'],
    ['be.huisbrug.test', { note: 'x' }, 'test'],
    ['be.example.new', { a: 1 }, 'be.example.new'],
  ] as const
  for (const [type, data, kind] of told) expect(event(type, data)[0]?.[0]).toBe(kind)
  expect(event('be.huisbrug.protocol.suspended', { reason: '=1+1' })[0]?.[3]).toBe("'=1+1")
  expect(event('be.example.new', { a: 1 })[0]?.[3]).toBe('{"a":1}')
})
