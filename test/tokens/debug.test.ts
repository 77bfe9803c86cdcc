import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenCommand } from '../../src/cli/token.ts'
import {
  claimsOf,
  jwksOf,
  makeKey,
  PUBLIC_URL,
  signAssertion,
  TestClock,
} from '../access/support.ts'
import { proofOf, sha256, sign } from './support.ts'

const KEY = makeKey('k-1', 'ES256')
const clock = new TestClock()
const ISSUER = 'https://issuer.example/op'
const folder = mkdtempSync(join(tmpdir(), 'huisbrug-debug-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function debug(jwt: string, ...more: string[]) {
  const told = { exit: 0, out: '', err: '' }
  const command = tokenCommand(clock.now)
    .exitOverride()
    .configureOutput({
      writeOut: text => {
        told.out += text
      },
    })
  for (const sub of command.commands) sub.copyInheritedSettings(command)
  const argv = ['debug', jwt, '--public-url', PUBLIC_URL, ...more]
  await command.parseAsync(argv, { from: 'user' }).catch(error => {
    Object.assign(told, { exit: 1, err: String(error.message) })
  })
  return told
}

function fileOf(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('every check is a line: what is expected, and what is there', () => {
  test('of an assertion', async () => {
    const assertion = await signAssertion(
      KEY,
      claimsOf('woonboog', clock.now(), { aud: PUBLIC_URL }),
    )
    const { exit, out } = await debug(assertion)
    expect(exit).toBe(1)
    expect(out).toContain(
      `  WRONG  RFC 7523 3 (3): aud; expected: ${PUBLIC_URL}/oauth/token; found: "${PUBLIC_URL}"`,
    )
    expect(out).toContain('  ok     RFC 8725 3.1: alg; expected: one of EdDSA')
    expect(out).toContain(
      '  ok     Huisbrug: exp - iat; expected: more than 0, at most 120 s; found: 60',
    )
    expect(out.match(/^ {2}(ok {3}|WRONG) {2}/gm)).toHaveLength(11)
  })

  test('of a DPoP proof, with the call and token that it is for', async () => {
    const token = 'a.b.c'
    const url = `${PUBLIC_URL}/v1/inbox`
    const proof = await proofOf(KEY, { method: 'GET', url, token, now: clock.now() })
    const good = ['--method', 'GET', '--url', url, '--token', fileOf('token', `Bearer ${token}\n`)]
    const fine = await debug(`DPoP: ${proof}`, ...good)
    expect(fine).toMatchObject({ exit: 0, out: expect.stringContaining('A DPoP proof\n') })
    expect(fine.out).toContain('fits the key that the proof brings')
    expect(fine.out).not.toContain(proof.split('.')[2])
    const wrong = await debug(proof)
    expect(wrong.exit).toBe(1)
    expect(wrong.out).toContain('  WRONG  RFC 9449 4.3 (8): htm; expected: POST; found: "GET"')
    expect(wrong.out).toContain(`found: "${url}"`)
    const other = await debug(proof, ...good.slice(0, 4), '--token', fileOf('other', 'd.e.f'))
    expect(other.out).toContain(`expected: ${sha256('d.e.f')}; found: "${sha256(token)}"`)
    const changed = await debug(`${proof.slice(0, -8)}AAAAAAAA`, ...good)
    expect(changed).toMatchObject({ exit: 1, out: expect.stringContaining('did not sign this') })
  })

  test('a private key in a proof is refused, and not shown once more', async () => {
    const jwk = KEY.privateKey.export({ format: 'jwk' })
    const { exit, out } = await debug(await proofOf(KEY, { now: clock.now() }, { header: { jwk } }))
    expect([exit, out]).toEqual([1, expect.stringContaining('(secret, not shown)')])
    expect(out).not.toContain(jwk.d)
  })
})

describe('a token of another issuer', () => {
  const setting = [{ issuer: ISSUER, party: { claim: 'vo_orgcode', kbo: true } }]

  async function foreign(changes: object = {}) {
    const iat = Math.floor(clock.now().getTime() / 1000)
    const who = { vo_orgcode: '0123456749', scope: 'messages:read' }
    const claims = { iss: ISSUER, aud: PUBLIC_URL, iat, exp: iat + 300, ...who, ...changes }
    return sign(KEY, claims, { typ: 'at+jwt' })
  }

  test('is held against the setting, and with --jwks against its keys, here', async () => {
    const before = process.env['HUISBRUG_TRUSTED_ISSUERS']
    process.env['HUISBRUG_TRUSTED_ISSUERS'] = fileOf('issuers.json', setting)
    try {
      const keys = fileOf('keys.json', jwksOf(KEY))
      const good = await debug(await foreign(), '--jwks', keys)
      expect(good).toMatchObject({ exit: 0, err: '' })
      expect(good.out).toContain('An access token of another issuer\n')
      expect(good.out).toContain('fits a key of the file')
      expect(good.out).toContain(
        '  ok     Huisbrug: party, vo_orgcode; expected: the enterprise number',
      )
      const others = fileOf('others.json', jwksOf(makeKey('k-1', 'ES256')))
      expect((await debug(await foreign(), '--jwks', others)).out).toContain('WRONG: not made with')
      const bad = await debug(await foreign({ aud: 'https://other.example' }))
      expect([bad.exit, bad.out]).toEqual([1, expect.stringContaining('HB-104  RFC 9068 4: aud')])
    } finally {
      if (before === undefined) delete process.env['HUISBRUG_TRUSTED_ISSUERS']
      else process.env['HUISBRUG_TRUSTED_ISSUERS'] = before
    }
    const unknown = await debug(await foreign())
    expect([unknown.exit, unknown.out]).toEqual([1, expect.stringContaining('HB-124')])
  })

  test('is never asked about: nothing is sent anywhere', async () => {
    let connections = 0
    const server = createServer(socket => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const list = JSON.stringify([{ ...setting[0], issuer: url }])
    process.env['HUISBRUG_TRUSTED_ISSUERS'] = list
    process.env['HUISBRUG_ALLOW_LOOPBACK'] = 'true'
    try {
      const { out } = await debug(await foreign({ iss: url, jku: url }))
      expect(out).toContain('An access token of another issuer')
      expect(connections).toBe(0)
    } finally {
      delete process.env['HUISBRUG_TRUSTED_ISSUERS']
      delete process.env['HUISBRUG_ALLOW_LOOPBACK']
      await new Promise(resolve => server.close(resolve))
    }
  })
})
