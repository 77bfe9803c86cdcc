import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { makeJws, testKey, writeRecord } from '../support/statements.ts'
import { PATIENCE } from '../support/until.ts'

/** Files in the protocols folder that are no documents, and signatures that are none, at a gateway that runs. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(async () => {
  await gateway.close()
})

const status = (id: string) => gateway.context.protocols.standings().get(id)?.status

describe('a file that is no document stops nothing else', () => {
  const files: [string, (path: string) => void][] = [
    ['a pipe', path => void execFileSync('mkfifo', [path])],
    ['a link to a device without an end', path => symlinkSync('/dev/zero', path)],
    ['a link to a file of the system', path => symlinkSync('/etc/passwd', path)],
    ['a link to nothing', path => symlinkSync('/nowhere', path)],
    ['a link to itself', path => symlinkSync(path, path)],
    ['a folder', path => void mkdirSync(path)],
    ['a document of 50 MB', path => writeFileSync(path, `{"a":"${'x'.repeat(50_000_000)}"}`)],
    ['lists a hundred thousand deep', path => writeFileSync(path, '['.repeat(100_000))],
    ['half a million parties', path => writeFileSync(path, `[${'{},'.repeat(500_000)}{}]`)],
  ]

  test.each(files)('%s, as protocol.json and as signatures.json', async (_what, make) => {
    const folder = join(gateway.protocolsDir, 'odd')
    for (const file of ['protocol.json', 'signatures.json']) {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
      if (file === 'signatures.json') writeFileSync(join(folder, 'protocol.json'), '{}')
      make(join(folder, file))
      const before = Date.now()
      await gateway.context.protocols.reload()
      expect(Date.now() - before).toBeLessThan(PATIENCE * 10_000)
      expect(status('wm-vdab')).toBe('in-force')
      const told = gateway.context.protocols.current().findings.filter(it => it.folder === 'odd')
      expect(JSON.stringify(told)).not.toContain('root:')
      rmSync(folder, { recursive: true, force: true })
    }
    await gateway.context.protocols.reload()
  })
})

describe('no signature but that of the party itself', () => {
  type Change = (jws: string) => string
  const parts = (jws: string) => jws.split('.') as [string, string, string]
  const claims = (jws: string) => JSON.parse(Buffer.from(parts(jws)[1], 'base64url').toString())
  const stranger = testKey('nobody-at-all')
  const forged = (jws: string, header: object) => makeJws(stranger, claims(jws), header)
  const { kid } = testKey('vdab').privateKey

  const attacks: [string, Change][] = [
    ['signed by another, under the kid of the party', jws => forged(jws, { kid })],
    ['with the key of the forger in it', jws => forged(jws, { kid, jwk: stranger.publicKey })],
    ['with the address of a key set', jws => forged(jws, { kid, jku: 'https://x.example/jwks' })],
    ['with a certificate', jws => forged(jws, { kid, x5c: ['AAAA'], x5u: 'https://x.example' })],
    ['with an unencoded payload', jws => forged(jws, { kid, crit: ['b64'], b64: false })],
    ['with an empty signature', jws => `${parts(jws).slice(0, 2).join('.')}.`],
    [
      'of another document',
      jws => {
        const other = { ...claims(jws), digest: `${claims(jws).digest.slice(0, 42)}A` }
        return makeJws(testKey('vdab'), other)
      },
    ],
    [
      'with a member twice',
      jws => {
        const [head, payload, signature] = parts(jws)
        const text = Buffer.from(payload, 'base64url').toString()
        const twice = text.replace('{', '{"statement":"reject",')
        return [head, Buffer.from(twice).toString('base64url'), signature].join('.')
      },
    ],
    [
      'of a name that reads alike',
      jws => makeJws(testKey('vdab'), { ...claims(jws), iss: 'vdаb' }),
    ],
    ['dated in ten years', jws => makeJws(testKey('vdab'), { ...claims(jws), iat: 2e9 + 1e8 })],
  ]

  test.each(attacks)('%s', async (_what, change) => {
    const folder = join(gateway.protocolsDir, 'wm-vdab')
    const saved: string[] = []
    writeRecord(folder, record => {
      for (const line of record.signatures) saved.push(line.jws ?? '')
    })
    // writeRecord signs what differs from its copies: only the JWS is changed here, by hand.
    const { readFileSync } = await import('node:fs')
    const file = join(folder, 'signatures.json')
    const before = readFileSync(file, 'utf8')
    const record = JSON.parse(before)
    for (const line of record.signatures) if (line.party === 'vdab') line.jws = change(line.jws)
    writeFileSync(file, JSON.stringify(record))
    await gateway.context.protocols.reload()
    await until('it is not accepted any more', () => status('wm-vdab') !== 'in-force')
    expect(status('wm-vdab')).toMatch(/^HB-304/)
    expect(saved.length).toBeGreaterThan(0)
    writeFileSync(file, before)
    await gateway.context.protocols.reload()
    await until('it counts again', () => status('wm-vdab') === 'in-force')
  })

  test('who accedes cannot revoke the framework', async () => {
    const folder = join(gateway.protocolsDir, 'wm-vdab')
    writeRecord(folder, record => {
      const [line] = record.signatures
      if (!line) throw new Error('nobody signed')
      record.signatures.push({
        ...line,
        party: 'woonboog',
        statement: 'revoke',
        jws: undefined as never,
      })
    })
    await gateway.context.protocols.reload()
    expect(status('wm-vdab')).toBe('in-force')
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM protocol_statement WHERE statement = 'revoke'",
    )
    expect(rows).toEqual([])
  })
})
