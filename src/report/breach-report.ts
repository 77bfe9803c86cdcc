import { cell, facts, paragraph, table } from '../protocol/readable/block.ts'
import { enumerate, number, word } from '../protocol/readable/words.ts'
import type { Breach, BreachLine, Persons } from './breach.ts'
import { numberCell, type Report, type ReportSection } from './document.ts'

/** The extract in plain Dutch. */
export function breachReport(breach: Breach): Report {
  const { from, until, filter, checkpoint, totals } = breach
  const only = Object.entries(filter).map(([name, value]) => `${FILTERS[name] ?? name} ${value}`)
  return {
    file: `uittreksel-inbreuk-${from.slice(0, 10)}`,
    title: 'Uittreksel voor een melding van een inbreuk (artikel 33 AVG)',
    authors: [],
    on: until.slice(0, 10),
    head: [],
    intro: [
      `Wat Huisbrug doorgaf van ${from} tot ${until}${only.length ? `, enkel ${enumerate(only)}` : ''}.`,
      checkpoint
        ? `Gemaakt uit het logboek tot en met regel ${number(checkpoint.size)}, wortel ${checkpoint.root}.`
        : 'Het logboek is nog leeg.',
      'Er staan geen personen in.',
      `In totaal: ${count(totals.messages, 'bericht', 'berichten')}, ${persons(totals.persons)}, ` +
        `${count(totals.refusals, 'weigering', 'weigeringen')}.`,
    ],
    sections: [...breach.lines.map(section), ...refusals(breach), NOTES],
  }
}

const FILTERS: Readonly<Record<string, string>> = {
  protocol: 'protocol',
  party: 'verzender',
  recipient: 'ontvanger',
  type: 'bericht',
}

const NOTES: ReportSection = {
  title: 'Hoe dit geteld is',
  blocks: [
    paragraph(
      'Elk bericht telt een keer, ook na meer pogingen. De aantallen personen zijn hoogstens: wie uit een bericht ging voor het vertrok, telt mee. “Per regel” wil zeggen: over die personen is het kenmerk gewist, zodat iemand die vaker voorkomt, vaker telt. Een antwoord met enkel aantallen telt geen personen.',
    ),
  ],
}

function section(line: BreachLine): ReportSection {
  const { protocol, version, recipient, type, purpose, senders, fields, kept } = line
  const went = fields.map(it => `${it.label} (${it.field}, ${word('transformation', it.as)})`)
  return {
    title: `${type} naar ${recipient}`,
    blocks: [
      facts([
        ['Protocol', protocol === null ? 'onbekend' : `${protocol}, versie ${version}`],
        ['Doel', purpose ?? 'niet genoemd'],
        ['Van', enumerate(senders)],
        ['Gegevens die doorgingen', went.join('; ') || 'geen velden in het bewijs'],
        ['Bleef in Huisbrug', kept.join(', ') || 'niets'],
        ['Berichten', `${number(line.messages)}, waarvan ${number(line.delivered)} aangekomen`],
        ['Personen', persons(line.persons)],
        ['Eerste keer', line.first.toISOString()],
        ['Laatste keer', line.last.toISOString()],
      ]),
    ],
  }
}

function persons({ total, distinct, byEntries, counted }: Persons): string {
  if (counted === 'none') return 'geen personen'
  const all = count(total, 'persoon', 'personen')
  if (counted === 'distinct') return `${all} (verschillende)`
  if (counted === 'by-entries') return `${all} (per regel geteld)`
  return `${all} (${number(distinct)} verschillende en ${number(byEntries)} per regel geteld)`
}

function refusals({ refusals: all }: Breach): ReportSection[] {
  const rows = all.map(it => [
    cell(it.protocol ?? 'geen'),
    cell(it.type ?? 'onbekend'),
    cell(it.party ?? 'onbekend'),
    cell(it.code ?? ''),
    numberCell(it.messages),
    numberCell(it.items),
  ])
  const columns = ['Protocol', 'Bericht', 'Van', 'Code', 'Weigeringen', 'Items']
  const blocks = [table('Weigeringen', columns, rows, 'Geen.')]
  return rows.length > 0 ? [{ title: 'Wat Huisbrug weigerde', blocks }] : []
}

function count(amount: number, one: string, more: string): string {
  return `${number(amount)} ${amount === 1 ? one : more}`
}
