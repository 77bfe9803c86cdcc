import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
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
import { promisify } from 'node:util'
import { exportJWK, type JWK } from 'jose'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { type Annex1, toJwks } from '../../src/client/index.ts'
import { RegisterStore } from '../../src/client/register-store.ts'
import { accedeWithQuota } from '../published-keys/quota.ts'
import { COUNTS } from '../reports/counts.ts'
import { detection, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { type Outcome, run, startCommand } from './run-partner.ts'

const DOMAIN = 'wm-vdab/1/1'
let gateway: TestGateway
let folder: string
let logKey: string

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
  const { keys, config } = gateway.context
  logKey = await loadLogVerifierKey(keys, config.logOrigin)
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-partner-'))
  for (const party of ['woonboog', 'vdab'] as const) writeProfile(party, { logKey })
  await accedeWithQuota(gateway, 'woonboog', { registerSize: 10, dailyAllowance: 2 })
  await until('the keys are published', async () => {
    const { items } = await gateway.clients.vdab.domains()
    return items.length === 2 && items.every(({ published }) => published)
  })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = 0
  await gateway?.close()
})

/** A settings file with the keys beside it, as `partner init` makes one. */
function writeProfile(party: PartyId, more: object = {}): string {
  const file = join(folder, `${party}.json`)
  writeFileSync(join(folder, `${party}-keys.json`), JSON.stringify(gateway.keys[party]))
  const settings = { gateway: `${gateway.url}/`, party, keyFile: `${party}-keys.json` }
  const dataDir = `${party}-data`
  writeFileSync(file, JSON.stringify({ ...settings, protocol: 'wm-vdab', dataDir, ...more }))
  return file
}

/** As this party: what it says as JSON, after a good end. */
async function ask(party: PartyId, ...args: string[]) {
  const { exit, out, err } = await as(party, ...args, '--json')
  expect([exit, err]).toEqual([0, ''])
  return JSON.parse(out)
}

function as(party: PartyId, ...args: string[]): Promise<Outcome> {
  return run(...args, '--profile', join(folder, `${party}.json`))
}

function register(name: string, people: number, ...more: string[]): string {
  const file = join(folder, name)
  const numbers = Array.from({ length: people }, (_, n) => `${syntheticNumber(n)};CF-${n}`)
  writeFileSync(file, ['INSZ;referentie', ...numbers, ...more].join('\r\n'))
  return file
}

test('who starts makes keys and settings in one go, and is told what is wrong until it is right', async () => {
  const file = join(folder, 'new', 'huisbrug-partner.json')
  const keys = join(folder, 'new', 'keys')
  const init = ['init', '--party', 'starter', '--file', file, '--folder', keys, '--encryption']
  const made = await run(...init, '--url', gateway.url)
  expect([made.exit, made.err]).toEqual([0, ''])
  expect(made.out).toContain(`Hand ${join(keys, 'jwks.json')} to the operator`)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    gateway: gateway.url,
    party: 'starter',
    keyFile: 'keys/keys.json',
    encryptionKeysFile: 'keys/encryption-keys.json',
  })
  expect(statSync(join(keys, 'keys.json')).mode & 0o777).toBe(0o600)
  expect((await run(...init, '--url', gateway.url)).err).toMatch(/is there already/)

  const unknown = await run('sign-in', '--profile', file)
  expect([unknown.exit, unknown.err]).toEqual([1, expect.stringMatching(/^HB-10\d .+\n {2}/)])
  const set = JSON.parse(readFileSync(join(keys, 'jwks.json'), 'utf8'))
  const named = { id: 'starter', kind: 'housing-company', name: 'S', kbo: '0999000525' } as const
  await gateway.context.parties.add({ ...named, jwks: { set } })
  const signedIn = await run('sign-in', '--profile', file)
  expect([signedIn.exit, signedIn.out]).toEqual([0, expect.stringContaining('detections:write')])
})

test.each(['ec', 'rsa'] as const)(
  'a party whose key is no Ed25519 (%s) signs in and sends',
  async kind => {
    const options = kind === 'ec' ? { namedCurve: 'P-256' } : { modulusLength: 2048 }
    const pair = generateKeyPairSync(kind as 'ec', options as { namedCurve: string })
    const publicKey = (await exportJWK(pair.publicKey)) as JWK
    const file = join(folder, `${kind}.pem`)
    writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const kbo = kind === 'ec' ? '0999000624' : '0999000723'
    const set = toJwks({
      publicKey: { ...publicKey, kid: 'own', use: 'sig' },
      privateKey: {} as JWK,
    })
    const party = { id: kind, kind: 'housing-company' as const, name: kind, kbo }
    await gateway.context.parties.add({ ...party, jwks: { set } })
    const who = ['--url', gateway.url, '--party', kind, '--key', file, '--kid', 'own']
    expect(await run('sign-in', ...who)).toMatchObject({ exit: 0, err: '' })
    expect(await run('inbox', ...who)).toMatchObject({ exit: 0, out: 'Nothing waits.\n' })
  },
)

test('a setting that is missing or wrong is wrong use, named with where to say it', async () => {
  const profile = join(folder, 'wrong.json')
  const wrongs: [object | string, string[], RegExp][] = [
    [{}, [], /no gateway: give --url, set HUISBRUG_GATEWAY_URL/],
    [{ gateway: gateway.url }, [], /no party: give --party/],
    [{ gateway: gateway.url, party: 'x' }, [], /no keyFile: give --key/],
    [{ gateway: 'ftp://x' }, ['--party', 'x'], /must be an address/],
    [{ gatewayUrl: 'x' }, [], /no setting "gatewayUrl"; there are: gateway,party/],
    [{ dpop: 'yes' }, [], /dpop must be boolean/],
    ['{', [], /is not JSON/],
    [{ gateway: gateway.url, party: 'x', keyFile: 'none.json' }, [], /cannot be read/],
  ]
  for (const [content, more, reason] of wrongs) {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(profile, text)
    const { exit, err } = await run('sign-in', '--profile', profile, ...more)
    expect([exit, err]).toEqual([2, expect.stringMatching(reason)])
  }
  for (const option of [
    ['--every', 'x'],
    ['--every', '0'],
    ['--wait', 'never'],
  ])
    expect((await as('woonboog', 'message', 'msg_1', ...option)).exit).toBe(1)
  const away = ['--url', 'http://127.0.0.1:1', '--party', 'woonboog']
  const started = await as('woonboog', 'protocols', ...away)
  expect(started).toMatchObject({ exit: 1, err: expect.stringContaining('ECONNREFUSED): Check') })
}, 60_000)

test('a register is prepared blindly; Ctrl-C loses nothing, the second run goes on, bad lines are named', async () => {
  const file = register('clients.csv', 200, '85010100106;CF-x')
  const running = as(
    'vdab',
    'register',
    'prepare',
    file,
    '--domain',
    DOMAIN,
    '--batch',
    '2',
    '--json',
  )
  const people = () => {
    const name = join(folder, 'vdab-data', 'register', encodeURIComponent(`${DOMAIN}.people`))
    return statSync(name, { throwIfNoEntry: false })?.size ?? 0
  }
  await until('some are prepared', () => people() > 5_000)
  process.emit('SIGINT')
  const interrupted = await running
  const [first] = JSON.parse(interrupted.out).domains
  expect(interrupted.exit).toBe(130)
  expect(first).toMatchObject({ stopped: 'interrupted', reported: false, held: first.added })
  expect(first.added).toBeGreaterThan(10)
  expect(first.added).toBeLessThan(200)

  const again = await as('vdab', 'register', 'prepare', file, '--domain', DOMAIN)
  expect([again.exit, again.err]).toEqual([0, ''])
  expect(again.out).toContain(
    `${DOMAIN}: 200 people prepared (${200 - first.added} new, ${first.added} known before, 1 left out)`,
  )
  expect(again.out).toContain('no valid national number in line 202')
  expect(again.out).toContain('reported ready')
  expect(again.out).not.toContain('85010100106')
  const { items } = await ask('vdab', 'register', 'status')
  expect(items.find((it: { domain: string }) => it.domain === DOMAIN)?.state).toBe('current')
  const files = readdirSync(join(folder, 'vdab-data', 'register'))
  expect(files).not.toContain('lock')
})

test('without the key of the log nothing is prepared; a quota that is used up says when to go on', async () => {
  const file = register('few.csv', 15)
  writeProfile('leefgoed')
  const without = await as('leefgoed', 'register', 'prepare', file)
  expect([without.exit, without.err]).toEqual([2, expect.stringContaining('huisbrug audit key')])
  const foreign = `${logKey.slice(0, -6)}AAAAAA`
  const doubted = await as('vdab', 'register', 'prepare', file, '--log-key', foreign)
  expect([doubted.exit, doubted.out]).toEqual([1, ''])
  const { exit, out } = await as(
    'woonboog',
    'register',
    'prepare',
    file,
    '--domain',
    'subject',
    '--json',
  )
  const [subject] = JSON.parse(out).domains
  expect(exit).toBe(1)
  expect(subject).toMatchObject({ stopped: 'quota-used-up', retryAt: expect.any(String) })
  expect(subject.held).toBeGreaterThanOrEqual(10)
  expect(subject.held).toBeLessThan(15)
  const missing = await as('woonboog', 'register', 'prepare', file, '--domain', 'none/1/1')
  expect([missing.exit, missing.err]).toEqual([2, expect.stringContaining('there are: ')])
})

test('a message is followed to the end, with a receipt that is checked', async () => {
  const { woonboog } = gateway.clients
  const { messageId } = await woonboog.detect(detection(tenants(0, 3)))
  const followed = await as('woonboog', 'message', messageId, '--wait', '--every', '0.05')
  expect(followed.exit).toBe(0)
  expect(followed.out).toMatch(/detection\.request {2}wm-vdab {2}delivered\n {2}items: accepted 3/)
  expect(followed.err).toMatch(/Z {2}delivered\n$/)
  const state = await ask('woonboog', 'message', messageId)
  expect(state).toEqual(await woonboog.message(messageId))

  const out = join(folder, 'receipt.jws')
  const { receipt, claims } = await ask('woonboog', 'receipt', messageId, '--out', out)
  expect(readFileSync(out, 'utf8')).toBe(receipt)
  expect(claims).toMatchObject({ messageId, sub: 'woonboog', decision: 'accepted' })
  const other = await as('woonboog', 'message', 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD', '--json')
  expect(JSON.parse(other.out).refused).toMatchObject({
    status: 404,
    code: expect.stringMatching(/^HB-/),
  })
  expect([other.exit, other.err]).toEqual([1, expect.stringContaining('\n  ')])
})

test('as a program: the version, wrong use is 2, Ctrl-C is 130 with what is known by then', async () => {
  const start = (...args: string[]) => startCommand(folder, ...args)
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(30, 1)))
  await until('it is delivered', async () => {
    return (await gateway.clients.woonboog.message(messageId)).state === 'delivered'
  })
  const version = start('--version')
  const wrong = start('partner', 'sign-in', '--party', 'woonboog')
  const wait = ['--wait', 'answered', '--every', '3600', '--profile', 'woonboog.json']
  const waiting = start('partner', 'message', messageId, ...wait)
  expect((await version.end).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(await wrong.end).toMatchObject({ exit: 2, err: expect.stringContaining('no gateway') })
  await until('it waits', () => waiting.said.err.includes('delivered'))
  waiting.child.kill('SIGINT')
  const { exit, out } = await waiting.end
  expect([exit, out]).toEqual([130, expect.stringContaining(`${messageId}  detection.request`)])
})

test('feedback waits in the inbox, is taken, followed up and closed; each command again is the same', async () => {
  await gateway.clients.woonboog.detect(detection(tenants(10, 2)))
  const file = join(folder, 'not-reached.csv')
  const line = (person: number, word: string) => `${syntheticNumber(person)};${word};${TODAY}`
  writeFileSync(file, `INSZ;bereik;op\n${line(10, 'not-reached')}\n${line(11, 'somewhere')}\n`)
  const wrong = await as('vdab', 'feedback', file)
  expect([wrong.exit, wrong.err]).toEqual([2, expect.stringContaining('in line 3')])
  expect(wrong.err).not.toContain(syntheticNumber(11))
  const words = [
    line(10, 'not-reached'),
    line(11, 'Moeilijk bereikbaar'),
    line(5_000, 'niet bereikt'),
  ]
  writeFileSync(file, ['INSZ;bereik;op', ...words].join('\r\n'))
  const sent = await as('vdab', 'feedback', file)
  expect([sent.exit, sent.out]).toEqual([
    1,
    expect.stringMatching(/^2 taken, 1 not\n {2}line 4 {2}not-prepared {2}Prepare/),
  ])
  expect((await as('vdab', 'feedback', file)).out).toBe(sent.out)
  const { items } = await until('both are there', async () => {
    const page = await ask('woonboog', 'inbox', '--limit', '10')
    return page.items.length === 2 && page
  })
  const told = await as('woonboog', 'inbox')
  expect(told.out).toContain('be.huisbrug.feedback.reachability')
  expect(told.out).toContain(`huisbrug partner ack ${items[1].id}`)
  expect(await ask('woonboog', 'ack', items[1].id)).toMatchObject({ acknowledged: 2 })
  expect((await as('woonboog', 'inbox')).out).toBe('Nothing waits.\n')
  expect((await ask('woonboog', 'deliveries')).items[0].state).toBe('delivered')

  const { feedbackId } = items[0].data
  const step = ['progress', feedbackId, '--status', 'taken-up', '--on', TODAY]
  const taken = await ask('woonboog', ...step)
  expect(await ask('woonboog', ...step)).toEqual(taken)
  await ask('woonboog', 'progress', feedbackId, '--status', 'closed')
  expect((await as('woonboog', 'progress', feedbackId)).exit).toBe(1)
  const foreign = await as('leefgoed', 'progress', feedbackId, '--status', 'closed')
  expect([foreign.exit, foreign.err]).toEqual([1, expect.stringMatching(/^HB-506 /)])
})

test('ended tenancies: every line is read first, nothing is sent where one is wrong, again is the same', async () => {
  const { accepted } = await gateway.clients.woonboog.detect(detection(tenants(20, 3)))
  expect(accepted).toBe(3)
  const refs = tenants(20, 3).map(({ tenantRef }) => tenantRef)
  const file = join(folder, 'ended.csv')
  writeFileSync(file, `tenantRef;endedOn\n${refs[0]};${TODAY}\n${refs[1]};gisteren\n;;\n`)
  const wrong = await as('woonboog', 'tenancy-ended', '--file', file)
  expect([wrong.exit, wrong.err]).toEqual([2, expect.stringContaining('in line 3, 4')])
  writeFileSync(file, `tenantRef;endedOn\r\n"${refs[0]}";${TODAY}\r\n${refs[1]},${TODAY}\r\n`)
  const ended = await ask('woonboog', 'tenancy-ended', '--file', file)
  expect(ended).toMatchObject({ accepted: 2, refused: [] })
  expect(await ask('woonboog', 'tenancy-ended', '--file', file)).toEqual(ended)
  const some = await as('woonboog', 'tenancy-ended', String(refs[2]), 'WB-none', '--on', TODAY)
  expect([some.exit, some.out]).toEqual([
    1,
    expect.stringMatching(/^1 taken, 1 refused\n {2}WB-none {2}HB-/),
  ])
  expect((await as('woonboog', 'tenancy-ended', 'WB-1')).err).toContain('--on is needed')
})

test('detect --blind sends a sheet without national numbers: the same tags, from the own quota, once', async () => {
  await accedeWithQuota(gateway, 'leefgoed', { registerSize: 10, dailyAllowance: 2 })
  writeProfile('leefgoed', { logKey })
  const file = join(folder, 'tenants.csv')
  const people = tenants(50, 4)
  const rows = people.map(({ insz, tenantRef }) => `${insz};${tenantRef};a`)
  writeFileSync(file, ['Rijksregisternummer;Referentie;Grond', ...rows].join('\n'))
  const detect = ['detect', file, '--blind', '--yes', '--profile', 'leefgoed.json', '--json']
  const first = await startCommand(folder, ...detect).end
  expect(JSON.parse(first.out)).toMatchObject({ rows: 4, accepted: 4 })
  expect([first.exit, first.err]).toEqual([0, ''])
  const { items } = await gateway.clients.leefgoed.domains()
  expect(items.find(({ domain }) => domain === DOMAIN)?.quotaLeft).toBe(8)
  const store = new RegisterStore(join(folder, 'leefgoed-data', 'pseudonyms'))
  const item = items.find(({ domain }) => domain === DOMAIN)
  store.openDomain(DOMAIN, Buffer.from(String(item?.publicKey), 'base64url'))
  const tags = people.map(({ insz }) => store.findByNumber(DOMAIN, insz)?.tag)
  store.close()
  const { rows: found } = await gateway.db.pool.query(
    'SELECT tag FROM detection_row WHERE tag = ANY($1)',
    [tags],
  )
  expect(found).toHaveLength(4)
  const again = await startCommand(folder, ...detect).end
  expect(JSON.parse(again.out)).toMatchObject({ accepted: 0, earlier: 4 })
})

test('the program of docs/kit.md runs as it stands there', async () => {
  const page = readFileSync(new URL('../../docs/kit.md', import.meta.url), 'utf8')
  const program = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).join('\n')
  expect(program).toContain('webhookListener')
  const own = join(folder, 'program')
  mkdirSync(join(own, 'keys'), { recursive: true })
  writeFileSync(join(own, 'keys/keys.json'), JSON.stringify(gateway.keys.leefgoed))
  const kit = new URL('../../src/client/index.ts', import.meta.url).href
  const ending = 'server.close()\nawait seen.close()\nconsole.log(scope.includes("inbox:read"))\n'
  const code = program.replaceAll("'huisbrug/client'", `'${kit}'`).replace('woonboog', 'leefgoed')
  writeFileSync(join(own, 'program.mjs'), `${code}\n${ending}`)
  const { NODE_OPTIONS: _, ...others } = process.env
  const env = { ...others, HUISBRUG_GATEWAY_URL: gateway.url, WEBHOOK_SECRET: 'whsec_AAAA' }
  const said = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: own, env }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
  expect(said).toMatch(/^(queued|delivered) \{.+^accepted [\w-]{43}\ntrue$/ms)
})

test('Annex 1, the month, the list of protocols and the webhook', async () => {
  const file = join(folder, 'counts.json')
  writeFileSync(file, JSON.stringify(COUNTS satisfies Annex1))
  const taken = await as('woonboog', 'annex-1', file)
  expect(taken.out).toMatch(/^Annex 1 of 2026-09-30 is taken: msg_/)
  expect((await as('woonboog', 'annex-1', file)).out).toBe(taken.out)
  writeFileSync(file, JSON.stringify({ ...COUNTS, checked: 101 }))
  const refused = await as('woonboog', 'annex-1', file)
  expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('/checked  checked <=')])
  expect((await ask('woonboog', 'annex-1')).items).toHaveLength(1)

  expect(await ask('woonboog', 'close-period', PERIOD)).toMatchObject({ period: PERIOD })
  const protocols = await as('woonboog', 'protocols')
  expect(protocols.out).toMatch(/^wm-vdab {2}1\.0\.0 {2}framework {2}active {2}/m)

  const { url } = gateway.hooks.woonboog
  const set = await ask('woonboog', 'webhook', 'set', `${url}/webhook`)
  expect(set.secret).toMatch(/^whsec_/)
  expect((await as('woonboog', 'webhook', 'show')).out).not.toContain('whsec_')
  const { deliveryId } = await ask('woonboog', 'webhook', 'test')
  await until('the test arrived', () =>
    gateway.hooks.woonboog.received.some(({ body }) => body['id'] === deliveryId),
  )
  expect((await as('woonboog', 'webhook', 'rotate')).out).toContain('the former secret signs too')
  expect(await ask('woonboog', 'webhook', 'remove')).toEqual({ removed: true })
  expect(await ask('woonboog', 'retry')).toMatchObject({ retried: 0 })
})
