/** HTML that may be put in HTML as it is. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = Html | string | number | undefined | false | readonly Value[]

/** HTML with every value in it escaped, but what is HTML already; nothing for undefined and false. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  const texts = parts.map((part, at) => part + (at < values.length ? textOf(values[at]) : ''))
  return new Html(texts.join(''))
}

function textOf(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(textOf).join('')
  return String(value).replaceAll(/[&<>"']/g, found => `&#${found.charCodeAt(0)};`)
}
