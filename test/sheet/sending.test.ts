import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import writeWorkbook from 'write-excel-file/node'
import { detectCommand } from '../../src/cli/detect.ts'
import { HuisbrugUnreachable } from '../../src/client/problem.ts'
import { containsNationalNumber } from '../../src/pseudonym/national-number.ts'
import { excelCsv } from '../../src/sheet/result.ts'
import { type Outcome, sendRows } from '../../src/sheet/send.ts'
import { SendingBook } from '../../src/sheet/sending-book.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { detection, openDomain, TODAY } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { FAULTY, goodRows, readResult, run, workFolder } from './kit.ts'

const TITLES = ['Rijksregisternummer', 'Kenmerk huurder', 'Grond van het huurderschap']
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
let gateway: TestGateway
let work: ReturnType<typeof workFolder>

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  work = workFolder(gateway)
})
afterAll(async () => {
  work.remove()
  await gateway.close()
})

const profile = () => ['--profile', work.path('profile.json')]

function detect(file: string, ...args: string[]) {
  return run(detectCommand(), work.path(file), ...profile(), ...args)
}

function writeCsv(name: string, rows: string[][], encoding: BufferEncoding = 'latin1'): void {
  const preamble = [['Huurders in de doelgroep – november'], []]
  const text = excelCsv([...preamble, TITLES, ...rows])
  writeFileSync(work.path(name), Buffer.from(text.replace('–', '-'), encoding))
}

function result(name: string): string[][] {
  return readResult(readFileSync(work.path(`${name}.resultaat.csv`)))
}

function tally(rows: string[][], column = 2): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[row[column] ?? ''] = (counts[row[column] ?? ''] ?? 0) + 1
  return counts
}

async function taken(): Promise<number> {
  const { rows } = await gateway.db.pool.query<{ count: string }>(
    'SELECT count(*) FROM period_member',
  )
  return Number(rows[0]?.count)
}

/** All that the command keeps. */
function kept(): string {
  const folder = work.path('huisbrug-data/detect')
  const files = existsSync(folder) ? readdirSync(folder) : []
  return files.map(file => readFileSync(join(folder, file), 'utf8')).join('\n')
}

describe('10,000 rows of which 300 are faulty, fifteen of each kind', () => {
  const kinds = Object.values(FAULTY)
  const first = goodRows(0, 1)
  const rest = Array.from({ length: 9_999 }, (_, at) => {
    const kind =
      at % 33 === 7 && at / 33 < 300 ? kinds[Math.floor(at / 33) % kinds.length] : undefined
    return kind
      ? { row: kind(20_000 + at), isFaulty: true }
      : { row: goodRows(1 + at, 1)[0] ?? [], isFaulty: false }
  })
  const rows = [...first, ...rest.map(({ row }) => row)]
  const faultyAt = rest.flatMap(({ isFaulty }, at) => (isFaulty ? [String(at + 5)] : []))

  it('are all told before anything is sent, and all others are sent: 300 explanations', async () => {
    expect([rows.length, faultyAt.length, kinds.length]).toEqual([10_000, 300, 20])
    writeCsv('tenants.csv', rows)
    const checked = await detect('tenants.csv', '--check')
    expect([checked.exit, await taken()]).toEqual([1, 0])
    const told = [...checked.out.matchAll(/^ {2}rij (\d+): \S/gm)].map(([, row]) => row)
    expect(told).toEqual(faultyAt)
    expect(result('tenants').filter(row => row[2] === 'fout in het bestand')).toHaveLength(300)

    const { exit, out, err } = await detect('tenants.csv', '--yes')
    expect([exit, err]).toEqual([1, ''])
    expect(out).toContain('10000 rows: 9700 accepted, 300 faulty.')
    expect(await taken()).toBe(9_700)
    const lines = result('tenants')
    expect(tally(lines)).toEqual({ aanvaard: 9_700, 'fout in het bestand': 300 })
    expect(lines.map(([row]) => row)).toEqual(rows.map((_, at) => String(at + 4)))
    const faulty = lines.filter(row => row[2] === 'fout in het bestand')
    expect(faulty.map(([row]) => row)).toEqual(faultyAt)
    expect(faulty.every(row => row[4] && row[5])).toBe(true)
    expect(tally(faulty, 3)).toEqual(Object.fromEntries(Object.keys(FAULTY).map(it => [it, 15])))
    const said = `${out}${checked.out}${readFileSync(work.path('tenants.resultaat.csv'), 'utf8')}`
    expect(containsNationalNumber(said, TODAY)).toBe(false)
  })

  it('once corrected, in a workbook, only what was not accepted goes', async () => {
    const messages = new Set(result('tenants').map(row => row[6]))
    const corrected = rows.map((row, at) =>
      rest[at - 1]?.isFaulty ? (goodRows(20_000 + at, 1)[0] ?? []) : row,
    )
    const cells = [TITLES, ...corrected].map(row => row.map(value => ({ value, type: String })))
    await writeWorkbook(cells, { sheet: 'Huurders' }).toFile(work.path('again.xlsx'))
    const { exit, out } = await detect('again.xlsx', '--yes', '--json')
    const { accepted, earlier, notAccepted } = JSON.parse(out)
    expect([exit, accepted, earlier, notAccepted]).toEqual([0, 300, 9_700, []])
    expect(await taken()).toBe(10_000)
    const news = result('again').filter(row => row[2] === 'aanvaard')
    expect(news.some(row => messages.has(row[6]))).toBe(false)
    expect(tally(result('again'))).toEqual({ aanvaard: 300, 'eerder aanvaard': 9_700 })
  })

  it('and what is kept for that tells nobody who the tenants are', () => {
    const text = kept()
    expect(text.length).toBeGreaterThan(300_000)
    expect(containsNationalNumber(text, TODAY)).toBe(false)
    for (const [number, reference] of goodRows(0, 50)) {
      expect(text).not.toContain(number)
      expect(text).not.toContain(`"${reference}"`)
    }
  })
})

it('killed in the middle it goes on where it was: nobody is lost, nobody is sent twice', async () => {
  const before = await taken()
  writeCsv('killed.csv', goodRows(40_000, 900), 'utf16le')
  const args = ['detect', work.path('killed.csv'), ...profile(), '--yes', '--batch', '60']
  const child = spawn(process.execPath, ['--no-warnings', CLI, ...args], {
    env: bareEnvironment(),
    stdio: 'ignore',
  })
  const gone = once(child, 'exit')
  const known = kept().split('"settled"').length
  await until('some are sent', () => kept().split('"settled"').length > known + 2)
  child.kill('SIGKILL')
  await gone
  const middle = (await taken()) - before
  expect(middle).toBeGreaterThan(0)
  expect(middle).toBeLessThan(900)
  const { exit, out } = await detect('killed.csv', '--yes', '--batch', '60', '--json')
  const { accepted, earlier } = JSON.parse(out)
  expect([exit, accepted + earlier, (await taken()) - before]).toEqual([0, 900, 900])
  const { rows } = await gateway.db.pool.query<{ count: string }>(
    'SELECT count(*) FROM message WHERE code IS NOT NULL OR refused > 0',
  )
  // What was on its way was repeated to the byte: the gateway had nothing to refuse.
  expect(rows).toEqual([{ count: 0 }])
})

it('repeats to the byte what got no answer, and learns what the gateway has by other means', async () => {
  const rows = goodRows(50_000, 10).map(([insz, tenantRef], at) => ({
    row: at + 2,
    tenant: { insz, tenantRef, tenantGround: 'art-6.1-1-a' as const },
  }))
  const { woonboog } = gateway.clients
  const { privateKey } = gateway.keys.woonboog
  const file = work.path('book.jsonl')
  const { tenants: _, ...head } = detection([])
  const sendAll = async (deaf: boolean): Promise<Outcome[]> => {
    const book = await SendingBook.open(file, privateKey)
    const detectDeaf: typeof woonboog.detect = async (...call) => {
      await woonboog.detect(...call)
      throw new HuisbrugUnreachable('ECONNRESET')
    }
    const client = deaf ? { detect: detectDeaf } : woonboog
    const common = { client, book, head, rows, batchSize: 4, privateKey }
    const { outcomes } = await sendRows(common)
    await book.close()
    return rows.map(({ row }) => outcomes.get(row) ?? { kind: 'not-sent' })
  }
  const kinds = (outcomes: Outcome[]) => outcomes.map(({ kind }) => kind)
  const repeat = <T>(count: number, kind: T) => Array(count).fill(kind) as T[]

  expect(kinds(await sendAll(true))).toEqual([
    ...repeat(4, 'unconfirmed'),
    ...repeat(6, 'not-sent'),
  ])
  // In between, one is sent by the back office itself.
  await woonboog.detect(detection([rows[5]!.tenant]))
  const before = await taken()
  expect(kinds(await sendAll(false))).toEqual([
    ...[...repeat(5, 'accepted'), 'earlier'],
    ...repeat(4, 'accepted'),
  ])
  expect(await taken()).toBe(before + 5)
  expect(kinds(await sendAll(false))).toEqual(repeat(10, 'earlier'))
})

it('stops between two requests when asked, and says what was not sent', async () => {
  const rows = goodRows(53_000, 6).map(([insz, tenantRef], at) => ({
    row: at + 2,
    tenant: { insz, tenantRef, tenantGround: 'art-6.1-1-a' as const },
  }))
  const { privateKey } = gateway.keys.woonboog
  const book = await SendingBook.open(work.path('stopped.jsonl'), privateKey)
  const { tenants: _, ...head } = detection([])
  let done = 0
  const { outcomes, error } = await sendRows({
    ...{ client: gateway.clients.woonboog, book, head, rows, batchSize: 2, privateKey },
    onProgress: count => {
      done = count
    },
    isStopped: () => done >= 4,
  })
  await book.close()
  expect([
    error,
    tally(
      [...outcomes.values()].map(({ kind }) => [kind]),
      0,
    ),
  ]).toEqual([...[undefined, { accepted: 4, 'not-sent': 2 }]])
})

it('ends at a refusal that is about all, says it in Dutch, and goes on once that is mended', async () => {
  writeCsv('all.csv', goodRows(51_000, 3))
  const wrong = await detect('all.csv', '--yes', '--purpose', 'follow-up', '--batch', '2')
  expect(wrong.exit).toBe(1)
  expect(wrong.out).toMatch(/2 refused, 1 not sent[\s\S]*HB-311[\s\S]*nothing is sent twice/)
  expect(result('all').map(row => [row[2], row[3]])).toEqual([
    ['geweigerd', 'HB-311'],
    ['geweigerd', 'HB-311'],
    ['niet verzonden', ''],
  ])
  expect(result('all')[0]?.[4]).toMatch(/doel/)
  const right = await detect('all.csv', '--yes')
  expect([right.exit, tally(result('all'))]).toEqual([0, { aanvaard: 3 }])
})

it('a changed reference of somebody who was accepted is told, not taken for sent', async () => {
  const [row] = goodRows(51_000, 1)
  writeCsv('changed.csv', [[row?.[0] ?? '', 'WB-other', 'a']])
  await detect('changed.csv', '--yes')
  expect(result('changed')[0]?.slice(2, 5)).toEqual([
    ...['eerder aanvaard', ''],
    'Deze persoon is deze maand al aanvaard, misschien met een ander kenmerk of een andere grond.',
  ])
})

describe('the columns are confirmed', () => {
  const asked = async (answer: boolean | undefined, ...args: string[]) => {
    const known = await taken()
    const command = detectCommand({ confirm: async () => answer })
    const outcome = await run(command, work.path('ask.csv'), ...profile(), ...args)
    return { ...outcome, sent: (await taken()) - known }
  }
  beforeAll(() => writeCsv('ask.csv', goodRows(52_000, 2)))

  it('by a person, who may say no', async () => {
    const { exit, out, sent } = await asked(false)
    expect([exit, sent]).toEqual([1, 0])
    expect(out).toMatch(/column A "Rijksregisternummer" \(by its title\)[\s\S]*Nothing was sent/)
  })

  it('or by what was said, where nobody can be asked', async () => {
    const { exit, err, sent } = await asked(undefined)
    expect([exit, sent]).toEqual([2, 0])
    expect(err).toContain('--columns insz=A,ref=B,ground=C')
    const named = await asked(undefined, '--columns', 'insz=A,ref=Kenmerk huurder,ground=C')
    expect([named.exit, named.sent]).toEqual([0, 2])
  })
})

it('says what is wrong with the file or the use, and sends nothing', async () => {
  writeFileSync(work.path('bare.csv'), 'Naam;Gemeente\r\nJan;Gent\r\n')
  const bare = await detect('bare.csv', '--yes')
  expect([bare.exit, bare.err]).toEqual([1, expect.stringContaining('A Naam, B Gemeente')])
  expect((await detect('ask.csv', '--columns', 'name=A')).exit).toBe(2)
  expect((await detect('ask.csv', '--sheet', 'x')).err).toContain('no sheet "x"')
  const both = await detect('ask.csv', '--columns', 'insz=A,ref=B,ground=C', '--ground', 'a')
  expect(both.err).toContain('not both')
  // Where nobody could read what became of it, nothing is sent.
  expect((await detect('ask.csv', '--yes', '--out', work.folder)).err).toContain(
    'cannot be written',
  )
  const itself = await detect('ask.csv', '--yes', '--out', work.path('ask.csv'))
  expect(itself.err).toContain('place of the spreadsheet')
  expect((await detect('ask.csv', '--yes', '--protocol', 'ocmw-vdab')).err).toMatch(/no detection/)
})
