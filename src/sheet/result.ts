import { stringify } from 'csv-stringify/sync'
import type { Checked } from './check.ts'
import { explainFault } from './faults.ts'
import type { Outcome } from './send.ts'

/** What became of one row, in Dutch. Never holds a national number. */
export interface ResultRow {
  row: number
  reference: string
  outcome: string
  code: string
  explanation: string
  remedy: string
  messageId: string
}

/** What a code of the gateway means and what to do, in Dutch. */
export type CodeWords = (code: string) => readonly [meaning: string, remedy: string] | undefined

const WORDS = {
  accepted: ['aanvaard', '', ''],
  earlier: ['eerder aanvaard', 'Deze persoon is deze maand al aanvaard.', 'Er is niets te doen.'],
  changed: [
    'eerder aanvaard',
    'Deze persoon is deze maand al aanvaard, misschien met een ander kenmerk of een andere grond.',
    'Een wijziging gaat volgende maand mee.',
  ],
  unconfirmed: [
    'niet bevestigd',
    'Er kwam geen antwoord.',
    'Voer het commando opnieuw uit: niets wordt dubbel verzonden.',
  ],
  'not-sent': ['niet verzonden', '', 'Voer het commando opnieuw uit.'],
} as const
const FAULTY = 'fout in het bestand'
const REFUSED = 'geweigerd'

/**
 * Every filled row of the sheet, once, in its order.
 * @param outcomes of the rows that can be sent; `not-sent` where there is none
 */
export function resultRows(
  { good, bad }: Checked,
  outcomes: ReadonlyMap<number, Outcome>,
  words: CodeWords,
): ResultRow[] {
  const faulty = bad.map(({ row, reference = '', faults }) => {
    const told = faults.map(explainFault)
    const explanation = told.map(({ fault }) => fault).join(' ')
    const remedy = told.map(it => it.remedy).join(' ')
    const code = faults.map(fault => fault.code).join(' ')
    return { row, reference, outcome: FAULTY, code, explanation, remedy, messageId: '' }
  })
  const sent = good.map(({ row, tenant }) => {
    const outcome = outcomes.get(row) ?? { kind: 'not-sent' }
    return { row, reference: tenant.tenantRef, ...toldOf(outcome, words) }
  })
  return [...faulty, ...sent].toSorted((one, other) => one.row - other.row)
}

function toldOf(outcome: Outcome, words: CodeWords): Omit<ResultRow, 'row' | 'reference'> {
  if (outcome.kind === 'refused') {
    const { code } = outcome
    const [explanation, remedy] = words(code) ?? ['De gateway weigerde dit.', 'Vraag de beheerder.']
    return { outcome: REFUSED, code, explanation, remedy, messageId: '' }
  }
  const isChanged = outcome.kind === 'earlier' && !outcome.isSame
  const [word, explanation, remedy] = WORDS[isChanged ? 'changed' : outcome.kind]
  const messageId = outcome.kind === 'accepted' ? outcome.messageId : ''
  return { outcome: word, code: '', explanation, remedy, messageId }
}

const TITLES = ['rij', 'kenmerk', 'uitkomst', 'code', 'uitleg', 'wat te doen', 'bericht']
// Excel takes zeros in front away, reads 1-2 as a day, 1E5 as a number and @x as a formula.
const READ_AS_OTHER =
  /^0\d|^\d{12,}$|^\d+E\d+$|^\d+[-./]\d+|^[-.]|^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrt|mei|okt)[a-z]*[-. ]?\d/i

/** A value as Excel shows it unchanged: as text, in the form ="0012", where it would read it otherwise. */
export function excelText(text: string): string {
  return READ_AS_OTHER.test(text) ? `="${text}"` : text
}

/** Lines as Excel opens them in Belgium: separator ;, UTF-8 with a mark, one line a row. */
export function excelCsv(rows: readonly (readonly (string | number)[])[], separator = ';'): string {
  return stringify(rows as (string | number)[][], {
    delimiter: separator,
    record_delimiter: '\r\n',
  })
}

/** The result file. */
export function resultCsv(rows: readonly ResultRow[]): string {
  const lines = rows.map(it => [
    it.row,
    excelText(it.reference),
    ...[it.outcome, it.code, it.explanation, it.remedy, it.messageId],
  ])
  return `\ufeff${excelCsv([TITLES, ...lines])}`
}
