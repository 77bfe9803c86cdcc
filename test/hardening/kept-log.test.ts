import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'
import {
  keepLines,
  keepSecrets,
  scanKeptLogs,
  watchReceived,
  watchReply,
  watchRequest,
} from '../support/kept-log.ts'

const number = syntheticNumber('any-age', 11, 0)
const CLEAN = '{"level":"info","message":"handed over","messageId":"msg_01KAJ5X2Q0","ms":12}\n'

/** A folder as a run leaves it, with one test file. */
function folderWith(log: string, values: string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-logs-'))
  writeFileSync(join(folder, 'exchange__some.test.ts.log'), CLEAN.repeat(20) + log)
  writeFileSync(join(folder, 'exchange__some.test.ts.values'), values.join('\n'))
  return folder
}

describe('after a run the logs of all tests are looked through', () => {
  test('clean ones pass, and nothing is left behind', () => {
    const folder = folderWith(CLEAN, ['tenant-7', number])
    expect(scanKeptLogs(folder)).toEqual({ files: 1, bytes: CLEAN.length * 21 })
    expect(existsSync(folder)).toBe(false)
  })

  test.each([
    ['a national number', `{"it":"${number}"}`, []],
    ['one of a request in base64', Buffer.from(`a ${number} b`).toString('base64'), [number]],
    ['a reference of a tenant', '{"who":"tenant-7"}', ['tenant-7']],
    ['a value of a payload', 'at q3J0mK1rZ0vY8c7dXw2bTn', ['q3J0mK1rZ0vY8c7dXw2bTn']],
    ['a token', '{"it":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln"}', []],
    ['a webhook secret', '"whsec_q3J0mK1rZ0vY8c7dXw2bTn"', []],
    ['what the logger had to take out', '{"it":"[redacted]"}', []],
  ])('%s that was planted fails the run, naming the file', (_, line, values) => {
    expect(() => scanKeptLogs(folderWith(line, values))).toThrow('test/exchange/some.test.ts: ')
  })
})

const key = 'q3J0mK1rZ0vY8c7dXw2bTnq3J0mK1rZ0vY8c7dXw2bA'
const FAILS = 'test/hardening/kept-log.test.ts: '

/** What a caller may say of which nothing may be left, by its kind. */
const KINDS: [string, string, { headers?: Record<string, string>; body?: object }][] = [
  ['a national number', number, {}],
  ['a token', 'Y2FuYXJ5-dG9rZW4', { headers: { authorization: 'Bearer Y2FuYXJ5-dG9rZW4' } }],
  ['a key', key, {}],
  ['a reference', 'WB-2026-000417', { body: { tenants: [{ tenantRef: 'WB-2026-000417' }] } }],
  ['a client', 'C-2026-0031', { body: { items: [{ clientRef: 'C-2026-0031' }] } }],
  ['a payload', 'AAECAwQFBgcICQoLDA0ODw', { body: { found: ['AAECAwQFBgcICQoLDA0ODw'] } }],
]

/** Lets a test write into a folder of its own. @returns what is wrong there, or undefined */
async function keptBy(work: () => Promise<unknown> | unknown): Promise<string | undefined> {
  const usual = process.env['HUISBRUG_TEST_LOGS']
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-logs-'))
  process.env['HUISBRUG_TEST_LOGS'] = folder
  try {
    keepSecrets([key])
    keepLines(CLEAN)
    await work()
    scanKeptLogs(folder)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    process.env['HUISBRUG_TEST_LOGS'] = usual
  }
}

/** A call to a server that is watched as a gateway under test is, and passes on what it was given. */
async function callWatched({ headers = {}, body = {} }: (typeof KINDS)[0][2]): Promise<void> {
  const server = createServer((request, response) => {
    watchRequest(request)
    watchReply(response)
    request.resume().on('end', () => {
      response.setHeader('traceparent', request.headers['traceparent'] ?? 'none').end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: JSON.stringify(body) })
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}

describe('what was sent is found wherever it was left', () => {
  test.each(KINDS)('%s in a line of the log', async (_, secret, call) => {
    for (const line of [`at ${secret}`, `GET /v1/x/${secret}`, `q=${secret}`]) {
      const kept = keptBy(async () => {
        await callWatched(call)
        keepLines(`{"level":"info","message":"${line}"}\n`)
      })
      expect(await kept).toContain(FAILS)
    }
  })

  test.each(KINDS)('%s in a header by which a call is followed', async (_, secret, call) => {
    const headers = { ...call.headers, traceparent: `00-${secret}` }
    expect(await keptBy(() => callWatched({ ...call, headers }))).toContain(FAILS)
    const passedOn = [{ raw: JSON.stringify(call.body ?? {}), headers: { baggage: `a=${secret}` } }]
    const kept = keptBy(async () => {
      await callWatched(call)
      watchReceived(passedOn)
    })
    expect(await kept).toContain(FAILS)
  })

  test('the same calls with nothing left of them pass', async () => {
    for (const [, , call] of KINDS) expect(await keptBy(() => callWatched(call))).toBeUndefined()
  })
})
