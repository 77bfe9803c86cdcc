import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let folder: string

function run(command: string, args: string[], cwd = folder, more: Record<string, string> = {}) {
  const { NODE_OPTIONS: _, ...own } = process.env
  const env = { ...own, ...more }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr: status === 0 ? '' : stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-package-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** What a party does on its own machine, from the package: check, draw, make a key, sign. */
function tryProtocolCommands(): void {
  const protocols = join(folder, 'own-protocols')
  const own = join(protocols, 'ocmw-vdab')
  mkdirSync(own, { recursive: true })
  copyFileSync(join(ROOT, 'protocols/ocmw-vdab/protocol.json'), join(own, 'protocol.json'))
  const env = { HUISBRUG_PROTOCOLS_DIR: protocols, HUISBRUG_DATA_DIR: join(folder, 'none') }
  const huisbrug = (...args: string[]) => run('node_modules/.bin/huisbrug', args, folder, env)

  const lint = huisbrug('protocol', 'lint')
  expect(lint).toMatchObject({ status: 0, stderr: '' })
  expect(lint.stdout).toMatch(/1 document, \d+ warnings/)
  for (const [file, start] of [
    ['x.pdf', '%PDF-'],
    ['x.html', '<!DOCTYPE html>'],
    ['x.jsonld', '{'],
  ] as const) {
    expect(huisbrug('protocol', 'render', 'ocmw-vdab', '--out', file)).toMatchObject({ status: 0 })
    expect(readFileSync(join(folder, file), 'latin1').slice(0, start.length)).toBe(start)
  }
  expect(readFileSync(join(folder, 'x.pdf'), 'latin1')).toContain('Roboto')
  expect(huisbrug('party', 'keys', 'vdab')).toMatchObject({ status: 0 })
  const sign = ['protocol', 'sign', 'ocmw-vdab', '--party', 'vdab', '--key', 'vdab/keys.json']
  expect(huisbrug(...sign).stdout).toContain('vdab accepts ocmw-vdab 1.0.0, dated ')
  expect(huisbrug(...sign).stdout).toContain('nothing changed')
  expect(huisbrug('protocol', 'render', 'ocmw-vdab', '--out', 'x.docx')).toMatchObject({
    status: 2,
  })
}

test('the package installs into an empty folder; its command runs the demo, its kit is typed code', () => {
  const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT)
  expect(packed).toMatchObject({ status: 0, stderr: '' })
  const tarball = packed.stdout.trim().split('\n').at(-1) ?? ''
  writeFileSync(
    join(folder, 'package.json'),
    '{ "name": "partner", "private": true, "type": "module" }',
  )
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', join(folder, tarball)]
  expect(run('npm', install)).toMatchObject({ status: 0 })

  expect(run('npx', ['huisbrug', '--help']).stdout).toContain('Usage: huisbrug')
  const demo = run('npx', [
    'huisbrug',
    'demo',
    '--exit',
    '--json',
    '--population',
    '200',
    // Not the usual one, which another suite's demo may take at the same moment.
    '--port',
    '18099',
    '--data',
    join(folder, 'demo'),
  ])
  expect(demo).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(demo.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    auditVerified: true,
    nationalNumbersLeaked: 0,
  })

  writeFileSync(
    join(folder, 'partner.js'),
    `import { createClient, generateKeyPair, toJwks } from 'huisbrug/client'
     const pair = await generateKeyPair()
     const client = createClient({ gateway: 'http://127.0.0.1:1', partyId: 'me', privateKey: pair.privateKey })
     process.stdout.write(typeof client.detect + ' ' + toJwks(pair).keys.length)`,
  )
  expect(run('npx', ['node', 'partner.js'])).toEqual({
    status: 0,
    stdout: 'function 1',
    stderr: '',
  })

  writeFileSync(
    join(folder, 'register.js'),
    `import { RegisterStore, evaluateWith, openRows, prepareRegister } from 'huisbrug/register'
     const store = new RegisterStore('./register')
     store.close()
     process.stdout.write([evaluateWith, openRows, prepareRegister].map(one => typeof one).join())`,
  )
  expect(run('npx', ['node', 'register.js'])).toEqual({
    status: 0,
    stdout: 'function,function,function',
    stderr: '',
  })
  tryProtocolCommands()
}, 600_000)
