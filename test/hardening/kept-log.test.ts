import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'
import { scanKeptLogs } from '../support/kept-log.ts'

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
