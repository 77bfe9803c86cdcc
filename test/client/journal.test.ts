import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Journal } from '../../src/client/journal.ts'
import { loadPeerKeys, readWhole, writeWhole } from '../../src/sandbox/peer-keys.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-journal-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('a journal', () => {
  const file = () => join(folder, 'deep', 'journal.jsonl')

  test('gives back what was appended, in order, also what came together', async () => {
    const { journal, entries } = await Journal.open<{ n: number }>(file())
    expect(entries).toEqual([])
    await journal.append({ n: 0 })
    await Promise.all([journal.append({ n: 1 }), journal.append({ n: 2 }, { n: 3 })])
    await journal.close()
    const again = await Journal.open<{ n: number }>(file())
    expect(again.entries.map(entry => entry.n)).toEqual([0, 1, 2, 3])
    await again.journal.close()
  })

  test('has an entry on disk before it says so', async () => {
    const { journal } = await Journal.open<object>(file())
    await journal.append({ text: 'één\nregel' })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ text: 'één\nregel' })
    await journal.close()
  })

  test('drops a line that a kill cut off, and goes on behind the whole ones', async () => {
    const first = await Journal.open<{ n: number }>(file())
    await first.journal.append({ n: 1 })
    await first.journal.close()
    appendFileSync(file(), '{"n":2,"te')
    const second = await Journal.open<{ n: number }>(file())
    expect(second.entries).toEqual([{ n: 1 }])
    await second.journal.append({ n: 3 })
    await second.journal.close()
    const third = await Journal.open<{ n: number }>(file())
    expect(third.entries).toEqual([{ n: 1 }, { n: 3 }])
    await third.journal.close()
  })

  test('is for its owner only', async () => {
    const { journal } = await Journal.open<object>(file())
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    await journal.close()
  })
})

describe('the keys of a peer', () => {
  test('are made once and kept, the private part for its owner only', async () => {
    const first = await loadPeerKeys(join(folder, 'vdab'))
    const second = await loadPeerKeys(join(folder, 'vdab'))
    expect(second.privateKey).toEqual(first.privateKey)
    expect(statSync(join(folder, 'vdab', 'keys.json')).mode & 0o777).toBe(0o600)
  })

  test('are given to the gateway without the private part', async () => {
    const { jwksFile, publicKey } = await loadPeerKeys(folder)
    const jwks = readWhole<{ keys: object[] }>(jwksFile)
    const forEnvelopes = expect.objectContaining({ crv: 'X25519', use: 'enc' })
    expect(jwks).toEqual({ keys: [publicKey, forEnvelopes] })
    expect(readFileSync(jwksFile, 'utf8')).not.toContain('"d"')
  })

  test('a file that was being written when a kill came does not count', () => {
    const file = join(folder, 'state.json')
    expect(readWhole(file)).toBeUndefined()
    writeWhole(file, { good: true })
    writeFileSync(`${file}.new`, '{"go')
    expect(readWhole(file)).toEqual({ good: true })
  })
})
