import { type Command, CommanderError } from 'commander'
import { entriesOfMessage } from '../../src/audit/query.ts'
import { parkedCommand } from '../../src/cli/parked.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import {
  closeParked,
  listParked,
  type ParkedChange,
  previewParked,
  resumeParked,
} from '../../src/exchange/parked.ts'
import { resumeProtocol, suspendProtocol } from '../../src/exchange/suspension.ts'
import { detection, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'

let gateway: TestGateway
let domain: string
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  domain = await openDomain(gateway)
})
afterEach(async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
})
afterAll(() => gateway.close())

const pool = () => gateway.db.pool
const REASON = 'De ontvanger herstelde zijn adres.'
const OPERATOR = { role: 'operator' }
const change = (ids: string[], more: Partial<ParkedChange> = {}): ParkedChange => ({
  ids,
  reason: REASON,
  by: OPERATOR,
  at: new Date(),
  ...more,
})

interface Stored {
  id: string
  state: string
  reason: string | null
  attempts: number
  tries: number
}

async function stored(messageId: string): Promise<Stored> {
  const { rows } = await pool().query<Stored>(
    `SELECT id, state, reason, attempts, attempts - attempts_before AS tries FROM hand_over
     WHERE message_id = $1`,
    [messageId],
  )
  return rows[0]!
}

const untilState = (messageId: string, state: string) =>
  until(`${messageId} is ${state}`, async () => (await stored(messageId)).state === state)

/** A request for so many tenants that VDAB refuses, and so is parked. */
async function parkedRequest(count = 2): Promise<string> {
  gateway.vdab.reply = () => ({ status: 422 })
  next += count
  const people = tenants(next - count, count)
  const { messageId } = await gateway.clients.woonboog.detect(detection(people))
  await untilState(messageId, 'parked')
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  return messageId
}

/** Feedback about a tenant of Woonboog, whose webhook refuses it. */
async function parkedFeedback(): Promise<string> {
  const people = tenants(next++, 1)
  const request = await gateway.clients.woonboog.detect(detection(people))
  const { rows } = await pool().query('SELECT tag FROM detection_row WHERE message_id = $1', [
    request.messageId,
  ])
  gateway.hooks.woonboog.reply = () => ({ status: 422 })
  const tag = rows[0]?.tag.toString('base64url')
  const { messageId } = await gateway.clients.vdab.feedback({
    protocol: 'wm-vdab',
    domain,
    items: [{ tag, reachability: 'hard-to-reach', establishedOn: TODAY }],
  })
  await untilState(messageId, 'parked')
  gateway.hooks.woonboog.reply = () => ({ status: 202, body: {} })
  return messageId
}

/** The entries of a message of that action once they are in the log, each with its details. */
async function entriesOf(messageId: string, action: string) {
  const placed = await until(`${action} of ${messageId}`, async () => {
    const all = await entriesOfMessage(pool(), messageId)
    const found = all.filter(({ entry }) => entry.action === action)
    return found.length > 0 && found
  })
  const entries = placed.map(({ entry }) => entry)
  const { rows } = await pool().query<{ details: unknown }>(
    'SELECT details FROM audit_detail WHERE entry_id = ANY($1)',
    [entries.map(({ id }) => Buffer.from(id, 'base64url'))],
  )
  return { entries, details: rows.map(row => String(row.details)) }
}

const rowsOf = async (messageId: string) => {
  const { rowCount } = await pool().query('SELECT FROM detection_row WHERE message_id = $1', [
    messageId,
  ])
  return rowCount
}

describe('resuming', () => {
  test('lists what is parked, tries it again with a whole schedule, and it arrives', async () => {
    const id = await parkedRequest()
    const [parked] = await listParked(pool(), { ids: [id] })
    expect(parked).toMatchObject({
      messageId: id,
      type: 'detection.request',
      destination: 'vdab',
      items: 2,
      attempts: 1,
      lastStatus: 422,
      reason: 'http-422',
      isGone: false,
    })
    const outcome = await resumeParked(pool(), change([id]))
    expect(outcome).toMatchObject({ messages: 1, handOvers: 1, items: 2, gone: 0 })
    await untilState(id, 'delivered')
    expect(await stored(id)).toMatchObject({ attempts: 2, tries: 1 })
    expect((await gateway.clients.woonboog.message(id)).items).toMatchObject({ delivered: 2 })
  })

  test('who did it and why is evidence; the words are details, which may be erased', async () => {
    const id = await parkedRequest()
    await resumeParked(pool(), change([id], { by: { role: 'privacy-officer', client: 's1' } }))
    const { entries, details } = await entriesOf(id, 'message.resumed')
    expect(entries).toMatchObject([
      {
        actor: { role: 'privacy-officer', client: 's1' },
        counts: { items: 2 },
        recipient: 'vdab',
        reason: 'resumed-by-person',
      },
    ])
    expect(JSON.stringify(entries)).not.toContain(REASON)
    expect(details).toEqual([expect.stringContaining(REASON)])
  })

  test('the protocol is asked again: while it is suspended, what is resumed is held', async () => {
    const id = await parkedRequest()
    const parts = { pool: pool(), protocols: gateway.context.protocols }
    const suspension = { id: 'wm-vdab', reason: 'proef', by: OPERATOR }
    const calls = gateway.vdab.to('/api/detections').length
    await suspendProtocol(parts, { ...suspension, at: new Date() })
    try {
      await until('it is suspended', () =>
        [...gateway.context.protocols.standings().values()].some(it => it.status === 'HB-307'),
      )
      await resumeParked(pool(), change([id]))
      await untilState(id, 'held')
      expect(gateway.vdab.to('/api/detections')).toHaveLength(calls)
    } finally {
      await resumeProtocol(parts, { ...suspension, at: new Date() })
    }
    await untilState(id, 'delivered')
  })

  test('what it carries was erased: a clear refusal, and it can be closed', async () => {
    const id = await parkedFeedback()
    await pool().query('UPDATE hand_over SET erased_at = now() WHERE message_id = $1', [id])
    await expect(resumeParked(pool(), change([id]))).rejects.toMatchObject({ code: 'gone' })
    expect((await listParked(pool(), { ids: [id] }))[0]?.isGone).toBe(true)
    await closeParked(pool(), change([id]))
    expect(await stored(id)).toMatchObject({ state: 'withdrawn' })
  })
})

describe('closing', () => {
  test('a request: withdrawn with a code, its rows erased, no answer expected', async () => {
    const id = await parkedRequest(3)
    expect(await rowsOf(id)).toBe(3)
    expect(await closeParked(pool(), change([id]))).toMatchObject({ handOvers: 1, items: 3 })
    expect(await stored(id)).toMatchObject({ state: 'withdrawn', reason: 'closed-by-person' })
    expect(await rowsOf(id)).toBe(0)
    const { rows } = await pool().query('SELECT answer_state FROM message WHERE id = $1', [id])
    expect(rows[0]?.answer_state).toBeNull()
    const view = await gateway.clients.woonboog.message(id)
    expect(view.items).toMatchObject({ withdrawn: 3, parked: 0 })
    const { entries, details } = await entriesOf(id, 'message.withdrawn')
    expect(entries).toMatchObject([{ counts: { items: 3 }, reason: 'closed-by-person' }])
    expect(details).toEqual([expect.stringContaining(REASON)])
  })

  test('an event is not shown in the inbox any more', async () => {
    const id = await parkedFeedback()
    const { id: delivery } = await stored(id)
    const shown = async () => (await gateway.clients.woonboog.inbox()).items.map(it => it.id)
    expect(await shown()).toContain(delivery)
    await closeParked(pool(), change([delivery]))
    expect(await shown()).not.toContain(delivery)
  })
})

describe('two people', () => {
  test('the second is told what the first did, nothing happens twice', async () => {
    const resumed = await parkedRequest()
    await resumeParked(pool(), change([resumed]))
    const again = closeParked(pool(), change([resumed]))
    await expect(again).rejects.toMatchObject({
      code: 'resumed',
      since: expect.any(Date),
      message: expect.stringContaining('somebody resumed it at 20'),
    })
    const closed = await parkedRequest()
    await closeParked(pool(), change([closed]))
    await expect(resumeParked(pool(), change([closed]))).rejects.toMatchObject({ code: 'closed' })
    await expect(previewParked(pool(), change([closed]), 'resume')).rejects.toMatchObject({
      code: 'closed',
    })
    expect((await entriesOf(closed, 'message.withdrawn')).entries).toHaveLength(1)
  })

  test('at the same instant: one of them does it', async () => {
    const id = await parkedRequest()
    const changes = [closeParked, resumeParked, closeParked, resumeParked]
    const outcomes = await Promise.allSettled(changes.map(one => one(pool(), change([id]))))
    expect(outcomes.filter(it => it.status === 'fulfilled')).toHaveLength(1)
    const codes = outcomes.flatMap(it => (it.status === 'rejected' ? [it.reason.code] : []))
    expect(['closed,closed,closed', 'resumed,resumed,resumed']).toContain(codes.join(','))
  })

  test('what was parked again after the confirmation was drawn is not touched', async () => {
    const id = await parkedRequest()
    const { latest } = await previewParked(pool(), change([id]), 'close')
    await resumeParked(pool(), change([id]))
    gateway.vdab.reply = () => ({ status: 422 })
    await until('it is parked again', async () => (await stored(id)).attempts === 2)
    await untilState(id, 'parked')
    const late = closeParked(pool(), change([id], { until: latest! }))
    await expect(late).rejects.toMatchObject({ code: 'resumed' })
    await closeParked(pool(), change([id]))
  })
})

describe('what is refused', () => {
  const number = syntheticNumber(77_001)
  test.each([
    ['no reason', ''],
    ['only spaces', '   '],
    ['a national number', `Op vraag van ${number}`],
    ['too long', 'x'.repeat(501)],
  ])('%s', async (_name, reason) => {
    const id = await parkedRequest()
    for (const one of [closeParked, resumeParked]) {
      const error = await one(pool(), change([id], { reason })).catch((it: Error) => it)
      expect(error).toMatchObject({ code: 'reason' })
      expect(String((error as Error).message)).not.toContain(number)
    }
    expect(await stored(id)).toMatchObject({ state: 'parked' })
    await closeParked(pool(), change([id]))
  })

  test('an id that does not exist, or that is not parked', async () => {
    await expect(closeParked(pool(), change(['msg_0']))).rejects.toMatchObject({ code: 'unknown' })
    const people = tenants(next++, 1)
    const { messageId } = await gateway.clients.woonboog.detect(detection(people))
    await untilState(messageId, 'delivered')
    await expect(closeParked(pool(), change([messageId]))).rejects.toMatchObject({
      code: 'not-parked',
    })
  })
})

describe('huisbrug parked', () => {
  test('lists, resumes and closes by id, protocol, destination and age', async () => {
    await run('close', '--all', '--reason', 'wat vorige proeven lieten staan')
    const [one, two] = [await parkedRequest(), await parkedFeedback()]
    expect((await run('list')).out).toContain(one)
    const listed = JSON.parse((await run('list', '--destination', 'woonboog', '--json')).out)
    expect(listed.items.map((it: { messageId: string }) => it.messageId)).toEqual([two])
    expect((await run('list', '--older-than', '1h')).out).toBe('Nothing is parked.\n')
    const young = await run('close', '--older-than', '1h', '--reason', 'proef')
    expect(young).toMatchObject({ exit: 1, err: 'nothing that fits is parked' })
    const filter = ['--protocol', 'wm-vdab', '--destination', 'vdab']
    const resumed = await run('resume', ...filter, '--reason', 'hersteld')
    expect(resumed.out).toBe(
      'Resumed: they go within seconds. Hand-overs 1, items 2, of messages 1.\n',
    )
    await untilState(one, 'delivered')
    const closed = await run('close', '--all', '--reason', 'nergens goed voor', '--json')
    expect(JSON.parse(closed.out)).toMatchObject({ messages: 1, handOvers: 1, items: 1 })
    const again = await run('close', two, '--reason', 'nog eens', '--json')
    expect(again.exit).toBe(1)
    expect(JSON.parse(again.out)).toMatchObject({ refused: 'closed' })
  })

  test.each([
    [['close', '--reason', 'x']],
    [['close', 'msg_1', '--all', '--reason', 'x']],
    [['close', 'msg_1']],
    [['close', '--older-than', 'gisteren', '--reason', 'x']],
  ])('wrong use: %j', async args => {
    expect((await run(...args)).exit).toBe(2)
  })

  async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    const outcome = { exit: 0, out: '', err: '' }
    const { config } = gateway.context
    const open = async () => ({ pool: pool(), config, close: async () => {} }) as never
    const command = quiet(parkedCommand(open), text => {
      outcome.out += text
    })
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
})
