import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { type Opened, partyCommand } from '../../src/cli/party.ts'
import { tokenCommand } from '../../src/cli/token.ts'
import { readConfig } from '../../src/config.ts'
import { LocalKeys } from '../../src/pseudonym/evaluator.ts'
import {
  type Bench,
  claimsOf,
  entriesOf,
  forge,
  formOf,
  jwksOf,
  KBO,
  makeKey,
  openBench,
  PUBLIC_URL,
  SILENT,
  signAssertion,
} from './support.ts'

const KEY = makeKey('key-1')
const RSA = makeKey('key-2', 'PS256')
let bench: Bench
let folder: string
let closed: number

async function start(): Promise<void> {
  bench = await openBench()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-cli-'))
  closed = 0
}

async function stop(): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  await bench.close()
}

interface Outcome {
  exit: number
  out: string
  err: string
}

// As src/cli.ts does it: a thrown error is the reason of exit 1, commander's own is wrong use.
async function run(command: Command, args: string[]): Promise<Outcome> {
  const outcome: Outcome = { exit: 0, out: '', err: '' }
  prepare(command, outcome)
  await command.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    outcome.exit = error instanceof CommanderError ? 2 : 1
    if (outcome.exit === 1) outcome.err += error.message
  })
  return outcome
}

function prepare(command: Command, outcome: Outcome): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: text => {
      outcome.out += text
    },
    writeErr: text => {
      outcome.err += text
    },
  })
  for (const sub of command.commands) prepare(sub, outcome)
}

async function open(): Promise<Opened> {
  const { db, keys } = bench
  const config = readConfig({ HUISBRUG_ALLOW_LOOPBACK: 'true' })
  const close = async () => {
    closed += 1
  }
  return { pool: db.pool, keys, evaluator: new LocalKeys(keys), config, log: SILENT, close }
}

function party(...args: string[]): Promise<Outcome> {
  return run(partyCommand(open), args)
}

function fileOf(name: string, content: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function addArgs(jwks: string, ...more: string[]): string[] {
  const identity = ['--id', 'woonboog', '--kind', 'housing-company', '--name', 'Woonboog']
  return ['add', ...identity, '--kbo', '0123.456.749', '--jwks', jwks, ...more]
}

describe('huisbrug party', () => {
  beforeEach(start)
  afterEach(stop)

  test('add registers from a key file and prints aligned lines', async () => {
    const result = await party(...addArgs(fileOf('keys.json', jwksOf(KEY, RSA))))
    expect(result).toMatchObject({ exit: 0, err: '' })
    expect(result.out.replace(/since \S+Z/g, 'since then').split('\n')).toEqual([
      'Registered woonboog',
      '  name   Woonboog',
      '  kind   housing-company',
      `  KBO    ${KBO}`,
      '  state  active',
      '  key    key-1  signing  EdDSA, Ed25519  since then  never used',
      '  key    key-2  signing  PS256  since then  never used',
      '',
    ])
    expect(closed).toBe(1)
    expect((await bench.parties.find('woonboog'))?.name).toBe('Woonboog')
  })

  test('add --json takes every option and shows the webhook secret once', async () => {
    const options = ['--webhook', 'https://hook.example/e', '--base-url', 'https://api.example']
    const file = fileOf('keys.json', jwksOf(KEY))
    const rest = ['--token-url', 'https://api.example/token', '--json']
    const added = JSON.parse((await party(...addArgs(file, ...options, ...rest))).out)
    expect(added).toMatchObject({
      id: 'woonboog',
      kbo: KBO,
      baseUrl: 'https://api.example',
      tokenUrl: 'https://api.example/token',
      webhook: { url: 'https://hook.example/e' },
      webhookSecret: expect.stringMatching(/^whsec_/),
      keys: [{ kid: 'key-1' }],
      warnings: [],
    })
    const shown = await party('show', 'woonboog', '--json')
    expect(JSON.parse(shown.out)).toMatchObject({
      id: 'woonboog',
      webhook: { url: 'https://hook.example/e' },
    })
    expect(shown.out).not.toContain('whsec_')
  })

  test('add takes the address of a key set, and warns where it does not answer yet', async () => {
    const server = createServer((_request, response) => response.end(JSON.stringify(jwksOf(KEY))))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
    const answered = await party(...addArgs(url))
    expect(answered).toMatchObject({ exit: 0, err: '' })
    expect(answered.out).toContain(`key set  ${url}`)
    expect(answered.out).toContain('key-1')
    await new Promise(resolve => server.close(resolve))
    const silent = await party('rotate', 'woonboog', '--jwks', url)
    expect(silent.exit).toBe(0)
    expect(silent.err).toMatch(/^Warning: the key set address does not answer yet/)
  })

  test('a refusal exits 1 with the reason, in JSON too, and closes what it opened', async () => {
    const file = fileOf('private.json', { keys: [{ ...KEY.jwk, d: 'zeer-geheim' }] })
    const refused = await party(...addArgs(file, '--json'))
    expect(refused.exit).toBe(1)
    expect(JSON.parse(refused.out)).toEqual({
      refused: 'jwks',
      reason: expect.stringContaining('private key'),
    })
    expect(refused.err).toMatch(/^key 1 holds a private key/)
    expect(refused.out + refused.err).not.toContain('geheim')
    expect(closed).toBe(1)
  })

  test.each([
    ['a file that is not there', 'none.json'],
    ['a file that is not JSON', 'text.json'],
  ])('%s is refused', async (_name, name) => {
    fileOf('text.json', '-----BEGIN PUBLIC KEY-----')
    const refused = await party(...addArgs(join(folder, name)))
    expect(refused).toMatchObject({ exit: 1, out: '' })
    expect(refused.err).toBe('the key file cannot be read, or is not JSON')
  })

  test('list, rotate, show and disable', async () => {
    await party(...addArgs(fileOf('keys.json', jwksOf(KEY))))
    const listed = await party('list')
    expect(listed.out.split('\n').slice(0, 2)).toEqual([
      'id        kind             KBO         state   name',
      `woonboog  housing-company  ${KBO}  active  Woonboog`,
    ])
    const next = fileOf('next.json', jwksOf(RSA))
    const rotated = await party('rotate', 'woonboog', '--jwks', next, '--overlap', '2', '--json')
    const keys: { kid: string; until?: string }[] = JSON.parse(rotated.out).keys
    expect(keys.map(key => [key.kid, key.until !== undefined])).toEqual([
      ['key-2', false],
      ['key-1', true],
    ])
    expect((await party('show', 'woonboog')).out).toMatch(
      /key-1 {2}signing {2}EdDSA, Ed25519 {2}since \S+ {2}never used {2}until 20/,
    )
    expect((await party('disable', 'woonboog')).out).toBe(
      'Disabled woonboog: it may do nothing from now on\n',
    )
    expect((await party('list')).out).toContain('disabled since')
    const listedJson = JSON.parse((await party('list', '--json')).out)
    expect(listedJson.items).toMatchObject([{ id: 'woonboog', disabledAt: expect.any(String) }])
    expect(await entriesOf(bench.db.pool, 'party.disabled')).toHaveLength(1)
  })

  test('contacts, networks and the end of keys: given, shown, changed, warned of', async () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toJSON().slice(0, 10)
    const desk = 'technical: Servicedesk, ict@woonboog.example, +32 3 212 34 56'
    const reach = [
      '--contact',
      desk,
      '--allow-network',
      '10.1.2.0/24',
      '--allow-network',
      'fd12::/48',
    ]
    const base = ['--base-url', 'https://10.1.2.3/api', '--token-url', 'https://[fd12::1]/token']
    const file = fileOf('keys.json', jwksOf(KEY))
    bench.clock.pass(Date.now() - bench.clock.now().getTime())
    const added = await party(...addArgs(file, ...reach, ...base, '--expires', day(9)))
    expect(added).toMatchObject({ exit: 0, err: '' })
    expect(added.out).toContain(
      'contact    technical: Servicedesk, ict@woonboog.example, +3232123456',
    )
    expect(added.out).toContain('networks   10.1.2.0/24, fd12::/48')
    expect(added.out).toContain(`until ${day(9)}T23:59:59.000Z`)
    const listed = await party('list')
    expect(listed.err).toMatch(/^Warning: the keys of woonboog end at /)
    expect(listed.out).toContain(`end ${day(9)}`)
    const [item] = JSON.parse((await party('list', '--json')).out).items
    expect(item).toMatchObject({
      networks: ['10.1.2.0/24', 'fd12::/48'],
      keysEnd: `${day(9)}T23:59:59.000Z`,
    })
    const changed = await party('change', 'woonboog', '--no-networks', '--no-contacts', '--json')
    expect(changed.err.match(/Warning: the (base|token) URL is in a network/g)).toHaveLength(2)
    expect(JSON.parse(changed.out)).toMatchObject({ networks: [], contacts: [] })
    const next = fileOf('next.json', jwksOf(RSA))
    const rotated = await party(
      'rotate',
      'woonboog',
      '--jwks',
      next,
      '--overlap-days',
      '5',
      '--json',
    )
    const ends = JSON.parse(rotated.out).keys.map((key: { until?: string }) =>
      key.until?.slice(0, 10),
    )
    expect(ends).toEqual([undefined, day(5)])
    expect((await party('list')).err).toBe('')
    await party('disable', 'woonboog')
    expect((await party('enable', 'woonboog')).out).toContain('Enabled woonboog')
    expect(await party('enable', 'woonboog')).toMatchObject({ exit: 1 })
  })

  test.each([
    [1, ['change', 'woonboog'], 'say what is to change'],
    [1, ['change', 'woonboog', '--allow-network', '8.8.8.0/24'], 'only private networks'],
    [1, ['change', 'nobody', '--no-networks'], 'there is no party nobody'],
    [2, ['change', 'woonboog', '--no-networks', '--allow-network', '10.0.0.0/8'], 'cannot be used'],
    [2, ['rotate', 'w', '--jwks', 'x', '--overlap', '1', '--overlap-days', '1'], 'cannot be used'],
    [2, ['rotate', 'w', '--jwks', 'x', '--overlap-days', '91'], 'a number of days'],
    [2, ['rotate', 'w', '--jwks', 'x', '--expires', '2027-02-30'], 'give a date'],
    [2, ['rotate', 'w', '--jwks', 'x', '--expires', 'soon'], 'give a date'],
  ])('exit %i: %j', async (exit, args, reason) => {
    await party(...addArgs(fileOf('keys.json', jwksOf(KEY))))
    expect(await party(...args)).toMatchObject({ exit, err: expect.stringContaining(reason) })
  })

  test.each([['show'], ['disable']])('%s of an unknown party exits 1', async command => {
    expect(await party(command, 'nobody')).toMatchObject({
      exit: 1,
      err: 'there is no party nobody',
    })
  })

  test('retries: a schedule of its own, and the usual one again', async () => {
    const file = fileOf('keys.json', jwksOf(KEY))
    const added = await party(...addArgs(file, '--retries', '5,10,24'))
    expect(added.out).toContain('  retries  10 tries over 24 hours, the second after 5 s')
    expect((await bench.parties.show('woonboog')).party.retries).toEqual({
      firstSeconds: 5,
      tries: 10,
      hours: 24,
    })
    expect(await party('retries', 'woonboog', '2,30,1000')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('hours is a number from 0.01 to 336'),
    })
    expect(await party('retries', 'nobody', 'usual')).toMatchObject({ exit: 1 })
    expect(await party('retries', 'woonboog', '1,2')).toMatchObject({ exit: 2 })
    expect(await party('retries', 'woonboog', 'usual')).toMatchObject({
      exit: 0,
      out: 'Retries of woonboog: usual\n',
    })
    expect((await bench.parties.show('woonboog')).party.retries).toBeUndefined()
  })

  test('keys makes a pair that can be registered, keeps it to its owner, never writes over one', async () => {
    const own = join(folder, 'own')
    const made = await party('keys', own, '--json')
    expect(made.exit).toBe(0)
    const { kid, privateFile, publicFile } = JSON.parse(made.out)
    expect(statSync(privateFile).mode & 0o777).toBe(0o600)
    const pair = readFileSync(privateFile, 'utf8')
    expect(JSON.parse(pair).privateKey).toMatchObject({ kid, alg: 'EdDSA', d: expect.any(String) })
    expect(readFileSync(publicFile, 'utf8')).not.toContain('"d"')
    const wrong = await party(...addArgs(privateFile))
    expect(wrong.err).toBe('this is the private key pair: give the jwks.json beside it')
    expect((await party('keys', own)).err).toBe(
      `${privateFile} is there already: give another folder`,
    )
    expect(readFileSync(privateFile, 'utf8')).toBe(pair)
    const added = await party(...addArgs(publicFile).map(arg => (arg === 'woonboog' ? 'own' : arg)))
    expect(added).toMatchObject({ exit: 0, out: expect.stringContaining(kid) })
  })

  test('wrong use is told before anything is opened', async () => {
    const never = partyCommand(() => Promise.reject(new Error('opened')))
    const wrong = await run(never, ['add', '--id', 'x'])
    expect(wrong.err).toContain('required option')
    const kind = await run(
      never,
      addArgs('x').map(arg => (arg === 'housing-company' ? 'bank' : arg)),
    )
    expect(kind.err).toContain('Allowed choices')
    const hours = await run(never, ['rotate', 'x', '--jwks', 'y', '--overlap', 'soon'])
    expect(hours.err).toContain('a number of hours')
    for (const { exit } of [wrong, kind, hours]) expect(exit).toBe(2)
  })
})

describe('huisbrug token debug', () => {
  beforeAll(start)
  afterAll(stop)

  const debug = (jwt: string, ...more: string[]): Promise<Outcome> =>
    run(tokenCommand(bench.clock.now), ['debug', jwt, '--public-url', `${PUBLIC_URL}/`, ...more])

  test('explains a good assertion, with its times, never its signature', async () => {
    const assertion = await signAssertion(
      KEY,
      claimsOf('woonboog', bench.clock.now(), { jti: 'j-1' }),
    )
    const { exit, out, err } = await debug(assertion)
    expect([exit, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^A client assertion\nHeader\n {2}alg {2}"EdDSA"\n {2}kid {2}"key-1"\nClaims\n/,
    )
    expect(out).toContain('2026-03-02T10:01:00.000Z, in 60 s')
    expect(out).toContain('Signature  not checked')
    expect(out).toContain('Nothing else is wrong with it')
    expect(out).not.toContain(assertion.split('.')[2])
  })

  test('names all that is wrong, with code, rule and remedy, and exits 1', async () => {
    const claims = { iss: 'a', sub: 'b', aud: PUBLIC_URL, iat: 1, exp: 4_000_000_000 }
    const { exit, out } = await debug(forge({ alg: 'HS256' }, claims, 'c2lnbmF0dXJl'))
    expect(exit).toBe(1)
    for (const rule of ['alg', 'kid', 'iss, sub', 'aud', 'jti', 'exp - iat']) {
      expect(out).toMatch(new RegExp(`HB-108 {2}.*: ${rule}\n`))
    }
    expect(out).toContain(`Set aud to the token URL and nothing else: ${PUBLIC_URL}/oauth/token`)
    expect(out).not.toContain('c2lnbmF0dXJl')
  })

  test('says of an assertion what the gateway says', async () => {
    await bench.parties.add({
      id: 'woonboog',
      kind: 'housing-company',
      name: 'Woonboog',
      kbo: KBO,
      jwks: { set: jwksOf(KEY) },
    })
    for (const changes of [{ aud: 'x' }, { jti: 7 }, { exp: 1 }, { nbf: 4e9 }, { iat: null }, {}]) {
      const assertion = await signAssertion(KEY, claimsOf('woonboog', bench.clock.now(), changes))
      const told = JSON.parse((await debug(assertion, '--json')).out)
      const refusal = await bench.tokens.issueToken(formOf('woonboog', assertion)).then(
        () => [],
        error => error.reasons,
      )
      expect(told.faults).toEqual(refusal)
    }
  })

  test('explains an access token, also as pasted with its scheme', async () => {
    const iat = Math.floor(bench.clock.now().getTime() / 1000)
    const base = { iss: PUBLIC_URL, aud: PUBLIC_URL, sub: 'w', client_id: 'w', scope: 's', iat }
    const good = await bench.signing.signToken({ ...base, exp: iat + 600 })
    expect(await debug(`Bearer ${good}`)).toMatchObject({
      exit: 0,
      out: expect.stringContaining('An access token'),
    })
    const old = await debug(await bench.signing.signToken({ ...base, exp: iat - 600 }))
    expect(old).toMatchObject({ exit: 1, out: expect.stringContaining('HB-103') })
    expect(old.out).toContain('600 s ago')
    const elsewhere = await debug(
      await bench.signing.signToken({ ...base, aud: 'x', exp: iat + 9 }),
    )
    expect(elsewhere.out).toContain('HB-104')
  })

  test('checks the signature with a key file, here', async () => {
    const assertion = await signAssertion(KEY, claimsOf('woonboog', bench.clock.now()))
    const outcomes = [
      [fileOf('good.json', jwksOf(KEY)), 0, 'fits a key of the file'],
      [fileOf('other.json', jwksOf(makeKey('key-1'))), 1, 'WRONG: not made with the private key'],
      [fileOf('none.json', jwksOf(RSA)), 1, 'WRONG: the file has no key'],
    ] as const
    for (const [file, exit, text] of outcomes) {
      const result = await debug(assertion, '--jwks', file)
      expect([result.exit, result.out]).toEqual([exit, expect.stringContaining(text)])
    }
    const broken = await debug(assertion, '--jwks', fileOf('broken.json', 'x'))
    expect(broken).toMatchObject({ exit: 1, err: expect.stringContaining('is not JSON') })
  })

  test.each(['x', 'a.b', '', 'e30.W10.x', 'a.b.c.d.e'])('%j is no JWT: exit 1', async jwt => {
    const result = await debug(jwt)
    expect(result).toMatchObject({ exit: 1, out: '' })
    expect(result.err).toContain('not a signed JWT')
  })

  test('codes for the terminal in a token are shown, not obeyed', async () => {
    const jwt = forge(
      { alg: 'EdDSA', '\u001b[2J': 1 },
      { sub: '\u001b]0;x\u0007\u009b31m\u202e' },
      'AAAA',
    )
    const { out } = await debug(jwt)
    expect(out).toContain('\\u001b]0;x\\u0007\\u009b31m\\u202e')
    const shown = [...out].filter(char => char !== '\n')
    expect(shown.every(char => char >= ' ' && char <= '~')).toBe(true)
  })
})
