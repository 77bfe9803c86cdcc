import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appendLines, cosigner } from '../../src/audit/cosignature.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { proofOfEntry, proofOfGrowth } from '../../src/audit/log-proof.ts'
import { latestCheckpoint } from '../../src/audit/log-read.ts'
import { signNote } from '../../src/audit/note.ts'
import { formatProof } from '../../src/audit/proof-file.ts'
import { recordEntries } from '../../src/audit/record.ts'
import { drafts, ORIGIN, type TestLog, testLog, testSigner } from '../audit/support.ts'
import { buildVerify, describeWithGo } from '../support/go.ts'

interface Question {
  what: string
  key: string
  checkpoint?: string
  entry?: string
  proof?: string
  old?: string
  hashes?: string[]
}

const SIZES = [1, 2, 255, 256, 257, 600]

/** The same with one character of base64 in it changed: the first after `from`. */
function flip(text: string, from = 0): string {
  const at = from + text.slice(from).search(/[A-Za-z0-9]/)
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}

describeWithGo('the notes and proofs of this log, checked by golang.org/x/mod', () => {
  let folder: string
  let program: string
  let log: TestLog
  let key: string
  const notes = new Map<number, string>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'huisbrug-go-'))
    program = buildVerify(folder)
    log = await testLog()
    let recorded = 0
    for (const size of SIZES) {
      await recordEntries(log.pool, drafts(size - recorded, recorded))
      await log.sequence()
      recorded = size
      notes.set(size, (await latestCheckpoint(log.pool))!.note)
    }
    key = await loadLogVerifierKey(log.keys, ORIGIN)
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await log?.close()
  })

  const ask = (questions: Question[]) => {
    const input = questions.map(({ what: _, ...one }) => JSON.stringify(one)).join('\n')
    const { stdout, status } = spawnSync(program, { input, encoding: 'utf8' })
    expect(status).toBe(0)
    const answers = stdout.trim().split('\n')
    return questions.map(({ what }, index) => [what, answers[index]?.slice(0, 5)])
  }
  const all = (questions: Question[], answer: string) => questions.map(one => [one.what, answer])

  async function records(): Promise<Question[]> {
    const { rows } = await log.pool.query<{ entry: Buffer }>(
      'SELECT entry FROM audit_entry ORDER BY index',
    )
    const asked: Question[] = []
    for (const [size, note] of notes) {
      for (const index of new Set([0, size >> 1, Math.min(size - 1, 255), size - 1])) {
        const proof = formatProof(await proofOfEntry(log.pool, index, { size, note }))
        const entry = rows[index]!.entry.toString('base64')
        asked.push({ what: `entry ${index} of ${size}`, key, proof, entry })
      }
    }
    return asked
  }

  async function growths(): Promise<Question[]> {
    const asked: Question[] = []
    for (const [from, old] of notes) {
      for (const [to, checkpoint] of notes) {
        if (from > to) continue
        const hashes = (await proofOfGrowth(log.pool, from, to)).map(one => one.toString('base64'))
        asked.push({ what: `${from} to ${to}`, key, old, checkpoint, hashes })
      }
    }
    return asked
  }

  test('checkpoints open, and not one that was changed', () => {
    const good = [...notes].map(([size, checkpoint]) => ({ what: String(size), key, checkpoint }))
    expect(ask(good)).toEqual(all(good, 'ok'))
    const lines = [0, 1, 2, 4].flatMap(line =>
      good.map(one => {
        const start = one.checkpoint.split('\n').slice(0, line).join('\n').length
        // Of the signature line the signature itself, behind name and key id.
        const from = line === 4 ? one.checkpoint.lastIndexOf(' ') + 8 : start
        return { ...one, what: `${one.what}, line ${line}`, checkpoint: flip(one.checkpoint, from) }
      }),
    )
    expect(ask(lines)).toEqual(all(lines, 'wrong'))
    const other = good.map(one => ({ ...one, key: testSigner().verifierKey }))
    expect(ask(other)).toEqual(all(other, 'wrong'))
  })

  test('signatures by keys that are not known are ignored, a bad one by the known key is not', () => {
    const note = notes.get(600)!
    const text = note.slice(0, note.indexOf('\n\n') + 1)
    const witness = cosigner('witness.example', generateKeyPairSync('ed25519').privateKey)
    const line = witness.cosign(text, 1_795_253_400)
    const stranger = signNote(text, [testSigner('stranger.example')]).slice(text.length + 1)
    const cosigned = [
      { what: 'cosigned', key, checkpoint: appendLines(note, [line]) },
      {
        what: 'cosigned, and signed by a stranger',
        key,
        checkpoint: appendLines(note, [line, stranger]),
      },
      { what: 'a cosignature that is wrong', key, checkpoint: appendLines(note, [flip(line, 40)]) },
    ]
    expect(ask(cosigned)).toEqual(all(cosigned, 'ok'))
    const alone = [{ what: 'a cosignature alone', key, checkpoint: `${text}\n${line}` }]
    expect(ask(alone)).toEqual(all(alone, 'wrong'))
  })

  test('inclusion proofs are accepted, and none with a byte changed', async () => {
    const good = await records()
    expect(ask(good)).toEqual(all(good, 'ok'))
    const wrong = good.flatMap(one => {
      const hash = one.proof!.indexOf('\n', one.proof!.indexOf('\nindex') + 1) + 1
      const index = one.proof!.replace(/^index \d+$/m, line => `${line}1`)
      return [
        { ...one, what: `${one.what}, entry`, entry: flip(one.entry!, 20) },
        { ...one, what: `${one.what}, index`, proof: index },
        { ...one, what: `${one.what}, first hash or checkpoint`, proof: flip(one.proof!, hash) },
      ]
    })
    expect(ask(wrong)).toEqual(all(wrong, 'wrong'))
  })

  test('consistency proofs are accepted, and none with a byte changed', async () => {
    const good = await growths()
    expect(ask(good)).toEqual(all(good, 'ok'))
    const wrong = good.flatMap(one => [
      { ...one, what: `${one.what}, old`, old: flip(one.old!, one.old!.lastIndexOf(' ') + 8) },
      ...(one.hashes ?? []).map((_, at) => {
        const hashes = one.hashes!.with(at, flip(one.hashes![at]!, 5))
        return { ...one, what: `${one.what}, hash ${at}`, hashes }
      }),
    ])
    expect(ask(wrong)).toEqual(all(wrong, 'wrong'))
  })
})
