import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { reportCommand } from '../../src/cli/report.ts'
import { inTransaction } from '../../src/db/pool.ts'
import { countFigures } from '../../src/exchange/figures.ts'
import { modalitiesOf } from '../../src/protocol/lookup.ts'
import { releaseEffect } from '../../src/report/dashboard.ts'
import {
  daysOf,
  endedQuarters,
  monthsOf,
  type Quarter,
  quarterBeside,
  quartersWithin,
} from '../../src/report/period.ts'
import { giveFeedback, tagsOf } from '../attack/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { COUNTS } from './counts.ts'
import { pdfText, sheetsOf } from './open-files.ts'

// Woonboog asks about 30 persons and gets feedback about 12 of them, in the last quarter that is over.
let gateway: TestGateway
let folder: string
const [QUARTER = '2026-Q3'] = endedQuarters(new Date().toISOString().slice(0, 10), 1)
const BEFORE = quarterBeside(QUARTER as Quarter, -1)
const EVIL = '=HYPERLINK("http://evil.example","x")'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-reports-'))
  gateway = await testGateway({ webhooks: false })
  await openDomain(gateway)
  const { woonboog } = gateway.clients
  await woonboog.reportAnnex1({ ...COUNTS, passedToSupervisor: 1 })
  await woonboog.reportAnnex1(COUNTS)
  await woonboog.reportAnnex1({ ...COUNTS, referenceDate: '2026-06-30', notCompliant: 11 })
  const { messageId } = await woonboog.detect(detection(tenants(0, 30)))
  await giveFeedback(gateway, (await tagsOf(gateway, messageId)).slice(0, 12))
  const { rows } = await until('the feedback is there', async () => {
    const found = await gateway.db.pool.query<{ id: string }>('SELECT id FROM feedback ORDER BY id')
    return found.rows.length === 12 && found
  })
  for (const { id } of rows.slice(0, 6))
    await woonboog.progress(id, { status: 'closed', on: new Date().toISOString().slice(0, 10) })
  const { from } = daysOf(QUARTER)
  // As if it had been a quarter ago: what a message counts is fixed otherwise.
  await gateway.db.pool.query('ALTER TABLE message DISABLE TRIGGER USER')
  await gateway.db.pool.query(
    `UPDATE message SET received_day = $1::date + 3 WHERE type = 'detection.request'`,
    [from],
  )
  await gateway.db.pool.query('ALTER TABLE message ENABLE TRIGGER USER')
  await gateway.db.pool.query(`UPDATE feedback SET created_at = $1::date + 10`, [from])
  await gateway.db.pool.query(`UPDATE party SET name = $1 WHERE id = 'leefgoed'`, [EVIL])
  await countFigures({ pool: gateway.db.pool, clock: () => new Date() })
  await sensitised(30, 11, 9)
})

/** Figures of the quarter before: about whom there was feedback, who was reported again, who was found. */
async function sensitised(...figures: [told: number, again: number, found: number]): Promise<void> {
  const [month] = monthsOf(BEFORE)
  const values = [`${month}-10`, month, ...figures]
  await gateway.db.pool.query(
    `WITH d AS (INSERT INTO figure_day (day, counted_at, moving) VALUES ($1::date, now(), 0)
       ON CONFLICT (day) DO UPDATE SET counted_at = excluded.counted_at RETURNING day),
     r AS (INSERT INTO figure_reported (day, month, protocol, party_id, told, again)
       SELECT day, $2, 'wm-vdab', 'woonboog', $3, $4 FROM d)
     INSERT INTO figure_effect (month, protocol, party_id, found_again) VALUES ($2, 'wm-vdab', 'woonboog', $5)`,
    values,
  )
}
afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const outcome = { exit: 0, out: '', err: '' }
  const { config, keys, log } = gateway.context
  const store = { pool: gateway.db.pool, config, keys, log, close: async () => {} }
  const command = reportCommand(async () => store as never)
  quiet(command, text => {
    outcome.out += text
  })
  await command.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    outcome.exit = error instanceof CommanderError ? 2 : 1
    outcome.err = error.message
  })
  return outcome
}

function quiet(command: Command, writeOut: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut, writeErr: () => {} })
  for (const sub of command.commands) quiet(sub, writeOut)
}

async function made(name: string, ...args: string[]): Promise<Buffer> {
  const out = join(folder, name)
  const { exit, err } = await run(...args, '--out', out)
  expect([exit, err]).toEqual([0, ''])
  return readFileSync(out)
}

const ANNEX_1 = ['annex-1', '--party', 'woonboog', '--from', '2026-01-01', '--until', '2026-12-31']

test('Annex 1 is exact in every format, and what was replaced is not in it', async () => {
  const { out } = await run(...ANNEX_1, '--json')
  const { items } = JSON.parse(out)
  expect(items).toHaveLength(2)
  expect(items[0]).toMatchObject({ report: COUNTS, replaced: 1, warnings: [] })
  expect(items[1].warnings).toHaveLength(1)

  const page = (await made('a.html', ...ANNEX_1)).toString()
  expect(page).toContain('is arbeidsongeschikt, invalide of ernstig gehandicapt')
  expect(page).not.toMatch(/<script|src=|href="http/)
  expect(await pdfText(await made('a.pdf', ...ANNEX_1))).toMatch(/ontvangt een leefloon.{0,60}? 4 /)
  const lines = (await made('a.csv', ...ANNEX_1)).toString().split('\r\n')
  expect(lines[0]).toBe('\ufeff"deel","tabel","rij","kolom","waarde"')
  expect(lines).toContainEqual(expect.stringMatching(/"is ouder dan 65","Aantal","15"$/))
  const sheets = sheetsOf(await made('a.xlsx', ...ANNEX_1))
  expect([...sheets.keys()]).toEqual(
    expect.arrayContaining(['Rapport', 'Huurders op 30 september 2026']),
  )
  const cells = sheets.get('Huurders op 30 september 2026') ?? []
  expect(cells.slice(1).map(row => row[1])).toEqual([100, 80, 25, 20, 15, 6, 4, 10])
})

test('no text becomes a formula', async () => {
  const asked = ['annex-1', '--party', 'leefgoed']
  const csv = (await made('e.csv', ...asked)).toString()
  expect(csv).toContain(`"'=HYPERLINK(`)
  const cells = [...sheetsOf(await made('e.xlsx', ...asked)).values()].flat(2)
  expect(cells).toContain(`'${EVIL}`)
  expect(cells.filter(cell => String(cell).startsWith('='))).toEqual([])
  expect((await made('e.html', ...asked)).toString()).not.toContain('HYPERLINK("')
})

test('a dashboard is released under disclosure control, once', async () => {
  const asked = ['dashboard', '--party', 'woonboog', '--quarter', QUARTER, '--json']
  const { parts } = JSON.parse((await run(...asked)).out)
  const by = (table: string) => parts.find((part: { table: string }) => part.table === table)
  expect(by('detection-asked')).toMatchObject({ quarter: QUARTER })
  expect(by('detection-asked')).not.toHaveProperty('withheld')
  const values = parts.flatMap((part: { cells: { value?: number }[] }) =>
    part.cells.flatMap(({ value }) => value ?? []),
  )
  expect(values).toEqual(expect.arrayContaining([30, 12]))
  expect(values.filter((value: number) => value > 0 && value < 5)).toEqual([])
  // What was released stays, whatever the counts are by now.
  await gateway.db.pool.query(`UPDATE feedback SET created_at = created_at + interval '1 day'
    WHERE id = (SELECT min(id) FROM feedback)`)
  expect(JSON.parse((await run(...asked)).out).parts).toEqual(parts)
  const text = await pdfText(await made('d.pdf', ...asked.slice(0, -1)))
  expect(text).toContain('Huurders over wie is gevraagd')
  const soon = await run('dashboard', '--party', 'woonboog', '--quarter', '2199-Q1')
  expect([soon.exit, soon.err]).toEqual([1, 'the quarter 2199-Q1 is not over yet'])
})

test('what sensitising brought those of the quarter before is in it; who was found only where answers are per person', async () => {
  const asked = ['dashboard', '--party', 'leefgoed', '--quarter', QUARTER, '--json']
  const partsOf = async (party: string) =>
    JSON.parse((await run(...asked.with(2, party))).out).parts.filter(
      ({ table }: { table: string }) => table.startsWith('sensitising'),
    )
  expect(await partsOf('leefgoed')).toEqual([])
  const parts = await partsOf('woonboog')
  expect(parts).toMatchObject([{ table: 'sensitising-again', quarter: BEFORE }])
  const shownOf = (part: Part, again: string) =>
    part.cells.find(({ dims }) => dims['month'] === BEFORE && dims['again'] === again)?.value
  expect(['again', 'not-again', 'all'].map(code => shownOf(parts[0], code))).toEqual([11, 19, 30])

  const set = gateway.context.protocols.current()
  const modalities = modalitiesOf(set, 'wm-vdab')
  if (!modalities) throw new Error('no protocol')
  const before = modalities.granularity
  modalities.granularity = 'person'
  const asking = { by: { role: 'privacy-officer' as const }, at: new Date() }
  const effect = await inTransaction(gateway.db.pool, tx =>
    releaseEffect(tx, set, { ...asking, party: 'woonboog', quarter: BEFORE }),
  ).finally(() => {
    modalities.granularity = before
  })
  // Under counts it was released that nobody knows who was found: what it is now is told as a new count.
  expect(effect.map(({ table }) => table)).toEqual(['sensitising-found', 'sensitising-again'])
  const found = effect[0]?.cells.filter(({ dims }) => dims['month'] === BEFORE) ?? []
  expect(Object.fromEntries(found.map(({ dims, value }) => [dims['found'], value]))).toMatchObject({
    all: 30,
    found: 9,
    'not-found': 21,
  })
  const text = await pdfText(await made('s.pdf', ...asked.slice(0, -1).with(2, 'woonboog')))
  expect(text).toContain(`Na een melding opnieuw gemeld, ${BEFORE}`)
})

interface Part {
  cells: { dims: Record<string, string>; value?: number }[]
}

test('an evaluation is filled in and says where to write', async () => {
  const { from } = daysOf(QUARTER)
  const asked = ['evaluation', '--party', 'woonboog', '--from', from, '--final']
  const { out } = await run(...asked)
  for (const title of [
    'Voortgang',
    'Methode',
    'Resultaten',
    'Knelpunten',
    'Opportuniteiten',
    'Aanbevelingen',
  ])
    expect(out).toContain(`## ${title}\n`)
  expect(out.match(/Zelf in te vullen:/g)?.length).toBeGreaterThan(5)
  expect(out).toContain('| 30 september 2026 | 100 | 80 | 10 | 3 | 2 |')
  expect(out).not.toMatch(/\bt-\d+\b|\b85\d{9}\b/)
  const page = (await made('v.html', ...asked)).toString()
  expect(page).toContain('Teruggemeld als moeilijk of niet bereikt')
  const sheets = sheetsOf(await made('v.xlsx', ...asked))
  expect(sheets.get('Stand van de protocollen')?.[1]?.join()).toContain('wm-vdab-woonboog')
})

test('every report is an entry, with what and for whom, and none of its numbers', async () => {
  await run('processing-register', '--format', 'csv')
  const { rows } = await gateway.db.pool.query(
    `SELECT DISTINCT e.j->>'reason' AS reason, e.j->>'recipient' AS recipient, d.details::jsonb->>'format' AS format
     FROM (SELECT entry_id, convert_from(entry, 'UTF8')::jsonb AS j FROM audit_entry UNION ALL
       SELECT entry_id, convert_from(entry, 'UTF8')::jsonb FROM audit_pending) e
     JOIN audit_detail d USING (entry_id) WHERE e.j->>'action' = 'report.made'`,
  )
  const told = rows.map(({ reason, recipient, format }) => `${reason} ${recipient} ${format}`)
  expect(told).toEqual(
    expect.arrayContaining([
      'annex-1 woonboog xlsx',
      'annex-1 leefgoed csv',
      'dashboard woonboog pdf',
      'final-evaluation woonboog html',
      'processing-register null csv',
    ]),
  )
})

test('a housing company reports a file with its own key; what is refused names each rule', async () => {
  const [file, key] = [join(folder, 'counts.json'), join(folder, 'key.json')]
  writeFileSync(key, JSON.stringify(gateway.keys['de-noorderkempen'].privateKey))
  const from = ['--party', 'de-noorderkempen', '--url', gateway.url, '--key', key]
  writeFileSync(file, JSON.stringify({ ...COUNTS, notCompliant: 11 }))
  const { out, err } = await run('annex-1', file, ...from)
  expect(err).toBe('')
  expect(out).toMatch(/^Annex 1 of 2026-09-30 is taken: msg_\w+\nwarning {2}\/checked/)
  writeFileSync(file, JSON.stringify({ ...COUNTS, checked: 101 }))
  const refused = await run('annex-1', file, ...from)
  expect([refused.exit, refused.err]).toEqual([
    1,
    expect.stringContaining('/checked  checked <= tenants: Check'),
  ])
})

test('who is no housing company has no report; wrong use is told', async () => {
  const vdab = await run('annex-1', '--party', 'vdab')
  expect([vdab.exit, vdab.err]).toEqual([1, 'there is no housing company vdab'])
  for (const wrong of [
    ['annex-1'],
    ['dashboard', '--party', 'woonboog', '--quarter', '2026-Q5'],
    ['evaluation', '--party', 'woonboog', '--from', '2026-02-30'],
    ['annex-1', '--party', 'woonboog', '--format', 'docx'],
    ['annex-1', 'some.json', '--party', 'woonboog'],
  ])
    expect([wrong, (await run(...wrong)).exit]).toEqual([wrong, 2])
})

test('quarters', () => {
  expect(endedQuarters('2026-02-10', 3)).toEqual(['2025-Q4', '2025-Q3', '2025-Q2'])
  expect(quartersWithin('2025-06-30', '2026-02-10', '2026-02-10')).toEqual(['2025-Q3', '2025-Q4'])
  expect(daysOf('2024-Q1')).toEqual({ from: '2024-01-01', until: '2024-03-31' })
})
