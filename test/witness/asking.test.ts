import type { ServerResponse } from 'node:http'
import { cosignatureVerifier } from '../../src/audit/cosignature.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { proofOfEntry, proofOfMessage } from '../../src/audit/log-proof.ts'
import { latestCheckpoint } from '../../src/audit/log-read.ts'
import { noteVerifier, splitNote } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { parseAddCheckpoint } from '../../src/audit/witness-request.ts'
import { readStandings, stopWaiting } from '../../src/audit/witness-store.ts'
import { createOutbound } from '../../src/delivery/outbound.ts'
import { checkVouching } from '../../src/health-witness.ts'
import { publishOnce, type RoundState } from '../../src/witness/publish.ts'
import type { WitnessPolicy } from '../../src/witness/settings.ts'
import { drafts, messageId, ORIGIN, type TestLog, testLog } from '../audit/support.ts'
import { testLog as keptLog } from '../support/log.ts'
import { PATIENCE } from '../support/until.ts'
import { otherLog, testServer, testWitness } from './support.ts'

type Answer = (body: Buffer, response: ServerResponse) => void

const outbound = createOutbound({ allowLoopback: true, log: keptLog().log })
const witness = testWitness()
let answer: Answer
let server: Awaited<ReturnType<typeof testServer>>
let log: TestLog

beforeAll(async () => {
  server = await testServer((body, response) => answer(body, response))
})
afterAll(async () => {
  outbound.close()
  await server.close()
})
beforeEach(async () => {
  log = await testLog()
  server.bodies.length = 0
  await grow(3)
})
afterEach(() => log.close())

async function grow(count: number): Promise<number> {
  const { rows } = await log.pool.query('SELECT count(*) AS count FROM audit_entry')
  await recordEntries(log.pool, drafts(count, rows[0].count))
  await log.sequence()
  return rows[0].count + count
}

function textOf(body: Buffer): string {
  return splitNote(parseAddCheckpoint(body).note).text
}

const now = () => Math.floor(Date.now() / 1000)
const honest: Answer = (body, response) => response.end(witness.cosign(textOf(body), now()))
const status =
  (code: number, text = '', type = 'text/plain'): Answer =>
  (_, response) =>
    response.writeHead(code, { 'content-type': type }).end(text)

const anotherRoot: Answer = (body, response) => {
  const { old, note } = parseAddCheckpoint(body)
  const size = splitNote(note).text.split('\n')[1]
  if (String(old) === size) status(409, 'no')(body, response)
  else status(409, `${size}\n`, 'text/x.tlog.size')(body, response)
}

function policyOf(more: Partial<WitnessPolicy> = {}): WitnessPolicy {
  const known = { ...cosignatureVerifier(witness.verifierKey), url: server.url }
  return { required: 1, whenMissing: 'wait', timeoutMs: 10_000, witnesses: [known], ...more }
}

/** One round; nobody rests between rounds unless the state is handed on. */
async function round(more: Partial<WitnessPolicy> = {}, state?: RoundState) {
  const db = await log.pool.connect()
  const quiet = keptLog().log
  quiet.silent = true
  const parts = { db, outbound, log: quiet, clock: () => new Date() }
  const fresh = { resting: new Map(), told: new Map() }
  await publishOnce(parts, policyOf(more), state ?? fresh, new AbortController().signal)
  db.release()
}

const NEWEST = `SELECT split_part(note, E'\\n\\n', 1) || E'\\n' AS text FROM audit_checkpoint
  ORDER BY size DESC LIMIT 1`
const published = async () => (await latestCheckpoint(log.pool))?.size
const standing = async () => (await readStandings(log.pool))[0]
async function actions(): Promise<string[]> {
  await log.sequence()
  const { rows } = await log.pool.query(
    "SELECT action FROM audit_entry WHERE action LIKE 'log.%' ORDER BY index",
  )
  return rows.map(row => row.action)
}

test('what was published stays, and the next is published once it is cosigned', async () => {
  answer = status(500)
  expect(await published()).toBe(3)
  await round()
  expect(await published()).toBe(3)
  await grow(2)
  await round()
  expect(await published()).toBe(3)
  const [check] = await checkVouching({ pool: log.pool, clock: () => new Date() })
  expect(check).toMatchObject({ name: 'witnesses', ok: false })
  expect(check?.detail).toContain('answers 500')
  // A line that was kept counts only as long as it is by the key that is known.
  await log.pool.query(
    `INSERT INTO audit_cosignature (size, witness, line, signed_at, at) VALUES (5, $1, $2, now(), now())`,
    [witness.name, testWitness().cosign((await log.pool.query(NEWEST)).rows[0].text, now())],
  )
  await round()
  expect(await published()).toBe(3)
  answer = honest
  await round()
  expect(await published()).toBe(5)
  expect(await checkVouching({ pool: log.pool, clock: () => new Date() })).toMatchObject([
    { ok: true },
  ])
  // Waiting publishes nothing that is not vouched for: no entry.
  expect(await actions()).toEqual([])
})

test('proofs are against the published checkpoint, and hold its cosignature', async () => {
  answer = honest
  await round()
  await grow(2)
  expect((await proofOfEntry(log.pool, 2)).checkpoint).toContain(`— ${witness.name} `)
  await expect(proofOfEntry(log.pool, 4)).rejects.toThrow('not in a tree of 3')
  expect(await proofOfMessage(log.pool, messageId(4))).toBeUndefined()
  await round()
  const proof = await proofOfMessage(log.pool, messageId(4))
  const { rows } = await log.pool.query('SELECT entry FROM audit_entry WHERE index = 4')
  const key = noteVerifier(await loadLogVerifierKey(log.keys, ORIGIN))
  expect(verifyProof(proof ?? '', rows[0].entry, key).size).toBe(5)
  expect(proof).toContain(`— ${witness.name} `)
})

test('it goes on from the size that the witness holds, and proves nothing twice', async () => {
  answer = honest
  await round()
  await grow(4)
  let held = 2
  answer = (body, response) => {
    if (parseAddCheckpoint(body).old === held) honest(body, response)
    else status(409, `${held}\n`, 'text/x.tlog.size')(body, response)
  }
  await round()
  const olds = server.bodies.map(body => parseAddCheckpoint(Buffer.from(body)).old)
  expect(olds).toEqual([0, 3, 2])
  expect(await standing()).toMatchObject({ size: 7, fault: null })
  held = 7
  await round()
  expect(server.bodies).toHaveLength(3)
})

test('whatever a witness does instead of cosigning counts as none, and is told', async () => {
  const replayed: Answer = (body, response) => {
    const text = textOf(body).replace(/\n\d+\n/, '\n2\n')
    response.end(witness.cosign(text, now()))
  }
  const other = splitNote(otherLog(ORIGIN).note(3)).text
  const cases: [does: string, fault: string, answers: Answer][] = [
    ['signs another size', 'gave a wrong cosignature', replayed],
    ['signs another root', 'gave a wrong cosignature', (_, it) => it.end(witness.cosign(other, 9))],
    [
      'signs with a key that is not known',
      'gave no cosignature by its key',
      (body, it) => it.end(testWitness().cosign(textOf(body), now())),
    ],
    [
      'signs with a time to come',
      'cosigned with a time to come',
      (body, it) => it.end(witness.cosign(textOf(body), now() + 4000)),
    ],
    ['answers garbage', 'gave something else than cosignatures', status(200, '<html></html>')],
    ['answers nothing', 'gave something else than cosignatures', status(200)],
    ['answers a lot', 'answers too much', status(200, 'x'.repeat(200_000))],
    ['answers nothing in time', 'does not answer in time', () => {}],
    ['breaks off', 'breaks off', (_, it) => it.destroy()],
    ['redirects', 'answers with a redirect', status(302)],
    ['does not know the log', 'does not know this log', status(404)],
    ['does not know the key', 'does not know the key of this log', status(403)],
    ['is busy', 'answers 429', status(429)],
    ['tells no size', 'answers 409 without a size', status(409, '2\n')],
    [
      'contradicts itself',
      'answers 409 for the size it holds',
      status(409, '0\n', 'text/x.tlog.size'),
    ],
  ]
  for (const [does, fault, answers] of cases) {
    answer = answers
    await round({ timeoutMs: does.endsWith('in time') ? 200 : 10_000 })
    const { fault: told, size, alarm } = (await standing())!
    expect([does, told, size, alarm]).toEqual([does, fault, null, null])
  }
  const { rows } = await log.pool.query('SELECT count(*) AS count FROM audit_cosignature')
  expect(rows[0].count).toBe(0)
})

test.each<[string, Answer, string]>([
  ['a larger size', status(409, '9\n', 'text/x.tlog.size'), 'it holds 9 entries'],
  ['another root', anotherRoot, 'it holds another root'],
  ['another beginning', status(422), 'is not the beginning'],
])('a witness that holds %s is an alarm until it cosigns', async (_, does, alarm) => {
  answer = does
  const state = { resting: new Map(), told: new Map() }
  await round({ whenMissing: 'publish' }, state)
  await round({ whenMissing: 'publish' })
  expect((await standing())?.alarm).toContain(alarm)
  const check = async () => (await checkVouching({ pool: log.pool, clock: () => new Date() }))[0]
  expect(await check()).toMatchObject({ ok: false })
  expect((await check())?.detail).toContain('ALARM')
  expect(await actions()).toEqual(['log.unwitnessed', 'log.unwitnessed'])
  // It stays after the witness is merely away, and is no second entry.
  answer = status(500)
  await round({ whenMissing: 'publish' })
  expect((await standing())?.alarm).toContain(alarm)
  answer = honest
  await round({ whenMissing: 'publish' })
  expect((await standing())?.alarm).toBeNull()
  expect(await check()).toMatchObject({ ok: true })
  expect(await actions()).toHaveLength(2)
})

test('publishing without: goes on at once, one entry for the whole time, and is made good later', async () => {
  answer = status(503)
  await round({ whenMissing: 'publish' })
  await grow(1)
  await round({ whenMissing: 'publish' })
  await round({ whenMissing: 'publish' })
  expect(await actions()).toEqual(['log.unwitnessed'])
  await round({ whenMissing: 'publish' })
  const size = await published()
  const noteOf = async () => (await latestCheckpoint(log.pool))?.note
  expect(splitNote((await noteOf()) ?? '').signatures).toHaveLength(1)
  answer = honest
  await round({ whenMissing: 'publish' })
  expect(await published()).toBe(size)
  expect(splitNote((await noteOf()) ?? '').signatures).toHaveLength(2)
  answer = status(503)
  await grow(1)
  await round({ whenMissing: 'publish' })
  expect(await actions()).toHaveLength(2)
})

test('one that failed rests; a slow one does not hold up the others for long', async () => {
  const slow = testWitness('slow.example')
  const known = { ...cosignatureVerifier(slow.verifierKey), url: 'http://127.0.0.1:1' }
  const hanging = await testServer(() => {})
  const asked = {
    ...cosignatureVerifier(testWitness('hung.example').verifierKey),
    url: hanging.url,
  }
  answer = honest
  const state = { resting: new Map(), told: new Map() }
  const witnesses = [...policyOf().witnesses, known, asked]
  const started = performance.now()
  await round({ witnesses, timeoutMs: 20_000 }, state)
  expect(performance.now() - started).toBeLessThan(PATIENCE * 15_000)
  expect(await published()).toBe(3)
  expect([...state.resting.keys()].sort()).toEqual(['hung.example', 'slow.example'])
  await grow(1)
  await round({ witnesses, timeoutMs: 20_000 }, state)
  expect(await published()).toBe(4)
  expect(hanging.bodies).toHaveLength(1)
  await hanging.close()
})

test('without witnesses the newest is published, also what was not cosigned', async () => {
  answer = status(500)
  await round()
  await grow(2)
  await round()
  expect(await published()).toBe(3)
  await stopWaiting(log.pool)
  expect(await published()).toBe(5)
  expect(await checkVouching({ pool: log.pool, clock: () => new Date() })).toEqual([])
  // And it never becomes smaller again.
  await round()
  expect(await published()).toBe(5)
})
