import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BundleTrust, checkBundle } from '../../src/audit/bundle-check.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { recordEntry } from '../../src/audit/record.ts'
import { makeBundle } from '../../src/cli/audit/prove.ts'
import { readTrust } from '../../src/cli/audit/verify-bundle.ts'
import { toJwks } from '../../src/client/index.ts'
import { inTransaction } from '../../src/db/pool.ts'
import { erase } from '../../src/subject/erasure.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, tokenFor } from '../support/raw.ts'
import { bundleOf, nonce, sequence } from './kit.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

type Bundle = Awaited<ReturnType<typeof makeBundle>>

let gateway: TestGateway
let folder: string
let messageId: string
let bundle: Bundle
/** What a reader has from elsewhere, as options. */
let options: string[]
let trusted: BundleTrust

/** The command in a folder with nothing in it: no database, no settings. */
function huisbrug(args: string[], env: Record<string, string> = {}) {
  const base = { ...bareEnvironment(), HOME: folder }
  const how = { cwd: folder, env: { ...base, ...env }, encoding: 'utf8' } as const
  return spawnSync(process.execPath, ['--no-warnings', CLI, 'audit', ...args], how)
}

async function verify(value: unknown, trust = trusted) {
  const { ok, checks } = await checkBundle(JSON.stringify(value), trust)
  return { ok, ...checks.at(-1) }
}

beforeAll(async () => {
  gateway = await testGateway()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-bundle-'))
  await openDomain(gateway)
  const body = JSON.stringify({ ...detection(tenants(0, 3)), nonce: nonce() })
  writeFileSync(join(folder, 'body.json'), body)
  const token = await tokenFor(gateway, 'woonboog')
  const sent = await call(gateway, 'POST', '/v1/detections', { token, key: nonce(), body })
  messageId = String(sent.body['messageId'])
  await forwardedTo(gateway, messageId)
  bundle = await bundleOf(gateway, messageId)
  const { keys, config } = gateway.context
  writeFileSync(join(folder, 'log.key'), `${await loadLogVerifierKey(keys, config.logOrigin)}\n`)
  const jwks = await fetch(`${gateway.url}/.well-known/jwks.json`)
  writeFileSync(join(folder, 'gateway.jwks'), await jwks.text())
  for (const party of ['vdab', 'woonboog'] as const)
    writeFileSync(join(folder, `${party}.jwks`), JSON.stringify(toJwks(gateway.keys[party])))
  writeFileSync(join(folder, 'message.json'), `${JSON.stringify(bundle, null, 2)}\n`)
  options = ['--log-key', 'log.key', '--receipt-keys', 'gateway.jwks']
  options.push('--party-keys', 'vdab=vdab.jwks')
  trusted = await readTrust({
    logKey: [join(folder, 'log.key')],
    receiptKeys: [join(folder, 'gateway.jwks')],
    partyKeys: [`vdab=${join(folder, 'vdab.jwks')}`],
  })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await gateway?.close()
})

test('prove writes the file, and verify checks it with nothing but the keys', () => {
  const env = {
    HUISBRUG_DATABASE_URL: gateway.db.url,
    HUISBRUG_DATA_DIR: gateway.context.config.dataDir,
    HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
  }
  const proved = huisbrug(['prove', messageId, '--out', 'proved.json'], env)
  expect([proved.status, proved.stderr]).toEqual([0, ''])
  const written = JSON.parse(readFileSync(join(folder, 'proved.json'), 'utf8')) as Bundle
  expect({ ...written, checkpoint: '', entries: written.entries.map(one => one.entry) }).toEqual({
    ...{ ...bundle, checkpoint: '', entries: bundle.entries.map(one => one.entry) },
  })
  const { status, stdout } = huisbrug(['verify', 'proved.json', ...options, '--body', 'body.json'])
  expect([status, stdout]).toEqual([0, expect.stringContaining('Nothing is wrong')])
  expect(stdout).toMatch(/fits +checkpoint .* signed with the log key \S+\+[0-9a-f]{8}\n/)
  expect(stdout).toMatch(/fits +entry .* message.accepted at \S+, is in the log\n/)
  expect(stdout).toMatch(/fits +receipt +signed with key [\w-]{43}\n/)
  expect(stdout).toMatch(/fits +body .*\n/)
  expect(stdout).toMatch(/fits +statement +accept of vdab, .* signed with key [\w-]{43}\n/)
  expect(stdout).toMatch(/fits +statement +vdab had accepted the document/)
})

test('what cannot be checked is said, and keys from elsewhere are asked for', async () => {
  const { log } = trusted
  const few = { log, witnesses: [], receipts: [], parties: new Map(), now: new Date() }
  const { ok, checks } = await checkBundle(JSON.stringify(bundle), few)
  expect(ok).toBe(true)
  const open = checks.filter(one => one.result === 'not checked').map(one => one.name)
  expect(new Set(open)).toEqual(new Set(['receipt', 'body', 'statement']))
  expect(huisbrug(['verify', 'message.json']).status).toBe(2)
  const none = makeBundle(gateway.context, 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD')
  await expect(none).rejects.toThrow('there is no message')
})

test('the command names what is wrong and ends with 1', () => {
  const other = { ...bundle, entries: bundle.entries.slice(1) }
  writeFileSync(join(folder, 'other.json'), JSON.stringify(other))
  const { status, stdout } = huisbrug(['verify', 'other.json', ...options])
  expect([status, stdout]).toEqual([1, expect.stringContaining('is WRONG: receipt: the entry')])
})

const flip = (text: string, at: number) => {
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}
const entryWith = (from: string, to: string) => (one: Bundle) => {
  const [first] = one.entries
  if (!first) throw new Error('no entries')
  const text = Buffer.from(first.entry, 'base64').toString().replace(from, to)
  first.entry = Buffer.from(text).toString('base64')
}
const wrongs: [string, string, RegExp, (one: Bundle) => void][] = [
  ['an entry that says otherwise', 'entry', /not in the log/, entryWith('allowed', 'refused')],
  ['a proof of another place', 'entry', /another place/, one => one.entries[0]!.index++],
  [
    'a hash of a proof',
    'entry',
    /not in the log/,
    one => {
      const [first] = one.entries
      const at = first!.proof.indexOf('\n', first!.proof.indexOf('index')) + 3
      first!.proof = flip(first!.proof, at)
    },
  ],
  [
    'another root',
    'checkpoint',
    /signature of .* is wrong/,
    one => {
      one.checkpoint = flip(one.checkpoint, one.checkpoint.split('\n', 2).join('\n').length + 3)
    },
  ],
  [
    'another log',
    'checkpoint',
    /no signature by a known key/,
    one => {
      one.checkpoint = one.checkpoint.replaceAll('— ', '— x')
    },
  ],
  [
    'a receipt that was changed',
    'receipt',
    /signature of the receipt/,
    one => {
      const [header, payload, signature = ''] = one.receipt.split('.')
      one.receipt = [header, payload, flip(signature, 9)].join('.')
    },
  ],
  [
    'a receipt of another message',
    'receipt',
    /is not in the bundle/,
    one => {
      const [header, payload = '', signature] = one.receipt.split('.')
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
      const other = { ...claims, entryCommitment: claims.digest }
      one.receipt = [
        header,
        Buffer.from(JSON.stringify(other)).toString('base64url'),
        signature,
      ].join('.')
    },
  ],
  ['an entry left out', 'receipt', /is not in the bundle/, one => void one.entries.shift()],
  [
    'another text of the protocol',
    'protocol',
    /is not the wm-vdab/,
    one => {
      if (one.protocol) one.protocol.document.context.title += '.'
    },
  ],
  [
    'a statement that was changed',
    'statement',
    /not signed by the key/,
    one => {
      const at = one.protocol!.statements.findIndex(jws => {
        return JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()).iss === 'vdab'
      })
      const jws = one.protocol!.statements[at]!
      one.protocol!.statements[at] = flip(jws, jws.lastIndexOf('.') + 9)
    },
  ],
  [
    'no statement of a party',
    'statement',
    /vdab had not accepted/,
    one => {
      one.protocol!.statements = []
    },
  ],
  [
    'a member that nobody knows',
    'form',
    /has not the form/,
    one => void Object.assign(one, { x: 1 }),
  ],
]

test.each(wrongs)('%s is found and named', async (_, name, what, change) => {
  const other = structuredClone(bundle)
  change(other)
  const found = await verify(other)
  expect([found.ok, found.name, found.result]).toEqual([false, name, 'wrong'])
  expect(found.what).toMatch(what)
})

// Each takes a run of the whole page: one for each of its parts.
const TRIED = [
  'an entry that says otherwise',
  'another root',
  'a receipt that was changed',
  'another text of the protocol',
  'a statement that was changed',
]
const TOOLS = ['openssl', 'jq', 'python3', 'base64']
const missing = TOOLS.filter(tool => spawnSync(tool, ['--version']).error)
const isRequired = process.env['HUISBRUG_TEST_TOOLS'] === 'required'
if (missing.length > 0 && !isRequired)
  process.stderr.write(`${missing.join()} not installed: the page of other tools is not tried\n`)
const testWithTools = missing.length === 0 || isRequired ? test : test.skip

testWithTools('the commands of the page of other tools do the same', () => {
  const page = readFileSync(
    new URL('../../docs/verify-with-other-tools.md', import.meta.url),
    'utf8',
  )
  const blocks = [...page.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, code]) => code)
  expect(blocks).toHaveLength(6)
  const script = ['set -euo pipefail', ...blocks].join('\n')
  const run = (one: Bundle) => {
    writeFileSync(join(folder, 'message.json'), JSON.stringify(one))
    return spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })
  }
  const good = run(bundle)
  expect([good.status, good.stderr]).toEqual([0, ''])
  expect(good.stdout).toMatch(
    /Signature Verified Successfully\n[\s\S]*message.accepted at .* is in the log/,
  )
  for (const [what, , , change] of wrongs.filter(([what]) => TRIED.includes(what))) {
    const other = structuredClone(bundle)
    change(other)
    expect([what, run(other).status]).not.toEqual([what, 0])
  }
})

test('another body is found', async () => {
  const body = Buffer.from('{}')
  expect(await verify(bundle, { ...trusted, body })).toMatchObject({ ok: false, name: 'body' })
})

test('while an entry of the message waits there is no bundle, and it is said what to do', async () => {
  const { pool } = gateway.db
  const waits = inTransaction(pool, async tx => {
    const at = new Date()
    const message = { id: messageId, type: 'detection.request' }
    await recordEntry(tx, { action: 'message.expired', at, actor: { role: 'gateway' }, message })
    await makeBundle({ ...gateway.context, pool: tx as never }, messageId)
  })
  await expect(waits).rejects.toThrow(/log yet \(1\): .*huisbrug serve/)
})

test('it stays good when the persons of the message are erased, and when the log grows', async () => {
  const erased = await Promise.all(
    [0, 1, 2].map(index =>
      erase(gateway.context, {
        insz: syntheticNumber(index),
        caseRef: `GDPR-${index}`,
        reason: 'Verzoek van de betrokkene',
        by: { role: 'privacy-officer', client: 'ses_test' },
        at: new Date(),
      }),
    ),
  )
  expect(erased.map(one => one.remains.entries > 0)).toEqual([true, true, true])
  const token = await tokenFor(gateway, 'woonboog')
  await call(gateway, 'POST', '/v1/detections', { token, key: nonce(), body: {} })
  await sequence(gateway)
  const after = await makeBundle(gateway.context, messageId)
  expect(after.checkpoint).not.toBe(bundle.checkpoint)
  expect(after.entries.map(one => one.entry)).toEqual(bundle.entries.map(one => one.entry))
  expect((await verify(after)).ok).toBe(true)
  expect((await verify(bundle)).ok).toBe(true)
})
