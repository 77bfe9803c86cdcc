import { endOfDay, startOfDay } from './format.ts'
import { texts } from './texts/index.ts'

/** A field of a filter form as a template draws it, with what the person filled in. */
export interface Field {
  name: string
  label: string
  value: string
  type?: 'text' | 'date'
  hint?: string
  options?: readonly Option[]
  error?: string
}

export interface Option {
  value: string
  text: string
}

/** Reads the fields of one GET form; what does not fit is marked at its field, never thrown. */
export class FilterForm {
  readonly fields: Record<string, Field> = {}
  readonly #query: Record<string, string>

  constructor(query: Record<string, string>) {
    this.#query = query
  }

  get isWrong(): boolean {
    return Object.values(this.fields).some(field => field.error !== undefined)
  }

  get isFiltered(): boolean {
    return Object.values(this.fields).some(field => field.value !== '')
  }

  /** A text of a known form, or undefined where it is empty or does not fit. */
  text(name: string, label: string, form: RegExp, hint?: string): string | undefined {
    const value = (this.#query[name] ?? '').slice(0, 100)
    const fits = form.test(value)
    this.#add({ name, label, value, ...(hint && { hint }) }, value === '' || fits)
    return value !== '' && fits ? value : undefined
  }

  /** One of the options, or undefined where nothing is chosen. */
  choice(name: string, label: string, options: readonly Option[]): string | undefined {
    const value = (this.#query[name] ?? '').slice(0, 100)
    const known = options.some(option => option.value === value)
    this.#add({ name, label, value, options }, value === '' || known)
    return known ? value : undefined
  }

  /** Two dates, both included, as the instants between which that is in Belgium. */
  range(labels: { from: string; until: string }): { from?: Date; until?: Date } {
    const from = this.#date('van', labels.from, startOfDay)
    const until = this.#date('tot', labels.until, endOfDay)
    const field = this.fields['tot']
    if (from && until && from >= until && field) field.error = texts().common.wrongRange
    return { ...(from && { from }), ...(until && { until }) }
  }

  /** The address of this form's results with one parameter more. */
  link(path: string, extra: Record<string, string> = {}): string {
    const filled = Object.values(this.fields).filter(field => field.value !== '')
    const pairs = [...filled.map(field => [field.name, field.value]), ...Object.entries(extra)]
    const text = new URLSearchParams(pairs as [string, string][]).toString()
    return text ? `${path}?${text}` : path
  }

  #date(name: string, label: string, read: (text: string) => Date | undefined): Date | undefined {
    const value = (this.#query[name] ?? '').slice(0, 100)
    const date = read(value)
    this.#add(
      { name, label, value, type: 'date' },
      value === '' || date !== undefined,
      texts().common.wrongDate,
    )
    return date
  }

  #add(field: Field, fits: boolean, error = texts().common.wrongValue): void {
    this.fields[field.name] = fits ? field : { ...field, error }
  }
}

/** Options from a table of words, in its order. */
export function optionsOf(
  table: Readonly<Record<string, string>>,
  values?: readonly string[],
): Option[] {
  return (values ?? Object.keys(table)).map(value => ({ value, text: table[value] ?? value }))
}
