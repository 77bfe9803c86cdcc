import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findForbidden } from '../attack/forbidden.ts'
import { SAMPLE_DIR } from '../protocol/sample.ts'
import { runProtocolHere } from '../support/command-here.ts'
import { openDomain, TODAY } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const NUMBER = syntheticNumber(88_888)
const GROUPS = /(\d\d)(\d\d)(\d\d)(\d\d\d)(\d\d)/
const FORMS = ['$1$2$3$4$5', '$1.$2.$3-$4.$5', '$1 $2 $3 $4 $5', '$1-$2-$3-$4-$5', '$1$2$3 $4 $5']
const WRITTEN = FORMS.map(form => NUMBER.replace(GROUPS, form))

let folder: string
let gateway: TestGateway

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-explain-'))
  gateway = await testGateway()
  await openDomain(gateway)
})
afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

function message(changes: Record<string, unknown> = {}) {
  return {
    protocol: 'wm-vdab',
    purpose: 'detection',
    nonce: 'q0v3hN1yT5uWmJx8sKfZ2bRcLpDgEaYiOwQtUzXn6VM',
    referenceDate: TODAY,
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
    tenants: [{ insz: WRITTEN[1], tenantRef: 'WB-1', tenantGround: 'art-6.1-1-a' }],
    ...changes,
  }
}

function file(content: unknown, name = 'message.json'): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const here = { HUISBRUG_PROTOCOLS_DIR: SAMPLE_DIR, HUISBRUG_DATA_DIR: '/nonexistent/huisbrug' }
const explain = (...args: string[]) => runProtocolHere(['explain', ...args], here)
const DETECTION = ['--type', 'detection.request', '--party', 'woonboog']

test('a message that passes: exit 0, a tick for each check, the article in Dutch', async () => {
  const { code, stdout, stderr } = await explain(file(message()), ...DETECTION, '--assume-signed')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('✓ passes: detection.request under wm-vdab 1.0.0')
  expect(stdout).toContain('artikel 7 (Berichten): Vraag om opsporing, doeleinden')
  expect(stdout).toContain('ASSUMED: every party signed')
  expect(stdout).not.toContain('✗')
})

test('one that does not: exit 1, what to change, where it stops', async () => {
  const path = file(message({ purpose: 'marketing' }))
  const { code, stdout } = await explain(path, ...DETECTION, '--assume-signed')
  expect(code).toBe(1)
  expect(stdout).toContain('✗ would be refused: detection.request')
  expect(stdout).toContain('HB-311')
  expect(stdout).toContain('Name one of: detection.')
  expect(stdout).toMatch(/✗ the purpose is listed +HB-311: artikel 7 \(Berichten\)/)
  expect(stdout).toMatch(/· every field is listed +not-reached/)
})

test('without a database no signature counts, and it says so', async () => {
  const { code, stdout } = await explain(file(message()), ...DETECTION)
  expect(code).toBe(1)
  expect(stdout).toContain('Signatures were not checked')
  expect(stdout).toContain('HB-304')
})

test('another day is asked about, and --json gives the reply of the interface', async () => {
  const path = file(message({ referenceDate: '2027-02-01' }))
  const at = ['--at', '2027-02-03', '--assume-signed', '--json']
  const { code, stdout } = await explain(path, ...DETECTION, ...at)
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { passes: true, at: '2027-02-03T12:00:00.000Z', protocol: { id: 'wm-vdab' } },
  ])
})

test('the general form says its type itself', async () => {
  const items = [{ tenantRef: 'WB-1', endedOn: TODAY }]
  const { tenants: _, targetGroup: __, referenceDate: ___, ...base } = message()
  const path = file({ ...base, type: 'tenancy.ended', purpose: 'stopping', items })
  const { code, stdout } = await explain(path, '--party', 'woonboog', '--assume-signed')
  expect([code, stdout.split('\n')[0]]).toEqual([
    0,
    '✓ passes: tenancy.ended under wm-vdab 1.0.0, to vdab (client-file), purpose stopping',
  ])
})

test.each([
  ['no such file', ['/nonexistent.json', ...DETECTION]],
  ['no party', ['/nonexistent.json', '--type', 'detection.request']],
  ['an unknown option', ['/nonexistent.json', ...DETECTION, '--what']],
  ['a day that is none', ['-', ...DETECTION, '--at', 'tomorrow']],
  ['a gateway without a key', ['-', ...DETECTION, '--url', 'http://127.0.0.1:1']],
])('wrong use: %s', async (_, args) => {
  const { code, stdout } = await typed(`{"a":"${NUMBER}"}`, args)
  expect([code, stdout]).toEqual([2, ''])
})

test.each([
  ['not JSON', `{"insz":"${NUMBER}"`],
  ['no object', `["${NUMBER}"]`],
  ['over 1 MiB', JSON.stringify({ a: 'x'.repeat(1024 * 1024), insz: NUMBER })],
  ['nested too deep', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
])('a file that is %s is wrong use, and nothing of it is printed', async (_, content) => {
  const { code, stdout, stderr } = await explain(file(content), ...DETECTION)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^huisbrug: the message /)
  expect(stderr).not.toContain(NUMBER)
})

/** The command with this on its standard input. */
async function typed(text: string, args: string[], settings: Record<string, string> = here) {
  const env = { ...process.env, NODE_OPTIONS: '', ...settings }
  const child = spawn(process.execPath, [CLI, 'protocol', 'explain', ...args], { env })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(text)
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

test('it reads standard input, and no form of a number is printed', async () => {
  const forms = [...WRITTEN, Number(NUMBER)]
  const tenants = forms.map(insz => ({ insz, tenantRef: `WB ${insz}`, [`x ${insz}`]: insz }))
  const names = Object.fromEntries(forms.map(form => [String(form), form]))
  const text = JSON.stringify(message({ tenants, purpose: WRITTEN[2], ...names }))
  for (const more of [[], ['--json']]) {
    const args = ['-', ...DETECTION, '--assume-signed', ...more]
    const { code, stdout, stderr } = await typed(text, args)
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toContain('HB-402')
    for (const form of WRITTEN) expect(stdout).not.toContain(form)
  }
})

test('a gateway is asked with the key of the party, and never sees a number', async () => {
  const key = file(gateway.keys.woonboog.privateKey, 'key.json')
  const tenants = WRITTEN.map((insz, index) => ({
    ...{ insz, tenantRef: `WB-${index}` },
    tenantGround: 'art-6.1-1-a',
  }))
  const asked = ['--url', gateway.url, '--key', key]
  const good = await explain(file(message({ tenants })), ...DETECTION, ...asked)
  expect([good.code, good.stderr]).toEqual([0, ''])
  expect(good.stdout).toContain('to vdab (client-file)')
  expect(good.stdout).toMatch(/\? number of items in a day .*\n.*of 20000 items/)
  // Three of the forms are none that the gateway takes.
  expect(good.stdout.match(/no valid national number/g)).toHaveLength(3)
  const spoilt = message({
    tenants: [{ ...tenants[0], tenantRef: `x${WRITTEN[2]}`, reason: NUMBER }],
  })
  const bad = await explain(file(spoilt), ...DETECTION, ...asked, '--json')
  expect(bad.code).toBe(1)
  const codes = JSON.parse(bad.stdout).errors.map((one: { code: string }) => one.code)
  expect(codes).toEqual(expect.arrayContaining(['HB-312', 'HB-402']))
  expect(await findForbidden(gateway, WRITTEN, [])).toEqual([])
})

test('a gateway that does not know the key, or is not there, is a failure that says so', async () => {
  const key = file(gateway.keys.leefgoed.privateKey, 'other.json')
  const refused = await explain(file(message()), ...DETECTION, '--url', gateway.url, '--key', key)
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain('HB-108')
  const gone = ['--url', 'http://127.0.0.1:1', '--key', key]
  const absent = await explain(file(message()), ...DETECTION, ...gone)
  expect([absent.code, absent.stdout]).toEqual([1, ''])
})
