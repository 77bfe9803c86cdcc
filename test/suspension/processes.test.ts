import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bareEnvironment } from '../support/bare-environment.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { keepLines } from '../support/kept-log.ts'
import {
  assertBalanced,
  countEntries,
  delivered,
  EFFECTIVE_MS,
  isNotice,
  queueEvents,
  sleep,
  states,
  untilStates,
} from './kit.ts'

/** The interface and the worker in processes of their own; suspended by the command, beside them. */
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
let gateway: TestGateway
const children = new Set<ChildProcess>()

beforeEach(async () => {
  gateway = await testGateway({ roles: 'sequencer' })
  for (const hook of Object.values(gateway.hooks)) {
    hook.reply = async () => {
      await sleep(15)
      return { status: 202, body: {} }
    }
  }
})
afterEach(async () => {
  for (const child of children) await kill(child)
  await gateway.close()
})

function environment(): NodeJS.ProcessEnv {
  const { config } = gateway.context
  return {
    ...bareEnvironment(),
    HUISBRUG_PORT: String(config.port),
    HUISBRUG_PUBLIC_URL: config.publicUrl,
    HUISBRUG_DATA_DIR: config.dataDir,
    HUISBRUG_DATABASE_URL: gateway.db.url,
    HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    HUISBRUG_LOG_LEVEL: 'info',
  }
}

async function start(roles: string): Promise<ChildProcess> {
  const env = { ...environment(), HUISBRUG_ROLES: roles }
  const child = spawn(process.execPath, ['--no-warnings', CLI, 'serve'], { env })
  children.add(child)
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  child.stderr.on('data', chunk => {
    keepLines(chunk)
    said += chunk
  })
  await until(`${roles} is ready`, () => said.includes('huisbrug is ready'), 30)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** `huisbrug protocol …`: its exit code and what it said. */
function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise(resolve => {
    const all = ['--no-warnings', CLI, 'protocol', ...args]
    execFile(process.execPath, all, { env: environment() }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
  })
}

/** Asks the interface again and again; the instant of the first answer of this status. */
async function firstAnswer(status: number): Promise<number> {
  for (let index = Math.floor(Math.random() * 1e6); ; index++) {
    const sent = gateway.clients.woonboog.detect(detection(tenants(index % 90_000, 1)))
    const got = await sent.then(
      () => 202,
      error => error.status,
    )
    if (got === status) return Date.now()
    await sleep(20)
  }
}

/** The instant at which a suspension is in the database. */
async function committedAt(): Promise<number> {
  for (;;) {
    const { rowCount } = await gateway.db.pool.query('SELECT FROM protocol_suspension')
    if (rowCount) return Date.now()
    await sleep(5)
  }
}

test('the command works beside them: both stop within a second, and go on; kill -9 changes nothing', async () => {
  await start('api')
  const worker = await start('worker')
  await openDomain(gateway)
  for (const company of COMPANIES) await queueEvents(gateway, company, 1_500)
  await until('it is under way', () => delivered(gateway).length > 100, 30)
  const committed = committedAt()
  const refused = firstAnswer(503)
  const first = await command('suspend', 'wm-vdab', '--reason', 'Under investigation', '--json')
  expect(first).toMatchObject({ code: 0 })
  const said = JSON.parse(first.out)
  expect(said).toMatchObject({ protocol: 'wm-vdab', version: '1.0.0', state: 'suspended' })
  expect(said.told).toEqual(['de-noorderkempen', 'leefgoed', 'vdab', 'woonboog'])
  expect(said.messages).toBeGreaterThan(1_000)
  const since = await committed
  const api = (await refused) - since
  await sleep(EFFECTIVE_MS)
  const last = Math.max(...delivered(gateway).map(({ at }) => at)) - since
  process.stderr.write(`suspended: interface refuses after ${api} ms, last delivery ${last} ms\n`)
  expect(api).toBeLessThan(EFFECTIVE_MS)
  expect(last).toBeLessThan(EFFECTIVE_MS)
  const again = await command('suspend', 'wm-vdab', '--reason', 'Again', '--json')
  expect(again.code).toBe(1)
  expect(JSON.parse(again.out)).toMatchObject({ refused: 'already-suspended' })

  // A worker that dies without a word, and another that takes over, in the middle of it.
  await kill(worker)
  await start('worker')
  await untilStates(gateway, 'all is held', found => !found['queued'] && !found['retrying'], 20)
  const before = delivered(gateway).length
  await sleep(1_500)
  expect(delivered(gateway)).toHaveLength(before)
  const accepted = firstAnswer(202)
  const resumed = await command('resume', 'wm-vdab', '--reason', 'All is well')
  const resumedAt = Date.now()
  expect(resumed).toMatchObject({ code: 0 })
  expect(resumed.out).toMatch(
    /^Resumed wm-vdab 1\.0\.0\.\n\d+ messages that were held go on\.\nTold: /,
  )
  expect((await accepted) - resumedAt).toBeLessThan(EFFECTIVE_MS)
  // What the dead worker had in hand comes back when its claim lapses.
  await gateway.db.pool.query(
    "UPDATE hand_over SET due_at = now() WHERE state IN ('queued', 'retrying') AND due_at > now()",
  )
  await untilStates(
    gateway,
    'all came',
    found => !Object.keys(found).some(it => /queued|retrying|held/.test(it)),
    60,
  )
  const ids = new Set(delivered(gateway).map(it => it.body['id'] ?? it.body['messageId']))
  expect(ids.size).toBeGreaterThanOrEqual(4_500)
  expect(Object.keys(await states(gateway))).toEqual(['delivered'])
  // Three processes saw it; it is noted and told once.
  expect(await countEntries(gateway, 'protocol.suspended')).toBe(1)
  expect(await countEntries(gateway, 'protocol.resumed')).toBe(1)
  for (const hook of Object.values(gateway.hooks)) {
    await until('both notices came', () => hook.received.filter(isNotice).length === 2)
  }
  await assertBalanced(gateway)
}, 180_000)

describe('the command alone, with no gateway running', () => {
  test.each([
    ['an unknown id', ['suspend', 'none', '--reason', 'x'], 'unknown'],
    ['one that is not suspended', ['resume', 'wm-vdab', '--reason', 'x'], 'not-suspended'],
    ['an empty reason', ['suspend', 'wm-vdab', '--reason', ' '], 'reason'],
    [
      'a party without the right',
      ['suspend', 'wm-vdab', '--reason', 'x', '--party', 'woonboog'],
      'party',
    ],
  ])('refuses %s with exit 1', async (_, args, code) => {
    const { code: exit, out } = await command(...args, '--json')
    expect([exit, JSON.parse(out).refused]).toEqual([1, code])
  })

  test('wrong use is exit 2; a person reads what happened, and whose word it was', async () => {
    expect((await command('suspend', 'wm-vdab')).code).toBe(2)
    expect((await command('suspend', '--reason', 'x')).code).toBe(2)
    const id = 'wm-vdab-woonboog'
    const done = await command('suspend', id, '--reason', 'Own wish', '--party', 'woonboog')
    expect(done.out).toBe(
      `Suspended ${id} 1.0.0: nothing moves under it.\n0 messages on the way are held until it is resumed.\nTold: vdab, woonboog.\n`,
    )
    const { rows } = await gateway.db.pool.query('SELECT suspended_by FROM protocol_suspension')
    expect(rows).toEqual([{ suspended_by: 'woonboog' }])
    await until('this process knows', () => {
      return gateway.context.protocols.standings().get(id)?.status === 'HB-307'
    })
  })
})
