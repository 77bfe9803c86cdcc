import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordEntries } from '../../src/audit/record.ts'
import { readTimestamp, timestampNonce, timestampRequest } from '../../src/audit/timestamp.ts'
import { listStamps, noteStamps } from '../../src/audit/timestamp-store.ts'
import { createOutbound } from '../../src/delivery/outbound.ts'
import { checkVouching } from '../../src/health-witness.ts'
import { stampOnce } from '../../src/witness/stamp.ts'
import { drafts, type TestLog, testLog } from '../audit/support.ts'
import { testLog as keptLog } from '../support/log.ts'
import { testServer } from './support.ts'

const CONFIG = `[ tsa ]
default_tsa = own
[ own ]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign,cRLSign
[ stamp ]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
`

let folder: string
let log: TestLog
let authority: Awaited<ReturnType<typeof testServer>>
/** What comes between the authority and us. */
let change: (answer: Buffer) => Buffer
const outbound = createOutbound({ allowLoopback: true, log: keptLog().log })

function openssl(...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  return { ok: status === 0, output: stdout + stderr }
}

function certificate(name: string, extensions: string): void {
  const subject = `/O=Huisbrug test/CN=${name}`
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-new', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
  const signer = name.endsWith('ca')
    ? ['-signkey', `${name}.key`]
    : ['-CA', 'ca.pem', '-CAkey', 'ca.key']
  const made = openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', '30'],
    ...['-extfile', 'tsa.cnf', '-extensions', extensions, ...signer],
  )
  if (!made.ok) throw new Error(made.output)
}

/** The real authority: openssl ts. */
function answer(query: Buffer): Buffer {
  writeFileSync(join(folder, 'query.tsq'), query)
  const config = [
    '-config',
    'tsa.cnf',
    '-signer',
    'tsa.pem',
    '-inkey',
    'tsa.key',
    '-chain',
    'ca.pem',
  ]
  const made = openssl('ts', '-reply', '-queryfile', 'query.tsq', ...config, '-out', 'answer.tsr')
  if (!made.ok) throw new Error(made.output)
  return readFileSync(join(folder, 'answer.tsr'))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-tsa-'))
  writeFileSync(join(folder, 'tsa.cnf'), CONFIG)
  writeFileSync(join(folder, 'serial'), '01\n')
  certificate('ca', 'ca')
  certificate('other-ca', 'ca')
  certificate('tsa', 'stamp')
  authority = await testServer((body, response) => {
    response.setHeader('content-type', 'application/timestamp-reply')
    response.end(change(answer(body)))
  })
  log = await testLog()
  await recordEntries(log.pool, drafts(3))
  await log.sequence()
})
beforeEach(() => {
  change = it => it
})
afterAll(async () => {
  outbound.close()
  await authority.close()
  await log.close()
  rmSync(folder, { recursive: true, force: true })
})

const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), 'utf8')
const parts = (now: Date) => ({
  db: log.pool,
  outbound,
  clock: () => now,
  log: keptLog().log,
})

test('a checkpoint is stamped once a day, and openssl verifies what is kept', async () => {
  const now = new Date()
  const settings = { url: authority.url, trusted: pem('ca') }
  await stampOnce(parts(now), settings)
  await stampOnce(parts(now), settings)
  const stamps = await listStamps(log.pool)
  expect(stamps).toHaveLength(1)
  expect(stamps[0]).toMatchObject({ day: now.toISOString().slice(0, 10), size: 3, chain: true })
  expect(stamps[0]?.authority).toContain('CN=tsa')
  expect(Math.abs((stamps[0]?.at.getTime() ?? 0) - now.getTime())).toBeLessThan(60_000)
  expect(authority.bodies).toHaveLength(1)
  writeFileSync(join(folder, 'kept.tst'), stamps[0]!.token)
  writeFileSync(join(folder, 'kept.checkpoint'), stamps[0]!.note)
  writeFileSync(join(folder, 'changed.checkpoint'), stamps[0]!.note.replace('\n3\n', '\n4\n'))
  const verify = (file: string, ca: string) =>
    openssl('ts', '-verify', '-data', file, '-in', 'kept.tst', '-token_in', '-CAfile', `${ca}.pem`)
  expect(verify('kept.checkpoint', 'ca')).toMatchObject({ ok: true })
  expect(verify('changed.checkpoint', 'ca').ok).toBe(false)
  expect(verify('kept.checkpoint', 'other-ca').ok).toBe(false)
})

test('openssl reads the request: SHA-256, a nonce, the certificate asked for', () => {
  const nonce = timestampNonce(Buffer.alloc(16, 0xff))
  writeFileSync(join(folder, 'own.tsq'), timestampRequest(Buffer.from('abc'), nonce))
  const { output } = openssl('ts', '-query', '-in', 'own.tsq', '-text')
  expect(output).toContain('Hash Algorithm: sha256')
  expect(output).toContain('ba 78 16 bf 8f 01 cf ea')
  expect(output.toLowerCase()).toContain(`nonce: 0x${nonce.toString('hex')}`)
  expect(output).toContain('Certificate required: yes')
})

test('an answer that does not fit is refused and named', async () => {
  const data = Buffer.from('a checkpoint')
  const nonce = timestampNonce(Buffer.alloc(16, 5))
  const good = answer(timestampRequest(data, nonce))
  const trusted = pem('ca')
  await expect(readTimestamp(good, { data, nonce, trusted })).resolves.toMatchObject({
    chain: true,
  })
  await expect(readTimestamp(good, { data, nonce })).resolves.toMatchObject({ chain: false })
  const refused = (bytes: Buffer, asked: Parameters<typeof readTimestamp>[1]) =>
    readTimestamp(bytes, asked).then(
      () => 'taken',
      (error: Error) => error.message.replace('the timestamp does not fit: ', ''),
    )
  expect(await refused(good, { data, nonce: timestampNonce(Buffer.alloc(16, 6)) })).toBe(
    'it has another nonce',
  )
  expect(await refused(good, { data: Buffer.from('another'), nonce })).toBe(
    'it is over something else',
  )
  expect(await refused(good, { data, nonce, trusted: pem('other-ca') })).toMatch(/certificate/)
  expect(await refused(Buffer.from('no answer'), { data, nonce })).toBe('it is malformed')
  expect(await refused(good.subarray(0, 200), { data, nonce })).toBe('it is malformed')
  // Any byte of what is signed, or of the signature, changed: never taken as good.
  const outcomes = new Set<string>()
  for (let at = good.length - 71; at < good.length; at += 7) {
    const changed = Buffer.from(good)
    changed[at]! ^= 1
    outcomes.add(await refused(changed, { data, nonce, trusted }))
  }
  expect(outcomes.has('taken')).toBe(false)
})

test('a failure is told in health, tried again, and forgotten once it works', async () => {
  await noteStamps(log.pool, true)
  const tomorrow = new Date(Date.now() + 86_400_000)
  const clock = () => tomorrow
  const settings = { url: authority.url, trusted: pem('ca') }
  change = () => Buffer.from('garbage')
  await stampOnce(parts(tomorrow), settings)
  const [failing] = await checkVouching({ pool: log.pool, clock })
  expect(failing).toMatchObject({ name: 'timestamps', ok: false })
  expect(failing?.detail).toContain('malformed')
  await stampOnce(parts(tomorrow), { ...settings, url: 'http://127.0.0.1:1/' })
  expect((await checkVouching({ pool: log.pool, clock }))[0]?.detail).toContain('refused')
  change = it => it
  await stampOnce(parts(tomorrow), settings)
  expect(await checkVouching({ pool: log.pool, clock })).toMatchObject([{ ok: true }])
  expect(await listStamps(log.pool)).toHaveLength(2)
})
