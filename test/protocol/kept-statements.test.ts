import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { ProtocolStatements } from '../../src/exchange/protocol-statements.ts'
import type { Signatures } from '../../src/protocol/document.ts'
import type { NotesSource } from '../../src/protocol/kept-notes.ts'
import { ProtocolRegistry } from '../../src/protocol/registry.ts'
import { lastJson, runCommand } from '../support/demo.ts'
import { type Company, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { acceptances, testKey, writeRecord } from '../support/statements.ts'
import { PATIENCE } from '../support/until.ts'

let gateway: TestGateway
const company: Company = 'leefgoed'
const id = `wm-vdab-${company}`

beforeAll(async () => {
  gateway = await testGateway({ webhooks: false })
})
afterAll(() => gateway?.close())

const statusOf = (which = id) => gateway.context.protocols.standings().get(which)?.status
const folder = (which = id) => join(gateway.protocolsDir, which)

const entries = async (party: string, protocol = id) => {
  const { rows } = await gateway.db.pool.query(
    `SELECT count(*)::int AS n FROM (
       SELECT entry FROM audit_pending UNION ALL SELECT entry FROM audit_entry) AS every
     WHERE convert_from(entry, 'UTF8')::jsonb ->> 'action' = 'protocol.signed'
       AND convert_from(entry, 'UTF8')::jsonb -> 'actor' ->> 'party' = $1
       AND convert_from(entry, 'UTF8')::jsonb -> 'protocol' ->> 'id' = $2`,
    [party, protocol],
  )
  return rows[0].n
}

/** Milliseconds until a document stands so, by the program's own looking. */
async function timed(status: string, which = id): Promise<number> {
  const start = performance.now()
  await until(`${which} is ${status}`, () => statusOf(which) === status, 5)
  return performance.now() - start
}

/** What another process would know: nothing but the files and the database. */
const another = () => {
  const { pool, parties, clock } = gateway.context
  return new ProtocolStatements({ pool, parties, clock })
}
const anotherRegistry = (notes: NotesSource = another()) =>
  ProtocolRegistry.open(gateway.protocolsDir, gateway.context.log, { notes })

test('each signature that verified is kept with one entry, whoever looks again', async () => {
  expect(statusOf()).toBe('in-force')
  const count = async () =>
    (await gateway.db.pool.query('SELECT count(*)::int AS n FROM protocol_statement')).rows[0].n
  const before = await count()
  expect(before).toBeGreaterThanOrEqual(7)
  const registries = await Promise.all([1, 2, 3].map(() => anotherRegistry()))
  for (const one of registries) expect(one.standings().get(id)?.status).toBe('in-force')
  expect(await count()).toBe(before)
  expect([await entries(company), await entries('vdab')]).toEqual([1, 1])
})

test('of several processes that verify a new one at once, one writes the entry', async () => {
  gateway.context.protocols.close()
  writeRecord(folder('wm-vdab'), (record, document) => {
    record.signatures.push(...acceptances(document, '2026-10-01'))
  })
  const before = await entries('vdab', 'wm-vdab')
  const registries = await Promise.all([1, 2, 3, 4].map(() => anotherRegistry()))
  expect(registries.map(one => one.standings().get('wm-vdab')?.status)).toEqual(
    Array(4).fill('in-force'),
  )
  expect(await entries('vdab', 'wm-vdab')).toBe(before + 1)
  gateway.context.protocols.watch()
})

test('the rotation of a key undoes no signature; a new one needs the new key', async () => {
  const { publicKey } = testKey('someone-else')
  await gateway.context.parties.rotate(company, { set: { keys: [publicKey] } }, 0)
  await gateway.context.protocols.reload()
  expect(statusOf()).toBe('in-force')
  const fresh = await anotherRegistry()
  expect(fresh.standings().get(id)?.status).toBe('in-force')

  writeRecord(folder(), (record, document) => {
    const own = record.signatures.find(({ party }) => party === company)
    const { jws: _, ...plain } = own!
    record.signatures.push({ ...plain, statement: 'reject', date: document.duration.from })
  })
  await gateway.context.protocols.reload()
  expect(statusOf()).toBe('in-force')
  const codes = gateway.context.protocols
    .current()
    .protocols.get(id)
    ?.findings.map(one => one.code)
  expect(codes).toContain('signature-unknown-key')
})

test('an acceptance counts only while it is in the file', async () => {
  const kept = readFileSync(join(folder(), 'signatures.json'), 'utf8')
  writeRecord(folder(), record => {
    record.signatures = record.signatures.filter(({ party }) => party !== 'vdab')
  })
  expect(await timed('HB-304')).toBeLessThan(PATIENCE * 1_000)
  writeRecord(folder(), record => {
    record.signatures = (JSON.parse(kept) as Signatures).signatures
  })
  expect(await timed('in-force')).toBeLessThan(PATIENCE * 1_000)
})

test('a signature counts within a second of the arrival of its party, without a restart', async () => {
  const party = 'late-company'
  const late = 'wm-vdab-woonboog'
  const { pool } = gateway.db
  const sign = (which: string) =>
    writeRecord(folder(late), (record, document) => {
      record.signatures = acceptances(document, document.duration.from).map(line => line)
      for (const one of record.signatures) if (one.party === 'woonboog') one.party = which
    })
  // Woonboog's key set is taken away and comes back: what its party's first arrival is.
  const { jwks } = (await pool.query(`SELECT jwks FROM party WHERE id = 'woonboog'`)).rows[0]
  const strange = JSON.stringify({ keys: [testKey(party).publicKey] })
  await pool.query(`UPDATE party SET jwks = $1 WHERE id = 'woonboog'`, [strange])
  sign('woonboog')
  await timed('HB-304', late)
  await pool.query(`UPDATE party SET jwks = $1 WHERE id = 'woonboog'`, [JSON.stringify(jwks)])
  expect(await timed('in-force', late)).toBeLessThan(PATIENCE * 1_000)
})

test('a suspension in the database works within a second, and so does its end', async () => {
  const { pool } = gateway.db
  await pool.query(
    `INSERT INTO protocol_suspension (protocol, suspended_at, suspended_by, reason)
     VALUES ('wm-vdab', now() - interval '1 second', 'operator', 'test')`,
  )
  expect(await timed('HB-307', 'wm-vdab')).toBeLessThan(PATIENCE * 1_000)
  await pool.query(
    `UPDATE protocol_suspension SET resumed_at = now(), resumed_by = 'operator', resume_reason = 'test'`,
  )
  expect(await timed('in-force', 'wm-vdab')).toBeLessThan(PATIENCE * 1_000)
})

describe('while the database does not answer', () => {
  test('what was known holds: nothing resumes, signatures count, it is logged once', async () => {
    const real = another()
    const suspension = {
      protocol: 'wm-vdab',
      ...{ from: '2026-01-01T00:00:00.000Z', until: null, by: 'operator', reason: 'test' },
    }
    let down = false
    const failing = <T>(answer: () => Promise<T>) => (down ? Promise.reject(new Error()) : answer())
    const logged: string[] = []
    const log = { info() {}, error() {}, warn: (text: string) => logged.push(text) } as never
    const registry = await ProtocolRegistry.open(gateway.protocolsDir, log, {
      notes: {
        statements: set => failing(() => real.statements(set)),
        suspensions: () => failing(async () => [suspension]),
      },
    })
    logged.length = 0
    const standing = (which: string) => registry.standings().get(which)?.status
    expect([standing('wm-vdab'), standing(id)]).toEqual(['HB-307', 'in-force'])
    down = true
    for (let time = 0; time < 3; time += 1) await registry.reload()
    expect([standing('wm-vdab'), standing(id)]).toEqual(['HB-307', 'in-force'])
    expect(logged.toSorted()).toEqual([
      'the signatures of protocols cannot be read; what was known holds',
      'the suspensions of protocols cannot be read; what was known holds',
    ])
    const hidden = join(gateway.protocolsDir, '.hidden')
    renameSync(folder(), hidden)
    await registry.reload()
    expect(standing(id)).toBeUndefined()
    renameSync(hidden, folder())
    await registry.reload()
    expect(standing(id)).toBe('in-force')
  })

  test('nothing begins without the suspensions', async () => {
    const notes = { ...another(), suspensions: () => Promise.reject(new Error('down')) }
    await expect(anotherRegistry(notes as never)).rejects.toThrow('down')
  })
})

test('protocol show tells which statements verified, and revocations that the file lost', async () => {
  writeRecord(folder('wm-vdab-de-noorderkempen'), record => {
    const { jws: _, ...own } = record.signatures[0]!
    record.signatures.push({ ...own, statement: 'revoke', date: '2026-11-01' })
  })
  const which = 'wm-vdab-de-noorderkempen'
  expect(await timed('HB-306', which)).toBeLessThan(PATIENCE * 1_000)
  writeRecord(folder(which), record => {
    record.signatures = record.signatures.filter(({ statement }) => statement !== 'revoke')
  })
  await gateway.context.protocols.reload()
  expect(statusOf(which)).toBe('HB-306')
  const fresh = await anotherRegistry()
  expect(fresh.standings().get(which)?.status).toBe('HB-306')

  const { config } = gateway.context
  const shown = await runCommand(['protocol', 'show', which, '--json'], {
    HUISBRUG_PROTOCOLS_DIR: gateway.protocolsDir,
    HUISBRUG_DATABASE_URL: gateway.db.url,
    HUISBRUG_DATA_DIR: config.dataDir,
  })
  expect(lastJson(shown)).toMatchObject({
    signaturesChecked: true,
    state: 'terminated',
    obstacle: { code: 'HB-306' },
    statements: [
      { party: 'de-noorderkempen', statement: 'accept', check: 'verified' },
      { party: 'vdab', statement: 'accept', check: 'verified' },
      { party: 'de-noorderkempen', statement: 'revoke', check: 'verified' },
    ],
  })
})
