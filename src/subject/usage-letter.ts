import { day } from '../protocol/readable/words.ts'
import type { Usage, UsageReport } from './usage.ts'

export const NONE = [
  'Er is niets gevonden: over deze persoon staat in die periode niets in de auditlog.',
]

export const CHECK = [
  'Hoe kijkt u dit na?',
  'Alles hierboven komt uit de auditlog. Niemand kan daar later iets in wijzigen zonder dat het opvalt.',
  'Elke regel heeft een nummer, en bij elke regel is een bewijs te krijgen: de regel zelf, het bewijs',
  'dat zij in de auditlog staat (een .tlog-proof), en het bewijs dat zij over deze persoon gaat. Een ander',
  'kan dat nakijken met de openbare sleutel van de auditlog, zonder deze gateway te vertrouwen.',
]
const JSON_HINT = 'Vraag ze met --json.'

export const USAGE_TITLE = 'Wat er met gegevens over deze persoon gebeurde'

export const RIGHTS = [
  'Bent u de persoon over wie dit gaat?',
  'Is er iets onjuist, of wilt u niet dat dit doorgaat? Vraag het aan de functionaris voor',
  'gegevensbescherming van uw woonmaatschappij of van VDAB. U kunt ook een klacht indienen bij de Vlaamse',
  'Toezichtcommissie.',
]

/** A report on a person as a letter in plain Dutch (B1): who got which data, when, why, on what ground. */
export function usageLetter(report: UsageReport): string[] {
  const { totalUsages, usagePeriod, usages, next } = report
  const title = USAGE_TITLE
  const shown = next
    ? ` Hier staan er ${usages.length}; vraag de volgende met --offset ${next.offset}.`
    : ''
  return [
    title,
    '='.repeat(title.length),
    `Periode: ${momentInWords(usagePeriod.from)} tot ${momentInWords(usagePeriod.until)}.`,
    `Aantal: ${totalUsages}. Het nieuwste staat bovenaan.${shown}`,
    '',
    ...(usages.length === 0 ? [...NONE, ''] : usages.flatMap(paragraph)),
    ...CHECK,
    JSON_HINT,
    '',
    ...RIGHTS,
  ]
}

function paragraph(usage: Usage): string[] {
  const { logtime, action, data, purpose, legalBasis, protocol, reason, proof } = usage
  return [
    `${momentInWords(logtime)}: ${action}`,
    `  Wie kreeg de gegevens: ${receiverInWords(usage)}`,
    ...(data.length > 0 ? [`  Welke gegevens: ${data.join('; ')}`] : []),
    ...(reason === undefined ? [] : [`  Opgegeven reden: ${reason}`]),
    `  Waarvoor: ${purpose}`,
    `  Rechtsgrond: ${legalBasis}`,
    ...(protocol ? [`  Protocol: ${protocol.id}, versie ${protocol.version}`] : []),
    `  Regel in de auditlog: ${proof.index}`,
    '',
  ]
}

/** Who got the data, in words. */
export function receiverInWords({ receiverName, receiverCode, receiverSystem }: Usage): string {
  if (receiverCode !== null) return `${receiverName} (ondernemingsnummer ${receiverCode})`
  return receiverSystem === 'huisbrug' ? 'niemand anders: dit bleef in de gateway' : receiverName
}

/** "21 november 2026, 09:30 (UTC)". */
export function momentInWords(instant: string): string {
  return `${day(instant.slice(0, 10))}, ${instant.slice(11, 16)} (UTC)`
}
