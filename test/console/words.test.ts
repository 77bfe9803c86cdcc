import { readFileSync } from 'node:fs'
import { ENTRY_ACTIONS } from '../../src/audit/types.ts'
import { FilterForm } from '../../src/console/filter-form.ts'
import { MESSAGE_STATES } from '../../src/console/reads/message-search.ts'
import { readReceipt } from '../../src/console/receipt.ts'
import { explainCode, explainReason, explainRemedy } from '../../src/console/sentence.ts'
import { sourceNl } from '../../src/console/texts/nl-sources.ts'
import { wordFor, words } from '../../src/console/texts/words.ts'
import { ERRORS } from '../../src/errors.ts'
import { RULES } from '../../src/protocol/lint/rules.ts'

describe('words for the terms of the gateway', () => {
  test('every action of the log, every state and every code has its own Dutch words', () => {
    for (const action of ENTRY_ACTIONS) expect(Object.keys(words.actions)).toContain(action)
    for (const state of MESSAGE_STATES) expect(Object.keys(words.states)).toContain(state)
    for (const code of Object.keys(ERRORS)) {
      expect(explainCode(code)).toMatch(/^[A-Z].{8,}\.$/)
      expect(explainRemedy(code)).toMatch(/^[A-Z].{8,}\.$/)
    }
  })

  test('every state that the database allows has words', () => {
    const migration = new URL('../../src/db/migrations/0003_exchange.sql', import.meta.url)
    const sql = readFileSync(migration, 'utf8')
    const lists = [...sql.matchAll(/(?:state|kind|status)\s+text[^,]*?IN\s*\(([^)]+)\)/gs)]
    const known = { ...words.states, ...words.carriers, open: '', 'taken-up': '', closed: '' }
    const allowed = lists.flatMap(([, list]) => [...(list ?? '').matchAll(/'([^']+)'/g)])
    expect(allowed.length).toBeGreaterThan(10)
    for (const [, term] of allowed) expect(Object.keys(known)).toContain(term)
  })

  test('every rule for protocols says in Dutch where it comes from', () => {
    const untold = Object.values(RULES).filter(
      ({ source }) => sourceNl(source) === source && !source.startsWith('schemas/'),
    )
    expect(untold).toEqual([])
  })

  test('a term without words is shown as it is, also one that every object has', () => {
    expect(wordFor(words.types, 'contact.follow-up-needed')).toBe('contact.follow-up-needed')
    expect(wordFor(words.types, 'constructor')).toBe('constructor')
    expect(explainCode('HB-999')).toBe('HB-999')
    expect(explainRemedy('toString')).toBe('')
  })

  test.each([
    ['HB-307', 'HB-307: Het protocol is opgeschort.'],
    ['http-503', 'de ontvanger antwoordde met HTTP 503'],
    ['timeout', 'de ontvanger antwoordde niet op tijd'],
    ['two-routes', 'twee woonmaatschappijen hebben deze huurder'],
    ['something-new', 'something-new'],
  ])('the reason %s', (reason, text) => {
    expect(explainReason(reason)).toBe(text)
  })
})

describe('a filter form', () => {
  test('leaves out what is empty, and its links carry what was filled in', () => {
    const form = new FilterForm({ code: 'HB-304', soort: '', extra: 'x' })
    expect(form.text('code', 'Code', /^HB-\d{3}$/)).toBe('HB-304')
    expect(form.choice('soort', 'Soort', [{ value: 'a', text: 'A' }])).toBeUndefined()
    expect(form.isFiltered).toBe(true)
    expect(form.isWrong).toBe(false)
    expect(form.link('/x', { na: 'a b' })).toBe('/x?code=HB-304&na=a+b')
  })

  test('marks what does not fit and does not use it', () => {
    const form = new FilterForm({ code: '"><b>', soort: 'z', van: '2026-02-31' })
    expect(form.text('code', 'Code', /^HB-\d{3}$/)).toBeUndefined()
    expect(form.choice('soort', 'Soort', [])).toBeUndefined()
    expect(form.range({ from: 'Van', until: 'Tot' })).toEqual({})
    expect(Object.values(form.fields).filter(({ error }) => error)).toHaveLength(3)
  })

  test('without anything its link is the bare path', () => {
    expect(new FilterForm({}).link('/x')).toBe('/x')
  })
})

describe('a receipt', () => {
  test.each(['', 'a.b.c', `x.${Buffer.from('[]').toString('base64url')}.y`, 'no dots'])(
    '%j cannot be read, and nothing breaks',
    text => {
      expect(readReceipt(text)).toBeUndefined()
    },
  )
})
