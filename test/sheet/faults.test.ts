import { containsNationalNumber } from '../../src/pseudonym/national-number.ts'
import { explainFault, FAULTS, type FaultCode } from '../../src/sheet/faults.ts'
import type { Cell } from '../../src/sheet/table.ts'
import { syntheticNumber } from '../support/people.ts'
import { check, dotted, FAULTY, goodRows, TODAY, YOUNG } from './kit.ts'

const number = (text: string): Cell => ({ text, kind: 'number' })
const date = (text: string): Cell => ({ text, kind: 'date' })
// Only a workbook knows that a cell is a date.
const IN_A_WORKBOOK: Partial<Record<FaultCode, (string | Cell)[]>> = {
  'number-date': [date('1985-01-01'), 'WB-9', 'a'],
  'reference-date': [syntheticNumber(9), date('2026-01-02'), 'a'],
}

describe('each kind of fault', () => {
  const codes = Object.keys(FAULTS) as FaultCode[]
  it.each(codes)('%s is found, told once, and quotes nothing', code => {
    const [wrong] = [FAULTY[code]?.(9) ?? IN_A_WORKBOOK[code]]
    const rows = [...goodRows(0, 2), wrong ?? [], ...goodRows(2, 2)]
    const { good, bad, empty } = check(rows)
    expect([good.length, empty]).toEqual([4, 0])
    expect(bad.map(({ row, faults }) => [row, faults.map(it => it.code)])).toEqual([[4, [code]]])
    const told = JSON.stringify([bad, bad[0]?.faults.map(explainFault)])
    expect(containsNationalNumber(told, TODAY)).toBe(false)
    expect(told).not.toContain('{row}')
  })
})

it('takes a number in every way that people write one', () => {
  const one = syntheticNumber(7)
  const ways = [one, dotted(one), one.replace(/^(.{6})(.{3})/, '$1-$2-'), `'${one}`, `="${one}"`]
  const spaced = `\u00a0${one.slice(0, 6)} ${one.slice(6)}\u200b`
  for (const way of [...ways, spaced, number(one)]) {
    const { good, bad } = check([[way, 'WB-7', 'Art. 6.1, 1°, b']])
    expect(bad).toEqual([])
    expect(good[0]?.tenant).toEqual({ insz: one, tenantRef: 'WB-7', tenantGround: 'art-6.1-1-b' })
  }
  // BIS numbers: the month 20 or 40 higher.
  const base = `854101${'001'}`
  const bis = `${base}${String(97 - (Number(base) % 97)).padStart(2, '0')}`
  expect(check([[bis, 'WB-8', 'a']]).good).toHaveLength(1)
})

it('puts back the zeros that Excel took away only when asked, and only where the check digits fit', () => {
  const eaten = number(String(Number(YOUNG)))
  expect(check([[eaten, 'WB-1', 'a']]).bad[0]?.faults).toEqual([{ code: 'number-zeros' }])
  const restored = check([[eaten, 'WB-1', 'a']], { restoreZeros: true })
  expect(restored.good[0]?.tenant.insz).toBe(YOUNG)
  const short = syntheticNumber(3).slice(1)
  expect(check([[short, 'WB-1', 'a']], { restoreZeros: true }).bad[0]?.faults).toEqual([
    { code: 'number-length' },
  ])
})

it('sees that a number in a workbook was pasted as 1,23E+10', () => {
  expect(check([[number('85010100000'), 'WB-1', 'a']]).bad[0]?.faults).toEqual([
    { code: 'number-scientific' },
  ])
})

it('tells all faults of a row at once, and names the other row', () => {
  const { bad } = check([...goodRows(0, 1), ['', 'WB-0', 'x']])
  const codes = ['number-missing', 'ground-unknown', 'reference-twice']
  expect(bad[0]?.faults.map(({ code }) => code)).toEqual(codes)
  expect(explainFault(bad[0]?.faults[2] ?? { code: 'formula' }).fault).toContain('rij 2')
})

it('shows a reference of a faulty row only where nothing personal can be in it', () => {
  const { bad } = check([
    ['', 'WB-1', 'a'],
    ['', `X-${syntheticNumber(1)}`, 'a'],
  ])
  expect(bad.map(({ reference }) => reference)).toEqual(['WB-1', undefined])
})
