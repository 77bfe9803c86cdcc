import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let folder: string

function run(command: string, args: string[], cwd = folder) {
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr: status === 0 ? '' : stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-package-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

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
    '400',
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
}, 300_000)
