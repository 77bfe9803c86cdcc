import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../src/config.ts'
import { startGateway } from '../../src/gateway.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { keepLines } from '../support/kept-log.ts'
import { testLog } from '../support/log.ts'
import { freePort } from './support.ts'

const [MAIN, CLI] = ['main.ts', 'cli.ts'].map(it =>
  fileURLToPath(new URL(`../../src/${it}`, import.meta.url)),
) as [string, string]

let folder: string
let serviceDb: TestDatabase
let child: ChildProcess
let said = ''
let service: Record<string, string>
let gateway: TestGateway

/** The key service as a process of its own, with a database, a folder and a master key of its own. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-move-'))
  serviceDb = await testDatabase({ max: 3 })
  writeFileSync(join(folder, 'secret'), `${randomBytes(32).toString('base64url')}\n`)
  const port = await freePort()
  child = spawn(process.execPath, ['--no-warnings', MAIN], {
    env: {
      ...bareEnvironment(),
      HUISBRUG_PORT: String(port),
      HUISBRUG_DATA_DIR: join(folder, 'service'),
      HUISBRUG_DATABASE_URL: serviceDb.url,
      HUISBRUG_ROLES: 'evaluator,sequencer',
      HUISBRUG_EVALUATOR_SECRET_FILE: join(folder, 'secret'),
      HUISBRUG_EVALUATOR_TAKES_KEYS: 'true',
    },
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      keepLines(chunk)
      said += chunk
    })
  }
  const url = `http://127.0.0.1:${port}`
  service = {
    HUISBRUG_EVALUATOR_URL: url,
    HUISBRUG_EVALUATOR_SECRET_FILE: join(folder, 'secret'),
  }
  await until(
    'the key service is ready',
    () =>
      fetch(`${url}/health/ready`).then(
        reply => reply.ok,
        () => false,
      ),
    60,
  )
}, 90_000)
afterAll(async () => {
  await gateway?.close()
  if (child.exitCode === null) {
    child.kill('SIGTERM')
    await once(child, 'close')
  }
  await serviceDb?.close()
  rmSync(folder, { recursive: true, force: true })
})

function settings(more: Record<string, string>): Record<string, string> {
  const { config } = gateway.context
  return {
    HUISBRUG_DATABASE_URL: String(config.databaseUrl),
    HUISBRUG_DATA_DIR: config.dataDir,
    HUISBRUG_PROTOCOLS_DIR: config.protocolsDir,
    HUISBRUG_PORT: '0',
    HUISBRUG_ALLOW_LOOPBACK: 'true',
    ...more,
  }
}

async function huisbrug(args: string[], more: Record<string, string>) {
  const run = spawn(process.execPath, ['--no-warnings', CLI, ...args], {
    env: { ...bareEnvironment(), ...settings(more) },
  })
  let [out, err] = ['', '']
  run.stdout.on('data', chunk => {
    out += chunk
  })
  run.stderr.on('data', chunk => {
    err += chunk
  })
  const [exit] = await once(run, 'close')
  return { exit, out, err }
}

const start = (more: Record<string, string>) =>
  startGateway(readConfig(settings(more)), testLog().log)

test('a gateway with keys in its database moves them to a process of their own, and goes on', async () => {
  gateway = await testGateway()
  const domain = await openDomain(gateway)
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(0, 3)))
  await forwardedTo(gateway, messageId)
  const tagsOf = async () => {
    const { rows } = await gateway.db.pool.query('SELECT tag FROM route ORDER BY tag')
    return rows.map(row => row.tag.toString('hex'))
  }
  const before = await tagsOf()
  const { rows: published } = await gateway.db.pool.query('SELECT domain FROM published_key')

  await expect(start(service)).rejects.toThrow('huisbrug keys move-to-evaluator')
  const early = await huisbrug(['keys', 'close', domain, '--reason', 'r'], service)
  expect(early).toMatchObject({ exit: 1, err: expect.stringContaining('still in this database') })

  const moved = await huisbrug(['keys', 'move-to-evaluator', '--json'], service)
  expect(moved).toMatchObject({ exit: 0 })
  expect(JSON.parse(moved.out).moved.toSorted()).toEqual(published.map(it => it.domain).toSorted())
  expect(
    JSON.parse((await huisbrug(['keys', 'move-to-evaluator', '--json'], service)).out),
  ).toEqual({
    moved: [],
  })
  const { rows: left } = await gateway.db.pool.query(
    `SELECT name FROM wrapped_key WHERE name = 'subject' OR name LIKE 'domain:%'`,
  )
  expect(left).toEqual([])
  await expect(start({})).rejects.toThrow('HUISBRUG_EVALUATOR_URL')

  const apart = await start({ ...service, HUISBRUG_ROLES: 'api' })
  const reply = await fetch(`${apart.url}/health/ready`)
  expect(await reply.text()).toContain('the key service answers')
  const made = await apart.context.evaluator.pseudonymise({
    domain,
    insz: tenants(0, 3).map(it => it.insz),
    sealing: { period: '2026-11', messageId, plaintexts: [{}, {}, {}] },
  })
  expect(made.map(it => it.tag.toString('hex')).toSorted()).toEqual(before)
  await apart.close()

  const listed = await huisbrug(['keys', 'list'], service)
  expect(listed.out).toMatch(new RegExp(`domain:${domain} +domain +current .* key service`))
  const doctor = await huisbrug(['doctor'], service)
  expect(doctor.err).toBe('')
  expect(doctor.out).toMatch(/ok +evaluator +the key service answers/)
}, 120_000)

test('the process of the keys logged nothing but its start, and ends on a signal', async () => {
  expect(said).toContain('huisbrug is ready')
  expect(said).not.toMatch(/[A-Za-z0-9_-]{43}/)
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
})
