import { type Block, cell, heading, list, paragraph, table } from '../protocol/readable/block.ts'
import { day, days, enumerate, upper, word } from '../protocol/readable/words.ts'
import { numberCell, type Report, type ReportSection } from './document.ts'
import type { Activity, Register, RegisterParty, RegisterStatement, Standing } from './register.ts'

/** The register in plain Dutch. */
export function registerReport({ at, activities }: Register): Report {
  const on = at.slice(0, 10)
  return {
    file: `verwerkingsregister-${on}`,
    title: 'Register van verwerkingsactiviteiten (artikel 30 AVG)',
    authors: [],
    on,
    head: [],
    intro: [
      `Gemaakt op ${day(on)} uit de protocollen die Huisbrug kent. Wat hier niet staat, laat Huisbrug niet door. Er staan geen gegevens van betrokkenen in.`,
    ],
    sections: activities.map(section),
  }
}

function section(one: Activity): ReportSection {
  const kind = word('documentKind', one.kind)
  const security = [...one.security, ...one.accessions.flatMap(it => it.security)]
  return {
    title: one.title,
    blocks: [
      paragraph(`Protocol ${one.protocol}, versie ${one.version} (${kind}). ${standing(one)}`),
      heading('Verwerkingsverantwoordelijken'),
      parties([...one.parties, ...one.accessions.flatMap(it => it.parties)]),
      ...purposes(one),
      ...persons(one),
      ...data(one),
      ...recipients(one),
      ...retention(one),
      heading('Beveiliging, in algemene woorden'),
      ...list([...new Set(security)], 'Het protocol noemt geen maatregelen.'),
      ...documents(one),
    ],
  }
}

function standing({ inForce, state, why }: Standing): string {
  if (inForce) return 'In werking.'
  return `Niet in werking (${word('state', state)}). ${why}`.trimEnd()
}

function tableOf(caption: string, columns: readonly string[], rows: readonly string[][]): Block {
  return table(
    caption,
    columns,
    rows.map(row => row.map(text => cell(text))),
    'Geen.',
  )
}

function parties(all: readonly RegisterParty[]): Block {
  const rows = all.map(({ name, kbo, controller, contact, officer = 'niet genoemd' }) => [
    name,
    kbo,
    controller ? 'verwerkingsverantwoordelijke' : 'partij',
    contact,
    officer,
  ])
  const columns = ['Organisatie', 'KBO', 'Rol', 'Contact', 'Functionaris voor gegevensbescherming']
  return tableOf('Wie verantwoordelijk is', columns, rows)
}

function purposes({ purposes: all }: Activity): Block[] {
  const rows = all.map(({ title, description, legalBasis }) => [
    `${title}: ${description}`,
    legalBasis.map(it => `${it.norm}, ${it.article}; ${word('gdpr', it.gdpr)}`).join('. '),
  ])
  return [heading('Doelen en rechtsgrond'), tableOf('Doelen', ['Doel', 'Rechtsgrond'], rows)]
}

function persons({ persons: all }: Activity): Block[] {
  const rows = all.map(({ category, group, excluded, estimated }) => [
    cell(category),
    cell(group),
    numberCell(estimated),
    cell(excluded.join(' ')),
  ])
  const columns = ['Categorie', 'Doelgroep', 'Geschat aantal', 'Niet']
  return [heading('Betrokkenen'), table('Over wie het gaat', columns, rows, 'Geen.')]
}

function data({ data: all }: Activity): Block[] {
  const rows = all.map(it => [
    `${it.label} (${it.field})`,
    word('class', it.class),
    `${word('reaches', it.reaches)}, ${word('transformation', it.transformation)}`,
    it.messageTypes.join(', '),
    it.retention,
  ])
  const columns = ['Gegeven', 'Soort', 'Wat ermee gebeurt', 'Berichten', 'Bewaartermijn']
  return [heading('Gegevens'), tableOf('Soorten gegevens', columns, rows)]
}

function recipients({ recipients: all }: Activity): Block[] {
  const rows = all.map(it => [
    it.name,
    `${word('partyKind', it.kind)}, ${word('function', it.function)}`,
    it.processors.map(({ name, task }) => `${name}: ${task}`).join('; ') || 'geen',
    it.onward.allowed ? `mag: ${it.onward.conditions ?? ''}` : 'mag niet',
  ])
  const columns = ['Ontvanger', 'Waar', 'Verwerkers', 'Doorgeven']
  const none =
    'Het protocol voorziet geen doorgifte aan een derde land of een internationale organisatie.'
  return [heading('Ontvangers'), tableOf('Wie ontvangt', columns, rows), paragraph(none)]
}

function retention({ retention: { payloadDays, routeDays } }: Activity): Block[] {
  return [
    heading('Hoe lang Huisbrug zelf bewaart'),
    ...list([
      `De inhoud van een bericht: ${days(payloadDays)} na de afgifte.`,
      `De weg naar de woonmaatschappij: ${days(routeDays)} na de laatste maand.`,
      'Het bewijs: zolang het logboek bestaat; wat over een persoon gaat, is te wissen.',
    ]),
  ]
}

function documents({ accessions, former, ...own }: Activity): Block[] {
  const rows = [
    ...[own, ...accessions].map(it => [
      `${it.protocol} ${it.version}`,
      standing(it),
      it.digest,
      signed(it.statements),
    ]),
    ...former.map(it => [
      `${it.protocol} ${it.version}`,
      `Vroeger: ${word('state', it.state)}`,
      it.digest,
      '',
    ]),
  ]
  const columns = ['Document', 'Toestand', 'Vingerafdruk', 'Nagekeken handtekeningen']
  return [heading('Documenten, versies en handtekeningen'), tableOf('Documenten', columns, rows)]
}

function signed(statements: readonly RegisterStatement[]): string {
  const each = statements.map(
    it => `${it.party}: ${word('statement', it.statement)} op ${day(it.date)}`,
  )
  return each.length > 0 ? upper(enumerate(each)) : 'geen'
}
