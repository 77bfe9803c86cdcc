import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import writeWorkbook from 'write-excel-file/node'
import { readCsv } from '../../src/sheet/csv.ts'
import { readSheets } from '../../src/sheet/read.ts'
import { excelCsv, excelText } from '../../src/sheet/result.ts'
import { workFolder } from './kit.ts'

const work = workFolder()
afterAll(() => work.remove())

const TABLE = [
  ['Huurder', 'INSZ', 'Opmerking'],
  ['WB-1', '85.01.01-001.22', 'één, twee; drie\tvier'],
  ['WB-2', '85010100221', 'regel 1\r\nregel 2 "tussen aanhalingstekens"'],
  ['', '', ''],
  ['WB-3', '', ''],
]

const ENCODINGS: Record<string, (text: string) => Buffer> = {
  'UTF-8': text => Buffer.from(text),
  'UTF-8 with a mark': text => Buffer.from(`\ufeff${text}`),
  'Windows-1252': text => Buffer.from(text, 'latin1'),
  'UTF-16 with a mark': text => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16 without': text => Buffer.from(text, 'utf16le'),
  'UTF-16 big end first': text => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
}

describe.each(Object.entries(ENCODINGS))('CSV in %s', (_, encode) => {
  it.each([';', ',', '\t', '|'])('with separator %j', separator => {
    const { rows } = readCsv(encode(excelCsv(TABLE, separator)))
    expect(rows.map(row => row.map(({ text }) => text))).toEqual(
      TABLE.map(row => row.map(text => text.replace(/\s+/g, ' '))),
    )
  })
})

it('reads back what it writes, however Excel would read it', () => {
  const reference = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/)
  const rows = fc.array(fc.tuple(reference, fc.constantFrom('a;b', 'c"d', '1')), { minLength: 2 })
  fc.assert(
    fc.property(rows, table => {
      const written = excelCsv(table.map(([one, other]) => [excelText(one), other]))
      const read = readCsv(Buffer.from(`\ufeff${written}`)).rows
      expect(read.map(row => row.map(({ text }) => text))).toEqual(table)
    }),
    { numRuns: 50 },
  )
  // Zeros in front, a day, a number with an exponent, a formula.
  const changed = ['0012', '1-2', '12.3', '5E3', '-1', 'mrt-3', '123456789012']
  expect(changed.map(excelText)).toEqual(changed.map(text => `="${text}"`))
})

it('follows the line with which Excel names the separator, and does not count it', () => {
  const { rows, format } = readCsv(Buffer.from('sep=|\r\nA|B\r\n1;2;3|4'))
  expect([format, rows.length, rows[1]?.length]).toEqual(['CSV, UTF-8, separator |', 2, 2])
})

it('refuses a quote that would swallow rows, naming where', () => {
  const lines = ['A;B;C', '1;"Jan;x', ...Array(4).fill('2;b;c'), '3;K";y', '4;b;c']
  expect(() => readCsv(Buffer.from(lines.join('\r\n')))).toThrow(/row 2: a quote/)
  // One row is enough.
  const one = ['A;B;C', 'a;b;c', '1;"Jan;x', '2;K";y', '3;b;c', '4;b;c']
  expect(() => readCsv(Buffer.from(one.join('\r\n')))).toThrow(/row 3: a quote/)
  const address = ['A,B,C', '1,"Kerkstraat 1,\n9000 Gent",x', '2,b,c']
  expect(readCsv(Buffer.from(address.join('\r\n'))).rows).toHaveLength(3)
  const open = ['A;B;C', '1;b;c', '2;"b;c', '3;b;c']
  expect(() => readCsv(Buffer.from(open.join('\r\n')))).toThrow(/a quote \("\) is opened/)
})

describe('a workbook', () => {
  it('is read with what Excel made of each cell, by its rows', async () => {
    const text = (value: string) => ({ value, type: String })
    const sheets = [
      {
        sheet: 'Uitleg',
        data: [[text('Lees dit')]],
      },
      {
        sheet: 'Huurders',
        data: [
          [text(' INSZ\u00a0'), text('Kenmerk')],
          [],
          [{ value: 5_010_100_123, type: Number }, text('0012')],
          [
            { value: new Date('1985-01-01T00:00:00Z'), type: Date, format: 'dd/mm/yyyy' },
            { value: 'B2', type: 'Formula' as const },
          ],
        ],
      },
    ]
    await writeWorkbook(sheets as never).toFile(work.path('book.xlsx'))
    const [, sheet] = await readSheets(work.path('book.xlsx'))
    expect(sheet?.name).toBe('Huurders')
    expect(sheet?.rows.map(row => row.map(({ text, kind }) => `${kind} ${text}`.trim()))).toEqual([
      ['text INSZ', 'text Kenmerk'],
      ['text', 'text'],
      ['number 5010100123', 'text 0012'],
      ['date 1985-01-01', 'text'],
    ])
  })

  const workbook = (sheet: string) => {
    const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
    const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
    const rels = 'http://schemas.openxmlformats.org/package/2006/relationships'
    return zipSync({
      'xl/workbook.xml': strToU8(
        `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
      ),
      'xl/_rels/workbook.xml.rels': strToU8(
        `<Relationships xmlns="${rels}"><Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
      ),
      'xl/worksheets/sheet1.xml': strToU8(
        `<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`,
      ),
    })
  }
  const cell = (at: string, row: number) =>
    `<row r="${row}"><c r="${at}" t="inlineStr"><is><t>x</t></is></c></row>`

  /** With another size of the last part, once it is unpacked, in the list at the end of the archive. */
  const saying = (archive: Uint8Array, size: number) => {
    const bytes = Buffer.from(archive)
    const entry = Buffer.from([0x50, 0x4b, 1, 2])
    bytes.writeUInt32LE(size, bytes.lastIndexOf(entry) + 24)
    return bytes
  }

  it('is refused where it would fill the memory: a bomb, a cell at the far end', async () => {
    writeFileSync(work.path('fine.xlsx'), workbook(cell('A1', 1)))
    expect((await readSheets(work.path('fine.xlsx')))[0]?.rows).toHaveLength(1)
    writeFileSync(work.path('bomb.xlsx'), saying(workbook(cell('A1', 1)), 401 * 1024 * 1024))
    await expect(readSheets(work.path('bomb.xlsx'))).rejects.toThrow(/400 MB once unpacked/)
    writeFileSync(work.path('far.xlsx'), workbook(cell('A200500', 200_500)))
    await expect(readSheets(work.path('far.xlsx'))).rejects.toThrow(/more than 200000 rows/)
    // A part that is larger than it says is cut off: never are some of the rows taken for all.
    const rows = Array.from({ length: 500 }, (_, row) => cell(`A${row + 1}`, row + 1)).join('')
    writeFileSync(work.path('less.xlsx'), saying(workbook(rows), 9_000))
    await expect(readSheets(work.path('less.xlsx'))).rejects.toThrow(/damaged/)
  })
})

it.each([
  ['an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), /old .xls workbook/],
  ['another archive', zipSync({ 'content.xml': strToU8('<x/>') }), /no .xlsx workbook/],
  ['a cut archive', Buffer.from('PK\u0003\u0004 and no more'), /damaged/],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0, 0, 0, 0x0d]), /no CSV file/],
  ['nothing', Buffer.from('\r\n;;;\r\n'), /nothing in the file/],
])('refuses %s, saying what to do', async (_, bytes, why) => {
  writeFileSync(work.path('other'), bytes)
  await expect(readSheets(work.path('other'))).rejects.toThrow(why)
})

it('refuses a file of 2 GB without reading it, and one that is not there', async () => {
  const file = openSync(work.path('large.csv'), 'w')
  ftruncateSync(file, 2 * 1024 ** 3)
  closeSync(file)
  await expect(readSheets(work.path('large.csv'))).rejects.toThrow(/more than 50 MB/)
  await expect(readSheets(work.path('none.csv'))).rejects.toThrow(/no such file/)
  await expect(readSheets(work.folder)).rejects.toThrow(/a folder/)
})
