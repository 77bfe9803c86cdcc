import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { assertConsistent } from '../../src/audit/merkle-proof.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyProof } from '../../src/audit/proof-file.ts'
import {
  type EntryFilter,
  entriesOfMessage,
  entryAt,
  latestCheckpoint,
  proofFileOf,
  proofOfEntry,
  proofOfGrowth,
  proofOfMessage,
  queryEntries,
  readEntryBundle,
  readTile,
  readTilePath,
} from '../../src/audit/query.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { decodeBundle } from '../../src/audit/tile-path.ts'
import type { EntryDraft } from '../../src/audit/types.ts'
import {
  acceptedDraft,
  messageId,
  naiveRoot,
  ORIGIN,
  sha256,
  type TestLog,
  testLog,
} from './support.ts'

const SIZE = 700
let log: TestLog
let all: EntryDraft[]

/** A mixture in which every filter finds something and leaves something out. */
function mixed(n: number): EntryDraft {
  if (n % 3 === 0) return acceptedDraft(n)
  const message = { id: messageId(n - (n % 3)), type: 'feedback.reachability' }
  if (n % 3 === 1)
    return {
      action: 'message.refused',
      at: acceptedDraft(n).at,
      actor: { role: 'employment-service', party: 'vdab' },
      message,
      decision: 'refused',
      code: n % 2 ? 'HB-405' : 'HB-304',
    }
  return {
    action: 'message.delivered',
    at: acceptedDraft(n).at,
    actor: { role: 'gateway' },
    message,
    recipient: n % 2 ? 'woonboog' : 'leefgoed',
  }
}

beforeAll(async () => {
  log = await testLog()
  all = Array.from({ length: SIZE }, (_, n) => mixed(n))
  for (let from = 0; from < SIZE; from += 100) {
    await recordEntries(log.pool, all.slice(from, from + 100))
    await log.sequence()
  }
})
afterAll(() => log.close())

function naiveFilter(filter: EntryFilter): number[] {
  const holds = (d: EntryDraft) =>
    (!filter.from || d.at >= filter.from) &&
    (!filter.until || d.at < filter.until) &&
    (!filter.protocol || d.protocol?.id === filter.protocol) &&
    (!filter.party || d.actor.party === filter.party) &&
    (!filter.recipient || d.recipient === filter.recipient) &&
    (!filter.type || d.message?.type === filter.type) &&
    (!filter.action || d.action === filter.action) &&
    (!filter.decision || d.decision === filter.decision) &&
    (!filter.code || d.code === filter.code) &&
    (!filter.messageId || d.message?.id === filter.messageId) &&
    (!filter.actor || d.actor.role === filter.actor)
  return all.flatMap((draft, index) => (holds(draft) ? [index] : [])).reverse()
}

async function readAll(filter: EntryFilter, limit: number): Promise<number[]> {
  const found: number[] = []
  let after: string | undefined
  do {
    const page = await queryEntries(log.pool, filter, { limit, ...(after && { after }) })
    expect(page.items.length).toBeLessThanOrEqual(limit)
    found.push(...page.items.map(({ index }) => index))
    after = page.next
  } while (after)
  return found
}

describe('entries by filter', () => {
  const at = (n: number) => acceptedDraft(n).at
  test.each<[string, EntryFilter]>([
    ['all', {}],
    ['a protocol', { protocol: 'wm-vdab' }],
    ['a party', { party: 'vdab' }],
    ['a recipient', { recipient: 'leefgoed' }],
    ['a type', { type: 'feedback.reachability' }],
    ['an action', { action: 'message.delivered' }],
    ['a decision', { decision: 'refused' }],
    ['a code', { code: 'HB-405' }],
    ['a message', { messageId: messageId(33) }],
    ['a role', { actor: 'gateway' }],
    ['a time', { from: at(100), until: at(200) }],
    [
      'all of it',
      {
        from: at(100),
        until: at(400),
        party: 'vdab',
        decision: 'refused',
        code: 'HB-304',
        type: 'feedback.reachability',
        actor: 'employment-service',
      },
    ],
    ['nothing that is there', { party: 'nobody' }],
  ])('%s: every match once, newest first, whatever the page', async (_, filter) => {
    const expected = naiveFilter(filter)
    if (!filter.party?.startsWith('no')) expect(expected.length).toBeGreaterThan(0)
    expect(await readAll(filter, 1_000)).toEqual(expected)
    expect(await readAll(filter, 37)).toEqual(expected)
  })

  test('entries of the same instant are told apart by their place, over a page border too', async () => {
    const at = new Date('2030-01-01T00:00:00Z')
    const other = await testLog()
    await recordEntries(
      other.pool,
      Array.from({ length: 10 }, (_, n) => acceptedDraft(n, { at })),
    )
    await other.sequence()
    const first = await queryEntries(other.pool, {}, { limit: 4 })
    const second = await queryEntries(other.pool, {}, { limit: 6, after: first.next! })
    expect([...first.items, ...second.items].map(({ index }) => index)).toEqual([
      9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    ])
    expect(second.next).toBeUndefined()
    await other.close()
  })

  test('a cursor stays good while the log grows', async () => {
    const other = await testLog()
    await recordEntries(other.pool, [acceptedDraft(1), acceptedDraft(2), acceptedDraft(3)])
    await other.sequence()
    const first = await queryEntries(other.pool, {}, { limit: 1 })
    await recordEntries(other.pool, [acceptedDraft(8), acceptedDraft(9)])
    await other.sequence()
    const rest = await queryEntries(other.pool, {}, { after: first.next! })
    expect(rest.items.map(({ index }) => index)).toEqual([1, 0])
    await other.close()
  })

  test.each([
    [{ limit: 0 }],
    [{ limit: 1_001 }],
    [{ limit: 1.5 }],
    [{ after: '' }],
    [{ after: 'x' }],
    [{ after: Buffer.from("2026-01-01T00:00:00.000Z 1' OR 1").toString('base64url') }],
    [{ after: Buffer.from('2026-99-01T00:00:00.000Z 1').toString('base64url') }],
  ])('page %j is refused', async page => {
    await expect(queryEntries(log.pool, {}, page)).rejects.toMatchObject({ code: 'HB-208' })
  })

  test('come as they were written, with the commitment of a receipt', async () => {
    const { items } = await queryEntries(log.pool, {
      messageId: messageId(33),
      action: 'message.accepted',
    })
    const { at, ...draft } = all[33]!
    expect(items[0]!.entry).toMatchObject({ ...draft, at: at.toISOString() })
    const { rows } = await log.pool.query('SELECT entry FROM audit_entry WHERE index = 33')
    expect(items[0]!.commitment).toBe(sha256(Buffer.of(0), rows[0].entry).toString('base64url'))
    expect(await entryAt(log.pool, 33)).toEqual(items[0])
    expect(await entryAt(log.pool, SIZE)).toBeUndefined()
  })

  test('of a message: its whole journey, in order', async () => {
    const journey = await entriesOfMessage(log.pool, messageId(33))
    expect(journey.map(({ index }) => index)).toEqual([33, 34, 35])
    expect(await entriesOfMessage(log.pool, 'msg_unknown')).toEqual([])
  })
})

describe('the log as others read it', () => {
  async function storedEntries(): Promise<Buffer[]> {
    const { rows } = await log.pool.query('SELECT entry FROM audit_entry ORDER BY index')
    return rows.map(row => row.entry)
  }

  test('the newest checkpoint covers all entries', async () => {
    const checkpoint = (await latestCheckpoint(log.pool))!
    expect(checkpoint.size).toBe(SIZE)
    expect(checkpoint.root).toEqual(naiveRoot(await storedEntries()))
    expect(
      checkpoint.note.startsWith(
        `${ORIGIN}\n${SIZE}\n${checkpoint.root.toString('base64')}\n\n— ${ORIGIN} `,
      ),
    ).toBe(true)
  })

  test('an empty log has none', async () => {
    const empty = await testLog()
    expect(await latestCheckpoint(empty.pool)).toBeUndefined()
    await expect(proofOfEntry(empty.pool, 0)).rejects.toMatchObject({ code: 'range-outside-tree' })
    await empty.close()
  })

  test('tiles of every width that was ever signed, and the entries that hash to them', async () => {
    const entries = await storedEntries()
    for (const size of [100, 200, 300, 400, 500, 600, 700]) {
      const n = Math.floor(size / 256)
      const width = size % 256
      const tile = (await readTile(log.pool, 0, n, width))!
      const bundle = decodeBundle((await readEntryBundle(log.pool, n, width))!)
      expect(bundle).toEqual(entries.slice(n * 256, size))
      expect(tile).toEqual(Buffer.concat(bundle.map(entry => sha256(Buffer.of(0), entry))))
    }
    expect(await readTile(log.pool, 0, 1)).toHaveLength(8_192)
    expect(decodeBundle((await readEntryBundle(log.pool, 1))!)).toHaveLength(256)
    expect(await readTile(log.pool, 1, 0, 2)).toEqual(
      Buffer.concat([naiveRoot(entries.slice(0, 256)), naiveRoot(entries.slice(256, 512))]),
    )
  })

  test('nothing beyond what was signed', async () => {
    expect(await readTile(log.pool, 0, 2)).toBeUndefined()
    expect(await readTile(log.pool, 0, 2, 189)).toBeUndefined()
    expect(await readTile(log.pool, 0, 3, 1)).toBeUndefined()
    expect(await readTile(log.pool, 1, 0, 3)).toBeUndefined()
    expect(await readEntryBundle(log.pool, 2)).toBeUndefined()
    expect(await readEntryBundle(log.pool, 2, 189)).toBeUndefined()
  })

  test('by path: hash tiles, and never entries', async () => {
    expect(await readTilePath(log.pool, 'tile/0/001')).toEqual(await readTile(log.pool, 0, 1))
    expect(await readTilePath(log.pool, 'tile/0/002.p/100')).toEqual(
      await readTile(log.pool, 0, 2, 100),
    )
    for (const path of [
      'tile/entries/000',
      'tile/0/002',
      'tile/0/x000/001',
      '../tile/0/001',
      'tile/0/001; DROP',
    ])
      expect(await readTilePath(log.pool, path)).toBeUndefined()
  })

  test('a proof file for any entry is verified offline', async () => {
    const verifier = noteVerifier(await loadLogVerifierKey(log.keys, ORIGIN))
    const entries = await storedEntries()
    for (const index of [0, 1, 255, 256, 511, 512, 698, 699]) {
      const text = await proofFileOf(log.pool, index)
      expect(verifyProof(text, entries[index]!, verifier).size).toBe(SIZE)
      expect(() => verifyProof(text, entries[(index + 1) % SIZE]!, verifier)).toThrow(
        'does not fit',
      )
    }
    await expect(proofOfEntry(log.pool, SIZE)).rejects.toMatchObject({ code: 'range-outside-tree' })
  })

  test('a proof of the entry that decided on a message', async () => {
    const verifier = noteVerifier(await loadLogVerifierKey(log.keys, ORIGIN))
    const text = (await proofOfMessage(log.pool, messageId(33)))!
    expect(verifyProof(text, (await storedEntries())[33]!, verifier).origin).toBe(ORIGIN)
    expect(await proofOfMessage(log.pool, messageId(9_999))).toBeUndefined()
  })

  test('every signed state is the beginning of every later one', async () => {
    const { rows } = await log.pool.query('SELECT size, root FROM audit_checkpoint ORDER BY size')
    expect(rows).toHaveLength(7)
    for (const from of rows)
      for (const to of rows.filter(row => row.size >= from.size)) {
        const proof = await proofOfGrowth(log.pool, from.size, to.size)
        const claim = { from: from.size, fromRoot: from.root, to: to.size, toRoot: to.root, proof }
        expect(() => assertConsistent(claim)).not.toThrow()
      }
    await expect(proofOfGrowth(log.pool, 600, 1_500)).rejects.toMatchObject({
      code: 'tile-missing',
    })
  })
})
