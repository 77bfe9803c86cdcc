import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { gather } from '../../src/cli/init/questions.ts'
import { askPerson, initCommand } from '../../src/cli/init.ts'
import { examineConfiguration, readEnvironmentFile } from '../../src/cli/settings/examine.ts'
import { forProduction } from '../../src/cli/settings/finding.ts'
import { readConfig } from '../../src/config.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let folder: string
let db: TestDatabase

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-settings-'))
  db = await testDatabase()
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command as the program does, without a terminal. */
async function run(command: Command, ...args: string[]) {
  const said = { out: '', err: '' }
  const spies = (['stdout', 'stderr'] as const).map(stream =>
    jest.spyOn(process[stream], 'write').mockImplementation(text => {
      said[stream === 'stdout' ? 'out' : 'err'] += text
      return true
    }),
  )
  const terminal = process.stdin.isTTY
  process.stdin.isTTY = false
  try {
    await command.parseAsync(args, { from: 'user' })
    return { ...said, exit: Number(process.exitCode ?? 0) }
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.stdin.isTTY = terminal
    process.exitCode = undefined
  }
}

const GIVEN = ['--public-url', 'https://gateway.example', '--oidc-issuer', 'https://login.example']
const COMPOSE = [
  ...GIVEN,
  '--compose',
  'yes',
  '--smtp-url',
  'smtps://me@mail.example',
  '--mail-to',
  'a@b.example',
]

const write = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name)
  writeFileSync(path, text, { mode })
  return path
}

test('init writes settings and secrets for their owner alone, and shows none of them', async () => {
  const out = join(folder, 'compose')
  const { out: said, err, exit } = await run(initCommand(), ...COMPOSE, '--json', '--out', out)
  expect([exit, err]).toEqual([0, ''])
  const { written, next } = JSON.parse(said)
  const names = ['huisbrug.env', 'secrets/master.key', 'secrets/oidc.pem', 'secrets/oidc.jwks.json']
  expect(written.map((it: { path: string }) => it.path)).toEqual(names.map(it => join(out, it)))
  expect(next.join()).toContain('https://gateway.example/console/aanmelden/terug')
  for (const { path } of written) expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600])
  expect(statSync(join(out, 'secrets')).mode & 0o777).toBe(0o700)

  const settings = readEnvironmentFile(join(out, 'huisbrug.env'))
  const password = settings['POSTGRES_PASSWORD'] ?? ''
  expect(password).toMatch(/^[\w-]{43}$/)
  expect(readConfig(settings)).toMatchObject({
    publicUrl: 'https://gateway.example',
    logOrigin: 'gateway.example/log',
    databaseUrl: `postgres://huisbrug:${password}@postgres:5432/huisbrug`,
    masterKey: { file: '/run/secrets/huisbrug/master.key' },
    people: { oidc: { clientId: 'huisbrug' } },
    attention: { mail: { from: 'huisbrug@gateway.example', to: ['a@b.example'] } },
  })
  const key = readFileSync(join(out, 'secrets/master.key'), 'utf8').trim()
  expect(key).toMatch(/^[\w-]{43}$/)
  expect(said.includes(key) || said.includes(password) || said.includes('PRIVATE')).toBe(false)
  // What a shell makes of the file is what we make of it.
  const script = 'set -a; . "$0"; printf %s "$HUISBRUG_OIDC_ROLES"'
  const { stdout } = spawnSync('sh', ['-c', script, join(out, 'huisbrug.env')], {
    encoding: 'utf8',
  })
  expect(stdout).toBe(settings['HUISBRUG_OIDC_ROLES'])
})

test('init writes over nothing, and nothing at all where one file is there', async () => {
  const out = join(folder, 'there')
  mkdirSync(join(out, 'secrets'), { recursive: true })
  writeFileSync(join(out, 'secrets/oidc.pem'), 'mine')
  const { err, exit } = await run(initCommand(), ...COMPOSE, '--out', out)
  expect([exit, err]).toEqual([1, expect.stringContaining('oidc.pem is there already')])
  expect(readdirSync(out, { recursive: true }).sort()).toEqual(['secrets', 'secrets/oidc.pem'])
  expect(readFileSync(join(out, 'secrets/oidc.pem'), 'utf8')).toBe('mine')
})

test.each([
  [[], '--public-url: give the address (https)'],
  [['--public-url', 'http://gateway.example'], '--public-url: it is an https address'],
  [GIVEN, '--database-url: give the PostgreSQL'],
  [[...GIVEN, '--compose', 'maybe'], '--compose: it is yes or no'],
  [[...COMPOSE, '--four-eyes', 'everything'], '--four-eyes: '],
  [[...COMPOSE, '--auditors', "it's"], '--auditors: no quotes'],
  [[...COMPOSE, '--mail-to', 'nobody'], '--mail-to: '],
])('without a terminal %j is wrong use: %s', async (args, reason) => {
  const out = join(folder, 'wrong')
  const { out: said, err, exit } = await run(initCommand(), ...args, '--json', '--out', out)
  expect([exit, JSON.parse(said).reason, err]).toEqual([
    2,
    expect.stringContaining(reason),
    expect.stringContaining(reason),
  ])
  expect(readdirSync(folder)).not.toContain('wrong')
})

test('at a terminal it asks, with defaults, and again where an answer cannot be', async () => {
  const input = new PassThrough()
  const output = new PassThrough()
  const lines = createInterface({ input, output })
  const typed = ['gateway.example', 'https://gateway.example', '', 'yes', 'none']
  output.on('data', () => input.write(`${typed.shift() ?? ''}\n`))
  const notes = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  const ask = askPerson(query => lines.question(query), { 'four-eyes': 'parked' })
  const answers = await gather(ask).finally(() => notes.mockRestore())
  lines.close()
  expect(answers).toEqual({
    'public-url': 'https://gateway.example',
    'log-origin': 'gateway.example/log',
    compose: 'yes',
    'oidc-issuer': '',
    'four-eyes': 'parked',
    'smtp-url': '',
  })
})

/** Settings in which nothing is wrong, of a production that is on this machine. */
function good(): Record<string, string> {
  const protocols = join(folder, 'protocols')
  mkdirSync(join(protocols, 'one'), { recursive: true })
  writeFileSync(join(protocols, 'one/protocol.json'), '{}')
  return {
    HUISBRUG_PUBLIC_URL: 'https://gateway.example',
    HUISBRUG_LOG_ORIGIN: 'gateway.example/log',
    HUISBRUG_DATABASE_URL: db.url,
    HUISBRUG_DATA_DIR: folder,
    HUISBRUG_PROTOCOLS_DIR: protocols,
    HUISBRUG_MASTER_KEY_FILE: write('master.key', 'A'.repeat(43)),
    HUISBRUG_OIDC_ISSUER: 'https://login.example',
    HUISBRUG_OIDC_CLIENT_ID: 'huisbrug',
    HUISBRUG_OIDC_CLIENT_SECRET: 'x',
    HUISBRUG_OIDC_ROLES: '{"claim":"groups","roles":{"auditor":["a"]}}',
    HUISBRUG_ATTENTION_SMTP_URL: 'smtps://mail.example',
    HUISBRUG_ATTENTION_FROM: 'a@b.example',
    HUISBRUG_ATTENTION_TO: 'a@b.example',
  }
}

const examine = async (more: Record<string, string | undefined> = {}) =>
  examineConfiguration({ ...good(), ...more }, new Date())

test('of good settings nothing is wrong or missing, and hints stay', async () => {
  const checks = await examine()
  expect(forProduction(checks).filter(check => !check.ok)).toEqual([])
  const hints = checks.filter(check => check.weight === 'hint').map(check => check.name)
  expect(hints).toEqual(['vouching', 'backups'])
  expect(checks.find(check => check.name === 'clock')?.detail).toMatch(/-?\d+ ms/)
})

test.each([
  ['settings', 'wrong', { HUISBRUG_PORT: 'eighty' }],
  ['settings', 'needed', { HUISBRUG_PUBLC_URL: 'https://gateway.example' }],
  ['public-url', 'needed', { HUISBRUG_PUBLIC_URL: 'http://localhost:8080' }],
  ['trusted-proxies', 'wrong', { HUISBRUG_TRUSTED_PROXIES: '0.0.0.0/0' }],
  ['trusted-proxies', 'needed', { HUISBRUG_HOST: '0.0.0.0' }],
  ['roles', 'hint', { HUISBRUG_ROLES: 'worker' }],
  ['roles', 'hint', { HUISBRUG_ROLES: 'api,console' }],
  ['log-origin', 'needed', { HUISBRUG_LOG_ORIGIN: undefined }],
  [
    'attention',
    'needed',
    { HUISBRUG_ATTENTION_SMTP_URL: '', HUISBRUG_ATTENTION_FROM: '', HUISBRUG_ATTENTION_TO: '' },
  ],
  ['loopback', 'needed', { HUISBRUG_ALLOW_LOOPBACK: 'true' }],
  ['files', 'wrong', { HUISBRUG_WITNESSES_FILE: '/nowhere/witnesses.json' }],
  ['master-key', 'needed', { HUISBRUG_MASTER_KEY_FILE: undefined }],
  ['master-key', 'wrong', { HUISBRUG_KEY_COMMAND: '/bin/vault' }],
  ['master-key', 'hint', { HUISBRUG_MASTER_KEY: 'A'.repeat(43) }],
  ['data-folder', 'hint', { HUISBRUG_DATA_DIR: '/nowhere/data' }],
  ['protocols', 'needed', { HUISBRUG_PROTOCOLS_DIR: '/nowhere/protocols' }],
  ['database', 'needed', { HUISBRUG_DATABASE_URL: undefined }],
  ['database', 'wrong', { HUISBRUG_DATABASE_URL: 'postgres://u:hunter2hunter2@127.0.0.1:1/x' }],
  ['queue', 'wrong', { HUISBRUG_QUEUE_URL: 'redis://127.0.0.1:1' }],
])('%s is %s with %j', async (name, weight, more) => {
  const checks = await examine(more)
  const bad = checks.filter(check => check.weight === weight && check.name === name)
  expect(bad).toEqual([
    expect.objectContaining({ ok: weight !== 'wrong', remedy: expect.any(String) }),
  ])
  expect(JSON.stringify(checks)).not.toContain('hunter2hunter2')
})

test('a secret that others may read, a key that is none, a certificate for another: each is found', async () => {
  const open = write('open.key', 'A'.repeat(43), 0o644)
  const short = write('short.key', 'A'.repeat(12))
  const key = join(folder, 'tls.key')
  const cert = join(folder, 'tls.pem')
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', '/CN=x', '-addext', 'subjectAltName=DNS:other.example', '-days', '90'],
    ...['-keyout', key, '-out', cert],
  ])
  const find = async (more: Record<string, string>, name: string) =>
    (await examine(more)).find(check => check.name === name)
  expect(await find({ HUISBRUG_MASTER_KEY_FILE: open }, 'files')).toMatchObject({
    weight: 'needed',
  })
  expect(await find({ HUISBRUG_MASTER_KEY_FILE: short }, 'master-key')).toMatchObject({ ok: false })
  if (made.status !== 0) return
  const tls = { HUISBRUG_TLS_CERT_FILE: cert, HUISBRUG_TLS_KEY_FILE: key }
  expect(await find(tls, 'certificate')).toMatchObject({
    ok: false,
    detail: 'it is not for gateway.example',
  })
  const named = { ...tls, HUISBRUG_PUBLIC_URL: 'https://other.example' }
  expect(await find(named, 'certificate')).toMatchObject({
    ok: true,
    detail: expect.stringContaining('89 days'),
  })
})

test('doctor --settings looks at a file and opens nothing; it fails for production alone', async () => {
  const { doctorCommand } = await import('../../src/cli/doctor.ts')
  const open = () => Promise.reject(new Error('opened'))
  const settings = { ...good(), HUISBRUG_LOG_ORIGIN: '' }
  const text = Object.entries(settings).map(([name, value]) => `${name}='${value}'`)
  const file = write('doctor.env', ['# settings', '', ...text].join('\n'))
  const args = ['--settings', '--env-file', file]
  expect(await run(doctorCommand(open), ...args)).toMatchObject({ exit: 0, err: '' })
  const strict = await run(doctorCommand(open), ...args, '--production', '--json')
  expect([strict.exit, JSON.parse(strict.out).ok]).toEqual([1, false])
})
