import { enumerate, number, word } from '../protocol/readable/words.ts'
import type { Breach, BreachLine, Persons } from './breach.ts'
import { tableOf } from './markdown.ts'

/** The extract in plain Dutch, as Markdown. */
export function breachText(breach: Breach): string {
  const { from, until, filter, checkpoint, totals } = breach
  const only = Object.entries(filter).map(([name, value]) => `${FILTERS[name] ?? name} ${value}`)
  const lines = [
    '# Uittreksel voor een melding van een inbreuk (artikel 33 AVG)',
    '',
    `Wat Huisbrug doorgaf van ${from} tot ${until}${only.length ? `, enkel ${enumerate(only)}` : ''}.`,
    checkpoint
      ? `Gemaakt uit het logboek tot en met regel ${number(checkpoint.size)}, wortel ${checkpoint.root}.`
      : 'Het logboek is nog leeg.',
    'Er staan geen personen in.',
    '',
    `In totaal: ${count(totals.messages, 'bericht', 'berichten')}, ${persons(totals.persons)}, ` +
      `${count(totals.refusals, 'weigering', 'weigeringen')}.`,
    '',
    ...breach.lines.flatMap(section),
    ...refusals(breach),
    ...NOTES,
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const FILTERS: Readonly<Record<string, string>> = {
  protocol: 'protocol',
  party: 'verzender',
  recipient: 'ontvanger',
  type: 'bericht',
}

const NOTES = [
  'Elk bericht telt een keer, ook na meer pogingen. De aantallen personen zijn hoogstens: wie uit een',
  'bericht ging voor het vertrok, telt mee. “Per regel” wil zeggen: over die personen is het kenmerk gewist,',
  'zodat iemand die vaker voorkomt, vaker telt. Een antwoord met enkel aantallen telt geen personen.',
]

function section(line: BreachLine): string[] {
  const { protocol, version, recipient, type, purpose, senders, fields, kept } = line
  const went = fields.map(it => `${it.label} (${it.field}, ${word('transformation', it.as)})`)
  const facts: [string, string][] = [
    ['Protocol', protocol === null ? 'onbekend' : `${protocol}, versie ${version}`],
    ['Doel', purpose ?? 'niet genoemd'],
    ['Van', enumerate(senders)],
    ['Gegevens die doorgingen', went.join('; ') || 'geen velden in het bewijs'],
    ['Bleef in Huisbrug', kept.join(', ') || 'niets'],
    ['Berichten', `${number(line.messages)}, waarvan ${number(line.delivered)} aangekomen`],
    ['Personen', persons(line.persons)],
    ['Eerste keer', line.first.toISOString()],
    ['Laatste keer', line.last.toISOString()],
  ]
  return [`## ${type} naar ${recipient}`, '', ...tableOf(['Wat', 'Antwoord'], facts)]
}

function persons({ total, distinct, byEntries, counted }: Persons): string {
  if (counted === 'none') return 'geen personen'
  const all = count(total, 'persoon', 'personen')
  if (counted === 'distinct') return `${all} (verschillende)`
  if (counted === 'by-entries') return `${all} (per regel geteld)`
  return `${all} (${number(distinct)} verschillende en ${number(byEntries)} per regel geteld)`
}

function refusals({ refusals: all }: Breach): string[] {
  const rows = all.map(it => [
    it.protocol ?? 'geen',
    it.type ?? 'onbekend',
    it.party ?? 'onbekend',
    it.code ?? '',
    number(it.messages),
    number(it.items),
  ])
  const columns = ['Protocol', 'Bericht', 'Van', 'Code', 'Weigeringen', 'Items']
  return rows.length ? ['## Wat Huisbrug weigerde', '', ...tableOf(columns, rows)] : []
}

function count(amount: number, one: string, more: string): string {
  return `${number(amount)} ${amount === 1 ? one : more}`
}
