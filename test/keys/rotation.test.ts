import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseEntry } from '../../src/audit/entry.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { readOpenWork } from '../../src/exchange/epoch.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { seedRows } from '../support/seed.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const [FIRST, SECOND] = ['wm-vdab/1/1', 'wm-vdab/1/2']
/** VDAB knows every second of the first 200. */
const NUMBERS = Array.from({ length: 100 }, (_, index) => syntheticNumber(index * 2))

let gateway: TestGateway
const registers: Record<string, TestRegister> = {}

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      document.modalities.granularity = 'person'
    },
  })
  registers[FIRST] = await prepareTestRegister(gateway, NUMBERS)
})
afterAll(async () => {
  for (const register of Object.values(registers)) register.close()
  await gateway?.close()
})

interface Ran {
  exit: number | null
  json: Record<string, unknown>
  all: string
}

/** The command as an operator runs it, beside the running gateway. */
async function keys(...args: string[]): Promise<Ran> {
  const { config } = gateway.context
  const child = spawn(process.execPath, ['--no-warnings', CLI, 'keys', ...args, '--json'], {
    env: {
      ...process.env,
      HUISBRUG_DATABASE_URL: config.databaseUrl,
      HUISBRUG_DATA_DIR: config.dataDir,
      HUISBRUG_PROTOCOLS_DIR: config.protocolsDir,
    },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  const [exit] = await once(child, 'close')
  return { exit, json: out ? JSON.parse(out) : {}, all: out + err }
}

/** Sends tenants, lets VDAB match and answer, and checks that no one is falsely not found. */
async function exchange(first: number, count: number): Promise<{ domain: string; tags: string[] }> {
  const { woonboog, vdab } = gateway.clients
  const { messageId, accepted } = await woonboog.detect(detection(tenants(first, count)))
  expect(accepted).toBe(count)
  const forwarded = await forwardedTo(gateway, messageId)
  const domain = String(forwarded.body['domain'])
  const register = registers[domain]
  if (!register) throw new Error(`a request under ${domain}, which VDAB did not prepare`)
  const opened = await register.open(forwarded)
  expect(opened).toHaveLength(count / 2)
  const requestDigest = String(forwarded.body['requestDigest'])
  await vdab.answer(messageId, { requestDigest, found: opened.map(row => row.rowId) })
  return { domain, tags: opened.map(row => row.tag) }
}

async function feedback(domain: string, tags: string[]): Promise<void> {
  const items = tags.map(tag => ({
    tag,
    reachability: 'hard-to-reach' as const,
    establishedOn: TODAY,
  }))
  const sent = await gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
  expect(sent).toMatchObject({ accepted: tags.length, refused: [] })
}

async function count(sql: string, ...values: unknown[]): Promise<number> {
  const { rows } = await gateway.db.pool.query(`SELECT count(*)::int AS n FROM ${sql}`, values)
  return rows[0].n
}

const reached = () =>
  gateway.hooks.woonboog.received.filter(
    it => it.body['type'] === 'be.huisbrug.feedback.reachability',
  )

describe('a rotation while the exchange goes on', () => {
  let former: string[]
  let next: string[]

  test('the next epoch opens; requests go on under the former until VDAB is ready', async () => {
    const before = await exchange(0, 20)
    expect(before.domain).toBe(FIRST)
    const rotated = await keys('rotate', 'wm-vdab')
    expect(rotated).toMatchObject({ exit: 0, json: { domain: SECOND, former: FIRST } })
    expect(rotated.json['next']).toHaveLength(3)
    const during = await exchange(20, 20)
    expect(during.domain).toBe(FIRST)
    const again = await keys('rotate', 'wm-vdab')
    expect(again).toMatchObject({ exit: 1, json: { refused: 'opening' } })
    former = [...before.tags, ...during.tags]
  }, 60_000)

  test('no one is falsely not found while it becomes current', async () => {
    const domains: string[] = []
    let ready = false
    const traffic = (async () => {
      for (let at = 0; at < 4 || !ready; at++) {
        const { domain, tags } = await exchange(40 + at * 10, 10)
        domains.push(domain)
        if (domain === FIRST) former.push(...tags)
      }
    })()
    await prepareSecond()
    ready = true
    await traffic
    expect(domains.toSorted()).toEqual(domains)
    const after = await exchange(180, 20)
    expect(after.domain).toBe(SECOND)
    next = after.tags
  }, 90_000)

  test('feedback by old and new tags arrives, and its progress comes back', async () => {
    await feedback(FIRST, former)
    await feedback(SECOND, next)
    const all = former.length + next.length
    const received = await until('all feedback arrives', () => {
      const found = reached()
      return found.length === all && found
    })
    const references = received.map(it => (it.body['data'] as Record<string, string>)['tenantRef'])
    expect(new Set(references).size).toBe(all)
    for (const it of [received[0]!, received.at(-1)!]) {
      const { feedbackId } = it.body['data'] as { feedbackId: string }
      await gateway.clients.woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY })
    }
  }, 60_000)

  test('nobody is asked twice in one month, whatever the epoch', async () => {
    const { woonboog } = gateway.clients
    const again = woonboog.detect(detection(tenants(0, 5)))
    await expect(again).rejects.toMatchObject({ code: 'HB-404' })
  })

  test('the end of a tenancy ends both epochs; VDAB is told by the tag of each, counted once', async () => {
    const { woonboog } = gateway.clients
    // The same person by both tags, as in the month after: a row of another month in the new epoch.
    const month = new Date(Date.UTC(+TODAY.slice(0, 4), +TODAY.slice(5, 7) - 1, 0))
    const referenceDate = month.toISOString().slice(0, 10)
    const sent = await woonboog.detect(detection(tenants(0, 2), { referenceDate }))
    const forwarded = await forwardedTo(gateway, sent.messageId)
    expect(forwarded.body['domain']).toBe(SECOND)
    const requestDigest = String(forwarded.body['requestDigest'])
    const opened = await registers[SECOND]!.open(forwarded)
    const found = opened.map(row => row.rowId)
    await gateway.clients.vdab.answer(sent.messageId, { requestDigest, found })

    const item = { tenantRef: 'tenant-0', endedOn: TODAY }
    const { messageId } = await woonboog.tenanciesEnded({ protocol: 'wm-vdab', items: [item] })
    const told = await until('VDAB is told twice', () => {
      const calls = gateway.vdab.to('/api/tenancies/ended')
      return calls.length === 2 && new Map(calls.map(it => [String(it.body['domain']), it]))
    })
    const tag = opened[0]!.tag
    expect(told.get(SECOND)?.body).toMatchObject({ messageId, items: [{ tag, endedOn: TODAY }] })
    const [old] = told.get(FIRST)!.body['items'] as { tag: string }[]
    expect(former).toContain(old?.tag)
    expect(told.get(FIRST)?.body).toMatchObject({ messageId, items: [{ endedOn: TODAY }] })
    const keysUsed = [...told.values()].map(it => it.headers['idempotency-key'])
    expect(keysUsed).toContain(messageId)
    expect(new Set(keysUsed).size).toBe(2)
    await until('both are delivered', async () => {
      const { items } = await woonboog.message(messageId)
      return items.delivered === 1 && items.pending === 0
    })
    expect(await count('route WHERE ended_on IS NOT NULL AND length(reference) > 0')).toBe(0)
    const ended = 'route WHERE ended_on IS NOT NULL AND domain = $1'
    expect(await count(ended, FIRST)).toBe(1)
    expect(await count(ended, SECOND)).toBe(1)
    const { rows } = await gateway.db.pool.query(
      'SELECT tag FROM route WHERE ended_on IS NOT NULL AND domain = $1',
      [FIRST],
    )
    const gone = [
      [FIRST, rows[0].tag.toString('base64url')],
      [SECOND, tag],
    ] as const
    expect(former).toContain(gone[0][1])
    former = former.filter(it => it !== gone[0][1])
    for (const [domain, tag] of gone) {
      const items = [{ tag, reachability: 'not-reached' as const, establishedOn: TODAY }]
      const again = await gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
      expect(again).toMatchObject({ accepted: 0, refused: [{ code: 'HB-405' }] })
    }
  }, 60_000)

  test('the list names every key, its state and who reported ready, and no secret', async () => {
    const { exit, json, all } = await keys('list')
    expect(exit).toBe(0)
    const items = json['items'] as Record<string, unknown>[]
    const domains = items.filter(it => String(it['name']).startsWith('domain:wm-vdab'))
    expect(domains).toMatchObject([
      { domain: FIRST, state: 'closing', readyBy: 'vdab' },
      { domain: SECOND, state: 'current', readyBy: 'vdab' },
    ])
    expect(items.every(it => String(it['wrappedBy']).startsWith('local-'))).toBe(true)
    await expectNoSecret(all)
  }, 30_000)

  test('closing is refused while it is current, and while something of it is open', async () => {
    expect(await keys('close', SECOND, '--reason', 'r')).toMatchObject({
      exit: 1,
      json: { refused: 'current' },
    })
    await feedback(FIRST, [former[2]!])
    await until('it is delivered', async () => {
      return (await readOpenWork(gateway.db.pool, FIRST)).handOvers === 0
    })
    const set = (state: string, deliveredAt: Date | null, id: string) =>
      seedRows(gateway.db.pool, tx =>
        tx.query('UPDATE hand_over SET state = $1, delivered_at = $2, due_at = $3 WHERE id = $4', [
          state,
          deliveredAt,
          new Date(Date.now() + 600_000),
          id,
        ]),
      )
    const { rows } = await gateway.db.pool.query(
      `SELECT h.id, h.delivered_at FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
       WHERE f.domain = $1 AND h.state = 'delivered' ORDER BY h.id DESC LIMIT 1`,
      [FIRST],
    )
    await set('retrying', null, rows[0].id)
    await set('parked', null, rows[0].id)
    const refused = await keys('close', FIRST, '--reason', 'too early')
    expect(refused).toMatchObject({ exit: 1, json: { refused: 'open-work' } })
    expect(refused.json['reason']).toContain('0 requests await an answer and 1 hand-overs are open')
    await set('delivered', rows[0].delivered_at, rows[0].id)
    const reason = `about ${syntheticNumber(0)}`
    expect(await keys('close', FIRST, '--reason', reason)).toMatchObject({
      exit: 1,
      json: { refused: 'reason' },
    })
    expect((await keys('close', FIRST)).exit).toBe(2)
  }, 60_000)

  test('closed, the old key is gone for good, and the exchange goes on', async () => {
    const { pool } = gateway.db
    const { rows: before } = await pool.query(
      `SELECT wrapped FROM wrapped_key WHERE name = 'domain:${FIRST}' OR name LIKE 'route:${FIRST}:%'`,
    )
    expect(before.length).toBeGreaterThan(1)
    const routes = await count('route WHERE domain = $1', FIRST)
    expect(routes).toBeGreaterThan(0)
    const closed = await keys('close', FIRST, '--reason', 'yearly rotation')
    expect(closed).toMatchObject({
      exit: 0,
      json: { domain: FIRST, state: 'closed', routes, keys: before.length, handOvers: 0 },
    })
    expect(await count('route WHERE domain = $1', FIRST)).toBe(0)
    const { rows } = await pool.query('SELECT name, wrapped, destroyed_at FROM wrapped_key')
    for (const { wrapped } of before) {
      expect(rows.some(row => row.wrapped?.equals(wrapped))).toBe(false)
    }
    const destroyed = rows.filter(row => row.name.includes(FIRST))
    expect(destroyed).toHaveLength(before.length)
    expect(destroyed.every(row => row.wrapped === null && row.destroyed_at)).toBe(true)

    const { vdab, woonboog } = gateway.clients
    const item = { tag: former[1]!, reachability: 'not-reached' as const, establishedOn: TODAY }
    const late = vdab.feedback({ protocol: 'wm-vdab', domain: FIRST, items: [item] })
    await expect(late).rejects.toMatchObject({ code: 'HB-413' })
    await expect(vdab.evaluate({ domain: FIRST, blinded: [] })).rejects.toThrow()
    await feedback(SECOND, [next[1]!])
    await exchangeNew(woonboog)
    expect(await keys('close', FIRST, '--reason', 'twice')).toMatchObject({
      exit: 1,
      json: { refused: 'closed' },
    })
  }, 90_000)

  test('each step is evidence with the public key', async () => {
    const { rows } = await until('all is in the log', async () => {
      if ((await count('audit_pending')) > 0) return undefined
      return gateway.db.pool.query('SELECT entry FROM audit_entry ORDER BY index')
    })
    const entries = rows
      .map(row => parseEntry(row.entry))
      .filter(entry => entry.action.startsWith('key.') && entry.reason?.startsWith('domain wm-'))
    expect(entries.map(entry => [entry.action, entry.reason])).toEqual([
      ['key.created', `domain ${FIRST}`],
      ['key.ready', `domain ${FIRST}`],
      ['key.created', `domain ${SECOND}`],
      ['key.rotated', `domain ${SECOND}`],
      ['key.ready', `domain ${SECOND}`],
      ['key.closed', `domain ${FIRST}`],
    ])
    for (const entry of entries) expect(entry.rule).toMatch(/^public-key [A-Za-z0-9_-]{43}$/)
    expect(entries.at(-1)?.actor).toEqual({ role: 'operator' })
    expect(entries.at(-1)?.details).toEqual(expect.any(String))
  }, 30_000)

  test('nothing was lost, and no secret was logged', async () => {
    const balances = await until('nothing is pending', async () => {
      const found = await readBalances(gateway.db.pool)
      return found.every(balance => balance.pending === 0) && found
    })
    expect(balances.filter(balance => !balance.balanced)).toEqual([])
    expect(balances.some(balance => balance.parked > 0)).toBe(false)
    await expectNoSecret(gateway.logged.join('\n'))
  }, 30_000)
})

async function exchangeNew({ detect }: TestGateway['clients']['woonboog']): Promise<void> {
  const { messageId } = await detect(detection(tenants(600, 4)))
  const forwarded = await forwardedTo(gateway, messageId)
  expect(forwarded.body['domain']).toBe(SECOND)
}

async function prepareSecond(): Promise<void> {
  registers[SECOND] = await prepareTestRegister(gateway, NUMBERS, 'wm-vdab', SECOND)
}

async function expectNoSecret(text: string): Promise<void> {
  const { rows } = await gateway.db.pool.query(
    'SELECT name FROM wrapped_key WHERE wrapped IS NOT NULL',
  )
  for (const { name } of rows) {
    const secret = await gateway.context.keys.find(name)
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      expect(text).not.toContain(secret!.toString(form))
    }
  }
}
