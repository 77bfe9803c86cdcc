import { day, days, enumerate, number, upper, word } from '../protocol/readable/words.ts'
import { escapeText, listOf, tableOf } from './markdown.ts'
import type { Activity, Register, RegisterParty, RegisterStatement, Standing } from './register.ts'

/** The register in plain Dutch, as Markdown. */
export function registerText({ at, activities }: Register): string {
  const lines = [
    '# Register van verwerkingsactiviteiten (artikel 30 AVG)',
    '',
    `Gemaakt op ${day(at.slice(0, 10))} uit de protocollen die Huisbrug kent. Wat hier niet staat, laat`,
    'Huisbrug niet door. Er staan geen gegevens van betrokkenen in.',
    '',
    ...activities.flatMap(activityLines),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function activityLines(one: Activity): string[] {
  return [
    `## ${escapeText(one.title)}`,
    '',
    `Protocol ${one.protocol}, versie ${one.version} (${word('documentKind', one.kind)}). ${standing(one)}`,
    '',
    '### Verwerkingsverantwoordelijken',
    '',
    ...parties([...one.parties, ...one.accessions.flatMap(it => it.parties)]),
    ...purposes(one),
    ...persons(one),
    ...data(one),
    ...recipients(one),
    ...retention(one),
    '### Beveiliging, in algemene woorden',
    '',
    ...listOf(
      [...new Set([...one.security, ...one.accessions.flatMap(it => it.security)])],
      'Het protocol noemt geen maatregelen.',
    ),
    ...documents(one),
  ]
}

function standing({ inForce, state, why }: Standing): string {
  if (inForce) return 'In werking.'
  return `Niet in werking (${word('state', state)}). ${escapeText(why)}`.trimEnd()
}

function parties(all: readonly RegisterParty[]): string[] {
  const rows = all.map(({ name, kbo, controller, contact, officer = 'niet genoemd' }) => [
    name,
    kbo,
    controller ? 'verwerkingsverantwoordelijke' : 'partij',
    contact,
    officer,
  ])
  const columns = ['Organisatie', 'KBO', 'Rol', 'Contact', 'Functionaris voor gegevensbescherming']
  return tableOf(columns, rows)
}

function purposes({ purposes: all }: Activity): string[] {
  const rows = all.map(({ title, description, legalBasis }) => [
    `${title}: ${description}`,
    legalBasis.map(it => `${it.norm}, ${it.article}; ${word('gdpr', it.gdpr)}`).join('. '),
  ])
  return ['### Doelen en rechtsgrond', '', ...tableOf(['Doel', 'Rechtsgrond'], rows)]
}

function persons({ persons: all }: Activity): string[] {
  const rows = all.map(({ category, group, excluded, estimated }) => [
    category,
    group,
    number(estimated),
    excluded.join(' '),
  ])
  const columns = ['Categorie', 'Doelgroep', 'Geschat aantal', 'Niet']
  return ['### Betrokkenen', '', ...tableOf(columns, rows)]
}

function data({ data: all }: Activity): string[] {
  const rows = all.map(it => [
    `${it.label} (${it.field})`,
    word('class', it.class),
    `${word('reaches', it.reaches)}, ${word('transformation', it.transformation)}`,
    it.messageTypes.join(', '),
    it.retention,
  ])
  const columns = ['Gegeven', 'Soort', 'Wat ermee gebeurt', 'Berichten', 'Bewaartermijn']
  return ['### Gegevens', '', ...tableOf(columns, rows)]
}

function recipients({ recipients: all }: Activity): string[] {
  const rows = all.map(it => [
    it.name,
    `${word('partyKind', it.kind)}, ${word('function', it.function)}`,
    it.processors.map(({ name, task }) => `${name}: ${task}`).join('; ') || 'geen',
    it.onward.allowed ? `mag: ${it.onward.conditions ?? ''}` : 'mag niet',
  ])
  const columns = ['Ontvanger', 'Waar', 'Verwerkers', 'Doorgeven']
  const none =
    'Het protocol voorziet geen doorgifte aan een derde land of een internationale organisatie.'
  return ['### Ontvangers', '', ...tableOf(columns, rows), none, '']
}

function retention({ retention: { payloadDays, routeDays } }: Activity): string[] {
  return [
    '### Hoe lang Huisbrug zelf bewaart',
    '',
    `- De inhoud van een bericht: ${days(payloadDays)} na de afgifte.`,
    `- De weg naar de woonmaatschappij: ${days(routeDays)} na de laatste maand.`,
    '- Het bewijs: zolang het logboek bestaat; wat over een persoon gaat, is te wissen.',
    '',
  ]
}

function documents({ accessions, former, ...own }: Activity): string[] {
  const all = [own, ...accessions]
  const rows = [
    ...all.map(it => [
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
  return ['### Documenten, versies en handtekeningen', '', ...tableOf(columns, rows)]
}

function signed(statements: readonly RegisterStatement[]): string {
  const each = statements.map(
    it => `${it.party}: ${word('statement', it.statement)} op ${day(it.date)}`,
  )
  return each.length > 0 ? upper(enumerate(each)) : 'geen'
}
