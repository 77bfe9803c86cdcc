import { checkRows } from '../../src/sheet/check.ts'
import { ROLES } from '../../src/sheet/headers.ts'
import { guessMapping, type Mapping, parseColumns } from '../../src/sheet/mapping.ts'
import { columnIndex, columnLetter, textCell } from '../../src/sheet/table.ts'
import { syntheticNumber } from '../support/people.ts'
import { dotted, goodRows, TODAY } from './kit.ts'

type Named = Parameters<typeof guessMapping>[1]
const sheet = (rows: string[][]) => ({ rows: rows.map(row => row.map(textCell)) })
const guess = (rows: string[][], named: Named = {}) => guessMapping(sheet(rows), named, TODAY)

/** As in `C A -`: the columns of number, reference and ground, and the row of the titles. */
function told({ columns, titles }: Mapping): string {
  const letters = ROLES.map(role => {
    const chosen = columns[role]
    return chosen ? `${columnLetter(chosen.column)}${chosen.by[0]}` : '-'
  })
  return `${letters.join(' ')} ${titles ?? '-'}`
}

const data = goodRows(0, 5).map(([number, reference, ground]) => [
  reference,
  'Janssens',
  dotted(number),
  ground,
])

it.each([
  [['Klantnummer', 'Naam', 'Rijksregisternummer', 'Grond'], 'Ct At Dt 1'],
  [['REFERENTIE ', 'naam', 'INSZ-nummer', 'Grond van het huurderschap (a/b)'], 'Ct At Dt 1'],
  [['Kenmerk', 'Nom', 'Numéro national', 'Type huurder'], 'Ct At Dt 1'],
  [['Kolom1', 'Kolom2', 'Kolom3', 'Kolom4'], 'Cc Ac Dc 1'],
])('finds the columns under the titles %j', (titles, expected) => {
  expect(told(guess([titles, ...data]))).toBe(expected)
})

it('finds titles below a heading, and takes the column that holds what its title says', () => {
  const heading = [['Lijst van huurders'], ['Contract'], []]
  const titles = ['Kenmerk', 'Naam', 'INSZ', 'Grond']
  expect(told(guess([...heading, titles, ...data]))).toBe('Ct At Dt 4')
  // An empty column INSZ before the one with the numbers.
  const rows = data.map(([ref = '', name = '', number = '', ground = '']) => [
    ...['', ref, name, number, ground],
  ])
  const twice = ['INSZ', 'Kenmerk', 'Naam', 'INSZ (nieuw)', 'Grond']
  expect(told(guess([twice, ...rows]))).toBe('Dt Bt Et 1')
})

it('leaves it to a person where more columns may hold the reference', () => {
  const rows = data.map((row, at) => [...row, `X${at}-1`])
  expect(told(guess([['a1', 'b1', 'c1', 'd1', 'e1'], ...rows]))).toBe('Cc - Dc 1')
  expect(told(guess([['a1', 'b1', 'c1', 'd1', 'e1'], ...rows], { ref: 'e1' }))).toBe('Cc Eo Dc 1')
  expect(() => guess([['Naam'], ...rows], { ref: 'Nummer' })).toThrow(/no column "Nummer".*Naam/)
})

it('loses no row where there are no titles, also where the first one is faulty', () => {
  const faulty = ['WB-9', 'Peeters', '85.01.01-00', 'a']
  for (const rows of [data, [faulty, ...data], [[], faulty, ...data]]) {
    const mapping = guess(rows)
    expect(told(mapping)).toBe('Cc Ac Dc -')
    const { good, bad, empty } = checkRows(sheet(rows), mapping, { today: TODAY })
    const filled = rows.filter(row => row.length > 0)
    expect([good.length, good.length + bad.length]).toEqual([data.length, filled.length])
    expect(empty).toBe(0)
  }
  // Nor where a value looks like a title.
  const like = ['WB-8', 'Peeters', syntheticNumber(8).slice(1), 'referentiehuurder']
  expect(guess([['INSZ', 'x', 'y', 'z'].toReversed(), like, ...data]).titles).toBe(1)
})

it('reads columns as they are named on the command line', () => {
  expect(parseColumns('insz=C, ref=Klantnr,ground=AA')).toEqual({
    ...{ insz: 'C', ref: 'Klantnr', ground: 'AA' },
  })
  for (const wrong of ['insz', 'insz=', 'name=A', '']) expect(() => parseColumns(wrong)).toThrow()
  const letters = ['A', 'Z', 'AA', 'ZZ', 'XFD']
  expect(letters.map(it => columnLetter(columnIndex(it) ?? -1))).toEqual(letters)
})
